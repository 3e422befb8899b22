// devstack delete: removes an app from its stack.
import { count } from '../../render/text.ts';
import { appArgument, openApp, tallied, targetFlags, targetStack } from '../app-flags.ts';
import { defineCommand, yesFlag } from '../command.ts';
import { confirmDestructive } from '../confirm.ts';
import { planOutcome } from '../plan-outcome.ts';
import { removeDeployment } from '../swarm-commands.ts';

export const deleteApp = defineCommand({
  arguments: [appArgument],
  flags: { ...targetFlags, 'dry-run': { kind: 'boolean', summary: 'show what would be removed, and stop' }, ...yesFlag },
  description: 'Removes what deploy has put into the stack, and nothing else. The folder of the app and its images stay.',
  examples: [{ command: 'devstack delete app', summary: 'after asking' }, { command: 'devstack delete app --yes', summary: 'at once' }],
  async run(input, context) {
    const stack = await targetStack(input, context);
    const all = await context.useCases();
    if (await all.isSwarm(stack)) {
      return removeDeployment({ name: input.args[0] ?? '', stack, line: input.line, isYes: input.flags.yes === true, isDryRun: input.flags['dry-run'] === true }, all, context);
    }
    const { ref, useCases } = await openApp(input, context);
    const plan = useCases.planRemoveApp(ref);
    if (input.flags['dry-run'] === true) return planOutcome(plan, context);
    await confirmDestructive(plan, { isYes: input.flags.yes === true, context });
    const { removed, kept } = await tallied(input.line, context, (options) => useCases.removeApp(plan, options));
    const lines = [
      `Removed ${ref.app} from ${ref.stack}: ${count(removed.length, 'object')}`, ...removed.map((what) => `  - ${what}`),
      ...(kept.length === 0 ? [] : ['Kept:', ...kept.map(({ what, reason }) => `  - ${what}: ${reason}`)]),
    ];
    return { text: `${lines.join('\n')}\n`, result: { app: ref.app, stack: ref.stack, removed: [...removed], kept: kept.map((each) => ({ ...each })) } };
  },
});
