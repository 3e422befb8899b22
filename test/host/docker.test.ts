import { describe, expect, onTestFinished, test } from 'vitest';
import { connectDocker } from '../../src/host/docker.ts';
import { createNetwork } from '../../src/host/network.ts';
import type { Docker } from '../../src/ports.ts';
import { dockerContract } from '../contracts/docker-contract.ts';
import { type DaemonOptions, FakeDaemon } from '../fakes/docker-daemon.ts';
import { temporaryFolder } from './folder.ts';

const IMAGE = 'busybox:1.37';

async function setUp(intercept?: DaemonOptions['intercept']): Promise<{ readonly docker: Docker; readonly daemon: FakeDaemon }> {
  const daemon = new FakeDaemon({ folder: temporaryFolder(), image: IMAGE, ...(intercept === undefined ? {} : { intercept }) });
  await daemon.start();
  onTestFinished(() => daemon.stop());
  const docker = await connectDocker({ env: { DOCKER_HOST: `unix://${daemon.socketPath}` }, os: 'linux', home: '/nonexistent', processes: { find: async () => '/usr/bin/docker' } });
  return { docker, daemon };
}

describe('the fake daemon', () => {
  dockerContract(async () => ({ docker: (await setUp()).docker, image: IMAGE, freePort: await createNetwork().freePort(), freeSubnet: '172.29.231.0/24' }));
});

describe('pull', () => {
  const events = (...list: readonly object[]): DaemonOptions['intercept'] => (request, response) => {
    if (!request.url?.startsWith('/images/create')) return undefined;
    response.writeHead(200).end(list.map((event) => `${JSON.stringify(event)}\r\n`).join(''));
    return true;
  };
  const pull = async (reference: string, ...list: readonly object[]) => {
    const asked: string[] = [];
    const { docker } = await setUp((request, response) => {
      asked.push(new URL(request.url ?? '', 'http://d').searchParams.get('fromImage') ?? '');
      return events(...list)?.(request, response);
    });
    const told: string[] = [];
    await docker.pullImage(reference, (message) => told.push(message));
    return { told, asked };
  };

  test('tells how many layers are done', async () => {
    const { told } = await pull('a:1', { status: 'Pulling from a', id: '1' }, { status: 'Pulling fs layer', id: 'x' }, { status: 'Already exists', id: 'y' }, { status: 'Downloading', id: 'x', progressDetail: { current: 1 } }, { status: 'Pull complete', id: 'x' });
    expect(told).toEqual(['pulling a:1: 0 of 1 layers', 'pulling a:1: 1 of 2 layers', 'pulling a:1: 2 of 2 layers']);
  });

  test('asks for one image, never for all tags of a name', async () => {
    for (const [reference, wanted] of [['a', 'a:latest'], ['localhost:5001/a', 'localhost:5001/a:latest'], ['a:1', 'a:1'], [`a@sha256:${'0'.repeat(64)}`, `a@sha256:${'0'.repeat(64)}`]] as const) {
      expect((await pull(reference)).asked).toEqual([wanted]);
    }
  });

  test('a good answer with an error among its events is a failure', async () => {
    await expect(pull('a:1', { status: 'Pulling fs layer', id: 'x' }, { errorDetail: { message: 'unexpected EOF' }, error: 'unexpected EOF' })).rejects.toMatchObject({ code: 'image-pull-failed', reason: 'unexpected EOF' });
    await expect(pull('a:1', { error: 'toomanyrequests: You have reached your pull rate limit' })).rejects.toMatchObject({ code: 'image-pull-failed', hints: [{ command: 'docker login' }] });
  });

  test('an abort ends it', async () => {
    const controller = new AbortController();
    const { docker } = await setUp((request, response) => {
      if (!request.url?.startsWith('/images/create')) return undefined;
      response.writeHead(200).write(`${JSON.stringify({ status: 'Pulling fs layer', id: 'x' })}\n`);
      return true;
    });
    await expect(docker.pullImage('a:1', () => controller.abort(), controller.signal)).rejects.toMatchObject({ name: 'AbortError' });
  });
});

test('an image is saved for its own platform where the engine can do that', async () => {
  const { docker, daemon } = await setUp();
  const saved = async () => await new Response((await docker.saveImage(IMAGE)) as unknown as ReadableStream).text();
  expect(await saved()).toContain('{"os":"linux","architecture":"amd64"}');
  daemon.apiVersion = '1.45';
  expect(await saved()).toContain('null');
});

describe('info', () => {
  test('rootless, the containerd store, cgroups, swarm, machine', async () => {
    const { docker, daemon } = await setUp();
    expect(await docker.info()).toEqual({
      serverVersion: '29.9.2', operatingSystem: 'Test Linux', architecture: 'amd64', cpus: 4, memoryBytes: 8 * 2 ** 30, cgroupVersion: '2', rootless: false, containerdStore: false, swarm: 'inactive', isSwarmManager: false,
    });
    Object.assign(daemon.info, {
      Architecture: 'aarch64', CgroupVersion: '1', SecurityOptions: ['name=rootless'], DriverStatus: [['driver-type', 'io.containerd.snapshotter.v1']], Swarm: { LocalNodeState: 'active', ControlAvailable: true },
    });
    expect(await docker.info()).toMatchObject({ architecture: 'arm64', cgroupVersion: '1', rootless: true, containerdStore: true, swarm: 'active', isSwarmManager: true });
    Object.assign(daemon.info, { SecurityOptions: null, DriverStatus: null, Swarm: undefined });
    expect(await docker.info()).toMatchObject({ rootless: false, containerdStore: false, swarm: 'inactive' });
  });
});

describe('an engine that does not do it', () => {
  const connect = async (endpoint: string, more: { readonly hasCli?: boolean; readonly os?: 'linux' | 'darwin' | 'windows'; readonly infoTimeoutMs?: number; readonly allowRemote?: string } = {}) => {
    const { hasCli = true, os = 'linux', ...rest } = more;
    return await connectDocker({ env: { DOCKER_HOST: endpoint }, os, home: '/nonexistent', processes: { find: async () => (hasCli ? '/bin/docker' : undefined) }, ...rest });
  };

  test('no socket: not running, or not installed when the CLI is not there either', async () => {
    const path = `unix://${temporaryFolder()}/docker.sock`;
    for (const os of ['linux', 'darwin', 'windows'] as const) {
      await expect((await connect(path, { os })).info()).rejects.toMatchObject({ code: 'docker-not-running', exit: 3, message: expect.stringContaining('DOCKER_HOST'), hints: [{ command: expect.any(String) }] });
      await expect((await connect(path, { os, hasCli: false })).listImages()).rejects.toMatchObject({ code: 'docker-missing', exit: 3, hints: [{ command: expect.any(String) }] });
    }
  });

  test('a socket that nobody listens on', async () => {
    await expect((await connect('tcp://127.0.0.1:1')).info()).rejects.toMatchObject({ code: 'docker-not-running' });
  });

  test('it hangs', async () => {
    const { daemon } = await setUp(() => true);
    await expect((await connect(`unix://${daemon.socketPath}`, { infoTimeoutMs: 50 })).info()).rejects.toMatchObject({ code: 'docker-not-running', message: expect.stringContaining('0.05 s') });
  });

  test('it goes away in the middle', async () => {
    const { docker } = await setUp((request) => {
      request.socket.destroy();
      return true;
    });
    await expect(docker.listContainers({})).rejects.toMatchObject({ code: 'docker-not-running' });
    await expect(docker.exec('x', ['true'])).rejects.toMatchObject({ code: 'docker-not-running' });
    await expect(docker.pullImage('a:1', () => undefined)).rejects.toMatchObject({ code: 'docker-not-running' });
  });

  test('it answers with an error, or with nonsense', async () => {
    const { docker } = await setUp((_, response) => {
      response.writeHead(500, { 'content-type': 'application/json' }).end('{"message":"disk on fire"}');
      return true;
    });
    await expect(docker.listContainers({})).rejects.toMatchObject({ code: 'docker-failed', exit: 1, message: 'could not list containers', reason: 'disk on fire' });
    await expect(docker.readFile('x', '/y')).rejects.toMatchObject({ code: 'docker-failed', reason: 'disk on fire' });
  });

  test('on another machine: refused, unless that is allowed; ssh is left to ssh', async () => {
    await expect((await connect('tcp://10.0.0.1:2375')).info()).rejects.toMatchObject({ code: 'docker-remote', exit: 3, hints: [{ command: 'unset DOCKER_HOST' }, { command: 'export DEVSTACK_ALLOW_REMOTE=10.0.0.1' }] });
    await expect((await connect('tcp://10.0.0.1:2375', { allowRemote: '10.0.0.2' })).info()).rejects.toMatchObject({ code: 'docker-remote' });
    // Named, it is asked: here no name resolves.
    await expect((await connect('tcp://nowhere.invalid:2375', { allowRemote: 'nowhere.invalid' })).info()).rejects.not.toMatchObject({ code: 'docker-remote' });
    await expect((await connect('tcp://127.0.0.1:1', { allowRemote: 'host' })).info()).rejects.toMatchObject({ code: 'docker-not-running' });
    await expect((await connect('ssh://me@host', { allowRemote: 'host' })).info()).rejects.toMatchObject({ code: 'docker-remote', hints: [{ command: expect.stringContaining('me@host') }] });
  });

  test('what dockerode would take from the environment of the process is not used', async () => {
    const before = process.env['DOCKER_HOST'];
    process.env['DOCKER_HOST'] = 'tcp://127.0.0.1:1';
    try {
      const { docker } = await setUp();
      expect((await docker.info()).cpus).toBe(4);
    } finally {
      if (before === undefined) delete process.env['DOCKER_HOST'];
      else process.env['DOCKER_HOST'] = before;
    }
  });
});
