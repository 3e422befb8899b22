// The same load on several runtimes, side by side: a table and bars for a terminal. Pure.
import { type ChartPaint, type ChartStyle, shortDuration } from './chart.ts';
import type { LoadResult } from './run-load.ts';

/** What one runtime made of the app. */
export interface ComparedRun {
  /** knative, swarm, deployment. */
  readonly kind: string;
  readonly stack: string;
  /** Until the first proof, images loaded and all. */
  readonly deployMs: number;
  /** From no pod or task at all to the first good answer. */
  readonly coldStartMs: number;
  readonly load: LoadResult;
}

export interface ComparedFigures {
  readonly kind: string;
  readonly stack: string;
  readonly deployMs: number;
  readonly coldStartMs: number;
  readonly requests: number;
  /** Requests without an answer, or with an error status. */
  readonly lost: number;
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  /** Undefined where nobody could be asked. */
  readonly replicas: { readonly least: number; readonly most: number } | undefined;
}

export const COMPARISON_STYLES: readonly ChartStyle[] = ['cyan', 'yellow', 'green'];
const BAR_COLUMNS = 40;
const FULL = '█';
const PARTS = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'] as const;

export const COLD_START_NOTE = 'cold start: from no pod or task at all to the first answer. Knative starts one when the request comes; Swarm and a Deployment had to be told.';

export function figuresOf({ load, ...run }: ComparedRun): ComparedFigures {
  const { sent, unsent, statuses, latency } = load;
  const good = Object.entries(statuses).reduce((sum, [status, count]) => (Number(status) < 400 ? sum + count : sum), 0);
  const replicas = load.seconds.flatMap((second) => second.replicas ?? []);
  return {
    ...run, requests: sent + unsent, lost: sent + unsent - good, p50: latency.p50, p95: latency.p95, p99: latency.p99,
    replicas: replicas.length === 0 ? undefined : { least: Math.min(...replicas), most: Math.max(...replicas) },
  };
}

export const COMPARISON_HEAD = ['', 'STACK', 'DEPLOYED IN', 'COLD START', 'P50', 'P95', 'P99', 'LOST', 'REPLICAS'] as const;

/** Cells of a table under `COMPARISON_HEAD`. */
export function comparisonCells({ kind, stack, deployMs, coldStartMs, requests, lost, p50, p95, p99, replicas }: ComparedFigures): readonly string[] {
  return [
    kind, stack, shortDuration(deployMs), shortDuration(coldStartMs), shortDuration(p50), shortDuration(p95), shortDuration(p99), `${lost} of ${requests}`,
    replicas === undefined ? '?' : replicas.least === replicas.most ? String(replicas.most) : `${replicas.least} to ${replicas.most}`,
  ];
}

/** Bars of cold start and p95, one for each runtime: they need no colours to be told apart. */
export function comparisonBars(rows: readonly ComparedFigures[], { columns, paint }: { readonly columns: number; readonly paint: ChartPaint }): readonly string[] {
  const width = Math.max(0, ...rows.map(({ kind }) => kind.length));
  const room = Math.max(8, Math.min(BAR_COLUMNS, columns - width - 24));
  const group = (title: string, pick: (row: ComparedFigures) => number): readonly string[] => {
    const top = Math.max(...rows.map(pick), 1);
    return rows.map((row, index) => {
      const value = pick(row);
      const bar = paint(COMPARISON_STYLES[index % COMPARISON_STYLES.length] ?? 'cyan', barOf((value / top) * room));
      return `  ${paint('dim', (index === 0 ? title : '').padEnd(12))}${row.kind.padEnd(width)}  ${bar} ${shortDuration(value)}`;
    });
  };
  return [...group('cold start', ({ coldStartMs }) => coldStartMs), '', ...group('p95', ({ p95 }) => p95)];
}

/** Never nothing: what is measured can be seen. */
function barOf(length: number): string {
  const eighths = Math.max(1, Math.round(length * 8));
  return FULL.repeat(Math.floor(eighths / 8)) + (PARTS[eighths % 8] ?? '');
}
