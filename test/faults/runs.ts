// What a person does on a world: up, up again, down; each as one run of the CLI, with a fate.
import { isAbortError, isDevstackError } from '../../src/model/error.ts';
import type { DevstackEvent } from '../../src/model/event.ts';
import { EXIT } from '../../src/model/exit.ts';
import type { StackSpec } from '../../src/model/stack.ts';
import { type Fate, Life } from './life.ts';
import type { World } from './world.ts';

/** The full preset: Serving, Eventing, an ingress and the sample. */
export const SPEC: StackSpec = {
  name: 'dev', provider: 'kind', cluster: 'devstack-dev', preset: 'knative', nodes: 1, managers: 1, kubernetes: undefined, nodeImage: undefined, port: 8080,
  portIsFixed: false, addons: ['knative-serving', 'knative-eventing'], ingress: 'kourier', domain: '127.0.0.1.sslip.io', samples: ['hello'], images: [], fit: false,
  versions: {}, timeoutMs: 600_000,
};

/** Less of it, for many runs. */
export const KNATIVE: StackSpec = { ...SPEC, addons: ['knative-serving'] };
export const BASE: StackSpec = { ...SPEC, preset: 'base', addons: [], samples: [] };

export interface Outcome {
  readonly life: Life;
  /** Exit code; undefined for a run that was killed. */
  readonly exit: number | undefined;
  /** Code of the error, for a run that ended with one. */
  readonly code: string | undefined;
  /** How many endpoints it says that have answered. */
  readonly verified: number | undefined;
  readonly changed: number | undefined;
  readonly told: readonly DevstackEvent[];
  /** What a reaper says at its end. */
  readonly said?: string;
  readonly error: unknown;
}

/** As the command line makes an exit code of it. */
function exitOf(error: unknown, life: Life): number {
  if (isDevstackError(error)) return error.exit;
  if (!isAbortError(error)) return EXIT.bug;
  return life.isOutOfTime ? EXIT.notReady : life.stop.signal.aborted ? EXIT.interrupted : EXIT.bug;
}

async function live(world: World, fate: Fate, work: (run: ReturnType<World['useCases']>) => Promise<{ readonly verified?: number; readonly changed?: number; readonly said?: string }>): Promise<Outcome> {
  const life = new Life(fate);
  fate.born?.(life);
  const told: DevstackEvent[] = [];
  const common = { life, told, code: undefined, verified: undefined, changed: undefined, error: undefined };
  const running = work(world.useCases(life, told)).then(
    (result): Outcome => ({ ...common, ...result, exit: 0, verified: result.verified, changed: result.changed }),
    (error: unknown): Outcome => ({ ...common, exit: exitOf(error, life), code: isDevstackError(error) ? error.code : String(error), error }),
  );
  const end = await Promise.race([running, life.died]);
  return end === 'killed' ? { ...common, exit: undefined } : end;
}

export function up(world: World, fate: Fate = {}, spec: StackSpec = SPEC, merge = true): Promise<Outcome> {
  return live(world, fate, async ({ useCases, options }) => {
    const plan = await useCases.planUp(spec, options);
    const result = await useCases.up(spec, plan, { ...options, overwrite: false });
    if (merge) await useCases.mergeKubeconfig(spec.name, true);
    return { verified: result.endpoints.length, changed: result.changed };
  });
}

export function down(world: World, fate: Fate = {}, stack = SPEC.name): Promise<Outcome> {
  return live(world, fate, async ({ useCases, options }) => {
    await useCases.down(await useCases.planDown(stack, options), options);
    return {};
  });
}

/** `up`, bound to its own process; as `devstack run` does it. */
export function upLeashed(world: World, fate: Fate, leash: { readonly ttlMs?: number; readonly parent?: 'self' }, spec: StackSpec = BASE): Promise<Outcome> {
  return live(world, fate, async ({ useCases, options }) => {
    const plan = await useCases.planUp(spec, options);
    await useCases.leash({ stack: spec.name, ...leash });
    const result = await useCases.up(spec, plan, { ...options, overwrite: false });
    await useCases.mergeKubeconfig(spec.name, true);
    return { verified: result.endpoints.length, changed: result.changed };
  });
}

/** The reaper that the last `upLeashed` has started, to its end. `code` is what it says. */
export function reap(world: World, fate: Fate = {}): Promise<Outcome> {
  const [, stack = '', token = ''] = world.started.at(-1) ?? [];
  return live(world, fate, async ({ useCases, options }) => ({ said: await useCases.reap({ stack, token }, options) }));
}
