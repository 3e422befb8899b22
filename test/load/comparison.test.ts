import { expect, it } from 'vitest';
import { type ComparedRun, comparisonBars, comparisonCells, figuresOf } from '../../src/load/comparison.ts';
import { comparisonReport } from '../../src/load/comparison-report.ts';
import type { LoadResult } from '../../src/load/run-load.ts';

const second = { second: 0, sent: 20, answered: 20, errors: 0, failed: 0, classes: {}, p50: 5, p95: 9, p99: 9, max: 9, inFlight: 0, waiting: 0 };
const load = (changes: Partial<LoadResult> = {}): LoadResult => ({
  spec: { target: { hostname: '127.0.0.1', port: 80, method: 'GET', path: '/', headers: {} }, arrival: { model: 'open', rps: 20 }, concurrency: 10, durationMs: 2000, timeoutMs: 1000 },
  startedAt: 0, durationMs: 2000, sent: 40, answered: 40, unsent: 0, statuses: { '200': 40 }, failures: {}, classes: {}, rps: 20,
  latency: { count: 40, mean: 5, min: 1, max: 9, p50: 5, p95: 9, p99: 9 } as LoadResult['latency'], lag: { p99: 0 } as LoadResult['lag'], percentiles: [], connections: 1, bytes: 0,
  seconds: [{ ...second, replicas: 1 }, { ...second, second: 1, replicas: 3 }], wasStopped: false, ...changes,
});
const run = (kind: string, coldStartMs: number, changes?: Partial<LoadResult>): ComparedRun => ({ kind, stack: `of-${kind}`, deployMs: 4000, coldStartMs, load: load(changes) });
const paint = (_style: string, text: string): string => text;

it('what was not answered well is lost, whatever the reason', () => {
  expect(figuresOf(run('knative', 1, { sent: 38, unsent: 2, statuses: { '200': 30, '503': 4 } }))).toMatchObject({ requests: 40, lost: 10, replicas: { least: 1, most: 3 } });
  expect(figuresOf(run('knative', 1, { seconds: [second] })).replicas).toBeUndefined();
});

it('the cells of a row', () => {
  expect(comparisonCells(figuresOf(run('swarm', 1234)))).toEqual(['swarm', 'of-swarm', '4 s', '1.2 s', '5 ms', '9 ms', '9 ms', '0 of 40', '1 to 3']);
});

it('bars are as long as what they stand for, and none is invisible', () => {
  const [slow = '', quick = ''] = comparisonBars([run('knative', 4000), run('swarm', 1)].map(figuresOf), { columns: 80, paint });
  expect(slow).toMatch(/^ {2}cold start {2}knative {2}█{40} 4 s$/);
  expect(quick).toMatch(/^ {14}swarm {4}▏ 1 ms$/);
});

it('the report is one file that needs nothing from elsewhere, and holds the numbers', () => {
  const html = comparisonReport([run('knative', 900), run('swarm', 300)], { title: 'a < b', command: 'devstack compare a' });
  expect(html).not.toMatch(/(src|href)="?http/);
  expect(html).toContain('a &#60; b');
  expect(html).toContain('knative: 900 ms');
  const data = JSON.parse(/<script type="application\/json" id="result">(.*)<\/script>/.exec(html)?.[1] ?? '') as readonly { readonly kind: string }[];
  expect(data.map(({ kind }) => kind)).toEqual(['knative', 'swarm']);
});
