// Part of a plan: one step and all that comes after it, for who knows that what is before it is right. Pure.
import { usageError } from '../model/error.ts';
import type { Plan, StepId } from '../model/plan.ts';

/** The step, those that need it, and what gives the way to the cluster. `command` makes the whole plan. Throws `step-unknown` with the steps there are. */
export function planFrom(plan: Plan, from: StepId, command: string): Plan {
  const ids = plan.steps.map(({ id }) => id);
  if (!ids.includes(from)) {
    throw usageError({
      code: 'step-unknown', message: `the plan has no step ${JSON.stringify(from)}`, reason: `it has ${ids.join(', ')}`,
      hints: [{ text: 'see what each of them does', command: `${command} --dry-run` }], details: { steps: ids },
    });
  }
  const kept = new Set<StepId>([from, ...plan.steps.filter(({ kind }) => kind === 'cluster').map(({ id }) => id)]);
  const after = new Set<StepId>([from]);
  // Steps stand behind what they need.
  for (const step of plan.steps) {
    if (!step.needs.some((need) => after.has(need))) continue;
    after.add(step.id);
    kept.add(step.id);
  }
  const steps = plan.steps.filter(({ id }) => kept.has(id)).map((step) => ({ ...step, needs: step.needs.filter((need) => kept.has(need)) }));
  const left = ids.filter((id) => !kept.has(id));
  return { ...plan, steps, notes: [...plan.notes, `from ${from} on${left.length === 0 ? '' : `; taken as done: ${left.join(', ')}`}`] };
}
