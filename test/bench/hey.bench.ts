// Our figures and those of `hey`: at the same time, against the same server, they agree within ten per cent. Beside them runs a second hey,
// for what hey differs from itself is all that such a machine can tell.
// hey counts from sending, so that is compared; at a rate, devstack's own figures count from when a request was due, and are told beside it.
// Of the most that each reaches it is only told: hey has threads for all cores, the load generator one for its event loop.
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpus, loadavg } from 'node:os';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createClock } from '../../src/host/clock.ts';
import { createLoadHttp } from '../../src/host/load-http.ts';
import type { Arrival } from '../../src/load/load-spec.ts';
import { runLoad } from '../../src/load/run-load.ts';
import type { LoadHttp } from '../../src/ports.ts';

/**
 * In a process of its own, so that no client shares its event loop. `/now` answers at once; every other path walks through the same 40 to
 * 190 ms, evenly mixed: the 95th percentile is the server's. Behind a server that always takes as long, it is whoever the machine kept
 * waiting: two runs of hey, one after the other, then differ by up to three times.
 */
const SERVER = `
  const asked = {};
  const share = (path) => ((asked[path] = (asked[path] ?? 0) + 1) * 0.6180339887) % 1;
  require('node:http')
    .createServer((q, s) => q.url === '/now' ? s.end('ok') : setTimeout(() => s.end('ok'), 40 + 150 * share(q.url) ** 2))
    .listen(0, '127.0.0.1', function () { console.log(this.address().port); });
`;
/**
 * Requests a second of each of hey's workers. They all send at the same moment, 200 ms apart, which every answer stays below: a worker that
 * waits longer loses turns, which the load generator never does.
 */
const WORKER_RPS = 5;
const ROUNDS = 3;
const SECONDS = 10;
const TOLERANCE = 0.1;
const KEYS = ['rps', 'p50', 'p95'] as const;

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

  async function hey(path: string, users: number, ...flags: string[]): Promise<Figures> {
    const { stdout } = await promisify(execFile)('hey', [...flags, '-c', String(users), '-z', `${SECONDS}s`, '-o', 'csv', `http://127.0.0.1:${port}${path}`], { maxBuffer: 1e9 });
    const rows = stdout.trim().split('\n').slice(1).map((row) => row.split(',').map((cell) => Number(cell) * 1_000));
    const latencies = rows.map(([took = Number.NaN]) => took);
    // As the load generator counts: up to the last answer.
    const last = rows.reduce((latest, row) => Math.max(latest, (row.at(-1) ?? 0) + (row[0] ?? 0)), SECONDS * 1_000);
    return { rps: (latencies.length * 1_000) / last, ...figures(latencies) };
  }

  async function ours(path: string, users: number, arrival: Arrival): Promise<Figures & { readonly cpuUs: number; readonly due: Pick<Figures, 'p50' | 'p95'>; readonly lag: number }> {
    const target = { hostname: '127.0.0.1', port, method: 'GET', path, headers: {} };
    const spec = { target, arrival, concurrency: users, durationMs: SECONDS * 1_000, timeoutMs: 5_000 };
    const before = process.cpuUsage();
    const took: number[] = [];
    const { rps, latency, lag, failures, answered } = await runLoad(spec, { clock: createClock(), http: timed(took) }, { signal: new AbortController().signal });
    const { user, system } = process.cpuUsage(before);
    expect(failures).toEqual({});
    // Users send when they have their answer: due and sending are one, and what is compared is what devstack shows.
    const sent = arrival.model === 'closed' ? { p50: latency.p50, p95: latency.p95 } : figures(took);
    return { rps, ...sent, due: { p50: latency.p50, p95: latency.p95 }, lag: lag.p50, cpuUs: Math.round((user + system) / answered) };
  }

  it.each<{ readonly users: number; readonly arrival: Arrival; readonly flags: readonly string[] }>([
    ...[50, 200].map((rps) => ({ users: rps / WORKER_RPS, arrival: { model: 'open', rps } as const, flags: ['-q', String(WORKER_RPS)] })),
    { users: 20, arrival: { model: 'closed' }, flags: [] },
  ])('$arrival by $users users', async ({ users, arrival, flags }) => {
    const rounds: { readonly theirs: Figures; readonly again: Figures; readonly mine: Awaited<ReturnType<typeof ours>> }[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const [theirs, again, mine] = await Promise.all([hey('/a', users, ...flags), hey('/b', users, ...flags), ours('/c', users, arrival)]);
      rounds.push({ theirs, again, mine });
    }
    const middle = (value: (round: (typeof rounds)[number]) => number) => median(rounds.map(value));
    const due = (['p50', 'p95'] as const).map((key) => `${key} ${middle(({ mine }) => mine.due[key]).toFixed(1)}`).join(', ');
    console.log(`${JSON.stringify(arrival)}, load ${loadavg()[0]?.toFixed(1)} on ${cpus().length} cores; ours from when requests were due: ${due}, sent ${middle(({ mine }) => mine.lag).toFixed(1)} ms late`);
    const ratios = KEYS.map((key) => {
      const noise = middle(({ theirs, again }) => again[key] / theirs[key]);
      const ratio = middle(({ theirs, again, mine }) => (2 * mine[key]) / (theirs[key] + again[key]));
      console.log(`  ${key}: hey ${middle(({ theirs }) => theirs[key]).toFixed(1)}, ours ${middle(({ mine }) => mine[key]).toFixed(1)}, ours to hey ${ratio.toFixed(3)}, hey to hey ${noise.toFixed(3)}`);
      return { key, noise, ratio };
    });
    for (const { key, noise, ratio } of ratios) {
      expect(Math.abs(noise - 1), `${key}: hey and hey; this machine is too busy to tell`).toBeLessThan(TOLERANCE);
      expect(Math.abs(ratio - 1), `${key}: ours and hey`).toBeLessThan(TOLERANCE);
    }
  });

  it('the most that each reaches', async () => {
    const theirs = await hey('/now', 50);
    const mine = await ours('/now', 50, { model: 'closed' });
    console.log(`most, load ${loadavg()[0]?.toFixed(1)} on ${cpus().length} cores: hey ${theirs.rps.toFixed(0)} rps, ours ${mine.rps.toFixed(0)} rps at ${mine.cpuUs} µs of CPU a request`);
    expect(mine.rps).toBeGreaterThan(200);
  });
});
