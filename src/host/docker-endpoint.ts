// Which Docker engine the user means: DOCKER_HOST, then the context of the docker CLI, then the usual sockets. dockerode knows no
// contexts, and Docker Desktop, colima and OrbStack all live in one.
import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { preconditionError, usageError } from '../model/error.ts';
import { isJsonObject, parseJson } from '../model/json.ts';
import { at, stringAt } from '../model/object.ts';
import type { Platform } from '../ports.ts';
import { errnoOf, fileError } from './file-error.ts';

type Env = { readonly [name: string]: string | undefined };

export interface EndpointWorld {
  readonly env: Env;
  readonly os: Platform['os'];
  /** Absolute; the CLI's folder `.docker` is looked for there. */
  readonly home: string;
}

export interface EngineAddress {
  /** As docker writes it: `unix:///var/run/docker.sock`, `tcp://127.0.0.1:2375`. */
  readonly endpoint: string;
  /** Where it was found, for messages: `DOCKER_HOST`, `the docker context "colima"`. */
  readonly source: string;
  /** What a person calls it to allow it: the context, or the host of DOCKER_HOST. */
  readonly name?: string;
  /** Folder with ca.pem, cert.pem and key.pem, for TLS. */
  readonly certificates?: string;
  readonly skipVerify?: boolean;
}

/** Reads files only; no engine is asked. Throws `docker-context-broken` and `docker-endpoint-invalid`. */
export async function findEngine(world: EndpointWorld): Promise<EngineAddress> {
  const { env } = world;
  const named = env['DOCKER_HOST'];
  if (named !== undefined && named !== '') return fromVariable(named, world);
  const context = env['DOCKER_CONTEXT'] || (await currentContext(world));
  if (context !== undefined && context !== '' && context !== 'default') return await fromContext(context, world);
  return await usualSocket(world);
}

/** A unix socket, a pipe, or a port of this machine. */
export function isLocalEndpoint(endpoint: string): boolean {
  if (endpoint.startsWith('unix://') || endpoint.startsWith('npipe://')) return true;
  const host = hostOf(endpoint);
  return host === 'localhost' || host === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(host);
}

function hostOf(endpoint: string): string {
  try {
    // `tcp:` is no special scheme: its host would keep the case and spelling that somebody gave it.
    return new URL(endpoint.replace(/^[a-z]+:/, 'http:')).hostname;
  } catch {
    throw usageError({
      code: 'docker-endpoint-invalid', message: `"${endpoint}" is not the address of a Docker engine`,
      reason: 'it must look like unix:///var/run/docker.sock or tcp://127.0.0.1:2375',
      hints: [{ text: 'Use the usual engine', command: 'unset DOCKER_HOST' }],
    });
  }
}

function fromVariable(value: string, world: EndpointWorld): EngineAddress {
  // The CLI reads a bare `host:port` as tcp.
  const endpoint = value.includes('://') ? value : `tcp://${value}`;
  const secured = endpoint.startsWith('tcp://') && (isSet(world.env['DOCKER_TLS_VERIFY']) || isSet(world.env['DOCKER_CERT_PATH']));
  if (!endpoint.startsWith('unix://') && !endpoint.startsWith('npipe://')) hostOf(endpoint);
  return {
    endpoint, source: 'DOCKER_HOST', ...(isLocalEndpoint(endpoint) ? {} : { name: hostOf(endpoint) }),
    ...(secured ? { certificates: world.env['DOCKER_CERT_PATH'] || configFolder(world), skipVerify: !isSet(world.env['DOCKER_TLS_VERIFY']) } : {}),
  };
}

const isSet = (value: string | undefined): boolean => value !== undefined && value !== '';

function configFolder(world: EndpointWorld): string {
  return world.env['DOCKER_CONFIG'] || join(world.home, '.docker');
}

async function currentContext(world: EndpointWorld): Promise<string | undefined> {
  const config = await readJson(join(configFolder(world), 'config.json'));
  return stringAt(config, 'currentContext');
}

async function fromContext(name: string, world: EndpointWorld): Promise<EngineAddress> {
  const id = createHash('sha256').update(name).digest('hex');
  const folder = join(configFolder(world), 'contexts');
  const meta = await readJson(join(folder, 'meta', id, 'meta.json'));
  const endpoint = stringAt(meta, 'Endpoints', 'docker', 'Host');
  if (endpoint === undefined || endpoint === '') {
    throw preconditionError({
      code: 'docker-context-broken',
      message: `the docker context "${name}" ${meta === undefined ? 'does not exist' : 'names no engine'}`,
      hints: [{ text: 'Use the default engine', command: 'docker context use default' }],
    });
  }
  const certificates = join(folder, 'tls', id, 'docker');
  const secured = endpoint.startsWith('tcp://') && (await exists(certificates));
  return {
    endpoint, source: `the docker context "${name}"`, name,
    ...(secured ? { certificates, skipVerify: at(meta, 'Endpoints', 'docker', 'SkipTLSVerify') === true } : {}),
  };
}

async function usualSocket(world: EndpointWorld): Promise<EngineAddress> {
  const source = 'the usual place';
  if (world.os === 'windows') return { endpoint: 'npipe:////./pipe/docker_engine', source };
  const runtime = world.env['XDG_RUNTIME_DIR'];
  const usual = '/var/run/docker.sock';
  // Docker Desktop without the privileged helper; the engine of the system; a rootless engine.
  const candidates = [join(world.home, '.docker', 'run', 'docker.sock'), usual, ...(isSet(runtime) ? [`${runtime}/docker.sock`] : [])];
  for (const candidate of candidates) if (await exists(candidate)) return { endpoint: `unix://${candidate}`, source };
  return { endpoint: `unix://${usual}`, source };
}

async function exists(path: string): Promise<boolean> {
  return await stat(path).then(() => true, () => false);
}

/** Undefined when there is no such file, or one that is not JSON: the CLI only warns then. */
async function readJson(path: string) {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    if (['ENOENT', 'ENOTDIR'].includes(errnoOf(cause) ?? '')) return undefined;
    throw fileError(cause, `read ${path}`, path);
  }
  const value = parseJson(text);
  return isJsonObject(value) ? value : undefined;
}
