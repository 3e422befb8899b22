// The disk in memory against the real one: the same acts, the same answers.
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createFiles } from '../../src/host/files.ts';
import { isDevstackError } from '../../src/model/error.ts';
import type { Files } from '../../src/ports.ts';
import { temporaryFolder } from '../host/folder.ts';
import { Disk, filesOf } from './disk.ts';
import { Life } from './life.ts';

/** What a person would see of a file system, act by act. */
async function acts(files: Files, root: string): Promise<readonly unknown[]> {
  const at = (...parts: readonly string[]) => join(root, ...parts);
  const seen: unknown[] = [];
  const see = async (work: () => Promise<unknown>) => seen.push(await work().catch((error: unknown) => (isDevstackError(error) ? error.code : String(error))));
  await see(() => files.readText(at('none')));
  await see(() => files.stat(at('none')));
  await see(() => files.list(at('none')));
  await see(() => files.write(at('deep', 'er', 'a'), 'one'));
  await see(async () => { const { kind, size, mode } = await files.stat(at('deep', 'er', 'a')) ?? {}; return [kind, size, mode]; });
  await see(async () => (await files.stat(at('deep')))?.mode);
  await see(() => files.append(at('deep', 'er', 'a'), ' two'));
  await see(() => files.readText(at('deep', 'er', 'a')));
  await see(() => files.sha256(at('deep', 'er', 'a')));
  await see(() => files.write(at('deep', 'er', 'a'), 'three', { mode: 0o640 }));
  await see(() => files.write(at('deep', 'er', 'a'), 'four', { keep: true }));
  await see(async () => (await files.stat(at('deep', 'er', 'a')))?.mode);
  await see(() => files.append(at('deep', 'b'), 'new'));
  await see(async () => (await files.stat(at('deep', 'b')))?.mode);
  await see(() => files.setMode(at('deep', 'b'), 0o400));
  await see(async () => (await files.stat(at('deep', 'b')))?.mode);
  await see(() => files.rename(at('deep', 'b'), at('deep', 'c')));
  await see(() => files.rename(at('deep', 'gone'), at('deep', 'd')));
  await see(() => files.list(at('deep')));
  await see(() => files.makeDirectory(at('x', 'y')));
  await see(() => files.makeDirectory(at('x', 'y')));
  await see(() => files.list(at('x')));
  await see(() => files.withLock(at('lock'), async () => files.list(root)));
  await see(() => files.withLock(at('lock'), async () => { throw new Error('work failed'); }));
  await see(() => files.withLock(at('lock'), () => files.withLock(at('lock'), async () => 'inside', { waitMs: 0 })));
  await see(() => files.remove(at('deep')));
  await see(() => files.remove(at('deep')));
  await see(() => files.list(root));
  return seen;
}

test('answers as the real one', async () => {
  const root = temporaryFolder();
  const real = await acts(createFiles(), root);
  const disk = new Disk();
  disk.makeFolder(root, 0o700);
  const fake = await acts(filesOf(disk, new Life(), () => new Promise(setImmediate)), root);
  expect(fake).toEqual(real);
});
