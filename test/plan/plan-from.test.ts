import { expect, test } from 'vitest';
import { planFrom } from '../../src/plan/plan-from.ts';
import { planUp } from '../../src/plan/plan-up.ts';
import { facts, provider, spec } from './spec.ts';

const plan = planUp(spec, facts, provider);

test('a step, all that needs it, and the way to the cluster; in the order of the plan', () => {
  const part = planFrom(plan, 'apply:kourier');
  expect(part.steps.map(({ id }) => id)).toEqual(['cluster', 'apply:kourier', 'wait:kourier', 'probe:hello']);
  expect(part.steps.flatMap(({ needs }) => needs).filter((need) => !part.steps.some(({ id }) => id === need))).toEqual([]);
  expect(part.notes.at(-1)).toMatch(/^from apply:kourier on: \d+ steps before it are taken as done$/);
});

test('a step that is not there: all that are', () => {
  expect(() => planFrom(plan, 'kourier')).toThrow(expect.objectContaining({ code: 'step-unknown', exit: 2, reason: expect.stringContaining('apply:kourier') }));
});
