// The provider of a stack when nobody named one: at the rim.
import { expect, test } from 'vitest';
import type { ProviderReport } from '../../src/cli/use-cases.ts';
import { run } from './harness.ts';

test('what is chosen is told with its reason, and taken', async () => {
  const { stderr, asked, code } = await run(['up', '--yes'], { useCases: { chooseProvider: async () => ({ provider: 'minikube', cluster: 'theirs', why: 'stack dev is there already', isSomebodys: false }) } });
  expect(code).toBe(0);
  expect(stderr).toContain('provider minikube: stack dev is there already');
  expect(asked.map(({ spec }) => [spec?.provider, spec?.cluster])).toEqual([['minikube', 'theirs'], ['minikube', 'theirs']]);
});

test('who names one is not asked, and nothing is looked for', async () => {
  const { asked } = await run(['up', '--provider', 'minikube', '--yes'], { useCases: { chooseProvider: async () => { throw new Error('asked'); } } });
  expect(asked[0]?.spec?.provider).toBe('minikube');
});

test('naming a context names its provider and its cluster', async () => {
  const { asked } = await run(['plan', '--context', 'k3d-lab', '--allow-remote', 'k3d-lab'], {});
  expect(asked[0]?.spec).toMatchObject({ provider: 'context', cluster: 'k3d-lab', settings: { context: 'k3d-lab', 'allow-remote': 'k3d-lab' } });
});

test('a context and a provider that takes none contradict each other', async () => {
  const { stderr, code, asked } = await run(['up', '--context', 'k3d-lab', '--provider', 'kind'], {});
  expect([code, asked]).toEqual([2, []]);
  expect(stderr).toContain('--provider: "kind" does not take a context, and --context names "k3d-lab"');
});

test('somebody’s cluster is not taken unasked: without a terminal the flag is named', async () => {
  const { stderr, code } = await run(['up'], { useCases: { chooseProvider: async () => ({ provider: 'docker-desktop', why: 'its Kubernetes 1.34.4 answers', isSomebodys: true }) } });
  expect(code).toBe(2);
  expect(stderr).toContain('--provider docker-desktop');
});

const REPORTS: readonly ProviderReport[] = [
  { id: 'kind', title: 'kind', runtime: 'kubernetes', isUsable: true, why: 'Docker 29.0.0 answers; kind is on PATH', hints: [], chosen: 'it makes a cluster of its own here, and removes all of it' },
  { id: 'docker-desktop', title: 'Docker Desktop', runtime: 'kubernetes', isUsable: false, why: 'Docker Desktop does not run', hints: [{ text: 'start it', command: 'docker desktop start' }] },
];

test('providers: each with what it lacks, and which one up takes', async () => {
  const { stdout, code } = await run(['providers'], { useCases: { providers: async () => REPORTS } });
  expect(code).toBe(0);
  expect(stdout).toContain('✖  docker-desktop  Docker Desktop does not run');
  expect(stdout).toContain('start it: docker desktop start');
  expect(stdout).toContain('devstack up takes kind, unless you name another by --provider: it makes a cluster of its own here');
  const json = await run(['providers', '--json'], { useCases: { providers: async () => REPORTS } });
  expect(JSON.parse(json.stdout.trim().split('\n').at(-1) ?? '')).toMatchObject({ ok: true, providers: [{ id: 'kind', isUsable: true }, { id: 'docker-desktop', hints: [{ command: 'docker desktop start' }] }] });
});
