// One Docker engine: containers, networks, volumes, images.
import type Dockerode from 'dockerode';
import type { DevstackError } from '../model/error.ts';
import type { Docker, DockerContainer, Platform, Processes } from '../ports.ts';
import { type EngineConnection, openConnection } from './docker-connection.ts';
import { readFileFrom } from './docker-copy.ts';
import { findEngine } from './docker-endpoint.ts';
import { execIn } from './docker-exec.ts';
import { loadImage, pullImage, pushImage, saveImage } from './docker-image.ts';
import { containerRefusal, engineHangs, networkRefusal, type Refusal, refusalOf, startRefusal } from './docker-refusal.ts';
import {
  type ContainerAnswer, containerOf, createBody, type ImageAnswer, type InfoAnswer, type InspectAnswer, imageOf, infoOf,
  type NetworkAnswer, nameOf, networkBody, networkOf, type VolumesAnswer,
} from './docker-shape.ts';
import { type ApiCall, EngineApi } from './engine-api.ts';

/** An engine that takes longer for its own description hangs. */
const INFO_TIMEOUT_MS = 20_000;

export interface DockerWorld {
  readonly env: { readonly [name: string]: string | undefined };
  readonly os: Platform['os'];
  readonly home: string;
  readonly processes: Pick<Processes, 'find'>;
  /** Accept the engine of this name, though it is on another machine. */
  readonly allowRemote?: string | undefined;
  readonly infoTimeoutMs?: number;
}

/**
 * The engine that the user means. No engine is needed for this: what is wrong with it (not installed, not running, on another
 * machine) is thrown by the first call.
 */
export async function connectDocker(world: DockerWorld): Promise<Docker> {
  const address = await findEngine(world);
  const options = { os: world.os, hasCli: (await world.processes.find('docker')) !== undefined, allowRemote: world.allowRemote };
  return createDocker(address.endpoint, () => openConnection(address, options), world.infoTimeoutMs);
}

/** Everything that is done on one engine. */
export interface Engine {
  readonly client: Dockerode;
  readonly api: EngineApi;
  /** Runs one piece of work; what it throws becomes an error of ours that says what was being done. */
  attempt<T>(doing: string, work: () => Promise<T>): Promise<T>;
  call<T>(doing: string, call: ApiCall): Promise<T>;
}

type Open = () => Promise<Engine>;

/** `connect` is called once, with the first call. */
export function createDocker(endpoint: string, connect: () => Promise<EngineConnection>, infoTimeoutMs = INFO_TIMEOUT_MS): Docker {
  const open = once(async () => engineOver(await connect()));
  return {
    endpoint,
    async info(signal) {
      const timeout = AbortSignal.timeout(infoTimeoutMs);
      const either = signal === undefined ? timeout : AbortSignal.any([signal, timeout]);
      const engine = await open();
      try {
        return infoOf(await engine.call<InfoAnswer>('ask the Docker engine what it is', { method: 'GET', path: '/info', signal: either }));
      } catch (cause) {
        if (timeout.aborted && signal?.aborted !== true) throw engineHangs(endpoint, infoTimeoutMs);
        throw cause;
      }
    },
    ...containers(open),
    ...networks(open),
    ...volumes(open),
    ...images(open),
  };
}

function engineOver(connection: EngineConnection): Engine {
  const api = new EngineApi(connection.client);
  const attempt = async <T>(doing: string, work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (cause) {
      throw connection.fail(cause, doing);
    }
  };
  return { client: connection.client, api, attempt, call: (doing, call) => attempt(doing, () => api.request(call)) };
}

type Containers = Pick<Docker, 'listContainers' | 'createContainer' | 'startContainer' | 'stopContainer' | 'removeContainer' | 'exec' | 'readFile'>;

function containers(open: Open): Containers {
  return {
    async listContainers(filter) {
      const engine = await open();
      const query = { all: true, filters: filtersOf(filter, '/') };
      const found = await engine.call<readonly ContainerAnswer[]>('list containers', { method: 'GET', path: '/containers/json', query });
      const named = found.filter((answer) => filter.name === undefined || nameOf(answer) === filter.name);
      if (filter.name === undefined && filter.labels === undefined) return named.map((answer) => containerOf(answer));
      return await Promise.all(named.map((answer) => described(engine, answer)));
    },
    async createContainer(request) {
      const { name, image } = request;
      const call = { method: 'POST', path: '/containers/create', query: { name }, body: createBody(request) } as const;
      const made = (await open()).call<{ readonly Id: string }>(`create the container ${name}`, call);
      return (await explained(made, (refusal) => containerRefusal(refusal, name, image))).Id;
    },
    async startContainer(id) {
      const started = (await open()).call(`start the container ${id}`, { method: 'POST', path: `/containers/${id}/start` });
      await tolerate([304], explained(started, (refusal) => startRefusal(refusal, id)));
    },
    async stopContainer(id, timeoutSeconds) {
      const call = { method: 'POST', path: `/containers/${id}/stop`, query: { t: timeoutSeconds } } as const;
      await tolerate([304], (await open()).call(`stop the container ${id}`, call));
    },
    async removeContainer(id) {
      const engine = await open();
      const doing = `remove the container ${id}`;
      try {
        await engine.call(doing, { method: 'DELETE', path: `/containers/${id}`, query: { force: true, v: true } });
      } catch (cause) {
        if (statusOf(cause) === 404) return;
        if (statusOf(cause) !== 409) throw cause;
        // Somebody else's removal is under way: done when it is done.
        await tolerate([404], engine.call(doing, { method: 'POST', path: `/containers/${id}/wait`, query: { condition: 'removed' } }));
      }
    },
    exec: async (container, command, options = {}) => await execIn(await open(), { container, command, ...options }),
    readFile: async (container, path) => await readFileFrom(await open(), container, path),
  };
}

/**
 * A list lags behind for a moment after a stop, and names no ports of a container that does not run. The container itself knows
 * both: it is asked, unless everything on the machine is listed.
 */
async function described(engine: Engine, answer: ContainerAnswer): Promise<DockerContainer> {
  try {
    const whole = await engine.call<InspectAnswer>('inspect a container', { method: 'GET', path: `/containers/${answer.Id}/json` });
    return containerOf(answer, whole);
  } catch (cause) {
    // Removed since it was listed.
    if (statusOf(cause) === 404) return containerOf(answer);
    throw cause;
  }
}

function networks(open: Open): Pick<Docker, 'listNetworks' | 'createNetwork' | 'removeNetwork'> {
  return {
    async listNetworks(filter) {
      const query = { filters: filtersOf(filter) };
      const found = await (await open()).call<readonly NetworkAnswer[]>('list networks', { method: 'GET', path: '/networks', query });
      return found.map(networkOf).filter((network) => filter.name === undefined || network.name === filter.name);
    },
    async createNetwork(name, labels, addresses) {
      const body = networkBody(name, labels, addresses);
      const made = (await open()).call<{ readonly Id: string }>(`create the network ${name}`, { method: 'POST', path: '/networks/create', body });
      const { Id } = await explained(made, (refusal) => networkRefusal(refusal, name));
      return { id: Id, name, labels, ...(addresses === undefined ? {} : { subnet: addresses.subnet }) };
    },
    async removeNetwork(id) {
      await tolerate([404], (await open()).call(`remove the network ${id}`, { method: 'DELETE', path: `/networks/${id}` }));
    },
  };
}

function volumes(open: Open): Pick<Docker, 'listVolumes' | 'removeVolume'> {
  return {
    async listVolumes(filter) {
      const query = { filters: filtersOf(filter) };
      const found = await (await open()).call<VolumesAnswer>('list volumes', { method: 'GET', path: '/volumes', query });
      return (found.Volumes ?? []).map((volume) => ({ name: volume.Name, labels: volume.Labels ?? {} }));
    },
    async removeVolume(name) {
      await tolerate([404], (await open()).call(`remove the volume ${name}`, { method: 'DELETE', path: `/volumes/${name}` }));
    },
  };
}

function images(open: Open): Pick<Docker, 'listImages' | 'inspectImage' | 'pullImage' | 'pushImage' | 'saveImage' | 'loadImage'> {
  const inspectImage: Docker['inspectImage'] = async (reference) => {
    const call = { method: 'GET', path: `/images/${reference}/json` } as const;
    try {
      return imageOf(await (await open()).call<ImageAnswer>(`inspect the image ${reference}`, call));
    } catch (cause) {
      if (statusOf(cause) === 404) return undefined;
      throw cause;
    }
  };
  return {
    inspectImage,
    async listImages() {
      const found = await (await open()).call<readonly ImageAnswer[]>('list images', { method: 'GET', path: '/images/json' });
      return found.map(imageOf);
    },
    pullImage: async (reference, onProgress, signal) => await pullImage(await open(), { reference, onProgress, signal }),
    pushImage: async (reference, onProgress, signal) => await pushImage(await open(), { reference, onProgress, signal }),
    saveImage: async (reference) => await saveImage(await open(), reference, await inspectImage(reference)),
    loadImage: async (archive) => await loadImage(await open(), archive),
  };
}

/** What the engine refuses, in the words of `explain` when it knows better. */
async function explained<T>(work: Promise<T>, explain: (refusal: Refusal) => DevstackError | undefined): Promise<T> {
  try {
    return await work;
  } catch (cause) {
    const refusal = refusalOf(cause);
    throw (refusal === undefined ? undefined : explain(refusal)) ?? cause;
  }
}

async function tolerate(statuses: readonly number[], work: Promise<unknown>): Promise<void> {
  try {
    await work;
  } catch (cause) {
    if (!statuses.includes(statusOf(cause) ?? 0)) throw cause;
  }
}

function statusOf(error: unknown): number | undefined {
  return refusalOf(error)?.status;
}

/** The engine takes a name for a regular expression, and containers by a path; the whole name is compared again afterwards. */
function filtersOf({ labels, name }: { readonly labels?: readonly string[]; readonly name?: string }, before = ''): string {
  const pattern = name?.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  return JSON.stringify({ ...(labels === undefined ? {} : { label: labels }), ...(pattern === undefined ? {} : { name: [`^${before}${pattern}$`] }) });
}

function once<T>(work: () => Promise<T>): () => Promise<T> {
  let result: Promise<T> | undefined;
  return () => {
    result ??= work();
    return result;
  };
}
