import { readdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { kind } from '../../../src/clusters/kind/index.ts';
import { failedError } from '../../../src/model/error.ts';
import { stackLabels } from '../../../src/model/record.ts';
import { addCluster, CLUSTER, type KindWorld, kindWorld, NODE_IMAGE, planOf } from './kind-world.ts';

let world: KindWorld;
afterEach(() => world.remove());

const left = () => [...world.engine.containers, ...world.engine.networks].map((thing) => thing.name);
const stackFolder = () => dirname(world.ports.kubeconfigs.pathOf('dev'));

describe('create', () => {
  test('gives kind its configuration, its network, and a kubeconfig that is not the user\'s', async () => {
    world = await kindWorld();
    await kind.create(planOf(), world.context);
    await kind.finish?.(planOf(), world.context);
    const seen = await world.seen();
    expect(JSON.parse(seen.slice(seen.indexOf('{')))).toMatchObject({ name: CLUSTER });
    expect(seen).toContain(`KIND_EXPERIMENTAL_DOCKER_NETWORK=${CLUSTER}\n`);
    expect(seen).toContain('DOCKER_HOST=unix:///fake.sock\n');
    const own = join(stackFolder(), 'kind', 'kubeconfig');
    expect(seen).toContain(`KUBECONFIG=${own}\n`);
    expect(seen).toContain(`create cluster --name ${CLUSTER} --config ${join(stackFolder(), 'kind', 'config.json')} --kubeconfig ${own} --retain\n`);
    expect(await readdir(stackFolder())).toEqual(['kubeconfig']);
    expect(world.progress).toContain('preparing nodes');
  });

  test('returns as soon as the API server answers, and finish waits for kind', async () => {
    world = await kindWorld('gate');
    const access = await kind.create(planOf(), world.context);
    expect(access).toMatchObject({ runtime: 'kubernetes', context: `kind-${CLUSTER}` });
    const kubeconfig = await readFile(world.ports.kubeconfigs.pathOf('dev'), 'utf8');
    expect(kubeconfig).toContain('server: https://127.0.0.1:40123');
    expect(await kind.observe('dev', CLUSTER, world.context)).toMatchObject({ state: 'partial' });
    const finished = kind.finish?.(planOf(), world.context);
    await world.openGate();
    await finished;
    expect(await kind.observe('dev', CLUSTER, world.context)).toMatchObject({ state: 'running', kubernetes: '1.34.4' });
  });

  test('a second run waits for the first, and takes what that has made', async () => {
    world = await kindWorld('gate');
    const first = await kind.create(planOf(), world.context);
    const finished = kind.finish?.(planOf(), world.context);
    const second = kind.create(planOf(), world.context);
    await world.until('another run is making');
    expect(world.engine.changes).toEqual([`create network ${CLUSTER}`]);
    await world.openGate();
    await finished;
    expect(await second).toEqual(first);
    await kind.finish?.(planOf(), world.context);
    expect(world.engine.changes).toEqual([`create network ${CLUSTER}`]);
    expect(await readdir(stackFolder())).toEqual(['kubeconfig']);
  });

  test('finish without a creation of this run has nothing to wait for', async () => {
    world = await kindWorld();
    await kind.finish?.(planOf(), world.context);
  });

  test('what an earlier run left half made goes first', async () => {
    world = await kindWorld();
    addCluster(world.engine, stackLabels(planOf()));
    world.engine.find(`${CLUSTER}-control-plane`).files.delete('/kind/devstack-finished');
    await kind.create(planOf(), world.context);
    await kind.finish?.(planOf(), world.context);
    expect(world.engine.changes).toEqual([`remove ${CLUSTER}-control-plane`, `remove network ${CLUSTER}`, `create network ${CLUSTER}`]);
    expect(await kind.observe('dev', CLUSTER, world.context)).toMatchObject({ state: 'running' });
  });

  test('an image that is not here is pulled before anything is made', async () => {
    world = await kindWorld();
    world.engine.images.clear();
    await kind.create(planOf(), world.context);
    await kind.finish?.(planOf(), world.context);
    expect(world.engine.changes).toEqual([`pull ${NODE_IMAGE}`, `create network ${CLUSTER}`]);
  });

  test('a pull that the registry refuses leaves nothing', async () => {
    world = await kindWorld();
    world.engine.images.clear();
    world.engine.docker.pullImage = async () => { throw failedError({ code: 'image-pull-failed', message: 'no', reason: 'toomanyrequests: You have reached your pull rate limit' }); };
    await expect(kind.create(planOf(), world.context)).rejects.toMatchObject({ code: 'kind-rate-limited' });
    expect(left()).toEqual([]);
  });

  test('an engine without addresses for another network', async () => {
    world = await kindWorld();
    world.engine.networkFailure = failedError({ code: 'docker-failed', message: 'no', reason: 'could not find an available, non-overlapping IPv4 address pool among the defaults to assign to the network' });
    await expect(kind.create(planOf(), world.context)).rejects.toMatchObject({ code: 'kind-no-subnet', exit: 3 });
  });
});

describe('when kind fails', () => {
  test.each([['port-in-use', 'kind-port-taken'], ['kubeadm', 'kind-kubeadm'], ['killed', 'kind-killed']])('%s: its reason is told, and nothing is left', async (behaviour, code) => {
    world = await kindWorld(behaviour);
    await expect(kind.create(planOf(), world.context)).rejects.toMatchObject({ code });
    expect(left()).toEqual([]);
    expect(await readdir(stackFolder())).toEqual([]);
  });

  test('after the API server had answered: finish throws it', async () => {
    world = await kindWorld('gate');
    await kind.create(planOf(), world.context);
    world.engine.docker.exec = async () => ({ exitCode: 1, stdout: '', stderr: 'No such file' });
    await world.openGate();
    await expect(kind.finish?.(planOf(), world.context)).rejects.toMatchObject({ code: 'kind-not-marked' });
    expect(left()).toEqual([]);
  });
});

describe('Ctrl-C', () => {
  test('while kind makes the nodes: kind ends with all it has started, and nothing is left', async () => {
    world = await kindWorld('hang');
    const creation = kind.create(planOf(), world.context);
    await world.until('preparing nodes');
    world.abort();
    await expect(creation).rejects.toMatchObject({ name: 'AbortError' });
    expect(left()).toEqual([]);
    expect(world.progress.at(-1)).toBe(`removing the half-made cluster ${CLUSTER}`);
  });

  test('after the API server had answered: finish ends, and nothing is left', async () => {
    world = await kindWorld('gate');
    await kind.create(planOf(), world.context);
    const finished = kind.finish?.(planOf(), world.context);
    world.abort();
    await expect(finished).rejects.toMatchObject({ name: 'AbortError' });
    expect(left()).toEqual([]);
    expect(await readdir(stackFolder())).toEqual([]);
  });

  test('before anything is made', async () => {
    world = await kindWorld();
    world.abort();
    await expect(kind.create(planOf(), world.context)).rejects.toMatchObject({ name: 'AbortError' });
    expect(world.engine.changes).toEqual([]);
  });
});

describe('a stopped cluster', () => {
  test('whose port was taken meanwhile says so', async () => {
    world = await kindWorld();
    addCluster(world.engine, stackLabels(planOf()));
    world.engine.find(`${CLUSTER}-control-plane`).state = 'exited';
    world.engine.takenPorts.add(8080);
    await expect(kind.create(planOf(), world.context)).rejects.toMatchObject({ code: 'kind-port-taken', exit: 3 });
    expect(left()).toEqual([`${CLUSTER}-control-plane`, CLUSTER]);
  });

  test('that somebody paused says so', async () => {
    world = await kindWorld();
    addCluster(world.engine, stackLabels(planOf()));
    world.engine.find(`${CLUSTER}-control-plane`).state = 'paused';
    await expect(kind.create(planOf(), world.context)).rejects.toMatchObject({ code: 'kind-node-paused', hints: [{ command: `docker unpause ${CLUSTER}-control-plane` }] });
  });

  test('is started with its control plane first', async () => {
    world = await kindWorld();
    addCluster(world.engine, stackLabels(planOf({ nodes: 2 })), 2);
    for (const node of world.engine.containers) node.state = 'exited';
    world.engine.containers.reverse();
    await kind.create(planOf({ nodes: 2 }), world.context);
    expect(world.engine.changes).toEqual([`start ${CLUSTER}-control-plane`, `start ${CLUSTER}-worker`]);
  });

  test('forgets what its pods began before they had a network; where it cannot, it is woken all the same', async () => {
    world = await kindWorld();
    addCluster(world.engine, stackLabels(planOf({ nodes: 2 })), 2);
    for (const node of world.engine.containers) node.state = 'exited';
    const told: string[] = [];
    const { onExec } = world.engine;
    world.engine.onExec = (container, command, stdin) => {
      if (!command.some((word) => word.includes('conntrack'))) return onExec(container, command, stdin);
      told.push(`${container.name} ${container.state}`);
      throw new Error('no such program');
    };
    await expect(kind.create(planOf({ nodes: 2 }), world.context)).resolves.toMatchObject({ runtime: 'kubernetes' });
    expect(told.sort()).toEqual([`${CLUSTER}-control-plane running`, `${CLUSTER}-worker running`]);
  });
});
