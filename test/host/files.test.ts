import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { createFiles } from '../../src/host/files.ts';
import { temporaryFolder } from './folder.ts';

const files = createFiles();
const modeOf = (path: string): number => statSync(path).mode & 0o777;

describe('write', () => {
  test('makes folders 0700 and the file 0600, whatever the umask', async () => {
    const folder = temporaryFolder();
    for (const mask of [0o000, 0o077]) {
      const before = process.umask(mask);
      try {
        const path = join(folder, `mask-${mask}`, 'deep', 'file');
        await files.write(path, 'x');
        expect(modeOf(path)).toBe(0o600);
        expect(modeOf(join(folder, `mask-${mask}`))).toBe(0o700);
        await files.write(path, 'x', { mode: 0o644 });
        expect(modeOf(path)).toBe(0o644);
      } finally {
        process.umask(before);
      }
    }
  });

  test('replaces in one step: whoever reads sees the old or the new, never a part', async () => {
    const path = join(temporaryFolder(), 'file');
    const [a, b] = ['a', 'b'].map((letter) => letter.repeat(200_000));
    await files.write(path, a ?? '');
    let done = false;
    const reader = (async () => {
      const seen = new Set<string>();
      while (!done) seen.add((await files.readText(path)) ?? 'absent');
      return seen;
    })();
    for (let round = 0; round < 20; round += 1) await files.write(path, (round % 2 === 0 ? b : a) ?? '');
    done = true;
    for (const text of await reader) expect(text === a || text === b).toBe(true);
  });

  test('keep: goes through a symlink, to a file that exists or not, and leaves mode and owner', async () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, 'real'));
    writeFileSync(join(folder, 'real', 'config'), 'old');
    chmodSync(join(folder, 'real', 'config'), 0o640);
    symlinkSync('real/config', join(folder, 'link'));
    await files.write(join(folder, 'link'), 'new', { keep: true });
    expect(lstatSync(join(folder, 'link')).isSymbolicLink()).toBe(true);
    expect(readFileSync(join(folder, 'real', 'config'), 'utf8')).toBe('new');
    expect(modeOf(join(folder, 'real', 'config'))).toBe(0o640);
    expect(readdirSync(join(folder, 'real'))).toEqual(['config']);

    symlinkSync('real/later', join(folder, 'dangling'));
    await files.write(join(folder, 'dangling'), 'made', { keep: true });
    expect(lstatSync(join(folder, 'dangling')).isSymbolicLink()).toBe(true);
    expect(readFileSync(join(folder, 'real', 'later'), 'utf8')).toBe('made');
  });

  test.runIf(process.getuid?.() === 0)('keep: root leaves a file to its owner', async () => {
    const path = join(temporaryFolder(), 'config');
    writeFileSync(path, 'old');
    execFileSync('chown', ['12345:23456', path]);
    await files.write(path, 'new', { keep: true });
    expect(statSync(path)).toMatchObject({ uid: 12345, gid: 23456 });
  });

  test('without keep a symlink is replaced, and its target not touched', async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'victim'), 'precious');
    symlinkSync('victim', join(folder, 'planted'));
    await files.write(join(folder, 'planted'), 'ours');
    expect(readFileSync(join(folder, 'victim'), 'utf8')).toBe('precious');
    expect(lstatSync(join(folder, 'planted')).isFile()).toBe(true);
  });

  test('what cannot be written says so, and leaves no temporary file', async () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, 'taken', 'x'), { recursive: true });
    await expect(files.write(join(folder, 'taken'), 'x')).rejects.toMatchObject({ code: 'file-failed', exit: 1 });
    expect(readdirSync(folder)).toEqual(['taken']);
    writeFileSync(join(folder, 'file'), '');
    await expect(files.write(join(folder, 'file', 'below'), 'x')).rejects.toMatchObject({ code: 'file-failed' });
  });

  test.runIf(process.platform === 'linux')('no permission is exit 3 with a command', async () => {
    // /sys takes no files from anybody, not even from root.
    await expect(files.write('/sys/devstack-test', 'x')).rejects.toMatchObject({ code: 'file-denied', exit: 3 });
  });

  test.runIf(process.platform === 'linux')('a full disk is exit 3 with a command', async () => {
    await expect(files.append('/dev/full', 'x')).rejects.toMatchObject({ code: 'disk-full', exit: 3, hints: [{ command: expect.stringContaining('df -h') }] });
  });
});

describe('read', () => {
  test('what is not there is undefined, also below a file', async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'file'), '');
    for (const path of [join(folder, 'absent'), join(folder, 'file', 'below')]) {
      expect(await files.readText(path)).toBeUndefined();
      expect(await files.stat(path)).toBeUndefined();
      expect(await files.sha256(path)).toBeUndefined();
      expect(await files.list(path)).toEqual([]);
    }
  });

  test('a symlink loop is an error, not an absence', async () => {
    const folder = temporaryFolder();
    symlinkSync('b', join(folder, 'a'));
    symlinkSync('a', join(folder, 'b'));
    await expect(files.readText(join(folder, 'a'))).rejects.toMatchObject({ code: 'file-failed' });
    await expect(files.write(join(folder, 'a'), 'x', { keep: true })).rejects.toMatchObject({ code: 'file-failed' });
  });

  test('names with spaces, quotes, a newline and other scripts, in files and in the commands of errors', async () => {
    const folder = temporaryFolder();
    const path = join(folder, "it's a\n\"naïve\" 名前");
    await files.write(path, 'x');
    expect(await files.readText(path)).toBe('x');
    const error: unknown = await files.write(join(path, 'below'), 'x').catch((cause: unknown) => cause);
    expect(error).toMatchObject({ code: 'file-failed' });
  });

  test('sha256 and stat', async () => {
    const path = join(temporaryFolder(), 'file');
    await files.write(path, 'hello');
    expect(await files.sha256(path)).toBe('2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824');
    expect(await files.stat(path)).toMatchObject({ kind: 'file', size: 5, mode: 0o600 });
  });
});

test('makeDirectory makes parents, takes what is there, and says why not', async () => {
  const folder = temporaryFolder();
  await Promise.all(Array.from({ length: 8 }, () => files.makeDirectory(join(folder, 'a', 'b', 'c'))));
  expect(modeOf(join(folder, 'a'))).toBe(0o700);
  writeFileSync(join(folder, 'file'), '');
  symlinkSync('nowhere', join(folder, 'dangling'));
  for (const path of ['file', 'file/x', 'dangling', 'dangling/x', 'x\0']) await expect(files.makeDirectory(join(folder, path)), path).rejects.toMatchObject({ code: 'file-failed' });
});

test.runIf(process.platform === 'linux')('where nothing can be made, makeDirectory ends', async () => {
  await expect(files.makeDirectory('/proc/devstack/test')).rejects.toMatchObject({ code: expect.stringMatching(/^file-/) });
});

test('append makes a private file, and adds to it', async () => {
  const path = join(temporaryFolder(), 'journal');
  await files.append(path, 'a\n');
  await files.append(path, 'b\n');
  expect(readFileSync(path, 'utf8')).toBe('a\nb\n');
  expect(modeOf(path)).toBe(0o600);
});

test('remove takes trees and what is not there', async () => {
  const folder = temporaryFolder();
  mkdirSync(join(folder, 'a', 'b'), { recursive: true });
  await files.remove(join(folder, 'a'));
  await files.remove(join(folder, 'a'));
  expect(existsSync(join(folder, 'a'))).toBe(false);
});
