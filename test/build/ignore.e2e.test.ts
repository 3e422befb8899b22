// What we take for the context is what Docker takes for it.
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readContext } from '../../src/build/context.ts';
import { createFiles } from '../../src/host/files.ts';

const PATHS = ['a', 'b.md', '.env', 'src/a.js', 'src/a.test.js', 'src/deep/a.js', 'src/deep/README.md', 'docs/README.md', 'docs/x/y/z.md', 'node_modules/m/index.js', 'a b/c', 'odd[1]/x'];
const IGNORES = [
  '', '*', '**', 'src', '/src/', 'src/*', 'src/**', '**/*.md', '*.md', '**/README.md\n!docs/README.md', '*\n!src', '*\n!src/deep/a.js', '*\n!**/*.js', '**\n!src/*.js',
  '# comment\n\nsrc  ', '!src\nsrc', 'src\n!src/deep', '*/a.js', '**/deep', 'src/**/a.js', './src/../docs', '.*', '[ab]*', '[^a]*', 'a\\ b', 'a b', 'odd\\[1\\]', 'odd[1]', '**/x/**', 'docs/**\n!docs/x/y', '?', '!*', 'Dockerfile\nsrc',
  '..', '../src', '/../src', 'docs/../../src', '*\n!.env\n!a b/*', 'docs/x/**/z.md', '**/**/z.md', '*.js\n!src',
];

describe.skipIf(process.env['DEVSTACK_LAB'] === undefined)('.dockerignore, against the engine', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'devstack-ignore-'));
    for (const path of PATHS) {
      mkdirSync(dirname(join(folder, 'context', path)), { recursive: true });
      writeFileSync(join(folder, 'context', path), path);
    }
    writeFileSync(join(folder, 'context/Dockerfile'), 'FROM scratch\nCOPY . /\n');
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it.each(IGNORES)('%j', async (text) => {
    writeFileSync(join(folder, 'context/.dockerignore'), text);
    const out = join(folder, 'out');
    rmSync(out, { recursive: true, force: true });
    execFileSync('docker', ['buildx', 'build', '--builder', 'default', '--quiet', '--output', `type=local,dest=${out}`, join(folder, 'context')], { stdio: 'pipe' });
    const sent = readdirSync(out, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name).slice(out.length + 1));
    const { entries } = await readContext(join(folder, 'context'), 'Dockerfile', createFiles());
    // We always count the Dockerfile: it makes the image, also where it is not copied.
    const ours = entries.map(({ path }) => path).filter((path) => path !== 'Dockerfile' || sent.includes(path));
    expect(ours.sort()).toEqual(sent.sort());
  });
});
