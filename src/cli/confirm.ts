// Asks before a plan destroys something.
import { interruptedError } from '../model/error.ts';
import type { Plan } from '../model/plan.ts';
import type { CommandContext } from './command.ts';

/** Returns when it may go on; throws `interrupted` when the person says no, `answer-missing` when nobody can be asked. */
export async function confirmDestructive(plan: Plan, options: { readonly isYes: boolean; readonly context: CommandContext }): Promise<void> {
  const { isYes, context } = options;
  const destructive = plan.steps.filter((step) => step.destructive === true);
  if (isYes || destructive.length === 0) return;
  const what = destructive.map((step) => step.title.charAt(0).toLowerCase() + step.title.slice(1)).join(', ');
  if (await context.prompts.confirm(`Stack ${plan.stack}: ${what}?`, { default: false, flag: '--yes' })) return;
  throw interruptedError('stopped; nothing was changed');
}
