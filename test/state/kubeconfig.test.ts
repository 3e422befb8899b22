import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { describe, expect, test } from 'vitest';
import { createFiles } from '../../src/host/files.ts';
import { createYaml } from '../../src/host/yaml.ts';
import { createKubeconfigs } from '../../src/state/kubeconfig.ts';
import { temporaryFolder } from '../host/folder.ts';
import { BY_HAND, KUBECTL_STYLE, ownKubeconfig } from './kubeconfig-texts.ts';

/** A home with one stack, `dev`; `kubeconfig` makes KUBECONFIG from the home. */
async function setUp(kubeconfig?: (home: string) => string) {
  const home = temporaryFolder();
  const env = kubeconfig === undefined ? {} : { KUBECONFIG: kubeconfig(home) };
  const kubeconfigs = createKubeconfigs({ env, files: createFiles(), yaml: createYaml(), folders: { state: join(home, 'state') }, home: () => home });
  await kubeconfigs.write('dev', ownKubeconfig('kind-devstack-dev'));
  mkdirSync(join(home, '.kube'));
  const config = join(home, '.kube', 'config');
  return { home, config, kubeconfigs };
}

const text = (path: string): string => readFileSync(path, 'utf8');
const modeOf = (path: string): number => statSync(path).mode & 0o777;
const USE = { use: true };

describe('own', () => {
  test('a file for each stack, 0600 in folders of 0700; the same text is not written again', async () => {
    const { kubeconfigs } = await setUp();
    const path = kubeconfigs.pathOf('dev');
    expect(modeOf(path)).toBe(0o600);
    expect(modeOf(join(path, '..'))).toBe(0o700);
    const before = statSync(path).ino;
    expect(await kubeconfigs.write('dev', ownKubeconfig('kind-devstack-dev'))).toBe(path);
    expect(statSync(path).ino).toBe(before);
    await kubeconfigs.remove('dev');
    await kubeconfigs.remove('dev');
    expect(existsSync(path)).toBe(false);
  });

  test.each(['', '..', '../x', 'a/b', 'a\0', 'A', '-rf', 'a'.repeat(64)])('%j is no name of a stack', async (stack) => {
    const { kubeconfigs } = await setUp();
    expect(() => kubeconfigs.pathOf(stack)).toThrow(expect.objectContaining({ code: 'stack-name-invalid' }));
  });

  test('one that was lost is told with the command that writes it', async () => {
    const { kubeconfigs } = await setUp();
    await expect(kubeconfigs.merge('other', USE)).rejects.toMatchObject({ code: 'kubeconfig-missing', hints: [{ command: 'devstack env other' }] });
  });
});

describe("the user's file", () => {
  test('there and back: bytes, mode and nothing beside it', async () => {
    const { kubeconfigs, config, home } = await setUp();
    writeFileSync(config, BY_HAND, { mode: 0o640 });
    expect(await kubeconfigs.merge('dev', USE)).toEqual({ path: config, context: 'kind-devstack-dev' });
    expect(text(config)).not.toBe(BY_HAND);
    expect(modeOf(config)).toBe(0o640);
    expect(await kubeconfigs.unmerge('dev')).toBe(true);
    expect(text(config)).toBe(BY_HAND);
    expect(modeOf(config)).toBe(0o640);
    expect(readdirSync(join(home, '.kube'))).toEqual(['config']);
    expect(await kubeconfigs.unmerge('dev')).toBe(false);
  });

  test('none: made 0600, and removed again', async () => {
    const { kubeconfigs, config } = await setUp();
    await kubeconfigs.merge('dev', USE);
    expect(modeOf(config)).toBe(0o600);
    await kubeconfigs.unmerge('dev');
    expect(existsSync(config)).toBe(false);
  });

  test('a symlink stays one', async () => {
    const { kubeconfigs, config, home } = await setUp();
    mkdirSync(join(home, 'dotfiles'));
    writeFileSync(join(home, 'dotfiles', 'kube'), KUBECTL_STYLE);
    symlinkSync('../dotfiles/kube', config);
    await kubeconfigs.merge('dev', USE);
    expect(lstatSync(config).isSymbolicLink()).toBe(true);
    expect(text(config)).toContain('kind-devstack-dev');
    await kubeconfigs.unmerge('dev');
    expect(text(join(home, 'dotfiles', 'kube'))).toBe(KUBECTL_STYLE);
    expect([...readdirSync(join(home, 'dotfiles')), ...readdirSync(join(home, '.kube'))]).toEqual(['kube', 'config']);
  });

  test('in a folder that is a symlink: one lock, by whichever name', async () => {
    const { kubeconfigs, config, home } = await setUp();
    rmSync(join(home, '.kube'), { recursive: true });
    mkdirSync(join(home, 'dotfiles'));
    symlinkSync('dotfiles', join(home, '.kube'));
    await kubeconfigs.merge('dev', USE);
    writeFileSync(config, KUBECTL_STYLE);
    await kubeconfigs.merge('dev', USE);
    await kubeconfigs.unmerge('dev');
    expect(text(config)).toBe(KUBECTL_STYLE);
    expect(readdirSync(join(home, 'dotfiles'))).toEqual(['config']);
  });

  test('named from the folder that devstack runs in: found again from any other', async () => {
    const { home } = await setUp();
    const path = join(home, 'work.yaml');
    writeFileSync(path, KUBECTL_STYLE);
    const named = await setUp(() => relative(process.cwd(), path));
    expect((await named.kubeconfigs.merge('dev', USE)).path).toBe(path);
    expect(text(join(named.home, 'state/stacks/dev/merged-into'))).toBe(`${JSON.stringify([path])}\n`);
    await named.kubeconfigs.unmerge('dev');
    expect(text(path)).toBe(KUBECTL_STYLE);
  });

  test('merged a second time: not written', async () => {
    const { kubeconfigs, config } = await setUp();
    writeFileSync(config, KUBECTL_STYLE);
    await kubeconfigs.merge('dev', USE);
    const before = statSync(config);
    await kubeconfigs.merge('dev', USE);
    expect(statSync(config)).toMatchObject({ ino: before.ino, mtimeMs: before.mtimeMs });
  });

  test('what a person saves while the edit is worked out stays: in and out', async () => {
    const { home, config } = await setUp();
    writeFileSync(config, KUBECTL_STYLE);
    const plain = createYaml();
    const saved = ['# saved while it goes in\n', '# saved while it goes out\n'];
    // An editor that saves just when the file was read.
    const yaml = { ...plain, locate: (...args: Parameters<typeof plain.locate>) => {
      const located = plain.locate(...args);
      const line = text(config).includes('devstack.dev') ? saved.pop() : saved.length > 1 ? saved.shift() : undefined;
      if (line !== undefined) writeFileSync(config, text(config) + line);
      return located;
    } };
    const kubeconfigs = createKubeconfigs({ env: {}, files: createFiles(), yaml, folders: { state: join(home, 'state') }, home: () => home });
    await kubeconfigs.merge('dev', USE);
    expect(text(config)).toContain('while it goes in');
    expect(text(config)).toContain('kind-devstack-dev');
    await kubeconfigs.unmerge('dev');
    expect(text(config)).toBe(`${KUBECTL_STYLE}# saved while it goes in\n# saved while it goes out\n`);
  });

  test('a chosen file is found again by unmerge', async () => {
    const { kubeconfigs, home, config } = await setUp();
    const target = join(home, 'work.yaml');
    writeFileSync(target, KUBECTL_STYLE);
    expect((await kubeconfigs.merge('dev', { use: false, target })).path).toBe(target);
    expect(existsSync(config)).toBe(false);
    expect(await kubeconfigs.unmerge('dev')).toBe(true);
    expect(text(target)).toBe(KUBECTL_STYLE);
  });

  test.skipIf(process.platform === 'win32')('what is no kubeconfig is refused, not followed, not waited for', async () => {
    const { kubeconfigs, home } = await setUp();
    const place = (name: string): string => join(home, name);
    mkdirSync(place('directory'));
    execFileSync('mkfifo', [place('fifo')]);
    writeFileSync(place('utf16'), Buffer.from(`\uFEFF${KUBECTL_STYLE}`, 'utf16le'));
    writeFileSync(place('latin1'), Buffer.from('# caf\xe9\nkind: Config\n', 'latin1'));
    writeFileSync(place('broken'), 'clusters: [\n');
    writeFileSync(place('protected'), KUBECTL_STYLE, { mode: 0o444 });
    const expected: readonly (readonly [string, string, RegExp])[] = [
      ['directory', 'kubeconfig-invalid', /directory/], ['fifo', 'kubeconfig-invalid', /regular/], ['utf16', 'kubeconfig-invalid', /UTF-16/],
      ['latin1', 'kubeconfig-invalid', /UTF-8/], ['broken', 'yaml-invalid', /./], ['protected', 'kubeconfig-read-only', /./],
    ];
    for (const [name, code, reason] of expected) {
      const error: unknown = await kubeconfigs.merge('dev', { use: true, target: place(name) }).catch((cause: unknown) => cause);
      expect(error, name).toMatchObject({ code });
      expect(String((error as { reason?: string }).reason)).toMatch(reason);
    }
    expect(text(place('protected'))).toBe(KUBECTL_STYLE);
    expect(readdirSync(home).filter((name) => name.includes('lock') || name.includes('tmp'))).toEqual([]);
    // And none of them stands in the way of taking out what is elsewhere.
    await kubeconfigs.merge('dev', { use: true, target: place('good') });
    expect(await kubeconfigs.unmerge('dev')).toBe(true);
  });
});

describe('KUBECONFIG with several files', () => {
  test('the first that exists takes the entries, as kubectl does it; else the last is made', async () => {
    const { kubeconfigs, home } = await setUp((at) => `:${at}/a::${at}/b:${at}/c`);
    writeFileSync(join(home, 'b'), KUBECTL_STYLE);
    expect((await kubeconfigs.merge('dev', USE)).path).toBe(join(home, 'b'));
    expect(existsSync(join(home, 'a'))).toBe(false);
    const fresh = await setUp((at) => `${at}/a:${at}/c`);
    expect((await fresh.kubeconfigs.merge('dev', USE)).path).toBe(join(fresh.home, 'c'));
  });

  test('one that is read-only is passed over; when all are, that is told', async () => {
    const { kubeconfigs, home } = await setUp((at) => `${at}/a:${at}/b`);
    writeFileSync(join(home, 'a'), KUBECTL_STYLE, { mode: 0o444 });
    writeFileSync(join(home, 'b'), KUBECTL_STYLE);
    expect((await kubeconfigs.merge('dev', USE)).path).toBe(join(home, 'b'));
    expect(await kubeconfigs.unmerge('dev')).toBe(true);
    chmodSync(join(home, 'b'), 0o444);
    await expect(kubeconfigs.merge('dev', USE)).rejects.toMatchObject({ code: 'kubeconfig-read-only', exit: 3 });
  });
});

describe('locks', () => {
  test('a lock that kubectl left behind is taken over', async () => {
    const { kubeconfigs, config } = await setUp();
    writeFileSync(config, KUBECTL_STYLE);
    writeFileSync(`${config}.lock`, '');
    utimesSync(`${config}.lock`, new Date(), new Date(Date.now() - 2000));
    await kubeconfigs.merge('dev', USE);
    expect(existsSync(`${config}.lock`)).toBe(false);
  });

  test('through a symlink both names are locked', async () => {
    const { kubeconfigs, config, home } = await setUp();
    writeFileSync(join(home, 'real'), KUBECTL_STYLE);
    symlinkSync(join(home, 'real'), config);
    mkdirSync(join(home, 'real.lock'));
    await expect(kubeconfigs.merge('dev', USE)).rejects.toMatchObject({ code: 'lock-blocked' });
  });

  test('many stacks at once: none is lost, and the bytes come back', async () => {
    const { kubeconfigs, config } = await setUp();
    writeFileSync(config, BY_HAND);
    const stacks = Array.from({ length: 6 }, (_, index) => `s${index}`);
    await Promise.all(stacks.map(async (stack) => {
      await kubeconfigs.write(stack, ownKubeconfig(`kind-devstack-${stack}`));
      await kubeconfigs.merge(stack, USE);
    }));
    for (const stack of stacks) expect(text(config)).toContain(`name: kind-devstack-${stack}\n`);
    await Promise.all(stacks.map((stack) => kubeconfigs.unmerge(stack)));
    expect(text(config)).toBe(BY_HAND);
  });
});
