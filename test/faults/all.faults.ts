// The whole fault suite: `npm run faults`. FAULT_RUNS and FAULT_SEED choose how many seeded runs, and which.
import fc from 'fast-check';
import { beforeAll, expect, test } from 'vitest';
import { emptyCluster } from './cluster.ts';
import { type Golden, golden, type KillResult, killDownAt, killUpAt } from './kill-points.ts';
import { killLeashed } from './reaper-kills.ts';
import { BASE, KNATIVE, SPEC } from './runs.ts';
import { play, scenarios } from './seeds.ts';

const RUNS = Number(process.env['FAULT_RUNS'] ?? 2000);
const SEED = Number(process.env['FAULT_SEED'] ?? Date.now() % 2 ** 31);
const HOURS = 4 * 3_600_000;

let goldens: readonly [Golden, Golden, Golden];

beforeAll(async () => {
  const empty = await emptyCluster();
  goldens = [await golden(empty, BASE), await golden(empty, KNATIVE), await golden(empty, SPEC)];
}, 60_000);

test('kill points: every journal write and every outside call', async () => {
  const full = goldens[2];
  const results: KillResult[] = [];
  for (let index = 0; index < full.points.length; index += 1) results.push(await killUpAt(full, index));
  for (let index = 0; index < full.downPoints.length; index += 1) results.push(await killDownAt(full, index));
  const failed = results.filter(({ violations }) => violations.length > 0);
  for (const { run, index, point, violations } of failed) console.log(`✖ ${run} killed at point ${index} (${point}): ${violations.join('; ')}`);
  console.log(`kill points: ${results.length - failed.length}/${results.length} (up ${full.points.length}, down ${full.downPoints.length})`);
  expect(full.points.length).toBeGreaterThanOrEqual(300);
  expect(failed).toEqual([]);
}, HOURS);

test('a hundred runs killed: the reaper leaves nothing', async () => {
  const failed = await killLeashed(goldens[0].empty, 100);
  for (const what of failed) console.log(`✖ ${what}`);
  console.log(`reaper: ${100 - failed.length}/100 kills, nothing left within 15 s`);
  expect(failed).toEqual([]);
}, HOURS);

test('seeded runs: one to three faults each, maybe a kill', async () => {
  let passed = 0;
  const property = fc.asyncProperty(scenarios, async (scenario) => {
    const { story, violations } = await play(scenario, goldens);
    if (violations.length > 0) throw new Error(`${story}\n  ${violations.join('\n  ')}`);
    passed += 1;
  });
  const details = await fc.check(property, { numRuns: RUNS, seed: SEED });
  if (details.failed) {
    console.log(`✖ seed ${SEED}, path ${details.counterexamplePath}: ${JSON.stringify(details.counterexample)}\n  ${details.errorInstance instanceof Error ? details.errorInstance.message : ''}`);
  }
  console.log(`seeded runs: ${details.failed ? passed : RUNS}/${RUNS}, seed ${SEED}`);
  expect(details.failed, `again: FAULT_SEED=${SEED} npm run faults`).toBe(false);
}, HOURS);
