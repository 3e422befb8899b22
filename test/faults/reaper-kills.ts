// Runs that are bound to their own process, as `devstack run` binds them, killed at points spread over all of the run.
import type { Snapshot } from '../../src/clusters/rehearsal/server/store.ts';
import { remains } from './invariants.ts';
import { reap, upLeashed } from './runs.ts';
import { World } from './world.ts';

/** Of the requirement, from the kill until nothing is left. */
const WITHIN_MS = 15_000;

/** What was not as it should be, in words. */
export async function killLeashed(empty: Snapshot, kills: number): Promise<readonly string[]> {
  const { points } = (await upLeashed(new World(empty), {}, { parent: 'self' })).life;
  const armed = points.findIndex((point) => point.startsWith('background start') && point.endsWith('done')) + 1;
  const found: string[] = [];
  for (let index = 0; index < kills; index += 1) {
    const world = new World(empty);
    const at = armed + Math.floor((index * (points.length - armed)) / kills);
    const killed = await upLeashed(world, { killAt: at }, { parent: 'self' });
    const begun = world.time;
    const { said, code } = await reap(world);
    const after = world.time - begun;
    const wrong = [...remains(world), ...(killed.exit === undefined ? [] : ['was not killed']), ...(said === 'removed' ? [] : [`the reaper ended with ${said ?? code}`]), ...(after < WITHIN_MS ? [] : [`took ${after} ms`])];
    found.push(...wrong.map((what) => `killed at ${points[at]}: ${what}`));
  }
  return found;
}
