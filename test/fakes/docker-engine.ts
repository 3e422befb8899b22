// A Docker engine in memory: containers, networks, images, and what runs in a container as a function of the test.
import { Readable } from 'node:stream';
import { failedError, preconditionError } from '../../src/model/error.ts';
import type { ContainerRequest, Docker, DockerContainer, DockerImage, DockerInfo, DockerNetwork, ExecResult } from '../../src/ports.ts';
import { only } from './ports.ts';

type Labels = { readonly [key: string]: string };

export interface FakeContainer extends DockerContainer {
  state: string;
  /** Files in it, by path. */
  readonly files: Map<string, string>;
}

const INFO: DockerInfo = {
  serverVersion: '29.0.0', operatingSystem: 'Test Linux', architecture: 'amd64', cpus: 4, memoryBytes: 8 * 2 ** 30, cgroupVersion: '2', rootless: false,
  containerdStore: false, swarm: 'inactive', isSwarmManager: false,
};

export class FakeEngine {
  readonly containers: FakeContainer[] = [];
  readonly networks: DockerNetwork[] = [];
  readonly volumes: { readonly name: string; readonly labels: Labels }[] = [];
  readonly images = new Map<string, DockerImage>();
  /** Names that are taken by containers which the engine does not list yet. */
  readonly unlisted = new Map<string, FakeContainer>();
  /** Every call that changes something, in order. */
  readonly changes: string[] = [];
  /** Host ports that somebody else has. */
  readonly takenPorts = new Set<number>();
  info: DockerInfo = INFO;
  /** Fails the next `createNetwork`. */
  networkFailure: Error | undefined;
  /** What a command in a container does. */
  onExec: (container: FakeContainer, command: readonly string[], stdin: string) => ExecResult = () => ({ exitCode: 0, stdout: '', stderr: '' });
  #ids = 0;

  addContainer(name: string, given: Partial<FakeContainer> = {}): FakeContainer {
    this.#ids += 1;
    const container: FakeContainer = { id: `id-${this.#ids}`, name, image: 'image', state: 'running', labels: {}, networks: [], ports: [], files: new Map(), ...given };
    this.containers.push(container);
    return container;
  }

  addNetwork(name: string, labels: Labels = {}): DockerNetwork {
    this.#ids += 1;
    const network: DockerNetwork = { id: `id-${this.#ids}`, name, labels, subnet: '172.30.0.0/16' };
    this.networks.push(network);
    return network;
  }

  addImage(reference: string, id = `sha256:${reference.replace(/\W/g, '')}`): DockerImage {
    const image: DockerImage = { id, tags: [reference], digests: [], architecture: 'amd64', os: 'linux', size: 1 };
    this.images.set(reference, image);
    return image;
  }

  /** The container comes to be; until then its name is taken and it is not listed. */
  list(name: string): void {
    const container = this.unlisted.get(name);
    if (container === undefined) return;
    this.unlisted.delete(name);
    this.containers.push(container);
  }

  find(idOrName: string): FakeContainer {
    const found = this.containers.find((container) => container.id === idOrName || container.name === idOrName);
    if (found === undefined) throw failedError({ code: 'docker-failed', message: `no container ${idOrName}`, reason: `No such container: ${idOrName}` });
    return found;
  }

  readonly docker: Docker = only<Docker>('docker', {
    endpoint: 'unix:///fake.sock',
    info: async () => this.info,
    listContainers: async ({ labels = [], name }) => this.containers.filter((container) => hasLabels(container, labels) && (name === undefined || container.name === name)),
    createContainer: async (request) => this.#create(request),
    startContainer: async (id) => this.#start(this.find(id)),
    stopContainer: async (id) => { this.#change(`stop ${this.find(id).name}`); this.find(id).state = 'exited'; },
    removeContainer: async (id) => {
      const index = this.containers.findIndex((container) => container.id === id);
      if (index >= 0) this.#change(`remove ${this.containers.splice(index, 1)[0]?.name}`);
    },
    exec: async (name, command, options) => {
      const container = this.find(name);
      if (command[0] !== 'cp') return this.onExec(container, command, await textOf(options?.stdin));
      container.files.set(command[2] ?? '', container.files.get(command[1] ?? '') ?? '');
      return { exitCode: 0, stdout: '', stderr: '' };
    },
    readFile: async (name, path) => this.find(name).files.get(path),
    listNetworks: async ({ labels = [], name }) => this.networks.filter((network) => hasLabels(network, labels) && (name === undefined || network.name === name)),
    createNetwork: async (name, labels) => {
      if (this.networkFailure !== undefined) throw this.networkFailure;
      this.#change(`create network ${name}`);
      return this.addNetwork(name, labels);
    },
    removeNetwork: async (id) => this.#removeNetwork(id),
    listVolumes: async ({ labels = [] }) => this.volumes.filter((volume) => hasLabels(volume, labels)),
    listImages: async () => [...this.images.values()],
    inspectImage: async (reference) => this.images.get(reference),
    pullImage: async (reference) => { this.#change(`pull ${reference}`); this.addImage(reference); },
    pushImage: async (reference) => { this.#change(`push ${reference}`); },
    saveImage: async (reference) => Readable.from([Buffer.from(JSON.stringify(this.images.get(reference)))]),
  });

  #change(text: string): void {
    this.changes.push(text);
  }

  #create(request: ContainerRequest): string {
    if (this.unlisted.has(request.name) || this.containers.some((container) => container.name === request.name)) {
      throw failedError({ code: 'container-exists', message: `there is a container named ${request.name} already` });
    }
    if (!this.images.has(request.image)) throw preconditionError({ code: 'image-missing', message: `no image ${request.image}` });
    return this.addContainer(request.name, { state: 'created', image: request.image, labels: request.labels, networks: [request.network.name], ports: request.ports ?? [] }).id;
  }

  #start(container: FakeContainer): void {
    if (container.ports.some((port) => this.takenPorts.has(port.hostPort))) {
      throw preconditionError({ code: 'port-taken', message: 'a port is in use', reason: 'port is already allocated' });
    }
    this.#change(`start ${container.name}`);
    container.state = 'running';
  }

  #removeNetwork(id: string): void {
    const index = this.networks.findIndex((network) => network.id === id);
    const network = this.networks[index];
    if (network === undefined) return;
    if (this.containers.some((container) => container.networks.includes(network.name))) {
      throw failedError({ code: 'docker-failed', message: `could not remove the network ${id}`, reason: `error while removing network: network ${network.name} has active endpoints` });
    }
    this.#change(`remove network ${network.name}`);
    this.networks.splice(index, 1);
  }
}

function hasLabels(thing: { readonly labels: Labels }, wanted: readonly string[]): boolean {
  return wanted.every((filter) => {
    const [key = '', value] = filter.split('=');
    return value === undefined ? key in thing.labels : thing.labels[key] === value;
  });
}

async function textOf(stdin: NodeJS.ReadableStream | string | undefined): Promise<string> {
  if (stdin === undefined || typeof stdin === 'string') return stdin ?? '';
  let text = '';
  for await (const chunk of stdin) text += String(chunk);
  return text;
}
