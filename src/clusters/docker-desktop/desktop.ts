// What Docker Desktop says of itself and of its Kubernetes: not installed, not running, disabled, starting, paused, reset are told apart.
import { type DevstackError, preconditionError } from '../../model/error.ts';
import { parseJson } from '../../model/json.ts';
import { stringAt } from '../../model/object.ts';
import type { Ports } from '../../ports.ts';
import { findContext } from '../existing/kubeconfig.ts';

/** Fixed by Docker Desktop. */
export const CONTEXT = 'docker-desktop';
/** What the engine of Docker Desktop calls its system. */
const OPERATING_SYSTEM = 'Docker Desktop';
const STATUS_MS = 5_000;

export type DesktopState = 'absent' | 'stopped' | 'paused' | 'starting' | 'disabled' | 'reset' | 'enabled';

type World = Pick<Ports, 'docker' | 'processes' | 'files' | 'yaml' | 'env' | 'platform'>;

/**
 * `enabled` says that there is a context; whether its API server answers is for a request to tell. Reads only.
 * `docker desktop status` is a plugin of newer versions; where it is missing the engine and the context say what they can.
 */
export async function desktopState(world: World, signal: AbortSignal): Promise<DesktopState> {
  const [plugin, isEngine, context] = await Promise.all([pluginStatus(world, signal), isDesktopEngine(world, signal), findContext(CONTEXT, world)]);
  switch (plugin) {
    case 'starting': return 'starting';
    case 'paused': return 'paused';
    case 'stopped': case 'stopping': return 'stopped';
    default:
  }
  if (plugin === undefined && !isEngine) return context === undefined ? 'absent' : 'stopped';
  if (context !== undefined) return 'enabled';
  return await wasReset(world, signal) ? 'reset' : 'disabled';
}

/** `running`, `starting`, `paused`, `stopped`; undefined where there is no such plugin. */
async function pluginStatus({ processes }: World, signal: AbortSignal): Promise<string | undefined> {
  const docker = await processes.find('docker');
  if (docker === undefined) return undefined;
  const { exitCode, stdout } = await processes.run(docker, ['desktop', 'status', '--format', 'json'], { signal, timeoutMs: STATUS_MS });
  return exitCode === 0 ? stringAt(parseJson(stdout), 'Status')?.toLowerCase() : undefined;
}

async function isDesktopEngine({ docker }: World, signal: AbortSignal): Promise<boolean> {
  try {
    return (await docker.info(signal)).operatingSystem === OPERATING_SYSTEM;
  } catch {
    signal.throwIfAborted();
    return false;
  }
}

/** Kubernetes says that it is on, and no kubeconfig knows it: an upgrade or a reset has taken the context away (docker/for-win#12690). */
async function wasReset({ processes }: World, signal: AbortSignal): Promise<boolean> {
  const docker = await processes.find('docker');
  if (docker === undefined) return false;
  const { exitCode, stdout } = await processes.run(docker, ['desktop', 'kubernetes', 'status', '--format', 'json'], { signal, timeoutMs: STATUS_MS });
  return exitCode === 0 && stringAt(parseJson(stdout), 'State')?.toLowerCase() === 'running';
}

const SETTINGS_CLICK = 'Docker Desktop → Settings → Kubernetes → Enable Kubernetes';

/** Undefined where it can be used. Pure. */
export function desktopProblem(state: DesktopState): DevstackError | undefined {
  switch (state) {
    case 'enabled': return undefined;
    case 'absent': return preconditionError({
      code: 'docker-desktop-absent', message: 'there is no Docker Desktop on this machine', hints: [{ text: 'take kind, which needs an engine only', command: 'devstack up --provider kind' }],
    });
    case 'stopped': return preconditionError({
      code: 'docker-desktop-stopped', message: 'Docker Desktop does not run', hints: [{ text: 'start it', command: 'docker desktop start' }],
    });
    case 'paused': return preconditionError({
      code: 'docker-desktop-paused', message: 'Docker Desktop is paused', hints: [{ text: 'let it go on: click Resume in its menu, or', command: 'docker desktop restart' }],
    });
    case 'starting': return preconditionError({
      code: 'docker-desktop-starting', message: 'Docker Desktop is still starting', hints: [{ text: 'see when it has', command: 'docker desktop status' }],
    });
    case 'disabled': return preconditionError({
      code: 'docker-desktop-disabled', message: 'the Kubernetes of Docker Desktop is not enabled', hints: [{ text: `click ${SETTINGS_CLICK}; then`, command: 'devstack up --provider docker-desktop' }],
    });
    case 'reset': return preconditionError({
      code: 'docker-desktop-reset', message: 'Kubernetes runs, but its context docker-desktop is gone from your kubeconfig',
      reason: 'an upgrade or a reset of Docker Desktop took it away',
      hints: [{ text: 'let Docker Desktop write it again', command: 'docker desktop restart' }],
    });
  }
}
