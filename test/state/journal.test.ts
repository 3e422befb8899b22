import { appendFileSync, existsSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createFiles } from '../../src/host/files.ts';
import { openJournal, readJournal, removeJournal } from '../../src/state/journal.ts';
import { steppedClock } from '../fakes/ports.ts';
import { temporaryFolder } from '../host/folder.ts';

function setUp() {
  const state = temporaryFolder();
  const clock = steppedClock(1000);
  return { world: { files: createFiles(), clock, folders: { state }, pid: 42 }, clock, path: join(state, 'stacks', 'dev', 'journal.ndjson') };
}

test('tells intent and end of each step, in order, on the disk before it resolves', async () => {
  const { world, clock, path } = setUp();
  const journal = await openJournal(world, 'dev', 'up');
  await journal.record({ step: 'cluster', state: 'intent' });
  expect(readFileSync(path, 'utf8')).toContain('"intent"');
  await clock.sleep(5);
  await Promise.all([journal.record({ step: 'cluster', state: 'done' }), journal.record({ step: 'fetch', state: 'failed' })]);
  await journal.end(1);
  expect(await readJournal(world, 'dev')).toEqual([{
    id: '1000-42', command: 'up', startedMs: 1000, pid: 42, ended: { atMs: 1005, exit: 1 },
    steps: [{ step: 'cluster', state: 'intent', atMs: 1000 }, { step: 'cluster', state: 'done', atMs: 1005 }, { step: 'fetch', state: 'failed', atMs: 1005 }],
  }]);
  expect(statSync(path).mode & 0o777).toBe(0o600);
});

test('a run that was killed has no end, and the next one is read whole: wherever the cut was', async () => {
  const { world, clock, path } = setUp();
  const first = await openJournal(world, 'dev', 'up');
  await first.record({ step: 'cluster', state: 'intent' });
  const whole = readFileSync(path, 'utf8');
  await fc.assert(fc.asyncProperty(fc.nat(whole.length), async (length) => {
    writeFileSync(path, whole);
    truncateSync(path, length);
    await clock.sleep(1);
    const second = await openJournal(world, 'dev', 'down');
    await second.end(0);
    const runs = await readJournal(world, 'dev');
    expect(runs.at(-1)).toMatchObject({ command: 'down', ended: { exit: 0 } });
    expect(runs.slice(0, -1).every(({ ended }) => ended === undefined)).toBe(true);
  }), { numRuns: 30 });
});

test('what is no line of a journal is left out', async () => {
  const { world, path } = setUp();
  const journal = await openJournal(world, 'dev', 'up');
  appendFileSync(path, 'nonsense\n[]\nnull\n{"v":2,"run":"1000-42","at":1,"exit":0}\n{"v":1,"run":"unknown","at":1,"step":"x","state":"done"}\n{"v":1,"run":"1000-42","at":1,"step":"x","state":"odd"}\n\0\0\0\n');
  await journal.record({ step: 'a', state: 'intent' });
  expect(await readJournal(world, 'dev')).toMatchObject([{ ended: undefined, steps: [{ step: 'a', state: 'intent' }] }]);
});

test('a long one starts anew, and is still told', async () => {
  const { world, clock, path } = setUp();
  await (await openJournal(world, 'dev', 'up')).end(0);
  appendFileSync(path, `${' '.repeat(2 ** 20)}\n`);
  await clock.sleep(1);
  await openJournal(world, 'dev', 'down');
  expect(statSync(path).size).toBeLessThan(1000);
  expect((await readJournal(world, 'dev')).map(({ command }) => command)).toEqual(['up', 'down']);
});

test('a line that cannot be written is told to who wrote it, and does not keep the next from being written', async () => {
  const { world } = setUp();
  let isFull = false;
  const files = { ...world.files, append: async (path: string, text: string) => (isFull ? Promise.reject(new Error('full')) : world.files.append(path, text)) };
  const journal = await openJournal({ ...world, files }, 'dev', 'up');
  isFull = true;
  await expect(journal.record({ step: 'a', state: 'intent' })).rejects.toThrow('full');
  isFull = false;
  await journal.record({ step: 'b', state: 'intent' });
  expect((await readJournal(world, 'dev'))[0]?.steps.map(({ step }) => step)).toEqual(['b']);
});

test('removed with the folder of the stack, unless something else is in it', async () => {
  const { world, path } = setUp();
  await openJournal(world, 'dev', 'up');
  writeFileSync(join(path, '..', 'kubeconfig'), '');
  await removeJournal(world, 'dev');
  expect(existsSync(join(path, '..'))).toBe(false);
  expect(await readJournal(world, 'dev')).toEqual([]);
});
