// A comparison as one HTML file, with the same looks as the report of a load. Pure.
import { shortDuration, shortNumber } from './chart.ts';
import { COLD_START_NOTE, COMPARISON_HEAD, type ComparedRun, comparisonCells, figuresOf } from './comparison.ts';
import { figure, page, type ReportOptions } from './load-report.ts';
import { escapeXml, type SvgLine, svgChart } from './svg.ts';
import type { LoadSecond } from './timeline.ts';

const COLORS = ['var(--good)', 'var(--p95)', 'var(--replicas)'] as const;

export function comparisonReport(runs: readonly ComparedRun[], options: ReportOptions): string {
  const body = [
    `<h2>Figures</h2>${table(runs)}<p class="soft">${escapeXml(COLD_START_NOTE)}</p>`,
    bars('Cold start', runs, ({ coldStartMs }) => coldStartMs), bars('95 of 100 requests were quicker than', runs, ({ load }) => load.latency.p95),
    lines('p95 in each second', runs, { pick: ({ answered, failed, p95 }) => (answered + failed === 0 ? undefined : p95), label: shortDuration, mayBeLog: true }),
    lines('Replicas', runs, { pick: ({ replicas }) => replicas, label: shortNumber, isStepped: true }),
  ];
  return page({ ...options, startedAt: runs[0]?.load.startedAt ?? 0, body, data: runs });
}

function table(runs: readonly ComparedRun[]): string {
  const head = COMPARISON_HEAD.map((name) => `<th>${name.toLowerCase()}</th>`).join('');
  const rows = runs.map((run) => `<tr>${comparisonCells(figuresOf(run)).map((cell) => `<td>${escapeXml(cell)}</td>`).join('')}</tr>`);
  return `<div class="wide"><table><thead><tr>${head}</tr></thead><tbody>${rows.join('')}</tbody></table></div>`;
}

function colorOf(index: number): string {
  return COLORS[index % COLORS.length] ?? COLORS[0];
}

function bars(title: string, runs: readonly ComparedRun[], pick: (run: ComparedRun) => number): string {
  // One step for each runtime; the others have nothing there, so that each bar has its own colour.
  const series = runs.map((run, index) => ({ name: run.kind, color: colorOf(index), values: runs.map((_each, place) => (place === index ? pick(run) : 0)) }));
  const xLabel = (step: number) => (runs[step] === undefined ? '' : `${runs[step].kind}: ${shortDuration(pick(runs[step]))}`);
  return figure(title, svgChart({ label: title, bars: series, lines: [], steps: runs.length, xLabel, yLabel: shortDuration }), []);
}

interface Lines {
  readonly pick: (second: LoadSecond) => number | undefined;
  readonly label: (value: number) => string;
  readonly isStepped?: true;
  readonly mayBeLog?: true;
}

function lines(title: string, runs: readonly ComparedRun[], { pick, label, isStepped, mayBeLog }: Lines): string {
  const series = runs.map(({ kind, load }, index): SvgLine => ({ name: kind, color: colorOf(index), values: load.seconds.map(pick), ...(isStepped === undefined ? {} : { isStepped }) }));
  if (!series.some(({ values }) => values.some((value) => value !== undefined))) return '';
  const steps = Math.max(...series.map(({ values }) => values.length));
  return figure(title, svgChart({ label: title, lines: series, bars: [], steps, xLabel: (step) => `${step + 1} s`, yLabel: label, ...(mayBeLog === undefined ? {} : { mayBeLog }) }), series);
}
