// Where services go: one swarm, and what may be done to it.
import { remoteHost, type SwarmAccess } from '../model/access.ts';
import { usageError } from '../model/error.ts';
import { DOCKER_MEMBER_LABEL, DOCKER_ROLE_LABEL, DOCKER_STACK_LABEL } from '../model/label.ts';
import type { SwarmService } from '../model/swarm.ts';
import type { Docker, DockerContainer, OnProgress, Ports, Swarm } from '../ports.ts';

export interface SwarmTarget {
  /** Name of the devstack stack. */
  readonly stack: string;
  readonly cluster: string;
  readonly provider: string;
  readonly access: SwarmAccess;
  /**
   * `containers`: each node is a container of the local engine. `engine`: that engine is the one node. `existing`: a swarm that
   * devstack did not start; its publishing is left as it is.
   */
  readonly nodes: 'containers' | 'engine' | 'existing';
  /** Where published ports answer: this machine, but for a swarm elsewhere. */
  readonly host: string;
  /** Overlay networks are encrypted between nodes. */
  readonly isEncrypted: boolean;
}

export interface SwarmRun {
  readonly ports: Ports;
  readonly signal: AbortSignal;
  readonly onProgress: OnProgress;
}

const INSIDE = 'container:';
const NODE_ROLES: readonly string[] = ['manager', 'worker'];

/** `settings` are those of the stack's record. */
export function targetOf(found: Omit<SwarmTarget, 'nodes' | 'host' | 'isEncrypted'>, settings: { readonly [key: string]: string } = {}): SwarmTarget {
  const nodes = found.access.endpoint.startsWith(INSIDE) ? 'containers' : settings['existing'] === 'true' ? 'existing' : 'engine';
  return { ...found, nodes, host: remoteHost(found.access.endpoint) ?? '127.0.0.1', isEncrypted: settings['encrypt'] === 'true' };
}

/** Container of the manager, where the nodes are containers. */
export function managerContainer({ access }: SwarmTarget): string {
  return access.endpoint.slice(INSIDE.length);
}

export function connect(target: SwarmTarget, { ports }: Pick<SwarmRun, 'ports'>): Swarm {
  return ports.engines.swarm(target.access.endpoint);
}

/** Containers that are nodes, where nodes are containers; also those that do not run. Sorted by name. */
export async function nodeContainers({ stack }: Pick<SwarmTarget, 'stack'>, docker: Docker): Promise<readonly DockerContainer[]> {
  const found = await docker.listContainers({ labels: [`${DOCKER_STACK_LABEL}=${stack}`] });
  return found.filter(({ labels }) => NODE_ROLES.includes(labels[DOCKER_ROLE_LABEL] ?? '')).sort((a, b) => a.name.localeCompare(b.name));
}

/** Labels of everything that devstack puts into the swarm. */
export function memberFilter({ stack }: Pick<SwarmTarget, 'stack'>): { readonly label: readonly string[] } {
  return { label: [`${DOCKER_MEMBER_LABEL}=${stack}`] };
}

/** By its whole name, or by the end of it that nobody else shares (`web` for `chat_web`). Throws `service-unknown`. */
export async function findService(swarm: Swarm, target: Pick<SwarmTarget, 'stack'>, name: string): Promise<SwarmService> {
  const services = await swarm.list('service', memberFilter(target));
  const exact = services.find(({ Spec }) => Spec.Name === name);
  const byEnd = services.filter(({ Spec }) => Spec.Name.endsWith(`_${name}`));
  const found = exact ?? (byEnd.length === 1 ? byEnd[0] : undefined);
  if (found !== undefined) return found;
  const names = services.map(({ Spec }) => Spec.Name).sort();
  throw usageError({
    code: 'service-unknown',
    message: byEnd.length > 1 ? `${name} could be ${byEnd.map(({ Spec }) => Spec.Name).join(' or ')}` : `stack ${target.stack} has no service ${name}`,
    reason: names.length === 0 ? 'it has no service at all' : `its services: ${names.join(', ')}`,
    hints: [{ text: 'See what runs', command: `devstack status ${target.stack}` }],
  });
}
