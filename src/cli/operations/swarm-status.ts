// What a swarm of a stack has to show: a part for each deployed stack, an endpoint for each published port.
import type { SwarmAccess } from '../../model/access.ts';
import type { StackFacts } from '../../model/fact.ts';
import type { Endpoint } from '../../model/plan.ts';
import type { Ports } from '../../ports.ts';
import { openedPorts } from '../../swarm/gateways.ts';
import { type DeploymentStatus, swarmOverview } from '../../swarm/overview.ts';
import { type PortAnswer, type PortStatus, provePorts } from '../../swarm/proof.ts';
import type { Port } from '../../swarm/publish.ts';
import { connect, memberFilter, type SwarmRun, targetOf } from '../../swarm/target.ts';
import { waitForServices } from '../../swarm/wait.ts';
import type { EndpointResult, PartStatus } from '../use-cases.ts';

/** After a stop all programs start at once, and some of them before what they need. */
const CRASHES_AFTER_START = 5;

export interface FoundSwarm {
  readonly found: StackFacts;
  readonly access: SwarmAccess;
  readonly settings: { readonly [key: string]: string } | undefined;
}

function target({ found, access, settings }: FoundSwarm) {
  return targetOf({ stack: found.stack, cluster: found.cluster, provider: found.provider, access }, settings);
}

export async function swarmInside(ports: Ports, swarm: FoundSwarm, signal: AbortSignal): Promise<{ readonly parts: readonly PartStatus[]; readonly endpoints: readonly EndpointResult[] }> {
  const overview = await swarmOverview(target(swarm), { ports, signal, onProgress: () => undefined });
  return { parts: overview.deployments.map(partOf), endpoints: overview.ports.map(endpointOfStatus) };
}

/** Ends when every service has converged again and every port has answered. */
export async function verifySwarm(swarm: FoundSwarm, run: SwarmRun): Promise<readonly EndpointResult[]> {
  const where = target(swarm);
  const services = await connect(where, run).list('service', memberFilter(where), run.signal);
  const names = services.map(({ Spec }) => Spec.Name);
  if (names.length > 0) await waitForServices(connect(where, run), names, { ...run, clock: run.ports.clock, crashLimit: CRASHES_AFTER_START, isWaking: true });
  return (await provePorts(await openedPorts(where, run), run)).map(endpointOfAnswer);
}

function partOf({ name, services }: DeploymentStatus): PartStatus {
  const worst = services.find(({ state }) => state === 'failed') ?? services.find(({ state }) => state === 'pending');
  const size = { objects: services.length, replicas: services.reduce((sum, { running }) => sum + running, 0) };
  if (worst === undefined) return { part: name, state: 'ready', message: '', ...size };
  return { part: name, state: worst.state === 'failed' ? 'failed' : 'pending', message: `${worst.name} ${worst.message}`, ...size };
}

function endpointOf({ service, published, host = '127.0.0.1' }: Port, url: string): Endpoint {
  const address = `${host}:${published}`;
  return { name: service, url, host: address, address, path: new URL(url).pathname, curl: `curl ${url}` };
}

function endpointOfAnswer(answer: PortAnswer): EndpointResult {
  return { ...endpointOf(answer, answer.url), status: answer.status, verified: true, durationMs: answer.durationMs };
}

export function endpointOfStatus({ port, answer }: PortStatus): EndpointResult {
  return 'reason' in answer ? { ...endpointOf(port, answer.url), status: undefined, verified: false, reason: answer.reason } : endpointOfAnswer(answer);
}
