// Our figures and those of `hey` against the same server, in turns: at rates that both can reach they agree within ten per cent.
// hey counts from sending, so that is compared; devstack's own figures count from when a request was due, and are told beside it. Of the
// most that each reaches it is only told: hey has threads for all cores, the load generator one for its event loop.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpus, loadavg } from 'node:os';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createClock } from '../../src/host/clock.ts';
import { createLoadHttp } from '../../src/host/load-http.ts';
import type { Arrival } from '../../src/load/load-spec.ts';
import { runLoad } from '../../src/load/run-load.ts';
import type { LoadHttp } from '../../src/ports.ts';

/** In a process of its own, so that neither client shares its event loop. `/` answers after 20 ms, `/now` at once. */
const SERVER = `require('node:http').createServer((q, s) => q.url === '/now' ? s.end('ok') : setTimeout(() => s.end('ok'), 20)).listen(0, '127.0.0.1', function () { console.log(this.address().port); })`;
/** Requests a second of each of hey's workers. */
const WORKER_RPS = 10;
const ROUNDS = 5;
const SECONDS = 4;

interface Figures {
  readonly rps: number;
  readonly p50: number;
  readonly p95: number;
}

/** The real one, with the milliseconds from sending to the answer noted. */
function timed(took: number[]): LoadHttp {
  const real = createLoadHttp();
  return {
    async open(target, users) {
      const connections = await real.open(target, users);
      return {
        get opened() {
          return connections.opened;
        },
        close: () => connections.close(),
        async send(options) {
          const started = performance.now();
          const reply = await connections.send(options);
          took.push(performance.now() - started);
          return reply;
        },
      };
    },
  };
}

function figures(latencies: readonly number[]): Pick<Figures, 'p50' | 'p95'> {
  const sorted = latencies.toSorted((a, b) => a - b);
  const at = (share: number) => sorted[Math.floor(sorted.length * share)] ?? 0;
  return { p50: at(0.5), p95: at(0.95) };
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

describe.skipIf(process.env['DEVSTACK_LAB'] === undefined)('the load generator beside hey', () => {
  let server: ChildProcess | undefined;
  let port = 0;
  beforeAll(async () => {
    const made = spawn(process.execPath, ['-e', SERVER], { stdio: ['ignore', 'pipe', 'inherit'] });
    server = made;
    const [line] = await once(createInterface(made.stdout), 'line');
    port = Number(line);
  });
  afterAll(() => void server?.kill());

  function hey(path: string, users: number, ...flags: string[]): Figures {
    const rows = execFileSync('hey', [...flags, '-c', String(users), '-z', `${SECONDS}s`, '-o', 'csv', `http://127.0.0.1:${port}${path}`], { maxBuffer: 1e9 }).toString().trim().split('\n').slice(1);
    const latencies = rows.map((row) => Number(row.split(',')[0]) * 1_000);
    return { rps: latencies.length / SECONDS, ...figures(latencies) };
  }

  async function ours(path: string, users: number, arrival: Arrival): Promise<Figures & { readonly cpuUs: number; readonly due: Pick<Figures, 'p50' | 'p95'>; readonly lag: number }> {
    const target = { hostname: '127.0.0.1', port, method: 'GET', path, headers: {} };
    const spec = { target, arrival, concurrency: users, durationMs: SECONDS * 1_000, timeoutMs: 5_000 };
    const before = process.cpuUsage();
    const took: number[] = [];
    const { rps, latency, lag, failures, answered } = await runLoad(spec, { clock: createClock(), http: timed(took) }, { signal: new AbortController().signal });
    const { user, system } = process.cpuUsage(before);
    expect(failures).toEqual({});
    return { rps, ...figures(took), due: { p50: latency.p50, p95: latency.p95 }, lag: lag.p50, cpuUs: Math.round((user + system) / answered) };
  }

  it.each([50, 200])('%i requests a second', async (rps) => {
    const users = rps / WORKER_RPS;
    const pairs: { readonly theirs: Figures; readonly mine: Awaited<ReturnType<typeof ours>> }[] = [];
    for (let round = 0; round < ROUNDS; round++) pairs.push({ theirs: hey('/', users, '-q', String(WORKER_RPS)), mine: await ours('/', users, { model: 'open', rps }) });
    const middle = (value: (mine: (typeof pairs)[number]['mine']) => number) => median(pairs.map(({ mine }) => value(mine))).toFixed(1);
    console.log(`${rps} rps, load ${loadavg()[0]?.toFixed(1)} on ${cpus().length} cores; ours from when requests were due: p50 ${middle(({ due }) => due.p50)}, p95 ${middle(({ due }) => due.p95)}, sent ${middle(({ lag }) => lag)} ms late`);
    for (const key of ['rps', 'p50', 'p95'] as const) {
      const ratio = median(pairs.map(({ theirs, mine }) => mine[key] / theirs[key]));
      console.log(`  ${key}: hey ${median(pairs.map(({ theirs }) => theirs[key])).toFixed(1)}, ours ${median(pairs.map(({ mine }) => mine[key])).toFixed(1)}, ratio ${ratio.toFixed(3)}`);
      expect(ratio, key).toBeGreaterThan(0.9);
      expect(ratio, key).toBeLessThan(1.1);
    }
  });

  it('the most that each reaches', async () => {
    const [theirs, mine] = [hey('/now', 50), await ours('/now', 50, { model: 'closed' })];
    console.log(`most, load ${loadavg()[0]?.toFixed(1)} on ${cpus().length} cores: hey ${theirs.rps.toFixed(0)} rps, ours ${mine.rps.toFixed(0)} rps at ${mine.cpuUs} µs of CPU a request`);
    expect(mine.rps).toBeGreaterThan(200);
  });
});
