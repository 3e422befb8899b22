// The engine itself names every journal write and every outside call of a run; the run is killed at each, and one plain re-run must mend it.

import type { Snapshot } from '../../src/clusters/rehearsal/server/store.ts';
import type { StackSpec } from '../../src/model/stack.ts';
import { differences, remains, stateOf, violations } from './invariants.ts';
import { down, type Outcome, SPEC, up } from './runs.ts';
import { World } from './world.ts';

export interface Golden {
  readonly spec: StackSpec;
  readonly empty: Snapshot;
  /** What an `up` that nothing disturbed leaves. */
  readonly state: ReadonlyMap<string, string>;
  readonly points: readonly string[];
  readonly downPoints: readonly string[];
}

export async function golden(empty: Snapshot, spec: StackSpec = SPEC): Promise<Golden> {
  const world = new World(empty);
  const first = await up(world, {}, spec);
  if (first.exit !== 0) throw new Error(`the undisturbed run failed: ${first.code}`, { cause: first.error });
  const state = stateOf(world);
  const last = await down(world);
  return { spec, empty, state, points: first.life.points, downPoints: last.life.points };
}

/** I4: one plain `up` comes to the end state, a second one writes nothing, `down` leaves nothing. What is violated, in words. */
export async function mends(world: World, { spec, state }: Pick<Golden, 'spec' | 'state'>): Promise<readonly string[]> {
  const again = await up(world, {}, spec);
  if (again.exit !== 0) return [`I4: the re-run ended with ${again.code} (${String(again.error)})`];
  const found = [...await violations(world, again), ...differences(state, stateOf(world)).map((what) => `I4: ${what}`)];
  const writes = world.cluster()?.writes;
  const changes = world.engine.changes.length;
  const third = await up(world, {}, spec);
  if (third.exit !== 0 || third.changed !== 0) found.push(`I4: the second re-run ended with ${third.code ?? `${third.changed} changes`}`);
  if (world.cluster()?.writes !== writes) found.push(`I4: the second re-run wrote ${(world.cluster()?.writes ?? 0) - (writes ?? 0)} times to the cluster`);
  if (world.engine.changes.length !== changes) found.push(`I4: the second re-run changed the engine: ${world.engine.changes.slice(changes).join(', ')}`);
  return [...found, ...await leaves(world)];
}

export async function leaves(world: World): Promise<readonly string[]> {
  const gone = await down(world);
  return gone.exit === 0 ? remains(world) : [`I5: down ended with ${gone.code} (${String(gone.error)})`];
}

export interface KillResult {
  readonly point: string;
  readonly index: number;
  readonly run: 'up' | 'down';
  readonly violations: readonly string[];
}

/** Kills `up` at one point. */
export async function killUpAt(expected: Golden, index: number): Promise<KillResult> {
  const world = new World(expected.empty);
  const killed = await up(world, { killAt: index }, expected.spec);
  const point = expected.points[index] ?? '?';
  const isLate = killed.exit !== undefined ? [`the run was not killed at ${index}`] : [];
  return { point, index, run: 'up', violations: [...isLate, ...await violations(world, killed), ...await mends(world, expected)] };
}

/** Kills `down` at one point; a plain `down` must finish it. */
export async function killDownAt(expected: Golden, index: number): Promise<KillResult> {
  const world = new World(expected.empty);
  await up(world, {}, expected.spec);
  const killed: Outcome = await down(world, { killAt: index });
  return { point: expected.downPoints[index] ?? '?', index, run: 'down', violations: [...await violations(world, killed), ...await leaves(world)] };
}
