// Seeded runs: one to three faults at any points of `up`, maybe a kill as well; then everything must mend, and nothing may be left.
import fc from 'fast-check';
import { ERRORS, happenings } from './fault-kinds.ts';
import { violations } from './invariants.ts';
import { type Golden, mends } from './kill-points.ts';
import type { Fault, Life } from './life.ts';
import { up } from './runs.ts';
import { World } from './world.ts';

/** Where on the way (parts per thousand of the undisturbed run), and what. */
export interface Blow {
  readonly at: number;
  readonly kind: number;
}

export interface Scenario {
  /** Which preset; most are small ones. */
  readonly preset: number;
  readonly blows: readonly Blow[];
  readonly kill: number | null;
}

export const scenarios: fc.Arbitrary<Scenario> = fc.record({
  preset: fc.nat(9),
  blows: fc.array(fc.record({ at: fc.nat(999), kind: fc.nat(ERRORS.length + 7) }), { minLength: 1, maxLength: 3 }),
  kill: fc.option(fc.nat(999), { freq: 3 }),
});

export interface ScenarioResult {
  readonly story: string;
  readonly violations: readonly string[];
}

/** `goldens`: base, knative, full. */
export async function play({ preset, blows, kill }: Scenario, goldens: readonly [Golden, Golden, Golden]): Promise<ScenarioResult> {
  const golden = preset < 7 ? goldens[0] : preset < 9 ? goldens[1] : goldens[2];
  const world = new World(golden.empty);
  const lives: Life[] = [];
  const kinds: readonly Fault[] = [...ERRORS, ...happenings(world, () => {
    const [life] = lives;
    if (life === undefined) throw new Error('nobody lives yet');
    return life;
  })];
  const indexOf = (at: number) => Math.floor((at * golden.points.length) / 1000);
  const faults = new Map(blows.flatMap(({ at, kind }) => {
    const fault = kinds[kind];
    return fault === undefined ? [] : [[indexOf(at), fault] as const];
  }));
  const first = await up(world, { faults, ...(kill === null ? {} : { killAt: indexOf(kill) }), born: (life) => lives.push(life) }, golden.spec);
  const story = [golden.spec.preset, ...first.life.met, first.exit === undefined ? `killed at ${first.life.points.at(-1)}` : `exit ${first.exit}${first.code === undefined ? '' : ` ${first.code}`}`].join('; ');
  return { story, violations: [...await violations(world, first), ...await mends(world, golden)] };
}
