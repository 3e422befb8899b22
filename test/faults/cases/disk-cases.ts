// B. Disk and files: a disk that is broken for a while, on fakes; names and texts that bite, on real files.
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, readdirSync, readFileSync, renameSync, statSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { nameProblem } from '../../../src/config/stack-name.ts';
import { fileError } from '../../../src/host/file-error.ts';
import { createFiles } from '../../../src/host/files.ts';
import { createFolders, homeOf } from '../../../src/host/folders.ts';
import { createYaml } from '../../../src/host/yaml.ts';
import { openJournal, readJournal } from '../../../src/state/journal.ts';
import { createKubeconfigs } from '../../../src/state/kubeconfig.ts';
import { folderOf } from '../../../src/state/stack-folder.ts';
import { temporaryFolder } from '../../host/folder.ts';
import { BY_HAND, ownKubeconfig } from '../../state/kubeconfig-texts.ts';
import { type Errno, systemError } from '../disk.ts';
import { HOME, STATE, USER_KUBECONFIG } from '../world.ts';
import { expectCode, type FaultCase, strike, strikeAt } from './case.ts';

const MENDS = 'told as it is; with room again the next up mends it';

/** Everything below a folder fails, until somebody makes room. */
function broken(number: number, fault: string, below: string, errno: Errno, code: string): FaultCase {
  return {
    number, fault, injected: `${errno} below ${below.replace(HOME, '~')}`, expected: MENDS,
    run: async ({ base }) => {
      const seen = await strike(base, () => ({}), (world) => { world.disk.broken = { below, errno }; }, (world) => {
        expect(world.disk.text(USER_KUBECONFIG)).toBe(BY_HAND);
        world.disk.broken = undefined;
      });
      expect(seen).toMatch(new RegExp(`^exit [13] ${code}$`));
      return seen;
    },
  };
}

async function merged(prepare: (config: string, home: string) => void, name = 'home'): Promise<{ readonly config: string; readonly home: string; readonly work: () => Promise<unknown>; readonly back: () => Promise<boolean> }> {
  const home = join(temporaryFolder(), name);
  mkdirSync(join(home, '.kube'), { recursive: true });
  const config = join(home, '.kube', 'config');
  prepare(config, home);
  const kubeconfigs = createKubeconfigs({ env: {}, files: createFiles(), yaml: createYaml(), folders: { state: join(home, 'state') }, home: () => home });
  await kubeconfigs.write('dev', ownKubeconfig('kind-devstack-dev'));
  return { config, home, work: () => kubeconfigs.merge('dev', { use: true }), back: () => kubeconfigs.unmerge('dev') };
}

/** In and out again, and every byte is as before. */
function thereAndBack(number: number, fault: string, text: string, name?: string): FaultCase {
  return {
    number, fault, injected: 'merge, then unmerge', expected: 'every byte as before', run: async () => {
      const { config, work, back } = await merged((path) => writeFileSync(path, text), name);
      await work();
      expect(readFileSync(config, 'utf8')).toContain('kind-devstack-dev');
      await back();
      expect(readFileSync(config, 'utf8')).toBe(text);
      return 'every byte as before';
    },
  };
}

function notUsable(number: number, fault: string, code: string | RegExp, prepare: (config: string, home: string) => void): FaultCase {
  return { number, fault, injected: 'merge', expected: 'refused, neither followed nor waited for', run: async () => expectCode(code, (await merged(prepare)).work) };
}

const manyContexts = (): string => `apiVersion: v1\nkind: Config\nclusters:\n${Array.from({ length: 500 }, (_, index) => `- name: c${index}\n  cluster:\n    server: https://${index}.example.com\n    certificate-authority-data: ${'QUJD'.repeat(100)}\n`).join('')}contexts: []\nusers: []\n`;

export const diskCases: readonly FaultCase[] = [
  broken(18, 'disk full at the kubeconfig of the user', `${HOME}/.kube`, 'ENOSPC', 'disk-full'),
  { number: 19, fault: 'disk full in the cache', injected: 'a fetch fails', expected: MENDS, run: strikeAt(/^artifacts fetch/, () => ({ name: 'full', before: () => fileError(systemError('ENOSPC'), 'write the cache', '/cache') })) },
  broken(20, 'disk full at state and journal', STATE, 'ENOSPC', 'disk-full'),
  { number: 20, fault: 'disk full in the middle of a run', injected: 'one line of the journal fails', expected: MENDS, run: strikeAt(/^append .*journal/, () => ({ name: 'full', before: () => fileError(systemError('ENOSPC'), 'write the journal', STATE) })) },
  broken(21, 'input/output error', `${HOME}/.kube`, 'EIO', 'file-failed'),
  broken(21, 'input/output error at state', STATE, 'EIO', 'file-failed'),
  broken(22, 'quota exceeded', STATE, 'EDQUOT', 'disk-full'),
  { number: 23, fault: 'no inode left', injected: 'ENOSPC at a folder', expected: MENDS, run: strikeAt(/^mkdir .*stacks\/dev/, () => ({ name: 'full', before: () => fileError(systemError('ENOSPC'), 'make the folder', STATE) })) },
  broken(24, 'home is read-only', HOME, 'EROFS', 'file-read-only'),
  broken(24, 'state belongs to somebody else', STATE, 'EACCES', 'file-denied'),
  { number: 25, fault: 'HOME is relative', injected: 'HOME=here', expected: 'refused', run: () => expectCode(/home|folder/, () => homeOf({ HOME: 'here/there' }, 'linux')) },
  { number: 25, fault: 'DEVSTACK_HOME is relative', injected: 'DEVSTACK_HOME=x', expected: 'refused, with the absolute one', run: () => expectCode('folder-not-absolute', () => createFolders({ DEVSTACK_HOME: 'x', HOME: '/home/ada' }, 'linux')) },
  thereAndBack(27, 'a home with spaces, quotes and a newline', BY_HAND, 'a b\'c"d\ne'),
  thereAndBack(27, 'a home in other letters', BY_HAND, 'ünï 家 🏠'),
  thereAndBack(27, 'a folder with a name of 255 bytes', BY_HAND, 'x'.repeat(255)),
  { number: 28, fault: 'a folder of XDG is a symlink', injected: 'state → elsewhere', expected: 'followed', run: async () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, 'real'));
    symlinkSync(join(folder, 'real'), join(folder, 'state'));
    await createFiles().write(join(folder, 'state', 'a', 'b'), 'x');
    expect(readFileSync(join(folder, 'real', 'a', 'b'), 'utf8')).toBe('x');
    return 'followed';
  } },
  { number: 28, fault: 'a symlink that leads to itself', injected: 'state → state', expected: 'told', run: () => {
    const folder = temporaryFolder();
    symlinkSync('state', join(folder, 'state'));
    return expectCode('file-failed', () => createFiles().write(join(folder, 'state', 'a'), 'x'));
  } },
  { number: 28, fault: 'the folder of the kubeconfig is a symlink', injected: '.kube → dotfiles; merge, then unmerge', expected: 'one lock by both names, every byte as before', run: async () => {
    const { config, home, work, back } = await merged((path, at) => { renameSync(join(at, '.kube'), join(at, 'dotfiles')); symlinkSync('dotfiles', join(at, '.kube')); writeFileSync(path, BY_HAND); });
    await work();
    await back();
    expect([readFileSync(config, 'utf8'), readdirSync(join(home, 'dotfiles'))]).toEqual([BY_HAND, ['config']]);
    return 'every byte as before';
  } },
  { number: 29, fault: 'the kubeconfig is a symlink', injected: 'merge, then unmerge', expected: 'it stays one, its target as before', run: async () => {
    const { config, home, work, back } = await merged((path, at) => { writeFileSync(join(at, 'real'), BY_HAND); symlinkSync('../real', path); });
    await work();
    await back();
    expect([readFileSync(join(home, 'real'), 'utf8'), readdirSync(join(config, '..'))]).toEqual([BY_HAND, ['config']]);
    return 'a symlink still';
  } },
  notUsable(29, 'the kubeconfig is a FIFO', 'kubeconfig-invalid', (path) => { execFileSync('mkfifo', [path]); }),
  notUsable(29, 'the kubeconfig is a folder', 'kubeconfig-invalid', (path) => mkdirSync(path)),
  notUsable(30, 'the kubeconfig is 0444', 'kubeconfig-read-only', (path) => writeFileSync(path, BY_HAND, { mode: 0o444 })),
  thereAndBack(30, 'a kubeconfig with 500 clusters', manyContexts()),
  thereAndBack(31, 'CRLF', BY_HAND.replaceAll('\n', '\r\n')),
  thereAndBack(31, 'a byte order mark', `\uFEFF${BY_HAND}`),
  thereAndBack(31, 'comments, anchors, unknown fields', BY_HAND),
  notUsable(31, 'a key twice', 'yaml-invalid', (path) => writeFileSync(path, 'kind: Config\nkind: Config\n')),
  notUsable(31, 'UTF-16', 'kubeconfig-invalid', (path) => writeFileSync(path, Buffer.from(`\uFEFF${BY_HAND}`, 'utf16le'))),
  thereAndBack(32, 'an empty kubeconfig', ''),
  notUsable(32, 'a kubeconfig that was cut off', 'yaml-invalid', (path) => writeFileSync(path, 'clusters:\n- cluster: {server: "https://x')),
  { number: 33, fault: 'several files in KUBECONFIG, the first read-only', injected: 'KUBECONFIG=a:b', expected: 'the one that can be written', run: async () => {
    const home = temporaryFolder();
    const [a, b] = [join(home, 'a'), join(home, 'b')];
    writeFileSync(a, BY_HAND, { mode: 0o444 });
    writeFileSync(b, BY_HAND);
    const kubeconfigs = createKubeconfigs({ env: { KUBECONFIG: `${a}:${b}` }, files: createFiles(), yaml: createYaml(), folders: { state: join(home, 'state') }, home: () => home });
    await kubeconfigs.write('dev', ownKubeconfig('kind-devstack-dev'));
    expect((await kubeconfigs.merge('dev', { use: true })).path).toBe(b);
    return 'b';
  } },
  { number: 34, fault: 'a config.lock that a killed kubectl has left', injected: 'an empty lock, two seconds old', expected: 'taken over within a second', run: async () => {
    const { config, work } = await merged((path) => { writeFileSync(path, BY_HAND); writeFileSync(`${path}.lock`, ''); utimesSync(`${path}.lock`, new Date(), new Date(Date.now() - 2000)); });
    await work();
    expect(readdirSync(join(config, '..'))).toEqual(['config']);
    return 'taken over';
  } },
  { number: 35, fault: 'a file system that takes Dev and dev for one', injected: 'Dev as the name of a stack', expected: 'refused: names of stacks differ by more than that', run: async () => {
    expect(nameProblem('Dev')).toBeDefined();
    return expectCode('stack-name-invalid', () => folderOf({ state: '/s' }, 'Dev'));
  } },
  { number: 36, fault: 'umask 000', injected: 'the process has none', expected: 'credentials are 0600, folders 0700', run: async () => {
    const before = process.umask(0);
    try {
      const { home } = await merged((path) => writeFileSync(path, BY_HAND, { mode: 0o600 }));
      expect([join(home, 'state'), join(home, 'state/stacks/dev'), join(home, 'state/stacks/dev/kubeconfig')].map((path) => statSync(path).mode & 0o777)).toEqual([0o700, 0o700, 0o600]);
    } finally {
      process.umask(before);
    }
    return '0600, 0700';
  } },
  notUsable(37, 'a planted symlink where the lock will be', 'lock-blocked', (path, home) => { writeFileSync(path, BY_HAND); writeFileSync(join(home, 'victim'), 'precious'); symlinkSync(join(home, 'victim'), `${path}.lock`); }),
  { number: 38, fault: 'what a killed writer left half written', injected: 'a temporary file of a dead process', expected: 'removed by the next write, others stay', run: async () => {
    const folder = temporaryFolder();
    const files = createFiles();
    await files.write(join(folder, 'a'), 'x');
    // A name as ours, of a process that is gone; and one that only looks alike.
    const { temporaryBeside } = await import('../../../src/host/temporary.ts');
    const dead = (await temporaryBeside(join(folder, 'a'))).replace(`-${process.pid}-`, '-999999999-');
    writeFileSync(dead, 'half');
    writeFileSync(join(folder, '.devstack-mine.tmp'), 'somebody else');
    await files.write(join(folder, 'a'), 'y');
    expect(readdirSync(folder)).toEqual(['.devstack-mine.tmp', 'a']);
    return 'removed';
  } },
  { number: 39, fault: 'too many open files', injected: 'EMFILE once', expected: MENDS, run: strikeAt(/^append .*journal/, () => ({ name: 'files', before: () => fileError(systemError('EMFILE'), 'write the journal', STATE) })) },
  { number: 7, fault: 'a journal that is damaged', injected: 'NUL bytes, half lines, another version', expected: 'read for what it is, never half used', run: async () => {
    const state = temporaryFolder();
    const world = { files: createFiles(), clock: { now: () => 1 }, folders: { state }, pid: 1 };
    const journal = await openJournal(world, 'dev', 'up');
    await journal.record({ step: 'cluster', state: 'intent' });
    const path = join(state, 'stacks/dev/journal.ndjson');
    writeFileSync(path, `\0\0\0{"v":2,"run":"x","at":1,"begin":"up"}\n${readFileSync(path, 'utf8')}{"v":1,"run":`, { flag: 'w' });
    chmodSync(path, 0o600);
    const runs = await readJournal(world, 'dev');
    expect(runs.map(({ command, steps }) => [command, steps.length])).toEqual([['up', 1]]);
    return 'one run, whole';
  } },
];
