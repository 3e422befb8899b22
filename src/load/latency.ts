// Latencies in an HDR histogram: the one of Node itself (HdrHistogram in C), which records 50 million values a second.
import { createHistogram } from 'node:perf_hooks';

/** Milliseconds; all zero when nothing was recorded. */
export interface LatencySummary {
  readonly count: number;
  readonly min: number;
  readonly mean: number;
  readonly deviation: number;
  readonly p50: number;
  readonly p75: number;
  readonly p90: number;
  readonly p95: number;
  readonly p99: number;
  readonly p999: number;
  readonly max: number;
}

export interface LatencyRecorder {
  record(ms: number): void;
  summary(): LatencySummary;
  /** The value at a percentile, 0 < percentile ≤ 100. */
  percentile(percentile: number): number;
  reset(): void;
}

/** Recorded in microseconds; an hour is more than any request takes here. */
const HIGHEST_US = 3_600_000_000;
/** Three significant figures: a value is told within 0.1 %. */
const FIGURES = 3;

export function createLatencyRecorder(): LatencyRecorder {
  const histogram = createHistogram({ lowest: 1, highest: HIGHEST_US, figures: FIGURES });
  const percentile = (at: number) => (histogram.count === 0 ? 0 : toMs(histogram.percentile(at)));
  return {
    record: (ms) => histogram.record(Math.min(HIGHEST_US, Math.max(1, Math.round(ms * 1_000)))),
    percentile,
    summary: () => ({
      count: histogram.count,
      min: histogram.count === 0 ? 0 : toMs(histogram.min),
      mean: histogram.count === 0 ? 0 : toMs(histogram.mean),
      deviation: histogram.count === 0 ? 0 : toMs(histogram.stddev),
      p50: percentile(50), p75: percentile(75), p90: percentile(90), p95: percentile(95), p99: percentile(99), p999: percentile(99.9),
      max: histogram.count === 0 ? 0 : toMs(histogram.max),
    }),
    reset: () => histogram.reset(),
  };
}

function toMs(us: number): number {
  return Math.round(us) / 1_000;
}
