// `compare`: everything is known before the first effect, and what was deployed goes again whatever happens.
import { describe, expect, test } from 'vitest';
import type { UseCases } from '../../src/cli/use-cases.ts';
import type { LoadResult } from '../../src/load/run-load.ts';
import { failedError, usageError } from '../../src/model/error.ts';
import { run } from './harness.ts';

const result = {
  spec: { arrival: { model: 'open', rps: 20 } }, startedAt: 0, sent: 10, answered: 10, unsent: 0, statuses: { '200': 10 }, latency: { p50: 5, p95: 9, p99: 9 },
  seconds: [{ second: 0, sent: 10, answered: 10, failed: 0, p95: 9, replicas: 1 }],
} as unknown as LoadResult;

/** A world with a swarm and a stack of Kubernetes, which writes down what is done to it. */
function world(done: string[], changes: Partial<UseCases> = {}): Partial<UseCases> {
  const deployed = new Set<string>();
  return {
    findStack: async (stack, runtime) => ({ stack: stack ?? (runtime === 'swarm' ? 'lab' : 'dev'), runtime: runtime ?? 'kubernetes' }),
    planDeploy: async ({ kind }) => ({ app: 'web', kind: kind === 'deployment' ? 'deployment' : 'knative', stack: 'dev', namespace: 'default', plan: { schema: 1, stack: 'dev', steps: [], notes: [], endpoints: [] } }),
    planSwarmApp: async () => ({ stack: 'lab', plan: { name: 'web', services: [{ Name: 'web', TaskTemplate: { ContainerSpec: { Image: 'dev.local/web:1' } } }] } as unknown as Awaited<ReturnType<UseCases['planSwarmApp']>>['plan'] }),
    async deploy({ app, kind, stack }) {
      done.push(`deploy ${kind}`);
      deployed.add(stack);
      return { app, kind, stack, namespace: 'default', images: [], endpoints: [], changed: 1, durationMs: 1 };
    },
    async deploySwarmApp() {
      done.push('deploy swarm');
      deployed.add('lab');
      return { name: 'web', stack: 'lab', created: [], changed: [], unchanged: [], removed: [], ports: [], differences: [], notes: [], durationMs: 1 };
    },
    apps: async (stack = '') => (deployed.has(stack) ? [{ app: 'web', kind: stack === 'lab' ? 'swarm' : 'knative', stack, namespace: 'default' }] : []),
    coldStart: async ({ kind }) => { done.push(`cold start ${kind}`); return 1500; },
    loadApp: async ({ ref }) => { done.push(`load ${ref.kind}`); return result; },
    planRemoveApp: ({ stack }) => ({ schema: 1, stack, steps: [], notes: [], endpoints: [] }),
    async removeApp({ stack }) {
      done.push('remove from dev');
      deployed.delete(stack);
      return { removed: [], kept: [] };
    },
    async removeDeployment() {
      done.push('remove from lab');
      deployed.delete('lab');
      return { stack: 'lab', removed: [], kept: [] };
    },
    ...changes,
  };
}

test('one after the other, each taken away before the next', async () => {
  const done: string[] = [];
  const { code, stdout } = await run(['compare', 'web', '--on', 'knative,swarm', '--json'], { useCases: world(done) });
  expect(code).toBe(0);
  expect(done).toEqual(['deploy knative', 'cold start knative', 'load knative', 'remove from dev', 'deploy swarm', 'cold start swarm', 'load swarm', 'remove from lab']);
  expect(JSON.parse(stdout.trim().split('\n').at(-1) ?? '')).toMatchObject({ ok: true, app: 'web', runs: [{ kind: 'knative', coldStartMs: 1500, p95: 9, replicas: { least: 1, most: 1 } }, { kind: 'swarm', stack: 'lab', lost: 0 }] });
});

describe('refused before anything is done', () => {
  const done: string[] = [];
  const unknown = usageError({ code: 'stack-unknown', message: 'there is no stack yet' });
  test.each<readonly [string, Partial<UseCases>, readonly string[]]>([
    ['stacks that are missing, each with the command that makes it', { findStack: () => Promise.reject(unknown) }, ['no stack runs knative or swarm', 'devstack up knative', 'devstack up swarm --nodes 3 --name swarm']],
    ['an app of that name that is there already', { apps: async () => [{ app: 'web', kind: 'knative', stack: 'dev', namespace: 'default' }] }, ['is deployed in dev already', 'devstack delete web --name dev']],
    ['a stack that runs something else', { findStack: async () => ({ stack: 'dev', runtime: 'kubernetes' }) }, ['stack dev does not run swarm']],
    ['several stacks that could', { findStack: () => Promise.reject(usageError({ code: 'stack-ambiguous', message: 'several', reason: 'a, b' })) }, ['several stacks could run knative', '--on knative=a,swarm']],
  ])('%s', async (_name, changes, words) => {
    const { code, stderr } = await run(['compare', 'web', '--on', 'knative,swarm'], { useCases: world(done, changes) });
    expect(code).not.toBe(0);
    for (const word of words) expect(stderr).toContain(word);
    expect(done).toEqual([]);
  });
  test('words that are no runtime, and a runtime twice', async () => {
    const { code, stderr } = await run(['compare', 'web', '--on', 'podman,swarm,swarm=lab']);
    expect(code).toBe(2);
    expect(stderr).toContain('"podman" is not one of');
    expect(stderr).toContain('names a runtime twice');
  });
});

test('what was deployed is taken away when the measuring fails', async () => {
  const done: string[] = [];
  const failing = { coldStart: () => Promise.reject(failedError({ code: 'app-keeps-running', message: 'it still runs' })) };
  expect((await run(['compare', 'web', '--on', 'swarm'], { useCases: world(done, failing) })).code).toBe(1);
  expect(done).toEqual(['deploy swarm', 'remove from lab']);
});
