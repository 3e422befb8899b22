// A load on an app, and how many replicas answer it meanwhile.
import { assertLoadSpec, type LoadSpec } from '../../load/load-spec.ts';
import { type LoadResult, runLoad } from '../../load/run-load.ts';
import type { Endpoint } from '../../model/plan.ts';
import type { Clock, LoadHttp } from '../../ports.ts';
import type { AppLoadRequest } from '../app-use-cases.ts';

/** The load with the endpoint as its target, which `isAllowed` to be another machine. Throws what `assertLoadSpec` throws. */
export function loadSpecOf({ spec, path }: AppLoadRequest, { address, host, path: proving }: Endpoint, isAllowed = false): LoadSpec {
  const [hostname = '', port = ''] = address.split(':');
  const whole = { ...spec, target: { hostname, port: Number(port), method: 'GET', path: path ?? proving, headers: { host } } };
  assertLoadSpec(whole, isAllowed);
  return whole;
}

export interface CountedLoad {
  readonly spec: LoadSpec;
  readonly request: AppLoadRequest;
  /** Tells how many replicas there are, again and again, until its signal aborts. */
  watch(onCount: (count: number) => void, signal: AbortSignal): Promise<void>;
}

export async function runCountedLoad(world: { readonly clock: Clock; readonly http: LoadHttp }, { spec, request, watch }: CountedLoad, signal: AbortSignal): Promise<LoadResult> {
  const { onSecond, classify } = request;
  const done = new AbortController();
  let replicas: number | undefined;
  // The load goes on when nobody can be asked how many there are.
  const watching = watch((count) => { replicas = count; }, done.signal).catch(() => { replicas = undefined; });
  try {
    return await runLoad(spec, world, {
      signal, replicas: () => replicas, ...(onSecond === undefined ? {} : { onSecond }), ...(classify === undefined ? {} : { classify }),
    });
  } finally {
    done.abort();
    await watching;
  }
}
