import { afterEach, describe, expect, test } from 'vitest';
import { nameInNode } from '../../../src/clusters/containerd/images.ts';
import { kind } from '../../../src/clusters/kind/index.ts';
import { stackLabels } from '../../../src/model/record.ts';
import { serveContainerd } from './containerd.ts';
import { addCluster, type KindWorld, kindWorld, planOf } from './kind-world.ts';

test.each([
  ['busybox', 'docker.io/library/busybox:latest'],
  ['busybox:1.37', 'docker.io/library/busybox:1.37'],
  ['kindest/node:v1', 'docker.io/kindest/node:v1'],
  ['localhost:5001/app', 'localhost:5001/app:latest'],
  ['localhost/app:1', 'localhost/app:1'],
  ['ghcr.io/a/b@sha256:00', 'ghcr.io/a/b@sha256:00'],
])('%s is %s in a node', (reference, full) => expect(nameInNode(reference)).toBe(full));

let world: KindWorld;

const missing = (...images: string[]) => kind.images?.missing(planOf(), images, world.context);
const isImport = (command: readonly string[]): boolean => command.at(-1)?.includes("'import'") === true;
const load = (image: string) => kind.images?.load(planOf(), image, world.context);

async function worldWithImages(): Promise<readonly string[][]> {
  world = await kindWorld();
  addCluster(world.engine, stackLabels(planOf()), 2);
  return serveContainerd(world.engine);
}

describe('loading', () => {
  afterEach(() => world.remove());

  test('a second load moves nothing', async () => {
    const commands = await worldWithImages();
    world.engine.addImage('hello:dev');
    expect(await missing('hello:dev', 'unknown:dev')).toEqual(['hello:dev', 'unknown:dev']);
    await load('hello:dev');
    const imports = () => commands.filter((command) => isImport(command)).length;
    expect(imports()).toBe(2);
    expect(await missing('hello:dev')).toEqual([]);
    await load('hello:dev');
    expect(imports()).toBe(2);
  });

  test('in the containerd store of Docker, where the id of an image is of another document, a load is known by its mark', async () => {
    const commands = await worldWithImages();
    world.engine.addImage('hello:dev', 'sha256:index');
    world.engine.docker.saveImage = async () => (await import('node:stream')).Readable.from([JSON.stringify({ id: 'sha256:config', tags: ['hello:dev'] })]);
    await load('hello:dev');
    expect(await missing('hello:dev')).toEqual([]);
    expect(commands.some((command) => isImport(command) && command.at(-1)?.endsWith("'devstack.local/loaded:sha256-index'"))).toBe(true);
  });

  test('an image that the node pulled itself is the same by its digest', async () => {
    await worldWithImages();
    const image = world.engine.addImage('hello:dev');
    await load('hello:dev');
    const digest = (await world.engine.docker.exec('devstack-dev-worker', ['ctr', '--namespace=k8s.io', 'images', 'list'])).stdout.match(/sha256:\w+/)?.[0];
    world.engine.images.set('hello:dev', { ...image, id: 'sha256:index', digests: [`hello@${digest}`] });
    expect(await missing('hello:dev')).toEqual([]);
  });

  test('what is not here, and a node that has no room', async () => {
    await worldWithImages();
    await expect(load('hello:dev')).rejects.toMatchObject({ code: 'image-missing' });
    world.engine.addImage('hello:dev');
    const serve = world.engine.onExec;
    world.engine.onExec = (container, command, stdin) => (
      isImport(command) ? { exitCode: 1, stdout: '', stderr: 'ctr: write /var/lib/x: no space left on device\n' } : serve(container, command, stdin));
    await expect(load('hello:dev')).rejects.toMatchObject({ code: 'node-image-load-failed', reason: expect.stringContaining('no space'), hints: [{ command: 'docker system df' }] });
  });
});

describe('a registry whose port was taken since it was planned', () => {
  afterEach(() => world.remove());
  const wish = { stack: 'dev', cluster: 'devstack-dev', image: 'registry:2', port: 5001 };
  const named = () => world.engine.containers.filter(({ name }) => name.endsWith('-registry')).map(({ state }) => state);

  test('a new one is not left there, for the next try to take another port', async () => {
    await worldWithImages();
    world.engine.addImage('registry:2');
    world.engine.takenPorts.add(5001);
    await expect(kind.registry?.ensure(wish, world.context)).rejects.toMatchObject({ code: 'registry-port-taken', hints: [{ command: 'devstack addon add registry --name dev' }] });
    expect(named()).toEqual([]);
  });

  test('one that was there stays, with the images in it', async () => {
    await worldWithImages();
    world.engine.addImage('registry:2');
    await kind.registry?.ensure(wish, world.context);
    for (const container of world.engine.containers) if (container.name.endsWith('-registry')) container.state = 'exited';
    world.engine.takenPorts.add(5001);
    await expect(kind.registry?.ensure(wish, world.context)).rejects.toMatchObject({ code: 'registry-port-taken', hints: [{ command: 'devstack addon remove registry --name dev' }] });
    expect(named()).toEqual(['exited']);
  });

  test('a container of that name which devstack did not make is left alone', async () => {
    await worldWithImages();
    world.engine.addContainer('devstack-dev-registry');
    await expect(kind.registry?.ensure(wish, world.context)).rejects.toMatchObject({ code: 'registry-not-ours', exit: 3 });
    await expect(kind.registry?.remove(wish, world.context)).rejects.toMatchObject({ code: 'registry-not-ours' });
    expect(named()).toEqual(['running']);
  });

  test('a node that cannot be told of it says so before anything is made', async () => {
    await worldWithImages();
    world.engine.addImage('registry:2');
    world.engine.onExec = () => ({ exitCode: 0, stdout: 'version = 2\n', stderr: '' });
    await expect(kind.registry?.ensure(wish, world.context)).rejects.toMatchObject({ code: 'registry-node-too-old', exit: 3 });
    expect(named()).toEqual([]);
  });
});
