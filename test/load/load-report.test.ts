import { describe, expect, it } from 'vitest';
import { loadReport } from '../../src/load/load-report.ts';
import type { LoadSpec } from '../../src/load/load-spec.ts';
import { loadCard, loadView } from '../../src/load/load-view.ts';
import { type LoadResult, runLoad } from '../../src/load/run-load.ts';
import { escapeXml } from '../../src/load/svg.ts';
import type { LoadSecond } from '../../src/load/timeline.ts';
import { virtualClock, virtualServer } from './virtual-world.ts';

const spec: LoadSpec = { target: { hostname: '127.0.0.1', port: 8080, method: 'GET', path: '/', headers: {} }, arrival: { model: 'open', rps: 20 }, concurrency: 10, durationMs: 5_000, timeoutMs: 2_000 };
const plain = (_style: string, text: string) => text;

async function measured(): Promise<LoadResult> {
  const clock = virtualClock();
  // Cold for a second; then every tenth answer is an error of another version, and a few connections are refused.
  const http = virtualServer(clock, (at, index) => ({
    endsAt: Math.max(at, at < 1_000 ? 1_200 : 0) + 20,
    ...(index % 25 === 24 ? { reply: { failure: 'ECONNREFUSED' } } : index % 10 === 9 ? { reply: { status: 503, bytes: 1, body: '<b>v2</b>' } } : {}),
  }));
  let replicas = 0;
  return clock.runUntil(runLoad(spec, { clock, http }, { signal: new AbortController().signal, classify: ({ body }) => body, replicas: () => replicas++ }));
}
const result = await measured();

describe('loadReport', () => {
  const html = loadReport(result, { title: 'Load of <app>', command: 'devstack load app --path "/?a=b&c"' });

  it('is one file that asks nobody for anything', () => {
    expect(html).toMatch(/^<!doctype html>/);
    expect(html).toContain(`content="default-src 'none'; style-src 'unsafe-inline'"`);
    expect(html).not.toMatch(/\s(src|href|srcset)=|url\(|@import|https?:\/\/(?!127)/);
  });

  it('has the figures as text, charts with a name, and the result as data', () => {
    for (const text of ['asked for', 'ECONNREFUSED', '503', 'aria-label="Replicas in each second"', 'aria-label="Latencies in each second"']) expect(html).toContain(text);
    const data = /<script type="application\/json" id="result">(.*)<\/script>/.exec(html)?.[1];
    expect(JSON.parse(data ?? '')).toEqual(result);
  });

  it('shows what came from elsewhere as text', () => {
    expect(html).not.toContain('<b>v2');
    expect(html).not.toContain('<app>');
    expect(escapeXml('<a href="x">\u001b[31m\'&')).toBe('&#60;a href=&#34;x&#34;&#62;[31m&#39;&#38;');
  });

  it('can tell of a load without any answer', () => {
    const silent: LoadResult = { ...result, answered: 0, seconds: [], statuses: {}, classes: {}, failures: {}, percentiles: [] };
    expect(loadReport(silent, { title: 'x', command: 'y' })).not.toMatch(/NaN|undefined|Infinity/);
    expect(html).not.toMatch(/NaN|undefined|Infinity/);
  });
});

describe('loadView', () => {
  const view = (seconds: readonly LoadSecond[], rows = 30, columns = 80) => loadView(spec, seconds, { columns, rows, paint: plain });

  it('fits the terminal, with and without replicas', () => {
    const without = result.seconds.map(({ replicas: _replicas, ...second }) => second);
    for (const [rows, columns] of [[30, 80], [12, 40], [60, 200]] as const) {
      for (const seconds of [result.seconds, without]) {
        const lines = view(seconds, rows, columns);
        expect(lines.length).toBeLessThanOrEqual(rows);
        for (const line of lines.filter((each) => /[┤│]/.test(each))) expect([...line].length).toBeLessThanOrEqual(columns);
      }
    }
  });

  it('says what is wrong right now', () => {
    expect(view(result.seconds.slice(0, 2))[0]).toMatch(/^requests\/s {2}\d+ {2}of 20 asked for {2}\d+ with an error status/);
    expect(view([])).toEqual(['waiting for the first second …']);
  });
});

describe('loadCard', () => {
  it('says the result in a few lines', () => {
    expect(loadCard(result, plain)).toEqual([
      '  requests     96 answered, 19.2/s of 20 asked for',
      '  latency      p50 20 ms  p95 970 ms  p99 1.2 s  max 1.2 s',
      '  statuses     200 × 88, 503 × 8',
      '  answered by  ok 91.7 % (88), <b>v2</b> 8.3 % (8)',
      '  failed       ECONNREFUSED × 4',
      '  replicas     0 → 4 → 4',
    ]);
  });

  it('says when it was the machine that was slow', () => {
    const card = loadCard({ ...result, lag: { ...result.lag, p99: 80 } }, plain);
    expect(card.at(-1)).toBe('  note         this machine was busy: latencies are up to 80 ms too high');
  });
});
