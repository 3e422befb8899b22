// A small share of the fault suite, in every run of the unit tests: `npm run faults` runs all of it.
import fc from 'fast-check';
import { beforeAll, expect, test } from 'vitest';
import { emptyCluster } from './cluster.ts';
import { type Golden, golden, killDownAt, killUpAt } from './kill-points.ts';
import { BASE, KNATIVE, SPEC } from './runs.ts';
import { play, scenarios } from './seeds.ts';

let goldens: readonly [Golden, Golden, Golden];

beforeAll(async () => {
  const empty = await emptyCluster();
  goldens = [await golden(empty, BASE), await golden(empty, KNATIVE), await golden(empty, SPEC)];
}, 30_000);

test('the full preset has at least 300 points where a run can be killed', () => {
  expect(goldens[2].points.length).toBeGreaterThanOrEqual(300);
});

test('killed at every seventh point, one plain re-run comes to the same end, and down leaves nothing', async () => {
  const [base] = goldens;
  for (let index = 0; index < base.points.length; index += 7) expect(await killUpAt(base, index)).toMatchObject({ violations: [] });
  for (let index = 0; index < base.downPoints.length; index += 7) expect(await killDownAt(base, index)).toMatchObject({ violations: [] });
}, 30_000);

test('whatever a run meets, the next one mends it', async () => {
  await fc.assert(fc.asyncProperty(scenarios, async (scenario) => {
    expect(await play({ ...scenario, preset: 0 }, goldens)).toMatchObject({ violations: [] });
  }), { numRuns: 25 });
}, 60_000);
