// What addons add to `up knative`: with Eventing and metrics-server against without, in turns, in one run, all cached.
// `npm run bench`; DEVSTACK_BENCH_PAIRS says how often. Prints a line for each pair, where the time went, and one of JSON; a figure is never a failure.
import { test } from 'vitest';
import { devstack, makeHome } from '../e2e/devstack.ts';

const STACK = 'test-addons-bench';
const PORT = 18155;
const PAIRS = Number(process.env['DEVSTACK_BENCH_PAIRS'] ?? 1);
/** The slowest steps of a run are told. */
const TOLD = 4;

interface Run {
  readonly seconds: number;
  /** Step and seconds, the longest first. */
  readonly steps: readonly (readonly [string, number])[];
}

const round = (value: number) => Math.round(value * 100) / 100;

function stepsOf(stdout: string): Run['steps'] {
  const events = stdout.trim().split('\n').map((line) => JSON.parse(line) as { type: string; id?: string; state?: string; durationMs?: number });
  return events.flatMap(({ type, id, state, durationMs }) => (type === 'step' && state === 'done' && id !== undefined ? [[id, round((durationMs ?? 0) / 1000)] as const] : []))
    .sort((a, b) => b[1] - a[1]);
}

async function up(...more: readonly string[]): Promise<Run> {
  const home = await makeHome();
  try {
    const started = performance.now();
    const { exitCode, stdout, stderr } = await devstack(home, 'up', 'knative', '--fit', '--name', STACK, '--port', String(PORT), ...more, '--json');
    const seconds = round((performance.now() - started) / 1000);
    if (exitCode !== 0) throw new Error(stdout + stderr);
    return { seconds, steps: stepsOf(stdout) };
  } finally {
    await devstack(home, 'down', STACK, '--yes');
    await home.remove();
  }
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle] ?? 0 : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2;
}

const told = ({ seconds, steps }: Run) => `${seconds} s (${steps.slice(0, TOLD).map(([id, took]) => `${id} ${took}`).join(', ')})`;

test.skipIf(process.env['DEVSTACK_LAB'] === undefined)('up knative with addons against without', async () => {
  const rows: { readonly without: number; readonly with: number; readonly ratio: number }[] = [];
  for (let pair = 0; pair < PAIRS; pair += 1) {
    const plain = await up();
    const full = await up('--with', 'eventing,metrics-server');
    rows.push({ without: plain.seconds, with: full.seconds, ratio: round(full.seconds / plain.seconds) });
    process.stderr.write(`without ${told(plain)}\nwith ${told(full)}\n${rows.at(-1)?.ratio} times as long\n`);
  }
  process.stdout.write(`${JSON.stringify({ bench: 'addons', pairs: rows, medianRatio: round(median(rows.map(({ ratio }) => ratio))) })}\n`);
});
