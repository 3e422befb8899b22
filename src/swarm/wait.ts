// Waits until services are converged, and not a moment longer; what cannot heal ends the wait at once with its cause.
import { type DevstackError, failedError, type Hint, notReadyError } from '../model/error.ts';
import type { SwarmNode, SwarmService } from '../model/swarm.ts';
import type { Clock, OnProgress, Swarm } from '../ports.ts';
import { serviceGone } from './ensure.ts';
import type { FailureKind } from './failure.ts';
import { type FailureCause, type ServiceStatus, type StatusRules, serviceStatus } from './status.ts';

export interface WaitOptions extends StatusRules {
  readonly clock: Clock;
  readonly onProgress: OnProgress;
  readonly signal: AbortSignal;
}

/** A manager's events do not tell what happens to tasks on other nodes, so the list is read again, at a pace that follows the changes. */
const BUSY_MS = 50;
const IDLE_MS = 250;
const IDLE_AFTER_MS = 3000;
/** A program without a health check must have lived this long: one that crashes at once is seen as `running` for a moment. */
const SETTLE_MS = 200;
const LOG_LINES = 20;
const LOG_TIMEOUT_MS = 2000;

/**
 * Ends when every service has all its tasks running (healthy, where a health check says so) on its current spec.
 * Throws `swarm-service-failed` with cause (`details.kind`) and log tail when one cannot, `swarm-service-gone`, and `not-ready` when the signal times out.
 */
export async function waitForServices(swarm: Swarm, services: readonly string[], options: WaitOptions): Promise<readonly ServiceStatus[]> {
  const bell = listen(swarm, options);
  const watch = new Watch(swarm, services);
  try {
    for (;;) {
      const statuses = await watch.observe(options);
      const broken = statuses.find(({ state }) => state === 'failed');
      if (broken?.cause !== undefined) throw await failure(swarm, broken, broken.cause);
      tell(statuses, options.onProgress);
      if (watch.isSettled) return statuses;
      await bell.next(watch.pace);
    }
  } catch (error) {
    throw options.signal.aborted ? stopped(options.signal, watch.last, error) : error;
  } finally {
    bell.stop();
  }
}

/** What the services are like right now, without waiting. */
export async function statusOfServices(swarm: Swarm, services: readonly string[], rules: StatusRules & { readonly signal: AbortSignal }): Promise<readonly ServiceStatus[]> {
  if (services.length === 0) return [];
  return (await look(swarm, services, await swarm.list('node', {}, rules.signal), rules)).statuses;
}

// ── observation ─────────────────────────────────────────────────────────────────────────────────────────────────────

interface Look {
  readonly services: readonly SwarmService[];
  readonly statuses: readonly ServiceStatus[];
  /** Changes when anything has changed. */
  readonly mark: string;
}

async function look(swarm: Swarm, names: readonly string[], nodes: readonly SwarmNode[], rules: StatusRules & { readonly signal: AbortSignal }): Promise<Look> {
  // The services first: an update that fails meanwhile is then seen with its new state or not at all, never as a success.
  const found = await Promise.all(names.map(async (name) => (await swarm.get('service', name, rules.signal)) ?? serviceGone(name)));
  const service = found.map(({ ID }) => ID);
  const [tasks, current] = await Promise.all([
    swarm.list('task', { service }, rules.signal),
    swarm.list('task', { service, '_up-to-date': ['true'] }, rules.signal),
  ]);
  const upToDate = new Set(current.map(({ ID }) => ID));
  const statuses = found.map((one) => serviceStatus({ service: one, tasks: tasks.filter((task) => task.ServiceID === one.ID), upToDate, nodes }, rules));
  const mark = [...found, ...tasks].map(({ ID, Version }) => `${ID}:${Version.Index}`).sort().join(' ');
  return { services: found, statuses, mark };
}

class Watch {
  readonly #swarm: Swarm;
  readonly #names: readonly string[];
  #nodes: readonly SwarmNode[] | undefined;
  #look: Look | undefined;
  #changedAt = 0;
  #now = 0;

  constructor(swarm: Swarm, names: readonly string[]) {
    this.#swarm = swarm;
    this.#names = names;
  }

  async observe(options: WaitOptions): Promise<readonly ServiceStatus[]> {
    this.#nodes ??= await this.#swarm.list('node', {}, options.signal);
    const seen = await look(this.#swarm, this.#names, this.#nodes, options);
    this.#now = options.clock.monotonic();
    if (seen.mark !== this.#look?.mark) this.#changedAt = this.#now;
    this.#look = seen;
    return seen.statuses;
  }

  get last(): readonly ServiceStatus[] {
    return this.#look?.statuses ?? [];
  }

  /** All converged, and for long enough where only the state of the task says so. */
  get isSettled(): boolean {
    if (this.#look === undefined || this.#look.statuses.some(({ state }) => state !== 'converged')) return false;
    const isProven = this.#look.services.every(hasHealthcheck);
    return isProven || this.#now - this.#changedAt >= SETTLE_MS;
  }

  get pace(): number {
    return this.#now - this.#changedAt < IDLE_AFTER_MS ? BUSY_MS : IDLE_MS;
  }
}

function hasHealthcheck(service: SwarmService): boolean {
  const test = service.Spec.TaskTemplate.ContainerSpec?.Healthcheck?.Test ?? [];
  return test.length > 0 && test[0] !== 'NONE';
}

// ── waking up ───────────────────────────────────────────────────────────────────────────────────────────────────────

interface Bell {
  /** Resolves at the next event, or after ms; throws when the wait is over. */
  next(ms: number): Promise<void>;
  stop(): void;
}

function listen(swarm: Swarm, { clock, signal }: WaitOptions): Bell {
  const end = new AbortController();
  const both = AbortSignal.any([signal, end.signal]);
  let ring = (): void => undefined;
  const follow = async (): Promise<void> => {
    for await (const event of swarm.events(both)) if (event.type === 'service' || event.type === 'container') ring();
  };
  // Events only make it quicker: without them the pace alone finds everything.
  follow().catch(() => undefined);
  return {
    async next(ms) {
      const turn = new AbortController();
      const rung = new Promise<void>((resolve) => { ring = resolve; });
      try {
        await Promise.race([rung, clock.sleep(ms, AbortSignal.any([signal, turn.signal]))]);
      } finally {
        turn.abort();
      }
    },
    stop: () => end.abort(),
  };
}

function tell(statuses: readonly ServiceStatus[], onProgress: OnProgress): void {
  const pending = statuses.find(({ state }) => state === 'pending');
  const sum = (pick: (status: ServiceStatus) => number): number => statuses.reduce((total, status) => total + pick(status), 0);
  onProgress(pending === undefined ? 'all tasks run' : `${pending.name} ${pending.message}`, sum(({ running }) => running), sum(({ desired }) => desired));
}

// ── errors ──────────────────────────────────────────────────────────────────────────────────────────────────────────

function stopped(signal: AbortSignal, last: readonly ServiceStatus[], error: unknown): unknown {
  const reason: unknown = signal.reason;
  if (!(reason instanceof Error) || reason.name !== 'TimeoutError') return error;
  const open = last.filter(({ state }) => state !== 'converged').map(({ name, message }) => `${name} ${message}`);
  return notReadyError({
    code: 'not-ready', message: 'the services were not converged in time', cause: error,
    ...(open.length === 0 ? {} : { reason: open.join('; ') }),
    hints: [{ text: 'See how they do now', command: 'devstack status' }],
  });
}

async function failure(swarm: Swarm, status: ServiceStatus, cause: FailureCause): Promise<DevstackError> {
  const log = cause.taskId === undefined ? [] : await tail(swarm, cause.taskId);
  const lastLine = log.findLast((line) => line.trim() !== '');
  return failedError({
    code: 'swarm-service-failed', message: `service ${status.name}${/^the (update|rollback) failed/.test(cause.message) ? '' : ' cannot run'}: ${cause.message}`,
    ...(lastLine === undefined ? {} : { reason: `its last line of log: ${lastLine}` }),
    hints: [hintFor(cause.kind, status.name)],
    details: { service: status.name, kind: cause.kind, task: cause.taskId ?? null, log },
  });
}

async function tail(swarm: Swarm, task: string): Promise<readonly string[]> {
  // A task that was never started has no log, and a node that is down does not give it.
  return await swarm.logs('task', task, LOG_LINES, AbortSignal.timeout(LOG_TIMEOUT_MS)).catch(() => []);
}

function hintFor(kind: FailureKind, service: string): Hint {
  switch (kind) {
    case 'image-missing':
      return { text: 'Pull or build it on this machine; deploy and update put into the nodes what is there', command: 'docker images' };
    case 'no-suitable-node':
      return { text: 'See the nodes, their labels and what they offer', command: 'devstack node list' };
    case 'port-taken':
      return { text: 'See who has the port', command: 'devstack status' };
    default:
      return { text: 'Read its whole log', command: `devstack logs ${service}` };
  }
}
