// Knative's autoscaler: from what goes through a revision to how many pods it has, by the same settings as the real one.
import type { JsonObject } from '../../model/json.ts';
import type { Clock } from '../../ports.ts';
import type { Activator, Load } from './activator.ts';
import type { Api, Ref } from './controllers/api.ts';
import { isDeleting, refOf } from './controllers/api.ts';
import { deploymentOf, scaleBounds, scaleRevision } from './controllers/knative/revision.ts';
import { REVISIONS } from './controllers/knative/service.ts';
import { autoscalerSetting, stableWindowOf } from './controllers/knative/settings.ts';
import { numberAt } from './controllers/workloads/pods.ts';
import { objectAt } from './server/json.ts';

export const TICK_MS = 1_000;
/** Each pod is a process of this machine. */
const MOST_PODS = 20;
/** Of the stable window: how far back the autoscaler looks when load comes suddenly. */
const PANIC_SHARE = 0.1;
const PANIC_RATIO = 2;

interface Sample {
  readonly atMs: number;
  readonly value: number;
}

const secondsOf = (text: unknown, fallback: number): number => {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h)?$/.exec(String(text ?? ''));
  return match === null ? fallback : Number(match[1]) * { ms: 0.001, s: 1, m: 60, h: 3600 }[(match[2] ?? 's') as 'ms' | 's' | 'm' | 'h'];
};

/** How much of its metric one pod shall bear. */
export function targetOf(api: Api, revision: JsonObject): { readonly metric: 'concurrency' | 'rps'; readonly value: number } {
  const own = objectAt(revision, 'metadata', 'annotations') ?? {};
  const setting = (name: string, fallback: number): number => Number(autoscalerSetting(api, name) ?? fallback);
  const metric = own['autoscaling.knative.dev/metric'] === 'rps' ? 'rps' : 'concurrency';
  const limit = numberAt(revision, 'spec', 'containerConcurrency');
  const whole = metric === 'rps' ? setting('requests-per-second-target-default', 200) : limit > 0 ? limit : setting('container-concurrency-target-default', 100);
  const share = Number(own['autoscaling.knative.dev/target-utilization-percentage'] ?? setting('container-concurrency-target-percentage', 70)) / 100;
  return { metric, value: Math.max(1, Number(own['autoscaling.knative.dev/target'] ?? whole) * share) };
}

export class Autoscaler {
  readonly #samples = new Map<string, Sample[]>();
  readonly #api: Api;
  readonly #activator: Activator;
  readonly #clock: Clock;

  constructor(api: Api, activator: Activator, clock: Clock) {
    this.#api = api;
    this.#activator = activator;
    this.#clock = clock;
  }

  /** Looks again and again until the signal aborts. */
  async run(signal: AbortSignal, onBug: (error: unknown) => void): Promise<void> {
    while (!signal.aborted) {
      await this.tick().catch(onBug);
      await this.#clock.sleep(TICK_MS, signal).catch(() => undefined);
    }
  }

  async tick(): Promise<void> {
    for (const revision of this.#api.list(REVISIONS)) {
      const annotations = objectAt(revision, 'metadata', 'annotations');
      if (isDeleting(revision) || String(annotations?.['autoscaling.knative.dev/class'] ?? 'kpa').startsWith('hpa')) continue;
      await this.#scale(refOf(REVISIONS, revision), revision);
    }
  }

  async #scale(ref: Ref, revision: JsonObject): Promise<void> {
    const deployment = this.#api.get(deploymentOf(ref));
    if (deployment === undefined) return;
    const [now, ready] = [numberAt(deployment, 'spec', 'replicas'), numberAt(deployment, 'status', 'readyReplicas')];
    const load = this.#activator.takeLoad(ref);
    const wanted = this.#wanted(ref, revision, { load, now, ready });
    if (wanted !== now) await scaleRevision(this.#api, ref, wanted);
  }

  #wanted(ref: Ref, revision: JsonObject, { load, now, ready }: { readonly load: Load; readonly now: number; readonly ready: number }): number {
    const annotations = objectAt(revision, 'metadata', 'annotations');
    const windowMs = stableWindowOf(this.#api, annotations) * 1000;
    const { metric, value } = targetOf(this.#api, revision);
    const nowMs = this.#clock.monotonic();
    const key = `${ref.namespace}/${ref.name}`;
    const samples = [...this.#samples.get(key) ?? [], { atMs: nowMs, value: metric === 'rps' ? load.requests * 1000 / TICK_MS : load.concurrency }].filter(({ atMs }) => atMs > nowMs - windowMs);
    this.#samples.set(key, samples);
    const over = (ms: number): number => {
      const part = samples.filter(({ atMs }) => atMs > nowMs - ms);
      return Math.ceil(part.reduce((sum, sample) => sum + sample.value, 0) / Math.max(1, part.length) / value);
    };
    const panic = over(Math.max(TICK_MS * 2, windowMs * PANIC_SHARE));
    const byLoad = panic >= PANIC_RATIO * Math.max(1, ready) ? Math.max(panic, now) : over(windowMs);
    const { min } = scaleBounds(revision);
    const most = Math.min(MOST_PODS, Number(annotations?.['autoscaling.knative.dev/max-scale'] ?? 0) || MOST_PODS);
    return Math.min(most, Math.max(byLoad, min, this.#floor({ annotations, load, now, windowMs })));
  }

  /** One pod stays until nobody has asked for a whole window; a revision that has not yet started is left alone. */
  #floor({ annotations, load, now, windowMs }: { readonly annotations: JsonObject | undefined; readonly load: Load; readonly now: number; readonly windowMs: number }): number {
    if (now === 0) return 0;
    if (autoscalerSetting(this.#api, 'enable-scale-to-zero') === 'false') return 1;
    const keptMs = Math.max(windowMs, secondsOf(annotations?.['autoscaling.knative.dev/scale-to-zero-pod-retention-period'] ?? autoscalerSetting(this.#api, 'scale-to-zero-pod-retention-period'), 0) * 1000);
    return this.#clock.monotonic() - load.lastActiveMs >= keptMs ? 0 : 1;
  }
}
