import { describe, expect, it } from 'vitest';
import { addressPlan, clusterPlanOf, isContained, nodePlans, notesOf, problemsOf } from '../../../src/clusters/swarm/cluster-plan.ts';
import { conditionOf, type EngineSwarm, type Holdings } from '../../../src/clusters/swarm/holdings.ts';
import { shortName } from '../../../src/clusters/swarm/images.ts';
import { readStackRecord, stackLabels } from '../../../src/model/record.ts';
import type { DockerContainer } from '../../../src/ports.ts';
import { swarmSpec } from './swarm-spec.ts';

describe('the plan', () => {
  it('one node is the engine itself; several are containers', () => {
    expect(clusterPlanOf(swarmSpec(), 8080)).toMatchObject({ nodeImage: undefined, nodes: 1, settings: { managers: '1' } });
    expect(clusterPlanOf(swarmSpec({ nodes: 3 }), 8080)).toMatchObject({ nodeImage: 'docker:28-dind', ports: [{ host: 8080, node: 8080 }] });
    expect(clusterPlanOf(swarmSpec({ settings: { isolated: 'true', colour: 'true' } }), 8080)).toMatchObject({ nodeImage: 'docker:28-dind', settings: { managers: '1', isolated: 'true' } });
  });

  it('what it was made with comes back from the labels', () => {
    const plan = clusterPlanOf(swarmSpec({ nodes: 3, managers: 2 }), 8080);
    const record = readStackRecord(stackLabels(plan));
    expect(record).toMatchObject({ nodes: 3, nodeImage: plan.nodeImage, settings: plan.settings, ports: plan.ports });
    expect(record !== undefined && isContained(record)).toBe(true);
  });

  it('names the nodes', () => {
    expect(nodePlans({ cluster: 'devstack-dev', nodes: 3, managers: 2 }).map(({ container, host, role }) => [container, host, role])).toEqual([
      ['devstack-dev-manager-1', 'manager-1', 'manager'], ['devstack-dev-manager-2', 'manager-2', 'manager'], ['devstack-dev-worker-1', 'worker-1', 'worker'],
    ]);
  });

  it.each([
    [{ nodes: 0 }, /1 to 16 nodes, not 0/], [{ nodes: 17 }, /1 to 16 nodes/], [{ nodes: 2, managers: 3 }, /1 to 2 are managers, not 3/], [{ managers: 0 }, /are managers, not 0/],
    [{ cluster: 'devstack-Dev' }, /only a-z, 0-9/], [{ cluster: `devstack-${'a'.repeat(60)}` }, /too long/], [{ nodes: 3, settings: { existing: 'true' } }, /leave the number of nodes out/],
  ])('%j is refused', (given, problem) => expect(problemsOf(swarmSpec(given)).join('\n')).toMatch(problem));

  it('an even number of managers is told', () => {
    expect(notesOf(swarmSpec({ nodes: 4, managers: 4 }))[0]).toBe('4 managers survive no more failures than 3: an odd number is better');
    expect(problemsOf(swarmSpec({ nodes: 3, managers: 3 }))).toEqual([]);
  });
});

describe('addresses', () => {
  it.each([
    ['172.19.0.0/16', '172.19.128.0/17', ['172.19.0.2', '172.19.0.17']],
    ['192.168.48.0/20', '192.168.56.0/21', ['192.168.48.2', '192.168.48.17']],
    ['10.9.8.64/26', '10.9.8.96/27', ['10.9.8.66', '10.9.8.81']],
  ])('%s: nodes in the lower half, everything else in %s', (subnet, range, addresses) => {
    const plan = addressPlan(subnet);
    expect(plan?.range).toBe(range);
    expect([plan?.addressOf(0), plan?.addressOf(15)]).toEqual(addresses);
  });
  it.each(['10.0.0.0/28', 'fd00::/64', '10.0.0.0', '10.0.0.0/33', '300.0.0.0/16', ''])('%s has none', (subnet) => expect(addressPlan(subnet)).toBeUndefined());
});

describe('the state', () => {
  const container = (name: string, state = 'running'): DockerContainer => ({ id: name, name, image: '', state, labels: {}, networks: [], ports: [] });
  const network = { id: 'n', name: 'devstack-dev', labels: {} };
  const held = (given: Partial<Holdings>): Holdings => ({ network: undefined, record: undefined, nodes: [], gateways: [], foreign: undefined, engine: undefined, ...given });
  const recordOf = (nodes: number, settings = {}) => readStackRecord(stackLabels(clusterPlanOf(swarmSpec({ nodes, settings }), 8080)));
  const nodes = ['a', 'b', 'c'].map((name) => container(name));

  it.each<[string, Partial<Holdings>, object]>([
    ['nothing', {}, { state: 'absent' }],
    ['a stranger', { foreign: 'the Docker network x was not made by devstack' }, { state: 'foreign', reason: 'the Docker network x was not made by devstack' }],
    ['nodes without their network', { nodes }, { state: 'partial', reason: 'its network is missing' }],
    ['two of three', { network, record: recordOf(3), nodes: nodes.slice(1) }, { state: 'partial', reason: '1 of its 3 nodes are missing' }],
    ['three of three', { network, record: recordOf(3), nodes }, { state: 'running' }],
    ['one asleep', { network, record: recordOf(3), nodes: [...nodes.slice(1), container('a', 'exited')] }, { state: 'stopped', reason: 'node a is exited' }],
  ])('%s', (_what, given, expected) => expect(conditionOf(held(given))).toEqual(expected));

  it.each<[EngineSwarm, string]>([['ours', 'running'], ['none', 'partial'], ['locked', 'stopped'], ['broken', 'partial'], ['foreign', 'foreign']])('the engine itself, its swarm %s: %s', (engine, state) => {
    expect(conditionOf(held({ network, record: recordOf(1), engine })).state).toBe(state);
  });

  it('a swarm of somebody else, used because it was asked for', () => {
    expect(conditionOf(held({ network, record: recordOf(1, { existing: 'true' }), engine: 'foreign' }))).toEqual({ state: 'running' });
    expect(conditionOf(held({ network, record: recordOf(1, { existing: 'true' }), engine: 'none' })).state).toBe('partial');
  });
});

it.each([['docker.io/library/busybox', 'busybox:latest'], ['docker.io/envoyproxy/envoy:v1', 'envoyproxy/envoy:v1'], ['localhost:5000/a', 'localhost:5000/a:latest'], ['a:1', 'a:1']])('an engine lists %s as %s', (reference, name) => {
  expect(shortName(reference)).toBe(name);
});
