// What is checked in and made from the tables of the source is current.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import packageJson from '../package.json' with { type: 'json' };
import { generatedFiles } from '../scripts/generated.ts';
import { VERSION } from '../src/model/version.ts';

const ROOT = join(import.meta.dirname, '..');

test('docs/generated and schema/ are what the source says', async () => {
  for (const [path, text] of Object.entries(await generatedFiles(ROOT))) {
    expect(await readFile(join(ROOT, path), 'utf8'), `${path} is old: run npm run build`).toBe(text);
  }
});

test('there is one version', () => {
  expect(packageJson.version).toBe(VERSION);
});

test('the package needs nothing at run time', () => {
  expect(Object.keys(packageJson)).not.toContain('dependencies');
});
