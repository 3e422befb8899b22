import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { discoverStacks } from '../../../src/clusters/index.ts';
import { kind } from '../../../src/clusters/kind/index.ts';
import { failedError } from '../../../src/model/error.ts';
import { stackLabels } from '../../../src/model/record.ts';
import { addCluster, addNode, CLUSTER, type KindWorld, kindWorld, planOf } from './kind-world.ts';

let world: KindWorld;
beforeEach(async () => { world = await kindWorld(); });
afterEach(() => world.remove());

const observe = () => kind.observe('dev', CLUSTER, world.context);
const destroy = () => kind.destroy('dev', CLUSTER, world.context);
const labels = (given = {}) => stackLabels({ ...planOf(), ...given });

describe('states, told by Docker alone', () => {
  test('a network without nodes is what a kill leaves first', async () => {
    world.engine.addNetwork(CLUSTER, labels());
    expect(await observe()).toMatchObject({ state: 'partial', reason: 'its network is there, its nodes are not' });
  });

  test('nodes without the mark were cut off, also when they run', async () => {
    addCluster(world.engine, labels());
    world.engine.find(`${CLUSTER}-control-plane`).files.delete('/kind/devstack-finished');
    expect(await observe()).toMatchObject({ state: 'partial', reason: 'its creation was cut off' });
  });

  test('a node that goes away between the list and the look at it was cut off', async () => {
    addCluster(world.engine, labels());
    const { files } = world.engine.find(`${CLUSTER}-control-plane`);
    files.get = () => { throw failedError({ code: 'docker-failed', message: 'could not read', reason: `No such container: ${CLUSTER}-control-plane` }); };
    expect(await observe()).toMatchObject({ state: 'partial' });
  });

  test('a missing worker', async () => {
    addCluster(world.engine, labels({ nodes: 3 }), 2);
    expect(await observe()).toMatchObject({ state: 'partial', reason: '1 of its 3 nodes are missing' });
  });

  test('one node asleep: stopped, with everything it was made with', async () => {
    addCluster(world.engine, labels({ nodes: 2 }), 2);
    world.engine.find(`${CLUSTER}-worker`).state = 'exited';
    expect(await observe()).toEqual({
      state: 'stopped', reason: `node ${CLUSTER}-worker is exited`, nodes: 2, ingressPort: 8080, nodeImage: 'kindest/node:v1.34.4', kubernetes: '1.34.4',
      settings: { domain: 'localhost' }, capacity: { cpuMilli: 8000, memoryMi: 8192 }, subnet: '172.30.0.0/16',
    });
  });

  test('a damaged record does not hide the stack', async () => {
    addCluster(world.engine, { ...labels(), 'dev.devstack.record': '{"ports":[{"host":"80"}],"settings":7' });
    expect(await observe()).toMatchObject({ state: 'running', settings: {} });
    expect(await discoverStacks(world.ports)).toEqual([{ stack: 'dev', provider: 'kind', cluster: CLUSTER, port: undefined }]);
  });
});

describe('what is not ours', () => {
  const foreign = [
    ['a kind cluster of that name', () => { addNode(world.engine, CLUSTER, 'control-plane', 0, 'kind'); }, 'is not on a network that devstack made'],
    ['a network of that name', () => { world.engine.addNetwork(CLUSTER); }, 'was not made by devstack'],
    ['a network of another stack', () => { world.engine.addNetwork(CLUSTER, labels({ stack: 'devstack-dev' })); }, 'belongs to stack devstack-dev'],
    ['a network of another provider', () => { world.engine.addNetwork(CLUSTER, labels({ provider: 'minikube' })); }, 'of provider minikube'],
    ['a container with the name of the node', () => { world.engine.addContainer(`${CLUSTER}-control-plane`); }, 'is not on a network'],
  ] as const;

  test.each(foreign)('%s is foreign, refused and never touched', async (_, add, reason) => {
    add();
    expect(await observe()).toMatchObject({ state: 'foreign', reason: expect.stringContaining(reason) });
    const refusal = expect.objectContaining({ code: 'cluster-not-ours', exit: 3 });
    await expect(kind.create(planOf(), world.context)).rejects.toEqual(refusal);
    await expect(destroy()).rejects.toEqual(refusal);
    expect(await kind.access('dev', CLUSTER, world.context)).toBeUndefined();
    expect(world.engine.changes).toEqual([]);
  });

  test('ours goes, a foreign node beside it stays', async () => {
    addCluster(world.engine, labels());
    const other = world.engine.addContainer('somebody', { labels: { 'io.x-k8s.kind.cluster': CLUSTER }, networks: ['kind'] });
    expect(await destroy()).toEqual([`container ${CLUSTER}-control-plane`, `network ${CLUSTER}`]);
    expect(world.engine.containers).toEqual([other]);
  });

  test('a network that somebody else uses stays, and it is told who to ask', async () => {
    addCluster(world.engine, labels());
    world.engine.addContainer('debugger', { networks: [CLUSTER] });
    await expect(destroy()).rejects.toMatchObject({ code: 'kind-network-in-use', hints: [{ command: `docker network inspect ${CLUSTER}` }] });
    expect(world.engine.containers.map((container) => container.name)).toEqual(['debugger']);
  });
});

describe('a node that the engine is still making for a run that was killed', () => {
  test('is waited for and removed with the rest', async () => {
    world.engine.addNetwork(CLUSTER, labels());
    const node = { ...addNode(world.engine, CLUSTER) };
    world.engine.containers.length = 0;
    world.engine.unlisted.set(node.name, node);
    const done = destroy();
    await new Promise((resolve) => setImmediate(resolve));
    world.engine.list(node.name);
    expect(await done).toEqual([`container ${node.name}`, `network ${CLUSTER}`]);
    expect(world.engine.containers).toEqual([]);
  });

  test('a node that came when its network was gone, and so never started, is no stranger', async () => {
    addNode(world.engine, CLUSTER).state = 'created';
    expect(await observe()).toMatchObject({ state: 'partial' });
    expect(await destroy()).toEqual([`container ${CLUSTER}-control-plane`]);
  });

  test('a container that only tried the name, left by a kill, is ours', async () => {
    world.engine.addNetwork(CLUSTER, labels());
    world.engine.addContainer(`${CLUSTER}-control-plane`, { state: 'created', labels: labels(), networks: ['none'] });
    expect(await destroy()).toHaveLength(2);
    expect(world.engine.containers).toEqual([]);
  });
});
