// What happened in each second of a load.
import { createLatencyRecorder, type LatencyRecorder } from './latency.ts';

/** One second of a load, told when it is over. */
export interface LoadSecond {
  /** From 0. */
  readonly second: number;
  readonly sent: number;
  /** Answers of this second, with any status. */
  readonly answered: number;
  /** Of those, answers with a status of 400 or more. */
  readonly errors: number;
  /** Requests that ended without an answer. */
  readonly failed: number;
  /** How many answers of each class (by `classify`: a version, a pod). */
  readonly classes: { readonly [name: string]: number };
  /** Latencies in milliseconds of what ended in this second. */
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly max: number;
  /** At the end of the second: under way, and due but still waiting for a free connection. */
  readonly inFlight: number;
  readonly waiting: number;
  readonly replicas?: number;
}

export interface Gauges {
  readonly inFlight: number;
  readonly waiting: number;
  readonly replicas: number | undefined;
}

export interface Timeline {
  sent(): void;
  answered(latencyMs: number, reply: { readonly status: number; readonly className: string | undefined }): void;
  failed(latencyMs: number): void;
  /** Something happened since the last second was closed. */
  readonly hasOpenSecond: boolean;
  /** Ends the running second. */
  close(gauges: Gauges): LoadSecond;
  readonly seconds: readonly LoadSecond[];
}

interface Counts {
  sent: number;
  answered: number;
  errors: number;
  failed: number;
  readonly classes: Map<string, number>;
}

const empty = (): Counts => ({ sent: 0, answered: 0, errors: 0, failed: 0, classes: new Map() });

export function createTimeline(): Timeline {
  const seconds: LoadSecond[] = [];
  // One histogram for all seconds in turn: they are large.
  const latency: LatencyRecorder = createLatencyRecorder();
  let counts = empty();
  return {
    seconds,
    get hasOpenSecond() {
      return counts.sent + counts.answered + counts.failed > 0;
    },
    sent: () => {
      counts.sent += 1;
    },
    answered(latencyMs, { status, className }) {
      counts.answered += 1;
      if (status >= 400) counts.errors += 1;
      if (className !== undefined) counts.classes.set(className, (counts.classes.get(className) ?? 0) + 1);
      latency.record(latencyMs);
    },
    failed(latencyMs) {
      counts.failed += 1;
      latency.record(latencyMs);
    },
    close({ inFlight, waiting, replicas }) {
      const { p50, p95, p99, max } = latency.summary();
      const { sent, answered, errors, failed, classes } = counts;
      const second: LoadSecond = {
        second: seconds.length, sent, answered, errors, failed, classes: Object.fromEntries(classes), p50, p95, p99, max, inFlight, waiting,
        ...(replicas === undefined ? {} : { replicas }),
      };
      seconds.push(second);
      counts = empty();
      latency.reset();
      return second;
    },
  };
}
