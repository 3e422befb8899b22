// `demo` chooses by what the stack runs; what a demonstration changed is put right again also when it fails.
import { describe, expect, test } from 'vitest';
import { nodeToDrain } from '../../src/cli/demos/drain.ts';
import type { NodeRow } from '../../src/swarm/nodes.ts';
import { run } from './harness.ts';

const node = (name: string, changes: Partial<NodeRow> = {}): NodeRow => ({
  name, id: name, role: 'worker', isLeader: false, state: 'ready', availability: 'active', reachability: undefined, engine: '28.0.0', tasks: 1, ...changes,
});
const leader = node('manager-1', { role: 'manager', isLeader: true, tasks: 9 });

test('a demonstration that does not fit the stack says which do', async () => {
  const { code, stderr } = await run(['demo', 'canary', '--name', 'lab'], { useCases: { findStack: async () => ({ stack: 'lab', runtime: 'swarm' }) } });
  expect(code).toBe(2);
  expect(stderr).toContain('canary is shown on Kubernetes; lab is Swarm');
  expect(stderr).toContain('these fit there: rolling-update, rollback, drain');
});

test('one that fits a single runtime looks for a stack of it', async () => {
  let asked: unknown;
  await run(['demo', 'drain'], { useCases: { findStack: async (stack, runtime) => { asked = { stack, runtime }; return { stack: 'lab', runtime: 'swarm' }; }, nodes: async () => ({ stack: 'lab', nodes: [leader] }), apps: async () => [] } });
  expect(asked).toEqual({ stack: undefined, runtime: 'swarm' });
});

test('drain on one node says how to get more', async () => {
  const { code, stderr } = await run(['demo', 'drain'], { useCases: { findStack: async () => ({ stack: 'lab', runtime: 'swarm' }), nodes: async () => ({ stack: 'lab', nodes: [leader] }), apps: async () => [] } });
  expect(code).toBe(3);
  expect(stderr).toContain('devstack up swarm --nodes 3');
});

describe('the node that is drained', () => {
  test('is the busiest worker', () => {
    expect(nodeToDrain([leader, node('worker-1'), node('worker-2', { tasks: 3 })])?.name).toBe('worker-2');
  });
  test('is another manager where there is no worker, never one that is out of work', () => {
    expect(nodeToDrain([leader, node('manager-2', { role: 'manager' }), node('worker-1', { availability: 'drain' }), node('worker-2', { state: 'down' })])?.name).toBe('manager-2');
  });
});

test('a drained node gets work again though the demonstration fails', async () => {
  const changes: string[] = [];
  const { code } = await run(['demo', 'drain'], { useCases: {
    findStack: async () => ({ stack: 'lab', runtime: 'swarm' }),
    nodes: async () => ({ stack: 'lab', nodes: [leader, node('worker-1')] }),
    deploySwarmApp: async ({ app = '' }) => ({ name: app, stack: 'lab', created: [], changed: [], unchanged: [], removed: [], ports: [], differences: [], notes: [], durationMs: 1 }),
    loadApp: () => new Promise(() => undefined), rest: async () => undefined, apps: async () => [],
    async changeNode(name, change) {
      changes.push(`${change} ${name}`);
      if (change === 'drain') throw new Error('the manager is gone');
      return node(name);
    },
  } });
  expect(code).not.toBe(0);
  expect(changes).toEqual(['drain worker-1', 'active worker-1']);
});

test('hpa without metrics says how to get them, and deploys nothing', async () => {
  const listing = { stack: 'dev', addons: [] };
  const { code, stderr } = await run(['demo', 'hpa'], { useCases: { findStack: async () => ({ stack: 'dev', runtime: 'kubernetes' }), addons: async () => listing, apps: async () => [] } });
  expect(code).toBe(3);
  expect(stderr).toContain('devstack addon add metrics-server --name dev');
});
