import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { contentTag, localImage, readContext } from '../../src/build/context.ts';
import { createFiles } from '../../src/host/files.ts';

const files = createFiles();
let folder: string;
const put = async (path: string, text: string) => {
  await mkdir(join(folder, path, '..'), { recursive: true });
  await writeFile(join(folder, path), text);
};
const tag = async (buildArgs = {}) => contentTag({ ...(await readContext(folder, 'Dockerfile', files)), dockerfile: 'Dockerfile', buildArgs });

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'devstack-build-'));
  await put('Dockerfile', 'FROM scratch\n');
  await put('src/app.js', '1');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe('readContext', () => {
  it('reads what Docker would send', async () => {
    await put('.dockerignore', '*\n!src\n');
    await put('node_modules/x/index.js', 'x');
    const { entries, bytes } = await readContext(folder, 'Dockerfile', files);
    expect(entries.map(({ path }) => path)).toEqual(['Dockerfile', 'src/app.js']);
    expect(bytes).toBe(14);
  });

  it('prefers the ignore file of the Dockerfile', async () => {
    await put('.dockerignore', 'src\n');
    await put('Dockerfile.dockerignore', '.dockerignore\n');
    expect((await readContext(folder, 'Dockerfile', files)).entries.map(({ path }) => path)).toContain('src/app.js');
  });

  it('names what is missing, and the way on', async () => {
    await expect(readContext(folder, 'Containerfile', files)).rejects.toMatchObject({ code: 'dockerfile-missing', exit: 2, hints: [{ command: 'devstack new --list' }] });
    await expect(readContext(join(folder, 'nowhere'), 'Dockerfile', files)).rejects.toMatchObject({ code: 'build-folder-missing', exit: 2 });
  });

  it('does not follow links', async () => {
    await symlink('/etc', join(folder, 'etc'));
    await symlink('loop', join(folder, 'loop'));
    const { entries } = await readContext(folder, 'Dockerfile', files);
    expect(entries.filter(({ content }) => content.startsWith('->'))).toEqual([
      { path: 'etc', isExecutable: false, content: '->/etc' }, { path: 'loop', isExecutable: false, content: '->loop' },
    ]);
  });
});

describe('contentTag', () => {
  it('is the same for the same content, whatever was touched', async () => {
    const before = await tag();
    await put('src/app.js', '1');
    expect(await tag()).toBe(before);
    expect(before).toMatch(/^[0-9a-f]{12}$/);
  });

  it.each<[string, () => Promise<void>]>([
    ['content', () => put('src/app.js', '2')],
    ['a file more', () => put('src/b.js', '')],
    ['a name', async () => { await rm(join(folder, 'src/app.js')); await put('src/App.js', '1'); }],
    ['permission to execute', () => chmod(join(folder, 'src/app.js'), 0o755)],
    ['where a link leads', () => symlink('a', join(folder, 'link'))],
    ['the Dockerfile, though it is ignored', async () => { await put('.dockerignore', 'Dockerfile'); await put('Dockerfile', 'FROM busybox:1.37\n'); }],
  ])('changes with %s', async (_what, change) => {
    const before = await tag();
    await change();
    expect(await tag()).not.toBe(before);
  });

  it('does not change with what is ignored, nor with the mode that another machine gives', async () => {
    await put('.dockerignore', 'log\n.dockerignore\n');
    const before = await tag();
    await put('log', 'x');
    await chmod(join(folder, 'src/app.js'), 0o600);
    expect(await tag()).toBe(before);
  });

  it('changes with build arguments, not with their order', async () => {
    expect(await tag({ A: '1', B: '2' })).toBe(await tag({ B: '2', A: '1' }));
    expect(new Set([await tag(), await tag({ A: '1' }), await tag({ A: '2' }), await tag({ A1: '' })]).size).toBe(4);
  });

  it('never takes two different inputs for one', () => {
    const entry = fc.record({ path: fc.string({ minLength: 1 }), isExecutable: fc.boolean(), content: fc.string() });
    const inputs = fc.record({ entries: fc.uniqueArray(entry, { selector: ({ path }) => path, maxLength: 3 }), dockerfile: fc.constant('Dockerfile'), buildArgs: fc.dictionary(fc.string(), fc.string(), { maxKeys: 2 }) });
    const canonical = (input: { entries: { path: string }[]; buildArgs: object }) => JSON.stringify([
      [...input.entries].sort((a, b) => (a.path < b.path ? -1 : 1)), Object.entries(input.buildArgs).sort(([a], [b]) => (a < b ? -1 : 1)),
    ]);
    fc.assert(fc.property(inputs, inputs, (a, b) => (contentTag(a) === contentTag(b)) === (canonical(a) === canonical(b))));
  });
});

it('names images so that neither Knative nor a node looks them up', () => {
  expect(localImage('app', '0123456789ab')).toBe('dev.local/app:0123456789ab');
});
