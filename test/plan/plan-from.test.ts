import { expect, test } from 'vitest';
import { planFrom } from '../../src/plan/plan-from.ts';
import { planUp } from '../../src/plan/plan-up.ts';
import { facts, provider, spec } from './spec.ts';

const plan = planUp(spec, facts, provider);

test('a step, all that needs it, and the way to the cluster; in the order of the plan', () => {
  const part = planFrom(plan, 'apply:kourier', 'devstack up knative');
  expect(part.steps.map(({ id }) => id)).toEqual(['cluster', 'apply:kourier', 'wait:kourier', 'probe:hello']);
  expect(part.steps.flatMap(({ needs }) => needs).filter((need) => !part.steps.some(({ id }) => id === need))).toEqual([]);
  expect(part.notes.at(-1)).toMatch(/^from apply:kourier on; taken as done: fetch, settle, images, apply:knative-serving, .*apply:hello, wait:hello$/);
});

test('a step that is not there: all that are', () => {
  expect(() => planFrom(plan, 'kourier', 'devstack up knative')).toThrow(expect.objectContaining({ code: 'step-unknown', exit: 2, reason: expect.stringContaining('apply:kourier'), hints: [expect.objectContaining({ command: 'devstack up knative --dry-run' })] }));
});
