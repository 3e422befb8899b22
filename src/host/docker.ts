// One Docker engine: containers, networks, volumes, images.
import type Dockerode from 'dockerode';
import { failedError, preconditionError } from '../model/error.ts';
import { isJsonObject } from '../model/json.ts';
import type { Docker, DockerContainer, Platform, Processes } from '../ports.ts';
import { type EngineConnection, openConnection } from './docker-connection.ts';
import { readFileFrom } from './docker-copy.ts';
import { findEngine } from './docker-endpoint.ts';
import { execIn } from './docker-exec.ts';
import { loadImage, pullImage, saveImage } from './docker-image.ts';
import {
  type ContainerAnswer, 
  containerOf, createBody, type ImageAnswer, type InfoAnswer, type InspectAnswer, imageOf, infoOf, type NetworkAnswer, nameOf, networkOf,
} from './docker-shape.ts';
import { type ApiCall, apiFailure, EngineApi } from './engine-api.ts';

/** An engine that takes longer for its own description hangs. */
const INFO_TIMEOUT_MS = 20_000;

export interface DockerWorld {
  readonly env: { readonly [name: string]: string | undefined };
  readonly os: Platform['os'];
  readonly home: string;
  readonly processes: Pick<Processes, 'find'>;
  /** Accept an engine on another machine. */
  readonly allowRemote?: boolean;
  readonly infoTimeoutMs?: number;
}

/**
 * The engine that the user means. No engine is needed for this: what is wrong with it (not installed, not running, on another
 * machine) is thrown by the first call.
 */
export async function connectDocker(world: DockerWorld): Promise<Docker> {
  const address = await findEngine(world);
  const options = { os: world.os, hasCli: (await world.processes.find('docker')) !== undefined, allowRemote: world.allowRemote === true };
  return createDocker(address.endpoint, () => openConnection(address, options), world.infoTimeoutMs);
}

/** Everything that is done on one engine; `connect` is called once, with the first call. */
export interface Engine {
  readonly client: Dockerode;
  readonly api: EngineApi;
  /** Runs one piece of work; what it throws becomes an error of ours that says what was being done. */
  attempt<T>(doing: string, work: () => Promise<T>): Promise<T>;
  call<T>(doing: string, call: ApiCall): Promise<T>;
}

type Open = () => Promise<Engine>;

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
        if (timeout.aborted && signal?.aborted !== true) throw hangs(endpoint, infoTimeoutMs);
        throw cause;
      }
    },
    ...containers(open),
    ...networksAndVolumes(open),
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
      const query = { all: true, filters: filtersOf({ ...(filter.labels === undefined ? {} : { label: filter.labels }), ...byName(filter.name, '/') }) };
      const found = await engine.call<readonly ContainerAnswer[]>('list containers', { method: 'GET', path: '/containers/json', query });
      const named = found.filter((answer) => filter.name === undefined || nameOf(answer) === filter.name);
      const isNarrow = filter.name !== undefined || filter.labels !== undefined;
      return isNarrow ? await Promise.all(named.map((answer) => described(engine, answer))) : named.map((answer) => containerOf(answer));
    },
    async createContainer(request) {
      const engine = await open();
      try {
        const body = createBody(request);
        const made = await engine.call<{ readonly Id: string }>(`create the container ${request.name}`, { method: 'POST', path: '/containers/create', query: { name: request.name }, body });
        return made.Id;
      } catch (cause) {
        throw createFailure(cause, request.name, request.image);
      }
    },
    async startContainer(id) {
      const engine = await open();
      try {
        await engine.call(`start the container ${id}`, { method: 'POST', path: `/containers/${id}/start` });
      } catch (cause) {
        if (statusOf(cause) === 304) return;
        throw portFailure(cause, id);
      }
    },
    async stopContainer(id, timeoutSeconds) {
      const engine = await open();
      await tolerate([304], engine.call(`stop the container ${id}`, { method: 'POST', path: `/containers/${id}/stop`, query: { t: timeoutSeconds } }));
    },
    async removeContainer(id) {
      const engine = await open();
      try {
        await engine.call(`remove the container ${id}`, { method: 'DELETE', path: `/containers/${id}`, query: { force: true, v: true } });
      } catch (cause) {
        if (statusOf(cause) === 404) return;
        if (statusOf(cause) !== 409) throw cause;
        // Somebody else's removal is under way: done when it is done.
        await tolerate([404], engine.call(`remove the container ${id}`, { method: 'POST', path: `/containers/${id}/wait`, query: { condition: 'removed' } }));
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

type NetworksAndVolumes = Pick<Docker, 'listNetworks' | 'createNetwork' | 'removeNetwork' | 'listVolumes' | 'removeVolume'>;

function networksAndVolumes(open: Open): NetworksAndVolumes {
  return {
    async listNetworks(filter) {
      const query = { filters: filtersOf({ ...(filter.labels === undefined ? {} : { label: filter.labels }), ...byName(filter.name, '') }) };
      const found = await (await open()).call<readonly NetworkAnswer[]>('list networks', { method: 'GET', path: '/networks', query });
      return found.map(networkOf).filter((network) => filter.name === undefined || network.name === filter.name);
    },
    async createNetwork(name, labels, addresses) {
      const ipam = addresses === undefined ? {} : { IPAM: { Driver: 'default', Config: [{ Subnet: addresses.subnet, IPRange: addresses.range }] } };
      // Without CheckDuplicate an engine before 1.44 makes a second network of the same name.
      const body = { Name: name, Driver: 'bridge', CheckDuplicate: true, Labels: labels, ...ipam };
      try {
        const made = await (await open()).call<{ readonly Id: string }>(`create the network ${name}`, { method: 'POST', path: '/networks/create', body });
        return { id: made.Id, name, labels, ...(addresses === undefined ? {} : { subnet: addresses.subnet }) };
      } catch (cause) {
        throw networkFailure(cause, name);
      }
    },
    async removeNetwork(id) {
      await tolerate([404], (await open()).call(`remove the network ${id}`, { method: 'DELETE', path: `/networks/${id}` }));
    },
    async listVolumes(filter) {
      const query = { filters: filtersOf(filter.labels === undefined ? {} : { label: filter.labels }) };
      const found = await (await open()).call<unknown>('list volumes', { method: 'GET', path: '/volumes', query });
      const volumes = isJsonObject(found) && Array.isArray(found['Volumes']) ? (found['Volumes'] as readonly VolumeAnswer[]) : [];
      return volumes.map((volume) => ({ name: volume.Name, labels: volume.Labels ?? {} }));
    },
    async removeVolume(name) {
      await tolerate([404], (await open()).call(`remove the volume ${name}`, { method: 'DELETE', path: `/volumes/${name}` }));
    },
  };
}

interface VolumeAnswer {
  readonly Name: string;
  readonly Labels?: { readonly [key: string]: string } | null;
}

type Images = Pick<Docker, 'listImages' | 'inspectImage' | 'pullImage' | 'saveImage' | 'loadImage'>;

function images(open: Open): Images {
  const inspectImage: Docker['inspectImage'] = async (reference) => {
    try {
      return imageOf(await (await open()).call<ImageAnswer>(`inspect the image ${reference}`, { method: 'GET', path: `/images/${reference}/json` }));
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
    saveImage: async (reference) => await saveImage(await open(), reference, await inspectImage(reference)),
    loadImage: async (archive) => await loadImage(await open(), archive),
  };
}

// ── errors ──────────────────────────────────────────────────────────────────────────────────────────────────────────

/** Status that the engine answered with, when an error of ours came of that. */
function statusOf(error: unknown): number | undefined {
  return error instanceof Error ? apiFailure(error.cause)?.status : undefined;
}

function saidBy(error: unknown): string {
  return (error instanceof Error ? apiFailure(error.cause)?.message : undefined) ?? '';
}

async function tolerate(statuses: readonly number[], work: Promise<unknown>): Promise<void> {
  try {
    await work;
  } catch (cause) {
    if (!statuses.includes(statusOf(cause) ?? 0)) throw cause;
  }
}

function createFailure(cause: unknown, name: string, image: string): unknown {
  const reason = saidBy(cause);
  if (statusOf(cause) === 409) {
    return failedError({ code: 'container-exists', message: `there is a container named ${name} already`, reason, cause, hints: [{ text: 'See whose it is', command: `docker inspect ${name}` }] });
  }
  if (statusOf(cause) === 404 && /no such image/i.test(reason)) {
    return preconditionError({ code: 'image-missing', message: `the image ${image} is not on this machine`, reason, cause, hints: [{ text: 'Pull it', command: `docker pull ${image}` }] });
  }
  return cause;
}

function portFailure(cause: unknown, id: string): unknown {
  const reason = saidBy(cause);
  if (!/port is already allocated|address already in use|ports are not available/i.test(reason)) return cause;
  return preconditionError({ code: 'port-taken', message: `the container ${id} cannot start: a port that it publishes is in use`, reason, cause, hints: [{ text: 'See which containers publish it', command: 'docker ps' }] });
}

function networkFailure(cause: unknown, name: string): unknown {
  const reason = saidBy(cause);
  if (/overlaps with other one|overlapping IPv|subnet.*in use/i.test(reason)) {
    return preconditionError({ code: 'subnet-taken', message: `the network ${name} cannot be made: its addresses are in use`, reason, cause, hints: [{ text: 'See which networks there are', command: 'docker network ls' }] });
  }
  if (statusOf(cause) === 409) {
    return failedError({ code: 'network-exists', message: `there is a network named ${name} already`, reason, cause, hints: [{ text: 'See whose it is', command: `docker network inspect ${name}` }] });
  }
  return cause;
}

function hangs(endpoint: string, timeoutMs: number): Error {
  return preconditionError({
    code: 'docker-not-running', message: `the Docker engine at ${endpoint} did not answer within ${timeoutMs / 1000} s`,
    hints: [{ text: 'See whether it answers anybody', command: 'docker info' }],
  });
}

// ── requests ────────────────────────────────────────────────────────────────────────────────────────────────────────

function filtersOf(filters: { readonly [name: string]: readonly string[] }): string {
  return JSON.stringify(filters);
}

/** The engine takes a name for a regular expression; the whole name is compared again afterwards. */
function byName(name: string | undefined, before: string): { readonly name?: readonly string[] } {
  return name === undefined ? {} : { name: [`^${before}${name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}$`] };
}

function once<T>(work: () => Promise<T>): () => Promise<T> {
  let result: Promise<T> | undefined;
  return () => (result ??= work());
}
