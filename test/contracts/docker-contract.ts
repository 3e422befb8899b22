// What the Docker port promises, asked of the fake daemon and of a real engine alike: so the fake cannot drift.
import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ContainerRequest, Docker } from '../../src/ports.ts';

export interface DockerSubject {
  readonly docker: Docker;
  /** An image with a shell, `cat`, `sleep`, `wc`; it is there. */
  readonly image: string;
  /** Free on 127.0.0.1. */
  readonly freePort: number;
  /** `/24` that no network has. */
  readonly freeSubnet: string;
}

export function dockerContract(open: () => Promise<DockerSubject>): void {
  let subject: DockerSubject;
  let docker: Docker;
  let label: string;
  let prefix: string;

  beforeEach(async () => {
    subject = await open();
    docker = subject.docker;
    prefix = `devstack-test-host-${randomBytes(4).toString('hex')}`;
    label = `dev.devstack.test=${prefix}`;
  });

  afterEach(async () => {
    for (const { id } of await docker.listContainers({ labels: [label] })) await docker.removeContainer(id);
    for (const { id } of await docker.listNetworks({ labels: [label] })) await docker.removeNetwork(id);
    for (const { name } of await docker.listVolumes({ labels: [label] })) await docker.removeVolume(name);
  });

  const labels = (): { readonly [key: string]: string } => Object.fromEntries([label.split('=') as [string, string]]);
  const request = (change: Partial<ContainerRequest> = {}): ContainerRequest => ({
    name: prefix, image: subject.image, command: ['sleep', '300'], labels: labels(), network: { name: 'bridge' }, ...change,
  });
  const running = async (change: Partial<ContainerRequest> = {}): Promise<string> => {
    const id = await docker.createContainer(request(change));
    await docker.startContainer(id);
    return id;
  };
  const only = async () => {
    const [container, ...more] = await docker.listContainers({ labels: [label] });
    expect(more).toEqual([]);
    if (container === undefined) throw new Error('no container');
    return container;
  };

  test('info: what the engine is', async () => {
    const info = await docker.info();
    expect(info.serverVersion).toMatch(/^\d+\./);
    expect(info.architecture).toMatch(/^(amd64|arm64)$/);
    expect(info.cpus).toBeGreaterThan(0);
    expect(info.memoryBytes).toBeGreaterThan(2 ** 20);
    await expect(docker.info(AbortSignal.abort())).rejects.toMatchObject({ name: 'AbortError' });
  });

  describe('containers', () => {
    test('a life: made, started twice, stopped twice, removed twice', async () => {
      const ports = [{ hostAddress: '127.0.0.1', hostPort: subject.freePort, containerPort: 80 }];
      const id = await docker.createContainer(request({ ports }));
      expect(await only()).toMatchObject({ id, name: prefix, image: subject.image, state: 'created', labels: labels(), ports });
      await docker.startContainer(id);
      await docker.startContainer(id);
      expect(await only()).toMatchObject({ state: 'running', networks: ['bridge'], ports });
      await docker.stopContainer(id, 0);
      await docker.stopContainer(id, 0);
      expect(await only()).toMatchObject({ state: 'exited', ports });
      await docker.removeContainer(id);
      await docker.removeContainer(id);
      expect(await docker.listContainers({ labels: [label] })).toEqual([]);
    });

    test('found by the whole name, not by a part or a pattern of it', async () => {
      const id = await docker.createContainer(request());
      await docker.createContainer(request({ name: `${prefix}-2` }));
      await docker.createContainer(request({ name: `${prefix}.2` }));
      expect((await docker.listContainers({ name: prefix })).map((one) => one.id)).toEqual([id]);
      expect((await docker.listContainers({ name: `${prefix}.2` })).map((one) => one.name)).toEqual([`${prefix}.2`]);
      expect(await docker.listContainers({ name: `${prefix}-` })).toEqual([]);
      expect(await docker.listContainers({ labels: [label.split('=')[0] ?? ''], name: prefix })).toHaveLength(1);
      expect(await docker.listContainers({ labels: [label, 'dev.devstack.absent'] })).toEqual([]);
    });

    test('a name that is taken, an image that is not here', async () => {
      await docker.createContainer(request());
      await expect(docker.createContainer(request())).rejects.toMatchObject({ code: 'container-exists', exit: 1 });
      await expect(docker.createContainer(request({ name: `${prefix}-2`, image: 'devstack.test/absent:1' }))).rejects.toMatchObject({ code: 'image-missing', exit: 3 });
    });

    test('a port that is taken', async () => {
      const ports = [{ hostAddress: '127.0.0.1', hostPort: subject.freePort, containerPort: 80 }];
      await running({ ports });
      const second = await docker.createContainer(request({ name: `${prefix}-2`, ports }));
      await expect(docker.startContainer(second)).rejects.toMatchObject({ code: 'port-taken', exit: 3 });
    });

    test('one that is absent cannot be started or stopped', async () => {
      await expect(docker.startContainer('devstack-test-absent')).rejects.toMatchObject({ code: 'docker-failed', reason: expect.stringContaining('devstack-test-absent') });
      await expect(docker.stopContainer('devstack-test-absent', 0)).rejects.toMatchObject({ code: 'docker-failed' });
      await docker.removeContainer('devstack-test-absent');
    });
  });

  describe('exec', () => {
    test('exit code, both outputs, arguments as they are', async () => {
      const id = await running();
      expect(await docker.exec(id, ['sh', '-c', 'echo out; echo err >&2; exit 3'])).toEqual({ exitCode: 3, stdout: 'out\n', stderr: 'err\n' });
      expect(await docker.exec(id, ['echo', '$(id)', 'a  b', '`x`'])).toMatchObject({ exitCode: 0, stdout: '$(id) a  b `x`\n' });
    });

    test('stdin as text and as a stream, also a large one, to its end', async () => {
      const id = await running();
      expect(await docker.exec(id, ['cat'], { stdin: 'héllo' })).toMatchObject({ stdout: 'héllo' });
      expect(await docker.exec(id, ['cat'], { stdin: '' })).toMatchObject({ exitCode: 0, stdout: '' });
      const chunks = Array.from({ length: 40 }, () => Buffer.alloc(50_000, 'x'));
      expect((await docker.exec(id, ['wc', '-c'], { stdin: Readable.from(chunks) })).stdout.trim()).toBe('2000000');
      expect((await docker.exec(id, ['cat'], { stdin: Readable.from(chunks) })).stdout.length).toBe(2_000_000);
    });

    test('a command that does not read its stdin', async () => {
      const id = await running();
      expect(await docker.exec(id, ['true'], { stdin: Readable.from(Array.from({ length: 40 }, () => Buffer.alloc(50_000))) })).toMatchObject({ exitCode: 0 });
    });

    test('an abort lets go', async () => {
      const id = await running();
      const controller = new AbortController();
      const run = docker.exec(id, ['sleep', '100'], { signal: controller.signal });
      setImmediate(() => controller.abort());
      await expect(run).rejects.toMatchObject({ name: 'AbortError' });
    });

    test('in a container that does not run, or is not there', async () => {
      const id = await docker.createContainer(request());
      await expect(docker.exec(id, ['true'])).rejects.toMatchObject({ code: 'docker-failed', reason: expect.stringContaining('not running') });
      await expect(docker.exec('devstack-test-absent', ['true'])).rejects.toMatchObject({ code: 'docker-failed' });
    });
  });

  describe('readFile', () => {
    test('a file, through links, also when the container does not run any more', async () => {
      const id = await running();
      const script = 'mkdir -p d; echo -n héllo > d/file; ln -s file d/near; ln -s d/near far; ln -s loop loop; : > empty';
      expect((await docker.exec(id, ['sh', '-c', script])).exitCode).toBe(0);
      const seen = async () => await Promise.all(['/d/file', '/d/near', '/far', '/empty', '/absent', '/d/file/x', '/absent/x'].map((path) => docker.readFile(id, path)));
      const expected = ['héllo', 'héllo', 'héllo', '', undefined, undefined, undefined];
      expect(await seen()).toEqual(expected);
      await expect(docker.readFile(id, '/d')).rejects.toMatchObject({ code: 'docker-failed', message: expect.stringContaining('not a file') });
      await expect(docker.readFile(id, '/loop')).rejects.toMatchObject({ code: 'docker-failed' });
      await docker.stopContainer(id, 0);
      expect(await seen()).toEqual(expected);
    });

    test('of a container that is not there', async () => {
      await expect(docker.readFile('devstack-test-absent', '/x')).rejects.toMatchObject({ code: 'docker-failed', reason: expect.stringContaining('devstack-test-absent') });
    });
  });

  describe('networks and volumes', () => {
    test('a network: with a subnet of its own, found by label and name, removed twice', async () => {
      const range = subject.freeSubnet.replace('.0/24', '.128/25');
      const made = await docker.createNetwork(prefix, labels(), { subnet: subject.freeSubnet, range });
      expect(made).toEqual({ id: expect.any(String), name: prefix, labels: labels(), subnet: subject.freeSubnet });
      expect(await docker.listNetworks({ labels: [label] })).toEqual([made]);
      expect(await docker.listNetworks({ name: prefix })).toEqual([made]);
      expect(await docker.listNetworks({ name: prefix.slice(0, -1) })).toEqual([]);
      await expect(docker.createNetwork(prefix, labels())).rejects.toMatchObject({ code: 'network-exists' });
      await expect(docker.createNetwork(`${prefix}-2`, labels(), { subnet: subject.freeSubnet, range })).rejects.toMatchObject({ code: 'subnet-taken', exit: 3 });
      await docker.removeNetwork(made.id);
      await docker.removeNetwork(made.id);
      expect(await docker.listNetworks({ labels: [label] })).toEqual([]);
    });

    test('a volume comes with its container, labelled, and outlives it', async () => {
      const id = await docker.createContainer(request({ volumes: [{ name: prefix, path: '/data', labels: labels() }] }));
      expect(await docker.listVolumes({ labels: [label] })).toEqual([{ name: prefix, labels: labels() }]);
      await docker.removeContainer(id);
      expect(await docker.listVolumes({ labels: [label] })).toHaveLength(1);
      await docker.removeVolume(prefix);
      await docker.removeVolume(prefix);
      expect(await docker.listVolumes({ labels: [label] })).toEqual([]);
    });
  });

  describe('images', () => {
    test('one that is here, and one that is not', async () => {
      expect(await docker.inspectImage(subject.image)).toMatchObject({ id: expect.stringMatching(/^sha256:/), tags: expect.arrayContaining([subject.image]), os: 'linux', architecture: (await docker.info()).architecture });
      expect((await docker.listImages()).some(({ tags }) => tags.includes(subject.image))).toBe(true);
      expect(await docker.inspectImage('devstack.test/absent:1')).toBeUndefined();
    });

    test('saved as an archive and loaded again', async () => {
      const archive = await buffer(await docker.saveImage(subject.image));
      expect(archive.includes('manifest.json')).toBe(true);
      expect(archive.includes(subject.image)).toBe(true);
      await docker.loadImage(Readable.from([archive]));
      await expect(docker.saveImage('devstack.test/absent:1')).rejects.toMatchObject({ code: 'image-missing' });
    });

    test('an archive that breaks off, or is none', async () => {
      const broken = new Readable({ read() { this.destroy(new Error('the disk failed')); } });
      await expect(docker.loadImage(broken)).rejects.toThrow();
      await expect(docker.loadImage(Readable.from([Buffer.alloc(2048, 'x')]))).rejects.toMatchObject({ code: 'docker-failed' });
    });

    test('one that is not here cannot be pushed', async () => {
      await expect(docker.pushImage('localhost:1/devstack.test/absent:1', () => undefined)).rejects.toMatchObject({ code: 'image-missing', exit: 3 });
    });

    test('one that cannot be pulled: the reason is in the error', async () => {
      await expect(docker.pullImage('devstack.invalid/absent:1', () => undefined)).rejects.toMatchObject({
        code: 'image-pull-failed', exit: 1, reason: expect.stringContaining('devstack.invalid'), hints: [{ command: 'docker pull devstack.invalid/absent:1' }],
      });
    });
  });
}
