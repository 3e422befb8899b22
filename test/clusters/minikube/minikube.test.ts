import { readFile } from 'node:fs/promises';
import { afterEach, describe, expect, test } from 'vitest';
import { minikube } from '../../../src/clusters/minikube/index.ts';
import { minikubeError, statusOf } from '../../../src/clusters/minikube/program.ts';
import { stackLabels } from '../../../src/model/record.ts';
import { engineFacts, specOf } from '../kind/kind-spec.ts';
import { addNode, CLUSTER, type MinikubeWorld, minikubeWorld, NETWORK, planOf } from './minikube-world.ts';

let world: MinikubeWorld | undefined;
afterEach(async () => { await world?.remove(); });

async function running(): Promise<MinikubeWorld> {
  world = await minikubeWorld();
  await minikube.create(planOf(), world.context);
  return world;
}
const observe = ({ context }: MinikubeWorld) => minikube.observe('dev', CLUSTER, context);

test('minikube is told all that matters, and never writes the kubeconfig of the user', async () => {
  const { seen, progress } = await running();
  const lines = (await seen()).split('\n');
  expect(lines.find((line) => line.startsWith('start '))).toMatch(
    /^start --profile devstack-dev --output json --driver docker --container-runtime containerd --network devstack-dev-minikube --ports=127\.0\.0\.1:8080:31080 --embed-certs --keep-context --interactive=false KUBECONFIG=\S+\/state\/\S*minikube\/kubeconfig$/,
  );
  expect(progress).toEqual(expect.arrayContaining(['pulling base image', 'creating container', 'done']));
});

describe('what minikube says of the profile', () => {
  test.each([
    ['paused', 'stopped', /paused/], ['kubelet-stopped', 'stopped', /kubelet stopped/], ['stopped', 'stopped', /stopped/], ['gone', 'partial', /no profile/], ['absent', 'partial', /exit code 85/],
  ])('%s: %s', async (state, expected, reason) => {
    const it = await running();
    await it.say(state);
    expect(await observe(it)).toMatchObject({ state: expected, reason: expect.stringMatching(reason) });
    await minikube.create(planOf(), it.context);
    expect(await observe(it)).toMatchObject({ state: 'running', kubernetes: '1.34.4' });
  });
});

test('a start that is refused says why, by the reason of minikube, and leaves nothing', async () => {
  world = await minikubeWorld();
  await world.say('refused');
  await expect(minikube.create(planOf(), world.context)).rejects.toMatchObject({ code: 'minikube-as-root', exit: 3, reason: expect.stringMatching(/^DRV_AS_ROOT/) });
  expect(world.engine.networks).toEqual([]);
  expect(await observe(world)).toMatchObject({ state: 'absent' });
});

describe('half made', () => {
  test.each([
    ['the network alone', false], ['a node in which nothing was finished', true],
  ])('%s is removed before it is made anew', async (_name, hasNode) => {
    world = await minikubeWorld();
    world.engine.addNetwork(NETWORK, stackLabels(planOf()));
    if (hasNode) addNode(world.engine);
    expect(await observe(world)).toMatchObject({ state: 'partial' });
    await minikube.create(planOf(), world.context);
    expect(await world.seen()).toMatch(/^delete --profile devstack-dev /m);
    expect(await observe(world)).toMatchObject({ state: 'running' });
  });
});

describe('not ours', () => {
  test('a profile of that name that somebody made is refused and lives on', async () => {
    world = await minikubeWorld();
    addNode(world.engine, CLUSTER);
    expect(await observe(world)).toMatchObject({ state: 'foreign' });
    await expect(minikube.create(planOf(), world.context)).rejects.toMatchObject({ code: 'cluster-not-ours' });
    await expect(minikube.destroy('dev', CLUSTER, world.context)).rejects.toMatchObject({ code: 'cluster-not-ours' });
    expect(await world.seen()).toBe('');
  });

  test('a stack of that name of another provider', async () => {
    world = await minikubeWorld();
    world.engine.addNetwork(CLUSTER, stackLabels({ ...planOf(), provider: 'kind' }));
    expect(await observe(world)).toMatchObject({ state: 'foreign', reason: expect.stringContaining('provider kind') });
  });
});

test('a node that minikube put elsewhere is removed again: nothing would say whose it is', async () => {
  world = await minikubeWorld();
  world.network = 'bridge';
  await expect(minikube.create(planOf(), world.context)).rejects.toMatchObject({ code: 'minikube-elsewhere' });
  expect([...world.engine.containers, ...world.engine.networks]).toEqual([]);
});

test('a node that the engine made after everything else was removed is still ours', async () => {
  world = await minikubeWorld();
  addNode(world.engine).state = 'created';
  expect(await observe(world)).toMatchObject({ state: 'partial' });
  expect(await minikube.destroy('dev', CLUSTER, world.context)).toContain(`container ${CLUSTER}`);
  expect(world.engine.containers).toEqual([]);
});

test('one node, and a whole version', () => {
  expect(minikube.problems(specOf({ nodes: 2 }))).toHaveLength(1);
  expect(minikube.problems(specOf({ kubernetes: '1.34' }))).toHaveLength(1);
  expect(minikube.problems(specOf({ kubernetes: '1.34.4' }))).toEqual([]);
  expect(minikube.notes?.(specOf({ nodeImage: 'kindest/node:v1.34.4' }), engineFacts)).toEqual([expect.stringContaining('not used')]);
});

test.each([
  [14, 'minikube-usage', 3], [23, 'minikube-memory', 3], [29, 'minikube-processors', 3], [48, 'minikube-download', 1], [57, 'minikube-as-root', 3],
  [63, 'minikube-engine', 3], [65, 'minikube-engine', 3], [80, 'minikube-failed', 1], [106, 'minikube-kubernetes', 3],
])('exit code %d is %s', (exitCode, code, exit) => {
  const error = minikubeError('start', { exitCode, stdout: 'no JSON\n', stderr: 'X Exiting due to something' }, CLUSTER);
  expect(error).toMatchObject({ code, exit, reason: expect.stringContaining('exiting due to'.slice(1)) });
  expect(error.hints).toEqual([expect.objectContaining({ command: expect.any(String) })]);
});

test('recorded states are read', async () => {
  const read = async (name: string) => statusOf(await readFile(new URL(`../../fixtures/minikube/status-${name}.json`, import.meta.url), 'utf8'));
  expect(await read('running')).toEqual({ host: 'Running', kubelet: 'Running', apiServer: 'Running' });
  expect(await read('paused')).toMatchObject({ kubelet: 'Stopped', apiServer: 'Paused' });
  expect([await read('gone'), await read('absent')]).toEqual([undefined, undefined]);
});
