// Which provider a stack gets when nobody has named one: what is there, with the reason; a person is asked only about somebody's cluster.
import { defaults } from '../config/defaults.ts';
import type { Resolved } from '../config/resolve.ts';
import { usageError } from '../model/error.ts';
import type { StackSpec } from '../model/stack.ts';
import type { CommandContext } from './command.ts';
import type { RunOptions, UseCases } from './use-cases.ts';

/** True when a flag, a variable, the file or the preset says which. */
export function isProviderNamed(effective: Resolved['effective']): boolean {
  return effective.find(({ setting }) => setting === 'provider')?.origin !== defaults.provider.origin;
}

/** The spec with the provider to take. Throws `provider-undecided` where only a person could decide, and nobody can be asked or says yes. */
export async function withChosenProvider(spec: StackSpec, useCases: UseCases, { options, context }: { readonly options: RunOptions; readonly context: CommandContext }): Promise<StackSpec> {
  const choice = await useCases.chooseProvider(spec, options);
  if (choice.isSomebodys) {
    const agrees = context.prompts.isAvailable
      && await context.prompts.confirm(`Nothing here can make a cluster, but ${choice.provider} has one: ${choice.why}. Put the stack into it?`, { default: false, flag: `--provider ${choice.provider}` });
    if (!agrees) {
      throw usageError({
        code: 'provider-undecided', message: 'nothing here can make a cluster of its own', reason: `${choice.provider} has one, which is not devstack’s: ${choice.why}`,
        hints: [{ text: 'put the stack into it', command: `devstack up ${spec.preset} --provider ${choice.provider}` }],
      });
    }
  }
  if (choice.why !== undefined) options.emit({ type: 'note', message: `provider ${choice.provider}: ${choice.why}` });
  return { ...spec, provider: choice.provider, cluster: choice.cluster ?? spec.cluster };
}
