// One line of the table of faults, by the number it has in the catalogue; and what its checks are made of.
import { expect } from 'vitest';
import type { Snapshot } from '../../../src/clusters/rehearsal/server/store.ts';
import { isDevstackError } from '../../../src/model/error.ts';
import type { StackSpec } from '../../../src/model/stack.ts';
import { violations } from '../invariants.ts';
import { type Golden, leaves, mends } from '../kill-points.ts';
import type { Fate, Fault } from '../life.ts';
import { type Outcome, up } from '../runs.ts';
import { World } from '../world.ts';

export interface FaultCase {
  /** Of the catalogue; several cases may share one. */
  readonly number: number;
  readonly fault: string;
  /** How it is brought about. */
  readonly injected: string;
  readonly expected: string;
  /** Returns what was seen; throws when that is not what was expected. */
  run(bench: Bench): Promise<string>;
}

/** What cases work with. */
export interface Bench {
  readonly empty: Snapshot;
  readonly base: Golden;
  readonly full: Golden;
}

export function indexOf(golden: Golden, pattern: RegExp): number {
  const index = golden.points.findIndex((point) => pattern.test(point));
  if (index < 0) throw new Error(`no point ${pattern}`);
  return index;
}

/** `up` meets the fate, then everything mends and nothing is left. Returns how the first run ended. */
export async function strike(golden: Golden, fateOf: (world: World) => Fate, prepare: (world: World) => void = () => undefined, repair: (world: World) => void = () => undefined): Promise<string> {
  const world = new World(golden.empty);
  prepare(world);
  const first = await up(world, fateOf(world), golden.spec);
  const found = [...await violations(world, first)];
  repair(world);
  found.push(...await mends(world, golden));
  expect(found).toEqual([]);
  return endOf(first);
}

export const endOf = ({ exit, code }: Outcome): string => (exit === undefined ? 'killed' : exit === 0 ? 'exit 0' : `exit ${exit} ${code}`);

export const faultAt = (index: number, fault: Fault): Fate => ({ faults: new Map([[index, fault]]) });

/** One fault at the first point of a kind. */
export function strikeAt(pattern: RegExp, make: (world: World) => Fault, which: 'base' | 'full' = 'full'): (bench: Bench) => Promise<string> {
  return (bench) => strike(bench[which], (world) => faultAt(indexOf(bench[which], pattern), make(world)));
}

export function killAt(pattern: RegExp, which: 'base' | 'full' = 'full'): (bench: Bench) => Promise<string> {
  return (bench) => strike(bench[which], () => ({ killAt: indexOf(bench[which], pattern) }));
}

/** A world that is not as it should be: `up` refuses with this code, makes nothing, and goes through once it is mended. */
export async function refused(golden: Golden, code: string, change: (world: World) => void, mend: (world: World) => void, spec: StackSpec = golden.spec): Promise<string> {
  const world = new World(golden.empty);
  change(world);
  const first = await up(world, {}, spec);
  expect([first.code, ...await violations(world, first)]).toEqual([code]);
  mend(world);
  expect(await mends(world, golden)).toEqual([]);
  return endOf(first);
}

/** Only that nothing is left behind. */
export async function cleared(world: World): Promise<void> {
  expect(await leaves(world)).toEqual([]);
}

/** The code of what is thrown. */
export async function codeOf(work: () => unknown): Promise<string> {
  try {
    await work();
  } catch (error) {
    if (isDevstackError(error)) return error.code;
    throw error;
  }
  return 'nothing';
}

export async function expectCode(code: string | RegExp, work: () => unknown): Promise<string> {
  const seen = await codeOf(work);
  expect(seen).toMatch(code);
  return seen;
}
