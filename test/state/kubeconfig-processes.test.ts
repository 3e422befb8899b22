// Several processes on one kubeconfig: nothing is lost, whatever happens to one of them.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { rolldown } from 'rolldown';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { createFiles } from '../../src/host/files.ts';
import { createYaml } from '../../src/host/yaml.ts';
import { createKubeconfigs } from '../../src/state/kubeconfig.ts';
import { temporaryFolder } from '../host/folder.ts';
import { BY_HAND, ownKubeconfig } from './kubeconfig-texts.ts';

/** Few, for every run of the unit tests; 64 writers and 100 rounds are `npm run faults -- kubeconfig`. */
const WRITERS = 3;
const ROUNDS = 2;
const TIMEOUT_MS = 60_000 + WRITERS * ROUNDS * 2000;

const folder = mkdtempSync(join(tmpdir(), 'devstack-test-writer-'));
const program = join(folder, 'writer.mjs');

beforeAll(async () => {
  // Node 20 runs no TypeScript.
  const bundle = await rolldown({ input: join(import.meta.dirname, '../fixtures/state/kubeconfig-writer.ts'), platform: 'node' });
  await bundle.write({ file: program, format: 'esm' });
  await bundle.close();
}, 30_000);
afterAll(() => rmSync(folder, { recursive: true }));

function setUp() {
  const home = temporaryFolder();
  const config = join(home, '.kube', 'config');
  mkdirSync(join(home, '.kube'));
  writeFileSync(config, BY_HAND);
  const kubeconfigs = createKubeconfigs({ env: {}, files: createFiles(), yaml: createYaml(), folders: { state: join(home, 'state') }, home: () => home });
  return { home, config, kubeconfigs };
}

function start(...args: readonly string[]): ChildProcess {
  const child = spawn(process.execPath, [program, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  return child;
}

test('writers side by side: all succeed, no entry is lost, the bytes of others stay', async () => {
  const { home, config, kubeconfigs } = setUp();
  const stacks = Array.from({ length: WRITERS }, (_, index) => `s${index}`);
  await Promise.all(stacks.map(async (stack) => {
    const child = start(home, stack, String(ROUNDS));
    let errors = '';
    child.stderr?.on('data', (chunk) => (errors += chunk));
    const [code] = (await once(child, 'close')) as [number];
    expect({ code, errors }).toEqual({ code: 0, errors: '' });
  }));
  for (const stack of stacks) expect(readFileSync(config, 'utf8')).toContain(`name: kind-devstack-${stack}\n`);
  for (const stack of stacks) await kubeconfigs.unmerge(stack);
  expect(readFileSync(config, 'utf8')).toBe(BY_HAND);
  expect(readdirSync(join(home, '.kube'))).toEqual(['config']);
}, TIMEOUT_MS);

test('one that is killed while it holds the lock does not stop the next', async () => {
  const { home, config, kubeconfigs } = setUp();
  const child = start(home, 'dead', '1', 'hold');
  await once(child.stdout ?? child, 'data');
  child.kill('SIGKILL');
  await once(child, 'close');
  expect(existsSync(`${config}.lock`)).toBe(true);
  await kubeconfigs.write('dev', ownKubeconfig('kind-devstack-dev'));
  await kubeconfigs.merge('dev', { use: true });
  expect(readdirSync(join(home, '.kube'))).toEqual(['config']);
});

test('killed at any moment: the file is as before or as after, and the next one goes on', async () => {
  const { home, config, kubeconfigs } = setUp();
  for (let round = 0; round < ROUNDS; round += 1) {
    const child = start(home, 'victim', '1000');
    // Each round at another point of its work: after so many changes of the file.
    while (!readFileSync(config, 'utf8').includes('victim')) await new Promise(setImmediate);
    for (let turn = 0; turn < round * 7; turn += 1) await new Promise(setImmediate);
    child.kill('SIGKILL');
    await once(child, 'close');
    createYaml().parseAll(readFileSync(config, 'utf8'), config);
    await kubeconfigs.unmerge('victim');
    expect(readFileSync(config, 'utf8')).toBe(BY_HAND);
  }
}, TIMEOUT_MS);
