// What --dry-run and `devstack plan` answer: the plan itself, and nothing done.
import type { Plan } from '../model/plan.ts';
import { planText } from '../render/plan.ts';
import type { CommandContext, Outcome } from './command.ts';

export function planOutcome(plan: Plan, context: CommandContext): Outcome {
  return { text: planText(plan, context), result: { stack: plan.stack, plan: JSON.parse(JSON.stringify(plan)) } };
}
