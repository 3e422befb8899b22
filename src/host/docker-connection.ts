// A connection to one engine, made from its address. dockerode is told everything: what it is not told, it takes from the
// environment of the process.
import { readFile } from 'node:fs/promises';
import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { join } from 'node:path';
import type Dockerode from 'dockerode';
import type { Platform } from '../ports.ts';
import type { EngineAddress } from './docker-endpoint.ts';
import { isLocalEndpoint } from './docker-endpoint.ts';
import { type EngineWorld, engineError, remoteError, sshError } from './docker-error.ts';
import { fileError } from './file-error.ts';

export interface ConnectionOptions {
  readonly os: Platform['os'];
  readonly hasCli: boolean;
  /** Engines on other machines are refused unless their name is this. */
  readonly allowRemote: string | undefined;
}

export interface EngineConnection {
  readonly endpoint: string;
  readonly client: Dockerode;
  /** Turns what dockerode throws into an error of ours; `doing` completes "could not …". */
  fail(cause: unknown, doing?: string): unknown;
  close(): void;
}

/** Opens nothing yet: the first call does. Throws `docker-remote`. */
export async function openConnection(address: EngineAddress, options: ConnectionOptions): Promise<EngineConnection> {
  const world: EngineWorld = { endpoint: address.endpoint, source: address.source, os: options.os, hasCli: options.hasCli };
  if (address.endpoint.startsWith('ssh://')) throw sshError(world);
  const isAllowed = address.name !== undefined && address.name === options.allowRemote;
  if (!isAllowed && !isLocalEndpoint(address.endpoint)) throw remoteError(world, address.name);
  const agent = await agentOf(address);
  return await overAgent(world, { agent, ...target(address) });
}

/** An engine behind a connection that somebody else makes (`agent`). */
export async function overAgent(world: EngineWorld, options: { readonly agent: HttpAgent } & Target): Promise<EngineConnection> {
  const { default: Client } = await import('dockerode');
  // Undefined is said, not left out: docker-modem fills what is left out from DOCKER_HOST, DOCKER_CERT_PATH and the like.
  const everything = {
    socketPath: undefined, host: undefined, port: undefined, protocol: 'http', pathPrefix: '/',
    ca: undefined, cert: undefined, key: undefined, timeout: undefined, ...options,
  };
  return {
    endpoint: world.endpoint,
    client: new Client(everything as Dockerode.DockerOptions),
    fail: (cause, doing = 'ask the Docker engine') => engineError(cause, doing, world),
    close: () => options.agent.destroy(),
  };
}

interface Target {
  readonly socketPath?: string;
  readonly host?: string;
  readonly port?: string;
  readonly protocol?: 'http' | 'https';
}

function target(address: EngineAddress): Target {
  const { endpoint } = address;
  if (endpoint.startsWith('unix://')) return { socketPath: endpoint.slice('unix://'.length) };
  // npipe:////./pipe/docker_engine → //./pipe/docker_engine
  if (endpoint.startsWith('npipe://')) return { socketPath: endpoint.slice('npipe://'.length) };
  const secured = address.certificates !== undefined || endpoint.startsWith('https://');
  const url = new URL(endpoint.replace(/^[a-z]+:/, 'http:'));
  return { host: url.hostname, port: url.port === '' ? (secured ? '2376' : '2375') : url.port, protocol: secured ? 'https' : 'http' };
}

/** No keep-alive: a connection costs nothing on a local socket, and one that died with a restarted engine would fail the next call. */
async function agentOf(address: EngineAddress): Promise<HttpAgent> {
  const { certificates } = address;
  if (certificates === undefined) return new HttpAgent({ keepAlive: false });
  const [ca, cert, key] = await Promise.all(['ca.pem', 'cert.pem', 'key.pem'].map((name) => pem(join(certificates, name))));
  const identity = { ...(ca ? { ca } : {}), ...(cert ? { cert } : {}), ...(key ? { key } : {}) };
  return new HttpsAgent({ keepAlive: false, rejectUnauthorized: address.skipVerify !== true, ...identity });
}

async function pem(path: string): Promise<Buffer | undefined> {
  try {
    return await readFile(path);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw fileError(cause, `read ${path}`, path);
  }
}
