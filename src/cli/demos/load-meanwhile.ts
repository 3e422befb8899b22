// A steady load while something happens: how many requests were lost, and which version answered.
import type { LoadResult } from '../../load/run-load.ts';
import type { AppRef } from '../app-use-cases.ts';
import type { DemoContext } from './demo.ts';

const RPS = 20;
const LONGEST_MS = 180_000;
/** Load before it begins, and after it has ended: what goes wrong at the edges is seen too. */
const EDGE_MS = 3_000;
const VARIABLE = 'HTTPBIN_ENV_VERSION';
/** httpbin shows such variables at this path: what tells the versions apart. */
const PATH = '/env';

/** The variable that makes an httpbin one of this version. */
export function versionOf(version: string): { readonly [name: string]: string } {
  return { [VARIABLE]: version };
}

export interface Meanwhile {
  readonly result: LoadResult;
  /** Requests that got no answer, or not 200. */
  readonly lost: number;
  /** Requests in all. */
  readonly sent: number;
  /** What answered in the last second that had answers. */
  readonly last: readonly string[];
}

/** Loads the app until `work` has ended. Throws what `work` throws. */
export async function loadMeanwhile({ useCases, options, say, show }: DemoContext, ref: AppRef, work: () => Promise<unknown>): Promise<Meanwhile> {
  say(`${RPS} requests a second from now on`);
  const stop = new AbortController();
  const loading = useCases.loadApp({
    ref, path: PATH, spec: { arrival: { model: 'open', rps: RPS }, concurrency: 50, durationMs: LONGEST_MS, timeoutMs: 10_000 }, onSecond: show,
    classify: ({ body }) => `version ${new RegExp(`"${VARIABLE}": "(\\w+)"`).exec(body)?.[1] ?? 'unknown'}`,
  }, { ...options, signal: AbortSignal.any([options.signal, stop.signal]) });
  const working = (async () => {
    await useCases.rest(EDGE_MS, options);
    await work();
    await useCases.rest(EDGE_MS, options);
  })().finally(() => stop.abort());
  const [result] = await Promise.all([loading, working]);
  const sent = result.sent + result.unsent;
  // The load was stopped in the middle of a second, which may have got no answer yet.
  const last = result.seconds.map(({ classes }) => Object.keys(classes)).findLast((names) => names.length > 0) ?? [];
  return { result, sent, lost: sent - Number(result.statuses['200'] ?? 0), last };
}
