// Engines by endpoint, also those inside containers of the local one.
import type { Duplex } from 'node:stream';
import { isAbortError, isDevstackError, preconditionError } from '../model/error.ts';
import type { Engines } from '../ports.ts';
import { createDocker, type DockerWorld } from './docker.ts';
import { type ConnectionOptions, type EngineConnection, openConnection, overAgent } from './docker-connection.ts';
import { findEngine } from './docker-endpoint.ts';
import { apiFailure } from './engine-api.ts';
import { ExecAgent } from './exec-socket.ts';
import { createSwarm } from './swarm-docker.ts';

const INSIDE = 'container:';
/** Joins its stdin and stdout to the engine's socket; in the docker CLI since 18.09. */
const DIAL = ['docker', 'system', 'dial-stdio'];

/** Connections are opened with the first call, and shared by all who ask for the same endpoint. */
export function createEngines(world: DockerWorld): Engines {
  const connections = new Map<string, Promise<EngineConnection>>();
  const connect = (endpoint: string): Promise<EngineConnection> => {
    const known = connections.get(endpoint) ?? open(endpoint, world);
    connections.set(endpoint, known);
    return known;
  };
  return {
    docker: (endpoint) => createDocker(endpoint, () => connect(endpoint)),
    swarm: (endpoint) => createSwarm(endpoint, () => connect(endpoint)),
  };
}

async function open(endpoint: string, world: DockerWorld): Promise<EngineConnection> {
  const options = { os: world.os, hasCli: (await world.processes.find('docker')) !== undefined, allowRemote: world.allowRemote };
  const meant = await findEngine(world);
  if (endpoint.startsWith(INSIDE)) return await inside(endpoint, await openConnection(meant, options), options);
  return await openConnection(endpoint === meant.endpoint ? meant : { endpoint, source: 'the endpoint of the stack' }, options);
}

async function inside(endpoint: string, host: EngineConnection, options: ConnectionOptions): Promise<EngineConnection> {
  const name = endpoint.slice(INSIDE.length);
  const agent = new ExecAgent(() => dial(host, name));
  const connection = await overAgent({ endpoint, source: `the engine inside the container ${name}`, ...options }, { agent, host: 'node', port: '80' });
  const close = (): void => {
    connection.close();
    host.close();
  };
  return { ...connection, close, fail: (cause, doing) => silence(cause, name) ?? connection.fail(cause, doing) };
}

async function dial(host: EngineConnection, name: string): Promise<Duplex> {
  const doing = `reach the engine inside the container ${name}`;
  try {
    const exec = await host.client.getContainer(name).exec({ Cmd: DIAL, AttachStdin: true, AttachStdout: true, AttachStderr: true });
    return await exec.start({ hijack: true, stdin: true });
  } catch (cause) {
    const failure = apiFailure(cause);
    // Without this, "no such container" would look like an answer of the engine inside.
    throw failure === undefined ? host.fail(cause, doing) : nodeError(name, failure.message, cause);
  }
}

/** An engine inside a container that says nothing is the node's trouble, not that of the engine of this machine. */
function silence(cause: unknown, name: string): unknown {
  if (isDevstackError(cause) || isAbortError(cause) || apiFailure(cause) !== undefined) return undefined;
  return nodeError(name, cause instanceof Error ? cause.message : String(cause), cause);
}

function nodeError(name: string, reason: string, cause: unknown): unknown {
  return preconditionError({
    code: 'swarm-node-silent', message: `the engine of the node ${name} does not answer`, reason, cause,
    hints: [{ text: 'Start what is stopped and make what is missing', command: 'devstack up swarm' }],
  });
}
