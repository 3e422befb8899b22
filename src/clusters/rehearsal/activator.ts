// Finds a pod for a request, and holds the request until there is one: a revision that sleeps is woken by it.
import type { JsonObject } from '../../model/json.ts';
import { stringAt } from '../../model/object.ts';
import type { Clock } from '../../ports.ts';
import type { Cluster } from './cluster.ts';
import type { Ref } from './controllers/api.ts';
import { deploymentOf, scaleRevision } from './controllers/knative/revision.ts';
import { REVISIONS } from './controllers/knative/service.ts';
import { isReady, numberAt } from './controllers/workloads/pods.ts';
import { objectAt } from './server/json.ts';

/** Longer than any sample needs to start. */
const HOLD_MS = 60_000;

/** What has gone through a revision since the autoscaler last asked. */
export interface Load {
  /** Requests under way, those that wait among them, averaged over the time. */
  readonly concurrency: number;
  readonly requests: number;
  readonly lastActiveMs: number;
}

interface Counter {
  inFlight: number;
  requests: number;
  area: number;
  sinceMs: number;
  lastActiveMs: number;
  begunMs: number;
}

export interface Backend {
  readonly port: number;
  readonly pod: string;
  /** Must be called once, when the request is over. */
  release(): void;
}

const keyOf = (ref: Ref): string => `${ref.namespace}/${ref.name}`;

export class Activator {
  readonly #cluster: Cluster;
  readonly #clock: Clock;
  readonly #counters = new Map<string, Counter>();
  /** Requests under way, by pod. */
  readonly #busy = new Map<string, number>();
  readonly #waiting = new Set<() => void>();
  readonly #unwatch: () => void;

  constructor(cluster: Cluster, clock: Clock) {
    this.#cluster = cluster;
    this.#clock = clock;
    this.#unwatch = cluster.server.store.watch('pods', () => this.#look());
  }

  #look(): void {
    for (const look of [...this.#waiting]) look();
  }

  #counter(ref: Ref): Counter {
    const known = this.#counters.get(keyOf(ref));
    if (known !== undefined) return known;
    const now = this.#clock.monotonic();
    const made = { inFlight: 0, requests: 0, area: 0, sinceMs: now, lastActiveMs: now, begunMs: now };
    this.#counters.set(keyOf(ref), made);
    return made;
  }

  #count(counter: Counter, change: 1 | -1): void {
    const now = this.#clock.monotonic();
    counter.area += counter.inFlight * (now - counter.sinceMs);
    Object.assign(counter, { inFlight: counter.inFlight + change, sinceMs: now, lastActiveMs: now });
    if (change > 0) counter.requests += 1;
  }

  /** Begins a new count. */
  takeLoad(ref: Ref): Load {
    const counter = this.#counter(ref);
    const now = this.#clock.monotonic();
    const area = counter.area + counter.inFlight * (now - counter.sinceMs);
    const concurrency = now > counter.begunMs ? area / (now - counter.begunMs) : counter.inFlight;
    const load = { concurrency, requests: counter.requests, lastActiveMs: counter.inFlight > 0 ? now : counter.lastActiveMs };
    Object.assign(counter, { area: 0, requests: 0, sinceMs: now, begunMs: now });
    return load;
  }

  /** Undefined when no pod came in time. Throws AbortError when the client has gone. */
  async acquire(ref: Ref, signal: AbortSignal): Promise<Backend | undefined> {
    const counter = this.#counter(ref);
    this.#count(counter, 1);
    const found = await this.#find(ref, signal).catch((thrown: unknown) => {
      this.#count(counter, -1);
      throw thrown;
    });
    if (found === undefined) {
      this.#count(counter, -1);
      return undefined;
    }
    this.#busy.set(found.pod, (this.#busy.get(found.pod) ?? 0) + 1);
    return {
      ...found,
      release: () => {
        this.#count(counter, -1);
        const left = (this.#busy.get(found.pod) ?? 1) - 1;
        if (left > 0) this.#busy.set(found.pod, left);
        else this.#busy.delete(found.pod);
        this.#look();
      },
    };
  }

  #pick(ref: Ref): { readonly port: number; readonly pod: string } | undefined {
    const { api, kubelet } = this.#cluster;
    const limit = ref.key === REVISIONS ? numberAt(api.get(ref), 'spec', 'containerConcurrency') : 0;
    const candidates = api.list('pods', ref.namespace).filter((pod) => this.#serves(ref, pod) && isReady(pod)).flatMap((pod) => {
      const port = kubelet.portOf(pod);
      const uid = stringAt(pod, 'metadata', 'uid') ?? '';
      const busy = this.#busy.get(uid) ?? 0;
      return port === undefined || (limit > 0 && busy >= limit) ? [] : [{ port, pod: uid, busy }];
    });
    return candidates.sort((left, right) => left.busy - right.busy)[0];
  }

  #serves(ref: Ref, pod: JsonObject): boolean {
    const labels = objectAt(pod, 'metadata', 'labels') ?? {};
    if (ref.key === REVISIONS) return labels['serving.knative.dev/revision'] === ref.name;
    const selector = Object.entries(objectAt(this.#cluster.api.get(ref), 'spec', 'selector') ?? {});
    return selector.length > 0 && selector.every(([name, value]) => labels[name] === value);
  }

  async #find(ref: Ref, signal: AbortSignal) {
    const found = this.#pick(ref);
    if (found !== undefined) return found;
    if (ref.key === REVISIONS && numberAt(this.#cluster.api.get(deploymentOf(ref)), 'spec', 'replicas') === 0) await scaleRevision(this.#cluster.api, ref, 1);
    const stop = new AbortController();
    try {
      return await Promise.race([this.#cameUp(ref, AbortSignal.any([signal, stop.signal])), this.#clock.sleep(HOLD_MS, AbortSignal.any([signal, stop.signal])).then(() => undefined)]);
    } finally {
      stop.abort();
    }
  }

  #cameUp(ref: Ref, signal: AbortSignal): Promise<{ readonly port: number; readonly pod: string } | undefined> {
    return new Promise((resolve) => {
      const end = (found: { readonly port: number; readonly pod: string } | undefined): void => {
        this.#waiting.delete(look);
        resolve(found);
      };
      const look = (): void => {
        const found = this.#pick(ref);
        if (found !== undefined) end(found);
      };
      this.#waiting.add(look);
      signal.addEventListener('abort', () => end(undefined), { once: true });
      look();
    });
  }

  close(): void {
    this.#unwatch();
  }
}
