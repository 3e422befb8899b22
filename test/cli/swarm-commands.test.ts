import { describe, expect, test } from 'vitest';
import type { ServiceOutcome } from '../../src/cli/swarm-use-cases.ts';
import { failedError } from '../../src/model/error.ts';
import type { NodeRow } from '../../src/swarm/nodes.ts';
import type { ServiceChange } from '../../src/swarm/service.ts';
import { run } from './harness.ts';

const outcome = (name: string, running: number): ServiceOutcome => ({
  stack: 'dev', durationMs: 1200, status: { name, state: 'converged', message: `${running}/${running} running`, running, desired: running, leaving: 0 },
});
const row: NodeRow = { name: 'worker-1', id: 'abc', role: 'worker', isLeader: false, state: 'ready', availability: 'drain', reachability: undefined, engine: '28.0.0', tasks: 0 };
const resultOf = (stdout: string) => JSON.parse(stdout.trim().split('\n').at(-1) ?? '{}') as Record<string, unknown>;

describe('scale', () => {
  test('several services in their order', async () => {
    let wishes: unknown;
    const { code, stdout } = await run(['scale', 'web=5', 'db=1', '--json'], { useCases: { scaleServices: async (given) => { wishes = given; return given.map(({ service, replicas }) => outcome(service, replicas)); } } });
    expect(code).toBe(0);
    expect(wishes).toEqual([{ service: 'web', replicas: 5 }, { service: 'db', replicas: 1 }]);
    expect(resultOf(stdout)).toMatchObject({ ok: true, services: [{ service: 'web', running: 5, desired: 5 }, { service: 'db', running: 1 }] });
  });

  test.each(['web', 'web=', 'web=many', 'web=-1', '=3', 'web=5000'])('%s is refused before anything is asked', async (text) => {
    const { code, stderr } = await run(['scale', text]);
    expect(code).toBe(2);
    expect(stderr).toContain('web=5');
  });
});

describe('update', () => {
  test('hands on what is to change, times as Swarm counts them', async () => {
    let seen: ServiceChange | undefined;
    const useCases = { updateService: async (_service: string, change: ServiceChange) => { seen = change; return outcome('shop_web', 3); } };
    const { code } = await run(['update', 'web', '--image', 'shop:2', '--env', 'A=1,2', '--parallelism', '1', '--delay', '5s', '--monitor', '250ms', '--on-failure', 'rollback', '--order', 'start-first'], { useCases });
    expect(code).toBe(0);
    expect(seen).toEqual({ image: 'shop:2', env: { A: '1,2' }, parallelism: 1, delay: 5e9, monitor: 250e6, onFailure: 'rollback', order: 'start-first' });
  });

  test('to nothing is refused', async () => {
    const { code, stderr } = await run(['update', 'web']);
    expect(code).toBe(2);
    expect(stderr).toContain('update: to what?');
  });

  test('an update that was rolled back is a failure with its cause', async () => {
    const useCases = { updateService: async () => { throw failedError({ code: 'swarm-service-failed', message: 'service web: the update failed and was rolled back: No such image: a:2', details: { kind: 'image-missing' } }); } };
    const { code, stdout } = await run(['update', 'web', '--image', 'a:2', '--json'], { useCases });
    expect(code).toBe(1);
    expect(resultOf(stdout)).toMatchObject({ ok: false, error: { code: 'swarm-service-failed', details: { kind: 'image-missing' } } });
  });
});

test('rollback', async () => {
  const { code, stdout } = await run(['rollback', 'web'], { useCases: { rollbackService: async () => outcome('shop_web', 3) } });
  expect(code).toBe(0);
  expect(stdout).toContain('shop_web in dev: 3/3 running after 1.2s');
});

describe('node', () => {
  test('list is what it does without a word', async () => {
    const { stdout } = await run(['node'], { useCases: { nodes: async () => ({ stack: 'dev', nodes: [row] }) } });
    expect(stdout).toMatch(/worker-1\s+worker\s+ready\s+drain\s+0 tasks\s+28\.0\.0/);
  });

  test('activate is availability active', async () => {
    let seen: readonly unknown[] = [];
    const { code } = await run(['node', 'activate', 'worker-1'], { useCases: { changeNode: async (...given) => { seen = given.slice(0, 2); return row; } } });
    expect(code).toBe(0);
    expect(seen).toEqual(['worker-1', 'active']);
  });

  test.each([[['node', 'drian', 'a'], /did you mean drain/], [['node', 'drain'], /which one/]])('%j is refused', async (words, message) => {
    const { code, stderr } = await run(words);
    expect(code).toBe(2);
    expect(stderr).toMatch(message);
  });
});

describe('where the stack is a swarm', () => {
  test('a YAML file is deployed as a stack, its ports on this machine alone unless asked for', async () => {
    let seen: unknown;
    const report = {
      stack: 'dev', name: 'shop', created: ['shop_web'], changed: [], unchanged: [], removed: [], differences: [], notes: [], durationMs: 5000,
      ports: [{ namespace: 'shop', service: 'shop_web', published: 8080, target: 80, url: 'http://127.0.0.1:8080/', status: 200, durationMs: 12 }],
    };
    const { code, stdout } = await run(['deploy', 'stack.yml', '--project', 'shop', '--json'], {
      useCases: { deployStackFile: async ({ path, name }, { isPublic }) => { seen = { path, name, isPublic }; return report; } },
    });
    expect(code).toBe(0);
    expect(seen).toEqual({ path: 'stack.yml', name: 'shop', isPublic: false });
    expect(resultOf(stdout)).toMatchObject({ ok: true, app: 'shop', created: ['shop_web'], endpoints: [{ name: 'shop_web', address: '127.0.0.1:8080', status: 200, verified: true }] });
  });

  test('an app goes to the swarm when that is said, and its log follows when that is asked for', async () => {
    let asked: unknown;
    const { code, stdout } = await run(['deploy', 'httpbin', '--as', 'swarm', '--follow'], { useCases: {
      deploySwarmApp: async ({ source, stack }) => {
        asked = { source, stack };
        return { stack: 'lab', name: 'httpbin', created: ['httpbin_web'], changed: [], unchanged: [], removed: [], ports: [], differences: [], notes: [], durationMs: 5000 };
      },
      async *serviceLogs(app, stack, { follow }) { yield { pod: 'web.1', line: `${app} in ${stack ?? ''}, ${follow ? 'followed' : 'once'}` }; },
    } });
    expect(code).toBe(0);
    expect(asked).toEqual({ source: 'httpbin', stack: undefined });
    expect(stdout).toContain('httpbin runs in lab');
    expect(stdout.trim().split('\n').at(-1)).toBe('web.1 | httpbin in lab, followed');
  });

  test('wishes that only Kubernetes can fulfil are refused, not forgotten', async () => {
    const { code, stderr } = await run(['deploy', 'httpbin', '--as', 'swarm', '--annotation', 'a=b', '--namespace', 'shop']);
    expect(code).toBe(2);
    expect(stderr).toContain('--annotation');
    expect(stderr).toContain('--namespace');
  });

  test('delete asks first, and tells what it keeps', async () => {
    const useCases = { isSwarm: async () => true, removeDeployment: async () => ({ stack: 'lab', removed: ['service shop_web'], kept: ['volume shop_data'] }) };
    expect((await run(['delete', 'shop', '--json'], { useCases })).code).toBe(2);
    const { code, stdout } = await run(['delete', 'shop', '--yes'], { useCases });
    expect(code).toBe(0);
    expect(stdout).toContain('volume shop_data');
  });

  test('each line of a log says whose it is', async () => {
    const useCases = { isSwarm: async () => true, async *serviceLogs() { yield { pod: 'web.1', line: 'hello\u001b[2J' }; yield { pod: 'web.2', line: 'world' }; } };
    const { stdout } = await run(['logs', 'web'], { useCases });
    expect(stdout).toBe('web.1 | hello\nweb.2 | world\n');
  });
});
