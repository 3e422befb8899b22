// Why an engine did not do it, as an error with one command for the system at hand.
import { DevstackError, failedError, type Hint, isAbortError, preconditionError } from '../model/error.ts';
import type { Platform } from '../ports.ts';
import { apiFailure } from './engine-api.ts';
import { errnoOf } from './file-error.ts';

export interface EngineWorld {
  readonly endpoint: string;
  /** Where the endpoint was found. */
  readonly source: string;
  readonly os: Platform['os'];
  /** Is the docker CLI on PATH? Tells an engine that is not running from one that is not installed. */
  readonly hasCli: boolean;
}

const INSTALL: { readonly [os in Platform['os']]: Hint } = {
  linux: { text: 'Install Docker Engine', command: 'curl -fsSL https://get.docker.com | sh' },
  darwin: { text: 'Install Docker Desktop, then start it', command: 'brew install --cask docker-desktop' },
  windows: { text: 'Install Docker Desktop, then start it', command: 'winget install Docker.DockerDesktop' },
};
const START: { readonly [os in Platform['os']]: Hint } = {
  linux: { text: 'Start the engine', command: 'sudo systemctl start docker' },
  darwin: { text: 'Start Docker Desktop', command: 'open -a Docker' },
  windows: { text: 'Start Docker Desktop', command: 'docker desktop start' },
};
const JOIN_GROUP: { readonly [os in Platform['os']]: Hint } = {
  linux: { text: 'Let this user use the engine, then log in again', command: 'sudo usermod -aG docker "$USER"' },
  darwin: { text: 'Start Docker Desktop as this user', command: 'open -a Docker' },
  windows: { text: 'Let this user use the engine, then log in again', command: 'net localgroup docker-users "%USERNAME%" /add' },
};

/** Turns what dockerode threw into an error of ours. `doing` completes "could not …". Aborts and errors of ours pass through. */
export function engineError(cause: unknown, doing: string, world: EngineWorld): unknown {
  if (cause instanceof DevstackError || isAbortError(cause)) return cause;
  const answer = apiFailure(cause);
  if (answer !== undefined) {
    return failedError({
      code: 'docker-failed', message: `could not ${doing}`, reason: answer.message, cause,
      details: { status: answer.status, endpoint: world.endpoint },
    });
  }
  return silence(cause, world);
}

function silence(cause: unknown, world: EngineWorld): DevstackError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  const at = `${world.endpoint} (${world.source})`;
  const common = { reason, cause, details: { endpoint: world.endpoint } };
  switch (errnoOf(cause)) {
    case 'EACCES':
    case 'EPERM':
      return preconditionError({
        ...common, code: 'docker-no-permission', message: `no permission for the Docker engine at ${at}`, hints: [JOIN_GROUP[world.os]],
      });
    case 'ENOENT':
      if (!world.hasCli) {
        return preconditionError({ ...common, code: 'docker-missing', message: 'Docker is not installed', hints: [INSTALL[world.os]] });
      }
      break;
    default:
  }
  return preconditionError({
    ...common, code: 'docker-not-running', message: `no Docker engine answers at ${at}`, hints: [startHint(world)],
  });
}

function startHint(world: EngineWorld): Hint {
  if (world.endpoint.includes('/.colima/')) return { text: 'Start colima', command: 'colima start' };
  if (world.endpoint.includes('/.orbstack/')) return { text: 'Start OrbStack', command: 'orb start' };
  return START[world.os];
}

/** The address leads off this machine, and nobody has allowed that; `name` is what allows it. */
export function remoteError(world: EngineWorld, name?: string): DevstackError {
  return preconditionError({
    code: 'docker-remote',
    message: `the Docker engine at ${world.endpoint} (${world.source}) is not on this machine`,
    reason: 'it is used only for a swarm that is there, and only when it is named',
    hints: [
      { text: 'Use the engine of this machine', command: world.source === 'DOCKER_HOST' ? 'unset DOCKER_HOST' : 'docker context use default' },
      ...(name === undefined ? [] : [{ text: 'Use the swarm there', command: `export DEVSTACK_ALLOW_REMOTE=${name}` }]),
    ],
    details: { endpoint: world.endpoint },
  });
}

/** The engine would have to be reached through ssh, which devstack leaves to ssh. */
export function sshError(world: EngineWorld): DevstackError {
  const target = world.endpoint.replace(/^ssh:\/\//, '').replace(/\/.*$/, '');
  return preconditionError({
    code: 'docker-remote',
    message: `the Docker engine at ${world.endpoint} (${world.source}) is reached through ssh, which devstack does not speak`,
    hints: [{
      text: 'Forward its socket, then set DOCKER_HOST=unix:///tmp/devstack-docker.sock',
      command: `ssh -fNL /tmp/devstack-docker.sock:/var/run/docker.sock ${target}`,
    }],
    details: { endpoint: world.endpoint },
  });
}
