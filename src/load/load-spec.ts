// What a load is, and what is refused: this is a tool for one's own machine, and every number has a bound.

import { type DevstackError, usageError } from '../model/error.ts';
import { isRequestPath } from '../model/request-path.ts';
import type { LoadTarget } from '../ports.ts';

/**
 * `open`: requests start at a fixed rate, whatever the answers do, and latency counts from the moment a request was due: a server that
 * stalls is charged for every request that it kept waiting (no coordinated omission).
 * `closed`: as many users as `concurrency`, each sends its next request when it has its answer.
 */
export type Arrival = { readonly model: 'open'; readonly rps: number } | { readonly model: 'closed' };

export interface LoadSpec {
  readonly target: LoadTarget;
  readonly arrival: Arrival;
  /** Most requests under way at a time, and most connections. */
  readonly concurrency: number;
  readonly durationMs: number;
  /** For one request, from when it is sent. */
  readonly timeoutMs: number;
}

export const LIMITS = {
  rps: { min: 0.1, max: 10_000 },
  concurrency: { min: 1, max: 1_000 },
  durationMs: { min: 1_000, max: 3_600_000 },
  timeoutMs: { min: 10, max: 600_000 },
  /** Requests of one run. */
  requests: 5_000_000,
} as const;

/** Throws `load-invalid` with every problem, `load-target-remote` for a target off this machine that was not allowed. */
export function assertLoadSpec(spec: LoadSpec, allowRemote: boolean): void {
  const problems = problemsOf(spec);
  if (problems.length > 0) {
    throw usageError({ code: 'load-invalid', message: 'this load cannot be run', reason: problems.join('; ') });
  }
  if (!allowRemote && !isLoopback(spec.target.hostname)) throw remoteError(spec.target);
}

function problemsOf({ target, arrival, concurrency, durationMs, timeoutMs }: LoadSpec): readonly string[] {
  const rps = arrival.model === 'open' ? arrival.rps : undefined;
  return [
    ...(rps === undefined ? [] : outOfBounds('the rate', rps, LIMITS.rps)),
    ...outOfBounds('the concurrency', concurrency, LIMITS.concurrency),
    ...(Number.isInteger(concurrency) ? [] : ['the concurrency must be a whole number']),
    ...outOfBounds('the duration in ms', durationMs, LIMITS.durationMs),
    ...outOfBounds('the timeout in ms', timeoutMs, LIMITS.timeoutMs),
    ...(rps !== undefined && (rps * durationMs) / 1_000 > LIMITS.requests ? [`more than ${LIMITS.requests} requests`] : []),
    ...(isRequestPath(target.path) ? [] : ['the path must start with / and have no spaces']),
    ...(Number.isInteger(target.port) && target.port >= 1 && target.port <= 65_535 ? [] : ['the port must be from 1 to 65535']),
  ];
}

function outOfBounds(what: string, value: number, { min, max }: { readonly min: number; readonly max: number }): readonly string[] {
  // Not `value < min`: that would let NaN through.
  return value >= min && value <= max ? [] : [`${what} must be from ${min} to ${max}`];
}

/** Names are judged by what they are, never resolved: `localhost` alone is trusted to be this machine. */
export function isLoopback(hostname: string): boolean {
  const bare = hostname.replace(/^\[(.*)\]$/, '$1').toLowerCase();
  return bare === 'localhost' || bare === '::1' || /^127(\.(25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)){3}$/.test(bare);
}

function remoteError({ hostname }: LoadTarget): DevstackError {
  return usageError({
    code: 'load-target-remote', message: `${hostname} is not this machine`,
    reason: 'a load is sent to others only when that is asked for by name',
    hints: [{ text: 'when it is yours to load', command: `devstack load --allow-remote ${hostname}` }],
  });
}
