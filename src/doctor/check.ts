// What a check of the machine is, and how all of them are run: at once, each with its own time, none able to spoil another.
import { isAbortError, isDevstackError } from '../model/error.ts';
import type { Finding } from '../model/finding.ts';
import type { DockerInfo, Ports } from '../ports.ts';

/** What the stack that is asked for needs of the machine. */
export interface Wish {
  readonly port: number;
  /** Sum of the requests of everything. */
  readonly cpuMilli: number;
  readonly memoryMi: number;
  /** Programs that the provider runs. */
  readonly tools: readonly string[];
  /** Programs that must be on PATH. */
  readonly programs: readonly string[];
  /** Domains to try, in order. */
  readonly domains: readonly string[];
}

export interface World {
  readonly ports: Ports;
  readonly wish: Wish;
  /** Asked once for all checks; rejects when there is no engine to ask. */
  readonly engine: Promise<DockerInfo>;
  readonly signal: AbortSignal;
}

export type Answer = Omit<Finding, 'id' | 'title'>;

export interface Check {
  readonly id: string;
  readonly title: string;
  ask(world: World): Promise<Answer>;
  /** What `--fix` does: only what needs no rights that the person does not have. True when it is done. */
  repair?(world: World): Promise<boolean>;
}

/** A question that takes longer than this is not answered. */
const CHECK_MS = 8_000;

export const ok = (message: string): Answer => ({ state: 'ok', message });
export const skipped = (message: string): Answer => ({ state: 'skipped', message });

export function warning(message: string, fix?: NonNullable<Finding['fix']>): Answer {
  return { state: 'warning', message, ...(fix === undefined ? {} : { fix }) };
}

export function failed(message: string, fix?: NonNullable<Finding['fix']>): Answer {
  return { state: 'failed', message, ...(fix === undefined ? {} : { fix }) };
}

async function answerOf(check: Check, world: World): Promise<Answer> {
  const limit = AbortSignal.timeout(CHECK_MS);
  const signal = AbortSignal.any([world.signal, limit]);
  const late = new Promise<Answer>((resolve) => {
    limit.addEventListener('abort', () => resolve(warning(`no answer within ${CHECK_MS / 1000} s`)), { once: true });
  });
  try {
    return await Promise.race([check.ask({ ...world, signal }), late]);
  } catch (error) {
    world.signal.throwIfAborted();
    if (isAbortError(error)) return warning(`no answer within ${CHECK_MS / 1000} s`);
    if (isDevstackError(error)) return skipped(error.message);
    throw error;
  }
}

/** In the order of the table. */
export async function runChecks(checks: readonly Check[], world: World, fix: boolean): Promise<readonly Finding[]> {
  return Promise.all(checks.map(async (check): Promise<Finding> => {
    const answer = await answerOf(check, world);
    const named = { id: check.id, title: check.title };
    if (!fix || answer.fix?.automatic !== true || check.repair === undefined) return { ...named, ...answer };
    return await check.repair(world) ? { ...named, ...await answerOf(check, world) } : { ...named, ...answer };
  }));
}
