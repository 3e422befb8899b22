// How long things take in the rehearsal, in milliseconds as on a quick machine with a good line.

export interface Pace {
  /** Everything below is multiplied by this: 1 is lifelike, 0 is at once. */
  readonly scale: number;
}

const TIMES = {
  /** One image that the node does not have. */
  pull: 900,
  slowPull: 120_000,
  /** A name, when each of two name servers must be asked twice. */
  lookup: 20_000,
  /** From a pulled image to a running container. */
  start: 250,
  initContainer: 400,
  /** A container that is meant to end. */
  job: 1500,
  stop: 120,
  /** Between two tries of something that failed. */
  firstBackOff: 10_000,
  longestBackOff: 300_000,
  /** How long Knative's ingress takes to make a route answer. */
  ingress: 300,
} as const;

export type Timed = keyof typeof TIMES;

export function durationOf(pace: Pace, what: Timed): number {
  return TIMES[what] * pace.scale;
}

/** The wait before the n-th retry: 10 s, 20 s, 40 s … at most 5 min. */
export function backOff(pace: Pace, failures: number): number {
  return Math.min(TIMES.longestBackOff, TIMES.firstBackOff * 2 ** Math.max(0, failures - 1)) * pace.scale;
}
