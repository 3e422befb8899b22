// What groups of processes have used, of /proc as Linux writes it.
import { expect, test } from 'vitest';
import { ProcessUsage, parseStat } from '../../src/clusters/rehearsal/process-usage.ts';
import { createClock } from '../../src/host/clock.ts';
import { createFiles } from '../../src/host/files.ts';
import { createProcesses } from '../../src/host/process.ts';

const stat = (name: string, group: number, [own, system, children, childrenSystem]: readonly number[]): string => `7 (${name}) S 1 ${group} ${group} 0 -1 4194304 100 200 0 0 ${own} ${system} ${children} ${childrenSystem} 20 0 11 0 5120 1000 2500 184467`;

test('a name may look like anything', () => {
  expect(parseStat('7', stat('a) R 1 (b', 42, [100, 50, 25, 25]))).toEqual({ pid: '7', group: 42, cpuMs: 2000 });
  expect(parseStat('7', '')).toBeUndefined();
});

function usageOf(files: { readonly [path: string]: string }, os: 'linux' | 'darwin' = 'linux'): ProcessUsage {
  const pids = Object.keys(files).map((path) => path.split('/')[2] ?? '');
  return new ProcessUsage({ platform: { os }, clock: createClock(), files: { list: async () => [...new Set([...pids, 'cpuinfo', 'self', '99'])], readText: async (path) => files[path] } });
}

test('a group is its programs and what they have started, also what has ended', async () => {
  const usage = usageOf({
    '/proc/7/stat': stat('sh', 7, [1, 1, 0, 0]), '/proc/8/stat': stat('node', 7, [200, 100, 50, 0]), '/proc/9/stat': stat('node', 9, [900, 0, 0, 0]),
    '/proc/7/status': 'Name:\tsh\nVmRSS:\t    1024 kB\n', '/proc/8/status': 'VmRSS:\t   40960 kB\n',
  });
  expect(await usage.of(7)).toEqual({ cpuMs: 3520, memoryBytes: 41_984 * 1024 });
  expect(await usage.of(10)).toBeUndefined();
});

test('nothing is claimed where /proc is not', async () => {
  expect(await usageOf({ '/proc/7/stat': stat('sh', 7, [1, 1, 0, 0]) }, 'darwin').of(7)).toBeUndefined();
});

test.skipIf(process.platform !== 'linux')('a real program with a lifeline is found by the group that it is started with', async () => {
  const usage = new ProcessUsage({ platform: { os: 'linux' }, clock: createClock(), files: createFiles() });
  const stop = new AbortController();
  let group = 0;
  let running: Promise<unknown> | undefined;
  await new Promise<void>((resolve) => {
    running = createProcesses({ PATH: process.env['PATH'] }).run(process.execPath, ['-e', 'while (process.cpuUsage().user < 100_000); console.log("burnt"); setInterval(() => 0, 1000)'], {
      lifeline: true, signal: stop.signal, onStart: (number) => { group = number; }, onLine: () => resolve(),
    });
  });
  const seen = await usage.of(group);
  stop.abort();
  await expect(running).rejects.toMatchObject({ name: 'AbortError' });
  expect(seen?.cpuMs).toBeGreaterThanOrEqual(90);
  expect(seen?.memoryBytes).toBeGreaterThan(2 ** 20);
});
