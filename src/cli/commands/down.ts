// devstack down: removes what devstack made, and ends with a receipt.
import { stackFlags } from '../../config/stack-flags.ts';
import { usageError } from '../../model/error.ts';
import { count, formatDuration } from '../../render/text.ts';
import { type CommandContext, defineCommand, type Outcome, yesFlag } from '../command.ts';
import { confirmDestructive } from '../confirm.ts';
import { planOutcome } from '../plan-outcome.ts';
import { RunTally } from '../run-tally.ts';
import { stackNamed } from '../stack-request.ts';
import type { DownResult, UseCases } from '../use-cases.ts';

/** The only stack there is, or the one a person picks; undefined when there is none. */
async function chooseStack(useCases: UseCases, context: CommandContext): Promise<string | undefined> {
  const names = (await useCases.stacks(context.io.signal)).map((found) => found.stack);
  const [first, second] = names;
  if (first === undefined || second === undefined) return first;
  if (context.prompts.isAvailable) return context.prompts.choose('Which stack?', names, { flag: 'STACK' });
  throw usageError({
    code: 'stack-ambiguous', message: `there are several stacks: ${names.join(', ')}`, hints: [{ text: 'name one', command: `devstack down ${first}` }],
    details: { stacks: names },
  });
}

function receiptText(result: DownResult): string {
  if (result.removed.length === 0 && result.kept.length === 0) return `Nothing to remove: there is nothing of stack ${result.stack} here\n`;
  return [
    ...(result.label === undefined ? [] : [result.label]),
    `Removed stack ${result.stack} in ${formatDuration(result.durationMs)}: ${count(result.removed.length, 'thing')}`,
    ...result.removed.map((what) => `  - ${what}`),
    ...(result.kept.length === 0 ? [] : ['Kept, because it is not only ours:', ...result.kept.map(({ what, reason }) => `  - ${what}: ${reason}`)]),
  ].map((line) => `${line}\n`).join('');
}

async function remove(stack: string, useCases: UseCases, run: { readonly isYes: boolean; readonly isDryRun: boolean; readonly line: string; readonly context: CommandContext }): Promise<Outcome> {
  const { context } = run;
  const tally = new RunTally();
  const options = { emit: tally.listen(context.emit), signal: context.io.signal };
  const plan = await useCases.planDown(stack, options);
  if (run.isDryRun) return planOutcome(plan, context);
  await confirmDestructive(plan, { isYes: run.isYes, context });
  try {
    const result = await useCases.down(plan, options);
    return { text: receiptText(result), result: { stack, removed: result.removed, kept: result.kept, durationMs: result.durationMs, ...(result.label === undefined ? {} : { label: result.label }) } };
  } catch (thrown) {
    const goOn = [{ text: 'go on from there', command: run.line }];
    throw tally.ending(thrown, { goOn, afterFailure: goOn });
  }
}

export const down = defineCommand({
  arguments: [{ name: 'stack', summary: 'name of the stack; not needed when there is one', known: 'stacks' }],
  flags: { name: stackFlags.name, config: stackFlags.config, 'dry-run': { kind: 'boolean', summary: 'show what would be removed, and stop' }, ...yesFlag },
  description: 'Finds everything of the stack by its labels, also the remains of a run that was cut off, removes it and ends with a receipt.'
    + ' What devstack did not make is not touched. Run twice, it finds nothing the second time.',
  examples: [
    { command: 'devstack down', summary: 'the only stack there is' },
    { command: 'devstack down lab --yes', summary: 'without asking' },
    { command: 'devstack down --dry-run', summary: 'what would be removed' },
  ],
  async run(input, context) {
    const named = await stackNamed(input, context);
    const useCases = await context.useCases();
    const stack = named ?? await chooseStack(useCases, context);
    if (stack === undefined) return { text: 'Nothing to remove: there are no stacks here\n', result: { stack: null, removed: [], kept: [] } };
    return remove(stack, useCases, { isYes: input.flags.yes === true, isDryRun: input.flags['dry-run'] === true, line: input.line, context });
  },
});
