// Files that are not in the cache, replaced by their outline where the provider has one.
import { expect, test } from 'vitest';
import { outlineOf } from '../../src/clusters/rehearsal/outline/index.ts';
import type { ApplyStep, FetchStep, Plan } from '../../src/model/plan.ts';
import { withOutlines } from '../../src/plan/outline.ts';

const SERVING = { name: 'knative-serving-core-1.23.0', url: 'https://github.com/knative/serving/releases/download/knative-v1.23.0/serving-core.yaml' };
const OTHER = { name: 'other', url: 'https://example.com/other.yaml' };
const base = { title: '', lane: '', needs: [] } as const;
const FETCH: FetchStep = { ...base, kind: 'fetch', id: 'fetch', artifacts: [SERVING, OTHER], tools: [] };
const APPLY: ApplyStep = {
  ...base, kind: 'apply', id: 'apply', part: 'knative-serving', sources: [{ artifact: SERVING }, { artifact: OTHER }], imageRules: [],
  patches: [{ target: { kind: 'ConfigMap' }, path: ['data', 'text'], find: 'a', value: 'b', why: 'text' }, { target: { kind: 'ConfigMap' }, path: ['data'], value: {}, why: 'data' }],
};
const PLAN: Plan = { schema: 1, stack: 'dev', steps: [FETCH, APPLY], notes: [], endpoints: [] };

test('what has an outline is not fetched, what has none is; and it is said', () => {
  const plan = withOutlines(PLAN, { outlineOf }, () => false);
  const [fetch, apply] = plan.steps as readonly [FetchStep, ApplyStep];
  expect(fetch.artifacts).toEqual([OTHER]);
  expect(apply.sources[0]).toMatchObject({ objects: expect.arrayContaining([expect.objectContaining({ kind: 'Namespace' })]) });
  expect(apply.sources[1]).toEqual({ artifact: OTHER });
  expect(apply.patches.map(({ why }) => why)).toEqual(['data']);
  expect(plan.notes).toEqual(['in outline only, for their files are not in the cache: knative-serving-core-1.23.0']);
});

test('what is in the cache is read as it is', () => {
  expect(withOutlines(PLAN, { outlineOf }, () => true)).toBe(PLAN);
});

test('a provider without outlines keeps its plan', () => {
  expect(withOutlines(PLAN, {}, () => false)).toBe(PLAN);
});
