// The commands that the documentation shows are commands that exist, with flags that exist.
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import packageJson from '../package.json' with { type: 'json' };
import { findCommand } from '../src/cli/commands/index.ts';
import { parseCommandLine } from '../src/cli/parse.ts';

const ROOT = join(import.meta.dirname, '..');

async function pages(): Promise<readonly { readonly name: string; readonly text: string }[]> {
  const docs = (await readdir(join(ROOT, 'docs'), { recursive: true })).filter((name) => name.endsWith('.md')).map((name) => join('docs', name));
  return Promise.all(['README.md', ...docs].map(async (name) => ({ name, text: await readFile(join(ROOT, name), 'utf8') })));
}

/** `devstack …` in indented blocks and in `code`, without placeholders, pipes and what is explained behind two spaces. */
function commandLines(text: string): readonly string[] {
  const blocks = text.split('\n').filter((line) => /^ {4}\S/.test(line)).map((line) => line.trim());
  const spans = [...text.matchAll(/`([^`\n]+)`/g)].map(([, code = '']) => code);
  const lines = [...blocks, ...spans].flatMap((line) => line.split(' && '));
  return lines.flatMap((line) => [...line.matchAll(/(?:^|\$\()devstack ([a-z][^|)]*)/g)].map(([, words = '']) => words.split(/ {2,}| \| | > /)[0] ?? ''))
    .filter((words) => !/[<[…A-Z]{2}|[A-Z]{3}/.test(words));
}

test('every command of the documentation can be typed', async () => {
  const problems: string[] = [];
  let seen = 0;
  for (const { name, text } of await pages()) {
    for (const line of commandLines(text)) {
      seen += 1;
      const [command = '', ...words] = line.trim().split(/\s+/).map((word) => word.replace(/^['"]|['"]$/g, ''));
      const entry = findCommand(command);
      const found = entry === undefined ? ['no such command'] : parseCommandLine(words, await entry.load(), {}).problems.map(({ place, message }) => `${place}: ${message}`);
      problems.push(...found.map((problem) => `${name}: devstack ${line}: ${problem}`));
    }
  }
  expect(problems).toEqual([]);
  expect(seen).toBeGreaterThan(30);
});

test('every npm script of the documentation exists', async () => {
  for (const { name, text } of await pages()) {
    for (const [, script = ''] of text.matchAll(/npm run ([a-z]+)/g)) expect(Object.keys(packageJson.scripts), name).toContain(script);
  }
});

test('links of the README lead somewhere', async () => {
  const text = await readFile(join(ROOT, 'README.md'), 'utf8');
  for (const [, target = ''] of text.matchAll(/\]\(([^)#]+)\)/g)) {
    if (!target.startsWith('http')) await expect(readdir(join(ROOT, target)).catch(() => readFile(join(ROOT, target))), target).resolves.toBeDefined();
  }
});
