// The life of one container: image, start, readiness, end, and again.
import type { JsonObject } from '../../../model/json.ts';
import { pullPolicyOf } from '../server/defaults/pod.ts';
import { objectAt } from '../server/json.ts';
import type { EventText } from './api.ts';
import type { FaultName } from './faults.ts';
import type { Runner } from './kubelet.ts';
import type { Logs } from './logs.ts';
import { backOff, durationOf, type Pace } from './pace.ts';

/** What a container has used since it started, and what it holds now. */
export interface Usage {
  readonly cpuMs: number;
  readonly memoryBytes: number;
}

/** A process that a runner started. */
export interface Running {
  readonly port: number | undefined;
  isReady(): boolean;
  /** Undefined where nobody can tell. */
  usage?(): Promise<Usage | undefined>;
  stop(): Promise<void>;
}

export interface RunContext {
  readonly pod: JsonObject;
  readonly pace: Pace;
  /** Milliseconds since the epoch, and the same as the API writes it. */
  readonly now: number;
  readonly time: string;
  /** Image → when it is on the node. */
  readonly images: Map<string, number>;
  readonly logs: Logs;
  readonly runner: Runner | undefined;
  readonly restarts: string;
  strikes(fault: FaultName, image: string): boolean;
  threatens(fault: FaultName, image: string): boolean;
  event(text: EventText): Promise<void>;
  wake(): void;
}

export type State =
  | { readonly kind: 'waiting'; readonly reason: string; readonly message?: string }
  | { readonly kind: 'running'; readonly startedAt: string }
  | { readonly kind: 'terminated'; readonly exitCode: number; readonly reason: string; readonly startedAt: string; readonly finishedAt: string };

const READY_POLL_MS = 50;

export class ContainerRun {
  readonly container: JsonObject;
  readonly #isInit: boolean;
  state: State = { kind: 'waiting', reason: 'ContainerCreating' };
  last: State | undefined;
  isReady = false;
  restartCount = 0;
  imageId = '';
  #failures = 0;
  #until = 0;
  #step: 'image' | 'pulling' | 'start' | 'running' | 'backoff' | 'done' = 'image';
  #readyAt = 0;
  #endAt: number | undefined;
  #exitCode: number | undefined;
  #running: Running | undefined;

  constructor(container: JsonObject, isInit: boolean) {
    this.container = container;
    this.#isInit = isInit;
    if (isInit) this.state = { kind: 'waiting', reason: 'PodInitializing' };
  }

  get image(): string {
    return String(this.container['image'] ?? '');
  }

  get name(): string {
    return String(this.container['name'] ?? '');
  }

  get isDone(): boolean {
    return this.#step === 'done' && this.state.kind === 'terminated' && this.state.exitCode === 0;
  }

  get hasEnded(): boolean {
    return this.#step === 'done';
  }

  get port(): number | undefined {
    return this.#running?.port;
  }

  async usage(): Promise<Usage | undefined> {
    return this.#running?.usage?.();
  }

  /** Does what is due; returns the milliseconds until something is due again. */
  async advance(context: RunContext): Promise<number | undefined> {
    for (;;) {
      if (this.#step !== 'running' && this.#step !== 'done' && context.now < this.#until) return this.#until - context.now;
      switch (this.#step) {
        case 'image': await this.#pull(context); break;
        case 'pulling': await this.#pulled(context); break;
        case 'start': await this.#start(context); break;
        case 'backoff': this.#step = this.#failedToPull ? 'image' : 'start'; break;
        case 'running': return this.#watch(context);
        case 'done': return undefined;
      }
    }
  }

  #failedToPull = false;

  async #pull(context: RunContext): Promise<void> {
    const { images, now } = context;
    const readyAt = images.get(this.image);
    const policy = String(this.container['imagePullPolicy'] ?? pullPolicyOf(this.image));
    const isPresent = readyAt !== undefined && readyAt <= now;
    if (isPresent && policy !== 'Always') {
      await context.event({ type: 'Normal', reason: 'Pulled', message: `Container image ${JSON.stringify(this.image)} already present on machine` });
      this.#step = 'start';
      this.#until = now + durationOf(context.pace, 'start');
      return;
    }
    await context.event({ type: 'Normal', reason: 'Pulling', message: `Pulling image ${JSON.stringify(this.image)}` });
    if (context.strikes('image-pull', this.image)) return this.#pullFails(context);
    const lookup = context.threatens('slow-dns', this.image) ? durationOf(context.pace, 'lookup') : 0;
    const duration = lookup + durationOf(context.pace, context.threatens('slow-pull', this.image) ? 'slowPull' : 'pull');
    this.#until = readyAt !== undefined && readyAt > now ? readyAt : now + (isPresent ? duration / 10 : duration);
    images.set(this.image, this.#until);
    this.#step = 'pulling';
    return undefined;
  }

  async #pullFails(context: RunContext): Promise<void> {
    this.#failedToPull = true;
    this.#failures += 1;
    const host = this.image.includes('/') ? this.image.split('/')[0] ?? '' : 'docker.io';
    const message = `failed to pull and unpack image ${JSON.stringify(this.image)}: failed to resolve reference ${JSON.stringify(this.image)}: failed to do request: Head "https://${host}/v2/": dial tcp: lookup ${host}: no such host`;
    await context.event({ type: 'Warning', reason: 'Failed', message: `Failed to pull image ${JSON.stringify(this.image)}: ${message}` });
    await context.event({ type: 'Warning', reason: 'Failed', message: 'Error: ErrImagePull' });
    if (this.#failures > 1) await context.event({ type: 'Normal', reason: 'BackOff', message: `Back-off pulling image ${JSON.stringify(this.image)}` });
    this.state = this.#failures === 1 ? { kind: 'waiting', reason: 'ErrImagePull', message } : { kind: 'waiting', reason: 'ImagePullBackOff', message: `Back-off pulling image ${JSON.stringify(this.image)}: ErrImagePull: ${message}` };
    this.#step = 'backoff';
    this.#until = context.now + backOff(context.pace, this.#failures);
  }

  async #pulled(context: RunContext): Promise<void> {
    this.#failedToPull = false;
    this.#failures = 0;
    await context.event({ type: 'Normal', reason: 'Pulled', message: `Successfully pulled image ${JSON.stringify(this.image)}` });
    this.#step = 'start';
    this.#until = context.now + durationOf(context.pace, 'start');
  }

  async #start(context: RunContext): Promise<void> {
    const { now, pace, time, logs, pod } = context;
    this.imageId = this.image.includes('@') ? this.image : `${this.image.replace(/:[^:/]+$/, '')}@sha256:${'0'.repeat(64)}`;
    logs.start(pod, this.name);
    await context.event({ type: 'Normal', reason: 'Created', message: `Created container: ${this.name}` });
    await context.event({ type: 'Normal', reason: 'Started', message: `Started container ${this.name}` });
    this.state = { kind: 'running', startedAt: time };
    this.#step = 'running';
    this.#exitCode = undefined;
    const isCrashing = !this.#isInit && context.strikes('crash', this.image);
    if (isCrashing) logs.write(pod, this.name, 'panic: the rehearsal was told to let this crash');
    else this.#running = this.#isInit ? undefined : context.runner?.(pod, this.container, {
      onLine: (line) => { logs.write(pod, this.name, line); },
      onExit: (code) => { this.#exitCode = code; context.wake(); },
    });
    const probe = objectAt(this.container, 'readinessProbe') ?? objectAt(this.container, 'startupProbe');
    const delay = Number(objectAt(this.container, 'startupProbe')?.['initialDelaySeconds'] ?? 0) + Number(objectAt(this.container, 'readinessProbe')?.['initialDelaySeconds'] ?? 0);
    this.#readyAt = now + (probe === undefined ? 0 : delay * 1000 * pace.scale);
    const endsByItself = this.#isInit || context.restarts !== 'Always';
    this.#endAt = isCrashing ? now : this.#running === undefined && endsByItself ? now + durationOf(pace, this.#isInit ? 'initContainer' : 'job') : undefined;
    if (isCrashing) this.#exitCode = 1;
  }

  async #watch(context: RunContext): Promise<number | undefined> {
    const { now } = context;
    if (this.#exitCode !== undefined || (this.#endAt !== undefined && now >= this.#endAt)) return this.#end(context, this.#exitCode ?? 0);
    if (this.isReady) return this.#endAt === undefined ? undefined : this.#endAt - now;
    if (now < this.#readyAt) return Math.min(this.#readyAt - now, (this.#endAt ?? Number.POSITIVE_INFINITY) - now);
    if (context.threatens('not-ready', this.image) && objectAt(this.container, 'readinessProbe') !== undefined) {
      await context.event({ type: 'Warning', reason: 'Unhealthy', message: 'Readiness probe failed: HTTP probe failed with statuscode: 503' });
      return Math.max(1, Number(objectAt(this.container, 'readinessProbe')?.['periodSeconds'] ?? 10) * 1000 * context.pace.scale);
    }
    if (this.#running !== undefined && !this.#running.isReady()) return READY_POLL_MS;
    this.isReady = true;
    return this.#endAt === undefined ? undefined : this.#endAt - now;
  }

  async #end(context: RunContext, exitCode: number): Promise<number | undefined> {
    const startedAt = this.state.kind === 'running' ? this.state.startedAt : context.time;
    const ended: State = { kind: 'terminated', exitCode, reason: exitCode === 0 ? 'Completed' : 'Error', startedAt, finishedAt: context.time };
    this.isReady = false;
    this.#running = undefined;
    this.#endAt = undefined;
    context.logs.end(context.pod, this.name);
    const restarts = context.restarts === 'Always' ? !this.#isInit || exitCode !== 0 : context.restarts === 'OnFailure' && exitCode !== 0;
    if (!restarts) {
      this.state = ended;
      this.#step = 'done';
      return undefined;
    }
    this.last = ended;
    this.restartCount += 1;
    this.#failures += 1;
    const wait = backOff(context.pace, this.#failures);
    const message = `back-off ${Math.round(backOff({ scale: 1 }, this.#failures) / 1000)}s restarting failed container=${this.name}`;
    this.state = { kind: 'waiting', reason: 'CrashLoopBackOff', message };
    await context.event({ type: 'Warning', reason: 'BackOff', message: `Back-off restarting failed container ${this.name}` });
    this.#step = 'backoff';
    this.#until = context.now + wait;
    return wait;
  }

  async stop(): Promise<void> {
    const running = this.#running;
    this.#running = undefined;
    this.#step = 'done';
    await running?.stop();
  }
}
