// How long a rehearsal takes from nothing to an answer, and back. `npm run bench`; the target is 2 s for `up knative --provider rehearsal`.
// Each run stands beside a bare start of Node, which other work on the machine lengthens as much. A figure is never a failure.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'vitest';

const BIN = join(import.meta.dirname, '../../bin/devstack.js');
const RUNS = Number(process.env['DEVSTACK_BENCH_REHEARSAL_RUNS'] ?? 7);
const COMMANDS = {
  up: ['up', 'knative', '--provider', 'rehearsal'], again: ['up', 'knative', '--provider', 'rehearsal'], status: ['status'], down: ['down', '--yes'],
} as const;

function milliseconds(args: readonly string[], home: string): number {
  const env = { PATH: dirname(process.execPath), HOME: home, DEVSTACK_HOME: home, DOCKER_HOST: `unix://${join(home, 'no.sock')}` };
  const started = performance.now();
  const { status, stderr } = spawnSync(process.execPath, [...args], { encoding: 'utf8', env });
  if (status !== 0) throw new Error(`${args.join(' ')}: exit code ${status}: ${stderr}`);
  return performance.now() - started;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((left, right) => left - right);
  return Math.round(sorted[Math.floor(sorted.length / 2)] ?? Number.NaN);
}

test('rehearsal', () => {
  const home = mkdtempSync(join(tmpdir(), 'devstack-bench-'));
  const figures = new Map<string, number[]>(['bare', ...Object.keys(COMMANDS)].map((name) => [name, []]));
  try {
    for (let run = 0; run < RUNS; run += 1) {
      for (const [name, words] of Object.entries(COMMANDS)) figures.get(name)?.push(milliseconds([BIN, ...words], home));
      figures.get('bare')?.push(milliseconds(['-e', '0'], home));
    }
  } finally {
    spawnSync(process.execPath, [BIN, 'down', '--yes'], { env: { PATH: dirname(process.execPath), HOME: home, DEVSTACK_HOME: home, DOCKER_HOST: `unix://${join(home, 'no.sock')}` } });
    rmSync(home, { recursive: true, force: true });
  }
  const rows = Object.fromEntries([...figures].map(([name, values]) => [name, { medianMs: median(values), leastMs: Math.round(Math.min(...values)) }]));
  for (const [name, { medianMs, leastMs }] of Object.entries(rows)) process.stderr.write(`rehearsal ${name}: median ${medianMs} ms, least ${leastMs} ms\n`);
  process.stdout.write(`${JSON.stringify({ bench: 'rehearsal', node: process.versions.node, runs: RUNS, rows })}\n`);
});
