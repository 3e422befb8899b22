// The load generator: sends by the clock or by as many users, and counts everything that was due, also what never got an answer.
import type { Clock, LoadConnections, LoadHttp, LoadReply } from '../ports.ts';
import { createLatencyRecorder, type LatencySummary } from './latency.ts';
import type { LoadSpec } from './load-spec.ts';
import { createTimeline, type LoadSecond } from './timeline.ts';

export interface LoadResult {
  readonly spec: LoadSpec;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  /** From the first request to the last answer. */
  readonly durationMs: number;
  readonly sent: number;
  readonly answered: number;
  /** Due within the duration, but never sent: all connections were busy until the end. */
  readonly unsent: number;
  /** How many answers of each status. */
  readonly statuses: { readonly [status: string]: number };
  /** How many requests without an answer, by reason. */
  readonly failures: { readonly [reason: string]: number };
  readonly classes: { readonly [name: string]: number };
  /** Answers in each second of the duration. */
  readonly rps: number;
  /** Of all that was due; what got no answer counts with the time that it waited, except connections that were refused. */
  readonly latency: LatencySummary;
  /** How late the generator itself was to see that a request was due: its part in the latencies. */
  readonly lag: LatencySummary;
  /** `[percentile, ms]`, ever closer to 100. */
  readonly percentiles: readonly (readonly [number, number])[];
  readonly connections: number;
  readonly bytes: number;
  readonly seconds: readonly LoadSecond[];
  readonly wasStopped: boolean;
}

export interface LoadOptions {
  readonly signal: AbortSignal;
  /** Each second, when it is over. */
  onSecond?(second: LoadSecond): void;
  /** How many replicas serve right now, when that is known. */
  replicas?(): number | undefined;
  /** A name for what answered: a version, a pod. The body is kept for it. */
  classify?(reply: { readonly status: number; readonly body: string }): string | undefined;
}

/** A user whose connection was refused waits this long, or it would try ten thousand times a second. */
const REFUSED_PAUSE_MS = 50;
const SECOND_MS = 1_000;
const LAST_ANSWERS_MS = 500;
const PERCENTILES = [1, 10, 25, 50, 75, 90, 95, 99, 99.5, 99.9, 99.95, 99.99, 100];

interface World {
  readonly clock: Clock;
  readonly http: LoadHttp;
}

/** Runs a load that `assertLoadSpec` has passed. Ends early, with what there is, when the signal aborts. */
export async function runLoad(spec: LoadSpec, world: World, options: LoadOptions): Promise<LoadResult> {
  const connections = await world.http.open(spec.target, spec.concurrency);
  const run = createRun(spec, { ...world, connections }, options);
  // Ends the seconds' ticking when the work is done.
  const done = new AbortController();
  const ticking = tick(run, world.clock, done.signal);
  try {
    await (spec.arrival.model === 'open' ? runOpen(spec.arrival.rps, run) : runClosed(run));
  } finally {
    done.abort();
    await ticking;
    connections.close();
  }
  return run.result();
}

interface Run {
  readonly spec: LoadSpec;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Milliseconds since the start. */
  elapsed(): number;
  readonly inFlight: number;
  /** A request that was due at `dueMs` is seen to be due only now. */
  notice(dueMs: number): void;
  /** Sends one request that was due at `dueMs`; resolves when it has ended. */
  send(dueMs: number): Promise<LoadReply>;
  /** Due, and still waiting. */
  waiting: number;
  /** What was never sent. */
  giveUp(dueMs: number): void;
  closeSecond(): void;
  /** Something happened since the last second was closed. */
  readonly hasOpenSecond: boolean;
  /** Cuts off what is under way; nothing is sent after it. */
  abandon(): void;
  isAbandoned: boolean;
  result(): LoadResult;
}

function createRun(spec: LoadSpec, world: World & { readonly connections: LoadConnections }, options: LoadOptions): Run {
  const { clock, connections } = world;
  const [startedAt, start] = [clock.now(), clock.monotonic()];
  const [latency, lag, timeline] = [createLatencyRecorder(), createLatencyRecorder(), createTimeline()];
  const [statuses, failures, classes] = [new Map<string, number>(), new Map<string, number>(), new Map<string, number>()];
  const count = (map: Map<string, number>, key: string) => map.set(key, (map.get(key) ?? 0) + 1);
  const total = { sent: 0, answered: 0, unsent: 0, bytes: 0, inFlight: 0, lastMs: 0 };
  const elapsed = () => clock.monotonic() - start;

  function take(reply: LoadReply, tookMs: number): void {
    if ('failure' in reply) {
      // Cut off because the person stopped the run: it says nothing about the server.
      if (options.signal.aborted && reply.failure === 'aborted') {
        total.sent -= 1;
        return;
      }
      count(failures, reply.failure);
      // A refusal is quick; counted as a latency it would make a server that is down look fast.
      if (reply.failure === 'timeout' || reply.failure === 'aborted') latency.record(tookMs);
      timeline.failed(tookMs);
      return;
    }
    const name = options.classify?.({ status: reply.status, body: reply.body ?? '' });
    if (name !== undefined) count(classes, name);
    count(statuses, String(reply.status));
    total.answered += 1;
    total.bytes += reply.bytes;
    latency.record(tookMs);
    timeline.answered(tookMs, { status: reply.status, className: name });
  }

  return {
    spec, clock, signal: options.signal, elapsed,
    waiting: 0,
    get inFlight() {
      return total.inFlight;
    },
    notice: (dueMs) => lag.record(elapsed() - dueMs),
    async send(dueMs) {
      total.sent += 1;
      total.inFlight += 1;
      timeline.sent();
      const reply = await connections.send({ timeoutMs: spec.timeoutMs, keepBody: options.classify !== undefined });
      total.inFlight -= 1;
      total.lastMs = elapsed();
      take(reply, total.lastMs - dueMs);
      return reply;
    },
    giveUp(dueMs) {
      total.unsent += 1;
      latency.record(elapsed() - dueMs);
    },
    get hasOpenSecond() {
      return timeline.hasOpenSecond;
    },
    closeSecond() {
      const second = timeline.close({ inFlight: total.inFlight, waiting: this.waiting, replicas: options.replicas?.() });
      options.onSecond?.(second);
    },
    isAbandoned: false,
    abandon() {
      this.isAbandoned = true;
      connections.close();
    },
    result: () => ({
      spec, startedAt, durationMs: total.lastMs, sent: total.sent, answered: total.answered, unsent: total.unsent,
      statuses: Object.fromEntries(statuses), failures: Object.fromEntries(failures), classes: Object.fromEntries(classes),
      rps: (total.answered * SECOND_MS) / Math.max(1, total.lastMs, options.signal.aborted ? elapsed() : spec.durationMs),
      latency: latency.summary(), lag: lag.summary(), percentiles: PERCENTILES.map((at) => [at, latency.percentile(at)] as const),
      connections: connections.opened, bytes: total.bytes, seconds: timeline.seconds, wasStopped: options.signal.aborted,
    }),
  };
}

/**
 * Closes a second each second, until the work is done. The last one waits a little for answers that are just coming: a second of its
 * own for them would look like a fall.
 */
async function tick(run: Run, clock: Clock, done: AbortSignal): Promise<void> {
  const last = Math.ceil(run.spec.durationMs / SECOND_MS);
  for (let second = 1; ; second++) {
    await rest(clock, second * SECOND_MS + (second === last ? LAST_ANSWERS_MS : 0) - run.elapsed(), done);
    if (done.aborted) break;
    run.closeSecond();
  }
  if (run.hasOpenSecond) run.closeSecond();
}

async function runOpen(rps: number, run: Run): Promise<void> {
  const { spec, clock } = run;
  const total = Math.max(1, Math.floor((rps * spec.durationMs) / SECOND_MS));
  const dueOf = (index: number) => (index * SECOND_MS) / rps;
  const pending = new Set<Promise<unknown>>();
  // Requests [next, due) are due and wait for a connection.
  let [next, due] = [0, 0];
  const dispatch = () => {
    while (next < due && run.inFlight < spec.concurrency && !run.isAbandoned) {
      const sending: Promise<unknown> = run.send(dueOf(next++)).then(() => {
        pending.delete(sending);
        dispatch();
      });
      pending.add(sending);
    }
    run.waiting = due - next;
  };
  while (due < total && !run.signal.aborted) {
    while (due < total && dueOf(due) <= run.elapsed()) run.notice(dueOf(due++));
    dispatch();
    if (due < total) await rest(clock, dueOf(due) - run.elapsed(), run.signal);
  }
  await drain(run, emptied(pending));
  // In an aborted run, what was not yet due was never meant to be sent.
  while (next < due) run.giveUp(dueOf(next++));
  run.waiting = 0;
}

async function runClosed(run: Run): Promise<void> {
  const { spec, clock, signal } = run;
  const stopped = () => signal.aborted || run.elapsed() >= spec.durationMs;
  const users = Array.from({ length: spec.concurrency }, async () => {
    while (!stopped()) {
      const reply = await run.send(run.elapsed());
      if ('failure' in reply && reply.failure !== 'timeout') await rest(clock, REFUSED_PAUSE_MS, signal);
    }
  });
  await drain(run, Promise.all(users));
}

/** Resolves when nothing is left in the set; who leaves it may bring others in. */
async function emptied(pending: ReadonlySet<Promise<unknown>>): Promise<void> {
  while (pending.size > 0) await Promise.race(pending);
}

/** Waits for what is under way, at most for the timeout of a request after the last one was due; then cuts it off. */
async function drain(run: Run, finished: Promise<unknown>): Promise<void> {
  const over = new AbortController();
  const patience = async () => {
    await rest(run.clock, run.spec.durationMs + run.spec.timeoutMs - run.elapsed(), AbortSignal.any([run.signal, over.signal]));
    if (!over.signal.aborted) run.abandon();
  };
  const waiting = patience();
  await finished;
  over.abort();
  await waiting;
}

/** As the clock's sleep, but an abort ends it quietly. */
async function rest(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  try {
    await clock.sleep(Math.max(0, ms), signal);
  } catch (thrown) {
    if (!signal.aborted) throw thrown;
  }
}
