// One run at a time on a stack, with real processes.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { rolldown } from 'rolldown';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { createFiles } from '../../src/host/files.ts';
import { type Queue, withStackLock } from '../../src/state/stack-lock.ts';
import { temporaryFolder } from '../host/folder.ts';

const folder = mkdtempSync(join(tmpdir(), 'devstack-test-holder-'));
const program = join(folder, 'holder.mjs');

beforeAll(async () => {
  // Node 20 runs no TypeScript.
  const bundle = await rolldown({ input: join(import.meta.dirname, '../fixtures/state/stack-holder.ts'), platform: 'node' });
  await bundle.write({ file: program, format: 'esm' });
  await bundle.close();
}, 30_000);
afterAll(() => rmSync(folder, { recursive: true }));

function setUp() {
  const state = temporaryFolder();
  const waited: string[] = [];
  const stop = new AbortController();
  const queue: Queue = { signal: stop.signal, onWait: (holder) => waited.push(holder) };
  const hold = async () => {
    const child = spawn(process.execPath, [program, state, 'dev'], { stdio: ['ignore', 'pipe', 'ignore'] });
    onTestFinished(() => void child.kill('SIGKILL'));
    await once(child.stdout, 'data');
    return child;
  };
  const enter = (stack = 'dev') => withStackLock({ files: createFiles(), folders: { state } }, stack, queue, async (hasWaited) => hasWaited);
  return { state, waited, stop, hold, enter };
}

test('nobody there: no wait, and nothing is left', async () => {
  const { state, waited, enter } = setUp();
  expect([await enter(), waited, readdirSync(join(state, 'locks'))]).toEqual([false, [], []]);
});

test('somebody there: told by number and time, then waited for; killed, it is taken over', async () => {
  const { state, waited, hold, enter } = setUp();
  const child = await hold();
  const entered = enter();
  while (waited.length === 0) await new Promise(setImmediate);
  expect(waited[0]).toMatch(new RegExp(`^process ${child.pid} on .+ since \\d\\d:\\d\\d:\\d\\d$`));
  child.kill('SIGKILL');
  expect(await entered).toBe(true);
  expect(waited).toHaveLength(1);
  expect(readdirSync(join(state, 'locks'))).toEqual([]);
});

test('another stack does not wait', async () => {
  const { hold, enter } = setUp();
  await hold();
  expect(await enter('other')).toBe(false);
});

test('Ctrl-C ends the wait', async () => {
  const { waited, stop, hold, enter } = setUp();
  await hold();
  const entered = enter();
  while (waited.length === 0) await new Promise(setImmediate);
  stop.abort();
  await expect(entered).rejects.toMatchObject({ name: 'AbortError' });
});

test('a lock that the work itself meets is no reason to do the work twice', async () => {
  const { state, queue } = { ...setUp(), queue: { signal: new AbortController().signal, onWait: () => { throw new Error('did not wait'); } } };
  const files = createFiles();
  let times = 0;
  await expect(withStackLock({ files, folders: { state } }, 'dev', queue, async () => {
    times += 1;
    await files.withLock(join(state, 'own'), () => files.withLock(join(state, 'own'), async () => undefined, { waitMs: 0 }));
  })).rejects.toMatchObject({ code: 'locked' });
  expect(times).toBe(1);
});
