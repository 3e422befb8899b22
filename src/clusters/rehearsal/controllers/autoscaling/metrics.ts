// What metrics-server does: looks every 15 s at what the containers of each pod have used, and tells how fast.
import type { JsonObject } from '../../../../model/json.ts';
import { stringAt } from '../../../../model/object.ts';
import type { Api, Ref } from '../api.ts';
import { isDeleting, refOf } from '../api.ts';
import { isTrue } from '../conditions.ts';
import type { Usage } from '../container-run.ts';
import type { Controller, World } from '../controller.ts';
import type { Kubelet } from '../kubelet.ts';

const API_SERVICE: Ref = { key: 'apiservices.apiregistration.k8s.io', namespace: '', name: 'v1beta1.metrics.k8s.io' };
const SCRAPE_MS = 15_000;

interface Sample {
  readonly atMs: number;
  readonly containers: ReadonlyMap<string, Usage>;
}

interface Known {
  readonly uid: string;
  /** The newest, and the one before it. */
  readonly samples: readonly Sample[];
}

export interface ContainerMetrics {
  readonly name: string;
  readonly cpuMilli: number;
  readonly memoryBytes: number;
}

export interface PodMetrics {
  /** Milliseconds since the epoch, at the end of the window. */
  readonly atMs: number;
  readonly windowMs: number;
  readonly containers: readonly ContainerMetrics[];
}

/** As in every cluster, metrics are there only once somebody has installed what serves them. */
export function metricsState(api: Api): 'absent' | 'unavailable' | 'available' {
  const service = api.get(API_SERVICE);
  if (service === undefined) return 'absent';
  return isTrue(service, 'Available') ? 'available' : 'unavailable';
}

const uidOf = (pod: JsonObject): string => stringAt(pod, 'metadata', 'uid') ?? '';
const keyOf = ({ namespace, name }: Ref): string => `${namespace}/${name}`;

/** The speed between two samples; undefined for a container that has started anew, or is new. */
function speedOf(name: string, [now, before]: readonly [Sample, Sample]): ContainerMetrics | undefined {
  const [later, earlier] = [now.containers.get(name), before.containers.get(name)];
  if (later === undefined || earlier === undefined || later.cpuMs < earlier.cpuMs) return undefined;
  return { name, cpuMilli: Math.round(((later.cpuMs - earlier.cpuMs) / (now.atMs - before.atMs)) * 1000), memoryBytes: later.memoryBytes };
}

export class Metrics implements Controller {
  readonly name = 'metrics-server';
  readonly watches = [{ key: 'pods' }, { key: API_SERVICE.key, of: (_event: unknown, { api }: World) => api.list('pods').map((pod) => refOf('pods', pod)) }];
  readonly #known = new Map<string, Known>();
  readonly #kubelet: Kubelet;

  constructor(kubelet: Kubelet) {
    this.#kubelet = kubelet;
  }

  /** Pods of which nothing is known are left alone, so a cluster that is all pretence has no timers. */
  async reconcile(ref: Ref, { api, clock }: World): Promise<number | undefined> {
    const [key, pod] = [keyOf(ref), api.get(ref)];
    const found = this.#known.get(key);
    if (pod === undefined || isDeleting(pod) || metricsState(api) !== 'available') {
      this.#known.delete(key);
      return undefined;
    }
    const samples = found?.uid === uidOf(pod) ? found.samples : [];
    const waitMs = samples[0] === undefined ? 0 : samples[0].atMs + SCRAPE_MS - clock.now();
    if (waitMs > 0) return waitMs;
    const containers = await this.#kubelet.usageOf(pod);
    if (containers === undefined) {
      this.#known.delete(key);
      return undefined;
    }
    this.#known.set(key, { uid: uidOf(pod), samples: [{ atMs: clock.now(), containers }, ...samples.slice(0, 1)] });
    return SCRAPE_MS;
  }

  /** Undefined until each of its containers has been seen twice. */
  of(pod: JsonObject): PodMetrics | undefined {
    const found = this.#known.get(keyOf(refOf('pods', pod)));
    const [now, before] = found?.uid === uidOf(pod) ? found.samples : [];
    if (now === undefined || before === undefined) return undefined;
    const names = [...now.containers.keys()];
    const containers = names.flatMap((name) => speedOf(name, [now, before]) ?? []);
    return containers.length < names.length ? undefined : { atMs: now.atMs, windowMs: now.atMs - before.atMs, containers };
  }
}
