// Our figures and those of `hey` against the same server, one after the other: they agree within ten per cent.
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createClock } from '../../src/host/clock.ts';
import { createLoadHttp } from '../../src/host/load-http.ts';
import type { Arrival } from '../../src/load/load-spec.ts';
import { runLoad } from '../../src/load/run-load.ts';

/** In a process of its own, so that neither client shares its event loop. Answers after 20 ms. */
const SERVER = `require('node:http').createServer((q, s) => setTimeout(() => s.end('ok'), 20)).listen(0, '127.0.0.1', function () { console.log(this.address().port); })`;
const USERS = 20;
const SECONDS = 8;

describe.skipIf(process.env['DEVSTACK_LAB'] === undefined)('the load generator beside hey', () => {
  const server = spawn(process.execPath, ['-e', SERVER], { stdio: ['ignore', 'pipe', 'inherit'] });
  let port = 0;
  beforeAll(async () => {
    const [line] = await once(createInterface(server.stdout), 'line');
    port = Number(line);
  });
  afterAll(() => server.kill());

  function hey(...flags: string[]) {
    const rows = execFileSync('hey', [...flags, '-c', String(USERS), '-z', `${SECONDS}s`, '-o', 'csv', `http://127.0.0.1:${port}/`], { maxBuffer: 1e9 }).toString().trim().split('\n').slice(1);
    const latencies = rows.map((row) => Number(row.split(',')[0]) * 1_000).sort((a, b) => a - b);
    const at = (share: number) => latencies[Math.floor(latencies.length * share)] ?? 0;
    return { rps: latencies.length / SECONDS, mean: latencies.reduce((a, b) => a + b, 0) / latencies.length, p50: at(0.5), p95: at(0.95) };
  }

  async function ours(arrival: Arrival) {
    const target = { hostname: '127.0.0.1', port, method: 'GET', path: '/', headers: {} };
    const spec = { target, arrival, concurrency: USERS, durationMs: SECONDS * 1_000, timeoutMs: 5_000 };
    const { rps, latency, failures } = await runLoad(spec, { clock: createClock(), http: createLoadHttp() }, { signal: new AbortController().signal });
    expect(failures).toEqual({});
    return { rps, mean: latency.mean, p50: latency.p50, p95: latency.p95 };
  }

  it.each<[string, Arrival, string[]]>([
    ['as many as answer', { model: 'closed' }, []],
    ['200 requests a second', { model: 'open', rps: 200 }, ['-q', '10']],
  ])('%s', async (_name, arrival, flags) => {
    const theirs = hey(...flags);
    const mine = await ours(arrival);
    console.log(`hey ${JSON.stringify(theirs)}\nours ${JSON.stringify(mine)}`);
    for (const key of ['rps', 'mean', 'p50'] as const) expect(mine[key] / theirs[key], key).toBeGreaterThan(0.9);
    for (const key of ['rps', 'mean', 'p50'] as const) expect(mine[key] / theirs[key], key).toBeLessThan(1.1);
  });
});
