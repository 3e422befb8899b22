// How long the program takes to start, against a bare Node, in turns, in one run: medians of the ratios pair by pair.
// `npm run bench`; the targets are in docs/architecture.md. Prints a line for each command and one of JSON; a figure is never a failure.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'vitest';

const BIN = join(import.meta.dirname, '../../bin/devstack.js');
const WARM_UPS = 3;
const PAIRS = Number(process.env['DEVSTACK_BENCH_START_PAIRS'] ?? 21);
const COMMANDS = [['--version'], ['--help'], ['help', 'up'], ['config']];

function milliseconds(args: readonly string[]): number {
  const started = performance.now();
  const { status, stderr } = spawnSync(process.execPath, [...args], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${args.join(' ')}: exit code ${status}: ${stderr}`);
  return performance.now() - started;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((left, right) => left - right);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

function measure(command: readonly string[]): { readonly command: string; readonly ms: number; readonly bareMs: number; readonly ratio: number } {
  const pairs = Array.from({ length: WARM_UPS + PAIRS }, () => ({ own: milliseconds([BIN, ...command]), bare: milliseconds(['-e', '0']) })).slice(WARM_UPS);
  return {
    command: command.join(' '), ms: Math.round(median(pairs.map(({ own }) => own))), bareMs: Math.round(median(pairs.map(({ bare }) => bare))),
    ratio: Math.round(median(pairs.map(({ own, bare }) => own / bare)) * 100) / 100,
  };
}

test('start', () => {
  const rows = COMMANDS.map(measure);
  for (const { command, ms, bareMs, ratio } of rows) process.stderr.write(`devstack ${command}: ${ms} ms, bare Node ${bareMs} ms: ${ratio} times\n`);
  process.stdout.write(`${JSON.stringify({ bench: 'start', node: process.versions.node, pairs: PAIRS, rows })}\n`);
});
