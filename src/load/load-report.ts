// A load as one HTML file: no script, nothing from elsewhere, readable in the light and in the dark. Pure.
import { shortDuration, shortNumber } from './chart.ts';
import type { LoadResult } from './run-load.ts';
import { escapeXml, type SvgLine, svgChart } from './svg.ts';
import type { LoadSecond } from './timeline.ts';

export interface ReportOptions {
  readonly title: string;
  /** What was asked for, as one would type it. */
  readonly command: string;
}

const STYLE = `
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; --paper: light-dark(#fff, #16181d); --ink: light-dark(#1c1e24, #e8e9ed);
  --soft: light-dark(#5c6370, #9aa1ad); --rule: light-dark(#e3e5e9, #2c3038); --card: light-dark(#f6f7f9, #1e2128);
  --good: light-dark(#2a78b8, #5aa9e6); --error: light-dark(#d08700, #f0b03c); --failed: light-dark(#c02a2a, #f07070);
  --p50: light-dark(#2e8b57, #5fca8c); --p95: light-dark(#b87900, #f0b03c); --p99: light-dark(#c02a2a, #f07070); --replicas: light-dark(#7a4fc0, #b794f6); }
body { background: var(--paper); color: var(--ink); max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; margin: 0; } h2 { font-size: 1.1rem; margin: 2rem 0 .25rem; } code { font-size: .9em; overflow-wrap: anywhere; }
.soft, figcaption { color: var(--soft); } .cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(8.5rem, 1fr)); gap: .75rem; margin: 1.5rem 0; padding: 0; list-style: none; }
.cards li { background: var(--card); border-radius: .5rem; padding: .6rem .8rem; } .cards b { display: block; font-size: 1.35rem; font-variant-numeric: tabular-nums; }
figure { margin: 0; } svg { width: 100%; height: auto; display: block; } svg text { font-size: 12px; fill: var(--soft); } .y { text-anchor: end; } .x { text-anchor: middle; }
.grid { stroke: var(--rule); fill: none; } .line { fill: none; stroke-width: 2; stroke-linejoin: round; } .tip { fill: transparent; } .tip:hover { fill: light-dark(#0001, #fff1); }
.key { display: inline-block; width: .8em; height: .8em; border-radius: .2em; margin: 0 .35em 0 .9em; vertical-align: -.05em; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; } th, td { text-align: right; padding: .2rem .8rem; border-bottom: 1px solid var(--rule); } th:first-child, td:first-child { text-align: left; }
.wide { overflow-x: auto; } .bad { color: var(--failed); }`;

export function loadReport(result: LoadResult, options: ReportOptions): string {
  const body = [cards(result), requestsChart(result), latencyChart(result), replicasChart(result), percentilesChart(result), tables(result), secondsTable(result.seconds)];
  return page({ ...options, startedAt: result.startedAt, body, data: result });
}

export interface Page extends ReportOptions {
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  /** Parts of HTML; empty ones are left out. */
  readonly body: readonly string[];
  /** Goes with it, as JSON, for whoever wants the numbers. */
  readonly data: unknown;
}

export function page({ title, command, startedAt, body, data }: Page): string {
  const head = [`<h1>${escapeXml(title)}</h1>`, `<p class="soft">${escapeXml(new Date(startedAt).toISOString().replace(/\.\d+Z$/, 'Z'))} · <code>${escapeXml(command)}</code></p>`];
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${escapeXml(title)}</title>
<style>${STYLE}</style>
${[...head, ...body].filter((part) => part !== '').join('\n')}
<script type="application/json" id="result">${JSON.stringify(data).replace(/</g, '\\u003c')}</script>
`;
}

function cards({ rps, answered, latency, spec, failures, unsent, connections }: LoadResult): string {
  const failed = sumOf(failures) + unsent;
  const items: readonly (readonly [string, string, boolean?])[] = [
    ['answers a second', spec.arrival.model === 'open' ? `${rps.toFixed(1)} of ${shortNumber(spec.arrival.rps)}` : rps.toFixed(1)],
    ['answered', String(answered)], ['p50', shortDuration(latency.p50)], ['p95', shortDuration(latency.p95)], ['p99', shortDuration(latency.p99)], ['longest', shortDuration(latency.max)],
    ['without an answer', String(failed), failed > 0], ['connections', String(connections)],
  ];
  return `<ul class="cards">${items.map(([name, value, isBad]) => `<li><b${isBad === true ? ' class="bad"' : ''}>${escapeXml(value)}</b>${name}</li>`).join('')}</ul>`;
}

function requestsChart({ seconds, spec }: LoadResult): string {
  const bars = [
    { name: 'answered', values: seconds.map(({ answered, errors }) => answered - errors), color: 'var(--good)' },
    { name: 'error status', values: seconds.map(({ errors }) => errors), color: 'var(--error)' },
    { name: 'no answer', values: seconds.map(({ failed }) => failed), color: 'var(--failed)' },
  ].filter(({ values }, index) => index === 0 || values.some((value) => value > 0));
  const goal: readonly SvgLine[] = spec.arrival.model === 'open' ? [{ name: 'asked for', values: seconds.map(() => spec.arrival.model === 'open' ? spec.arrival.rps : 0), color: 'var(--soft)' }] : [];
  const svg = svgChart({ label: 'Requests in each second', bars, lines: goal, steps: seconds.length, xLabel: secondLabel, yLabel: shortNumber });
  return figure('Requests a second', svg, [...bars, ...goal]);
}

function latencyChart({ seconds }: LoadResult): string {
  const line = (name: 'p50' | 'p95' | 'p99'): SvgLine => ({ name, values: seconds.map((second) => (second.answered + second.failed === 0 ? undefined : second[name])), color: `var(--${name})` });
  const lines = [line('p50'), line('p95'), line('p99')];
  const svg = svgChart({ label: 'Latencies in each second', lines, bars: [], steps: seconds.length, xLabel: secondLabel, yLabel: shortDuration, mayBeLog: true });
  return figure('Latency', svg, lines);
}

function replicasChart({ seconds }: LoadResult): string {
  if (!seconds.some(({ replicas }) => replicas !== undefined)) return '';
  const lines: readonly SvgLine[] = [{ name: 'replicas', values: seconds.map(({ replicas }) => replicas), color: 'var(--replicas)', isStepped: true }];
  return figure('Replicas', svgChart({ label: 'Replicas in each second', lines, bars: [], steps: seconds.length, xLabel: secondLabel, yLabel: shortNumber }), lines);
}

function percentilesChart({ percentiles }: LoadResult): string {
  const lines: readonly SvgLine[] = [{ name: 'latency', values: percentiles.map(([, ms]) => ms), color: 'var(--good)' }];
  const xLabel = (step: number) => `p${percentiles[step]?.[0] ?? ''}`;
  return figure('Latency by percentile', svgChart({ label: 'Latency by percentile', lines, bars: [], steps: percentiles.length, xLabel, yLabel: shortDuration, mayBeLog: true }), []);
}

export function figure(title: string, svg: string, series: readonly { readonly name: string; readonly color: string }[]): string {
  const key = series.length < 2 ? '' : series.map(({ name, color }) => `<span class="key" style="background:${color}"></span>${escapeXml(name)}`).join('');
  return `<figure><h2>${escapeXml(title)}</h2>${svg}${key === '' ? '' : `<figcaption>${key}</figcaption>`}</figure>`;
}

function tables({ statuses, failures, classes, unsent }: LoadResult): string {
  const failed = unsent === 0 ? failures : { ...failures, 'never sent': unsent };
  return [['Status', statuses], ['Without an answer', failed], ['Answered by', classes]].map(([title, counts]) => {
    const rows = Object.entries(counts ?? {});
    if (typeof title !== 'string' || rows.length === 0) return '';
    const total = rows.reduce((sum, [, count]) => sum + Number(count), 0);
    return `<h2>${title}</h2><table>${rows.map(([name, count]) => `<tr><td>${escapeXml(name)}</td><td>${count}</td><td>${((Number(count) * 100) / total).toFixed(1)} %</td></tr>`).join('')}</table>`;
  }).join('');
}

function secondsTable(seconds: readonly LoadSecond[]): string {
  const head = ['second', 'sent', 'answered', 'errors', 'failed', 'p50', 'p95', 'p99', 'longest', 'under way', 'waiting', 'replicas'];
  const rows = seconds.map((s) => [s.second, s.sent, s.answered, s.errors, s.failed, ...[s.p50, s.p95, s.p99, s.max].map(shortDuration), s.inFlight, s.waiting, s.replicas ?? '']);
  return `<details><summary><h2 style="display:inline">Every second</h2></summary><div class="wide"><table><thead><tr>${head.map((name) => `<th>${name}</th>`).join('')}</tr></thead><tbody>${rows.map((row) => `<tr>${row.map((cell) => `<td>${cell}</td>`).join('')}</tr>`).join('')}</tbody></table></div></details>`;
}

function secondLabel(step: number): string {
  return `${step + 1} s`;
}

function sumOf(counts: { readonly [name: string]: number }): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}
