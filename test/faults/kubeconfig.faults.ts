// Many writers on one kubeconfig, as real processes: devstack, and beside it kubectl on a file of its own. `npm run faults -- kubeconfig`.
// WRITERS and ROUNDS choose how many (the whole are 64 and 100); kubectl, which costs a process for each write, does KUBECTL_ROUNDS.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { rolldown } from 'rolldown';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createFiles } from '../../src/host/files.ts';
import { createProcesses } from '../../src/host/process.ts';
import { createYaml } from '../../src/host/yaml.ts';
import { arrayAt } from '../../src/model/object.ts';
import { createKubeconfigs } from '../../src/state/kubeconfig.ts';
import { BY_HAND, KUBECTL_STYLE } from '../state/kubeconfig-texts.ts';

const WRITERS = Number(process.env['WRITERS'] ?? 64);
const ROUNDS = Number(process.env['ROUNDS'] ?? 5);
const KUBECTL_ROUNDS = Number(process.env['KUBECTL_ROUNDS'] ?? 2);
const TIMEOUT_MS = 3_600_000;

const folder = mkdtempSync(join(tmpdir(), 'devstack-test-writers-'));
const program = join(folder, 'writer.mjs');
const numbers = (count: number): readonly number[] => Array.from({ length: count }, (_, index) => index);

beforeAll(async () => {
  const bundle = await rolldown({ input: join(import.meta.dirname, '../fixtures/state/kubeconfig-writer.ts'), platform: 'node' });
  await bundle.write({ file: program, format: 'esm' });
  await bundle.close();
}, 60_000);
afterAll(() => rmSync(folder, { recursive: true }));

function home(name: string, text: string): { readonly path: string; readonly config: string } {
  const path = join(folder, name);
  mkdirSync(join(path, '.kube'), { recursive: true });
  writeFileSync(join(path, '.kube', 'config'), text);
  return { path, config: join(path, '.kube', 'config') };
}

async function exitOf(command: string, args: readonly string[], env: NodeJS.ProcessEnv = process.env): Promise<number> {
  const child = spawn(command, args, { stdio: 'ignore', env });
  const [code] = (await once(child, 'close')) as [number | null];
  return code ?? 137;
}

function tell(who: string, { writes, failed, lost, ms }: { readonly writes: number; readonly failed: number; readonly lost: number; readonly ms: number }): void {
  console.log(`${who}: ${WRITERS} writers, ${writes} writes in ${(ms / 1000).toFixed(1)} s (${Math.round((writes * 1000) / ms)} a second): ${failed} failed, ${lost} reported as done and lost`);
}

test('devstack: nothing fails, nothing is lost, the bytes of others stay', async () => {
  const { path, config } = home('devstack', BY_HAND);
  const stacks = numbers(WRITERS).map((index) => `s${index}`);
  const started = performance.now();
  const exits = await Promise.all(stacks.map((stack) => exitOf(process.execPath, [program, path, stack, String(ROUNDS)])));
  const ms = performance.now() - started;
  const text = readFileSync(config, 'utf8');
  const [failed, lost] = [exits.filter((code) => code !== 0).length, stacks.filter((stack) => !text.includes(`name: kind-devstack-${stack}\n`)).length];
  tell('devstack', { writes: WRITERS * (2 * ROUNDS + 1), failed, lost, ms });
  const kubeconfigs = createKubeconfigs({ env: {}, files: createFiles(), yaml: createYaml(), folders: { state: join(path, 'state') }, home: () => path });
  for (const stack of stacks) await kubeconfigs.unmerge(stack);
  expect([failed, lost, readFileSync(config, 'utf8')]).toEqual([0, 0, BY_HAND]);
}, TIMEOUT_MS);

test('kubectl, beside it', async (context) => {
  const kubectl = await createProcesses(process.env).find('kubectl');
  if (kubectl === undefined) return context.skip('there is no kubectl on PATH');
  const { config } = home('kubectl', KUBECTL_STYLE);
  const started = performance.now();
  const done: string[] = [];
  let failed = 0;
  await Promise.all(numbers(WRITERS).map(async (writer) => {
    for (const round of numbers(KUBECTL_ROUNDS)) {
      const name = `w${writer}-${round}`;
      if (await exitOf(kubectl, ['config', 'set-context', name, '--cluster=prod', '--user=alice', `--kubeconfig=${config}`]) === 0) done.push(name);
      else failed += 1;
    }
  }));
  const names = arrayAt(createYaml().parseAll(readFileSync(config, 'utf8'), config)[0], 'contexts').map((entry) => (entry as { readonly name?: string }).name);
  tell('kubectl', { writes: WRITERS * KUBECTL_ROUNDS, failed, lost: done.filter((name) => !names.includes(name)).length, ms: performance.now() - started });
  return undefined;
}, TIMEOUT_MS);
