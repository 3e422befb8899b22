// A load as text: the live plot while it runs, and the card at its end. Pure.
import { type ChartPaint, chartLines, shortDuration, shortNumber } from './chart.ts';
import type { LoadSpec } from './load-spec.ts';
import type { LoadResult } from './run-load.ts';
import type { LoadSecond } from './timeline.ts';

export interface ViewOptions {
  readonly columns: number;
  /** Lines that the view may take. */
  readonly rows: number;
  readonly paint: ChartPaint;
}

const AXIS_COLUMNS = 8;
const WIDEST = 120;
const LATENCIES = [['p99', 'red'], ['p95', 'yellow'], ['p50', 'green']] as const;

/** Charts of requests, latencies and (when known) replicas up to now, then one line of counts. */
export function loadView(spec: LoadSpec, seconds: readonly LoadSecond[], options: ViewOptions): readonly string[] {
  const { paint } = options;
  const now = seconds.at(-1);
  if (now === undefined) return [paint('dim', 'waiting for the first second …')];
  const hasReplicas = seconds.some(({ replicas }) => replicas !== undefined);
  const panels = hasReplicas ? 3 : 2;
  const height = Math.max(2, Math.min(6, Math.floor((options.rows - panels - 1) / panels)));
  const chart = { width: Math.max(10, Math.min(WIDEST, options.columns - AXIS_COLUMNS - 1)), height, steps: Math.ceil(spec.durationMs / 1_000), paint };
  const goal = spec.arrival.model === 'open' ? paint('dim', `  of ${shortNumber(spec.arrival.rps)} asked for`) : '';
  return [
    `${paint('bold', 'requests/s')}  ${paint('cyan', shortNumber(now.answered))}${goal}${troubles(now, paint)}`,
    ...chartLines([{ values: seconds.map(({ failed, errors }) => (failed + errors === 0 ? undefined : failed + errors)), style: 'red' }, { values: seconds.map(({ answered }) => answered), style: 'cyan' }], chart),
    `${paint('bold', 'latency')}     ${[...LATENCIES].reverse().map(([name, style]) => paint(style, `${name} ${shortDuration(now[name])}`)).join('  ')}`,
    ...chartLines(LATENCIES.map(([name, style]) => ({ values: seconds.map((second) => (second.answered + second.failed === 0 ? undefined : second[name])), style })), { ...chart, label: shortDuration, mayBeLog: true }),
    ...(hasReplicas ? [
      `${paint('bold', 'replicas')}    ${paint('cyan', String(now.replicas ?? '?'))}`,
      ...chartLines([{ values: seconds.map(({ replicas }) => replicas), style: 'cyan', isStepped: true }], { ...chart, height: Math.max(2, height - 2) }),
    ] : []),
    paint('dim', `${clock(Math.min(seconds.length, spec.durationMs / 1_000))} of ${clock(spec.durationMs / 1_000)}   ${now.inFlight} under way${now.waiting > 0 ? `, ${now.waiting} waiting for a connection` : ''}`),
  ];
}

function troubles({ failed, errors }: LoadSecond, paint: ChartPaint): string {
  const parts = [...(errors > 0 ? [`${errors} with an error status`] : []), ...(failed > 0 ? [`${failed} without an answer`] : [])];
  return parts.length === 0 ? '' : `  ${paint('red', parts.join(', '))}`;
}

function clock(seconds: number): string {
  const whole = Math.round(seconds);
  return `${String(Math.floor(whole / 60)).padStart(2, '0')}:${String(whole % 60).padStart(2, '0')}`;
}

/** The result for a person, in a few lines. */
export function loadCard(result: LoadResult, paint: ChartPaint): readonly string[] {
  const { spec, latency, lag, statuses, failures, classes } = result;
  const goal = spec.arrival.model === 'open' ? ` of ${shortNumber(spec.arrival.rps)} asked for` : ` by ${spec.concurrency} users`;
  const replicas = result.seconds.flatMap((second) => second.replicas ?? []);
  const row = (name: string, text: string) => `  ${paint('dim', name.padEnd(13))}${text}`;
  return [
    row('requests', `${result.answered} answered, ${result.rps.toFixed(1)}/s${goal}${result.wasStopped ? ' (stopped early)' : ''}`),
    row('latency', `p50 ${shortDuration(latency.p50)}  p95 ${shortDuration(latency.p95)}  p99 ${shortDuration(latency.p99)}  max ${shortDuration(latency.max)}`),
    row('statuses', counts(statuses) || 'none'),
    ...(Object.keys(classes).length === 0 ? [] : [row('answered by', shares(classes))]),
    ...(Object.keys(failures).length === 0 ? [] : [row('failed', paint('red', counts(failures)))]),
    ...(result.unsent === 0 ? [] : [row('not sent', paint('red', `${result.unsent} were due, but all ${spec.concurrency} connections were busy`))]),
    ...(replicas.length === 0 ? [] : [row('replicas', `${replicas.at(0)} → ${Math.max(...replicas)} → ${replicas.at(-1)}`)]),
    // Told only when it may have changed the figures.
    ...(lag.p99 > Math.max(5, latency.p50 / 2) ? [row('note', paint('yellow', `this machine was busy: latencies are up to ${shortDuration(lag.p99)} too high`))] : []),
  ];
}

function counts(map: { readonly [name: string]: number }): string {
  return Object.entries(map).map(([name, count]) => `${name} × ${count}`).join(', ');
}

function shares(map: { readonly [name: string]: number }): string {
  const total = Object.values(map).reduce((sum, count) => sum + count, 0);
  return Object.entries(map).map(([name, count]) => `${name} ${((count * 100) / total).toFixed(1)} % (${count})`).join(', ');
}
