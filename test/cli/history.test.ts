// devstack history, up --from, up --ttl: at the rim of main().
import { describe, expect, test } from 'vitest';
import type { PastRun } from '../../src/cli/use-cases.ts';
import { lastLine, run } from './harness.ts';

const STARTED = new Date(2026, 0, 2, 3, 4, 5).getTime();
const RUNS: readonly PastRun[] = [
  { stack: 'dev', command: 'up', startedMs: STARTED, pid: 7, exit: 0, durationMs: 134_000, steps: [{ step: 'fetch', state: 'done', durationMs: 900 }, { step: 'cluster', state: 'done', durationMs: 54_000 }] },
  { stack: 'dev', command: 'up', startedMs: STARTED, pid: 6, steps: [{ step: 'cluster', state: 'unfinished' }] },
  { stack: 'lab', command: 'down', startedMs: STARTED, pid: 5, exit: 130, durationMs: 2_000, steps: [] },
  { stack: 'lab', command: 'up', startedMs: STARTED, pid: 4, exit: 1, durationMs: 2_000, steps: [{ step: 'apply:kourier', state: 'failed', durationMs: 1_000 }] },
];

describe('history', () => {
  const useCases = { history: async ({ limit }: { readonly limit: number }) => RUNS.slice(0, limit) };

  test('tells when, how long, how it ended, and where the time went', async () => {
    expect((await run(['history'], { useCases })).stdout.split('\n').map((line) => line.replace(/ {2,}/g, '  '))).toEqual([
      'WHEN  STACK  COMMAND  TOOK  END  SLOWEST STEPS',
      '2026-01-02 03:04:05  dev  up  2m 14s  ok  cluster 54.0s · fetch 0.9s',
      '2026-01-02 03:04:05  dev  up  –  no end: it still runs or was killed, at cluster',
      '2026-01-02 03:04:05  lab  down  2.0s  stopped',
      '2026-01-02 03:04:05  lab  up  2.0s  failed with exit code 1, at apply:kourier  apply:kourier 1.0s',
      '',
    ]);
  });

  test('as many as asked for; all fields with --json', async () => {
    expect(lastLine(await run(['history', '1', '--json'], { useCases }))).toMatchObject({ ok: true, runs: [{ stack: 'dev', pid: 7, steps: [{}, { durationMs: 54_000 }] }] });
  });

  test('of nothing is no failure; a count that is none is told', async () => {
    expect(await run(['history'], { useCases: { history: async () => [] } })).toMatchObject({ code: 0, stdout: 'Nothing has run here yet: devstack up makes the first stack\n' });
    expect((await run(['history', '--name', 'gone'], { useCases: { history: async () => [] } })).stdout).toBe('No run of stack gone is known here\n');
    expect((await run(['history', 'many'], { useCases })).code).toBe(2);
  });
});

describe('up that is removed by itself', () => {
  test('--ttl and --reap-with-parent start a reaper before anything is made, and say so', async () => {
    const both = await run(['up', 'base', '--yes', '--ttl', '2h', '--reap-with-parent']);
    expect(both.asked.map(({ call }) => call)).toEqual(['planUp', 'leash dev 7200000 caller', 'up']);
    expect(both.stderr).toContain('stack dev is removed in 2h, or when the process that called devstack is gone');
    expect((await run(['up', 'base', '--yes'])).asked.map(({ call }) => call)).toEqual(['planUp', 'up']);
    expect((await run(['up', 'base', '--ttl', '2h', '--dry-run'])).asked.map(({ call }) => call)).toEqual(['planUp']);
  });
});
