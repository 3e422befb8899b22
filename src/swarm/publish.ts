// How the published ports of services are reached. On a swarm of devstack's own a port leads to a gateway on 127.0.0.1; Swarm's
// routing mesh is used between the nodes where the kernel has it. Pure, but for the probe.
import { DOCKER_MEMBER_LABEL } from '../model/label.ts';
import type { NetworkSpec, PortConfig, ServiceSpec } from '../model/swarm.ts';
import { NAMESPACE_LABEL } from './stack/normalise.ts';
import { managerContainer, type SwarmRun, type SwarmTarget } from './target.ts';

/**
 * `gateway`: Swarm publishes nothing; a gateway in the swarm finds the tasks by name. `mesh`: Swarm publishes on its nodes, a
 * gateway outside leads there. `as-written`: Swarm alone.
 */
export type Way = 'gateway' | 'mesh' | 'as-written';

export interface Port {
  /** Name of the deployed stack. */
  readonly namespace: string;
  /** Name of the service in the swarm. */
  readonly service: string;
  readonly published: number;
  readonly target: number;
  /** Where it answers, when not on this machine's loopback. */
  readonly host?: string;
}

export interface Publication {
  readonly services: readonly ServiceSpec[];
  readonly ports: readonly Port[];
  /** What is done in another way than written, and why. */
  readonly notes: readonly string[];
}

/** Whether the kernel can balance by IPVS: without it ports of the mesh and virtual addresses accept nothing, without a word. */
export async function hasIpvs(target: SwarmTarget, { ports, signal }: SwarmRun): Promise<boolean> {
  const file = '/proc/net/ip_vs';
  if (target.nodes === 'containers') return (await ports.docker.exec(managerContainer(target), ['test', '-e', file], { signal })).exitCode === 0;
  // An engine in a virtual machine has another kernel than the one that could be asked here.
  return ports.platform.os === 'linux' && (await ports.files.stat(file)) !== undefined;
}

/** One node publishes on every address of its machine, whatever is written: only nodes in containers may use the mesh. */
export function chooseWay({ nodes }: Pick<SwarmTarget, 'nodes'>, ipvs: boolean): Way {
  if (nodes === 'existing') return 'as-written';
  return nodes === 'containers' && ipvs ? 'mesh' : 'gateway';
}

export function ingressName({ cluster }: Pick<SwarmTarget, 'cluster'>): string {
  return `${cluster}-ingress`;
}

/** The network in which gateways meet tasks. */
export function ingressSpec(target: Pick<SwarmTarget, 'cluster' | 'stack'>): NetworkSpec {
  return { Name: ingressName(target), Driver: 'overlay', Attachable: true, Labels: { [DOCKER_MEMBER_LABEL]: target.stack } };
}

/** What the engine is asked for, and which ports gateways must open. `freePorts` are given to ports that name none. */
export function publish(services: readonly ServiceSpec[], options: { readonly way: Way; readonly ipvs: boolean; readonly network: string; readonly freePorts: readonly number[]; readonly host?: string }): Publication {
  const { way, ipvs, network, host } = options;
  const free = [...options.freePorts];
  const notes: string[] = [];
  const ports: Port[] = [];
  const results = services.map((spec) => {
    const written = spec.EndpointSpec?.Ports ?? [];
    const published = way === 'as-written' ? written : written.flatMap((port) => numbered(spec, port, { free, notes }) ?? []);
    ports.push(...(way === 'as-written' ? writtenPorts(spec, host) : published.map((port) => portOf(spec, port))));
    if (way === 'as-written' || (way === 'mesh' && ipvs)) return { ...spec, EndpointSpec: { ...spec.EndpointSpec, ...(published.length === 0 ? {} : { Ports: published }) } };
    return overGateway(spec, { isPublished: published.length > 0, ipvs, network });
  });
  if (way === 'gateway' && ports.length > 0) notes.push('ports are published by a gateway of devstack on 127.0.0.1, not by Swarm, which would open them to the network');
  if (!ipvs && way !== 'as-written') notes.push('the kernel has no IPVS, so services are found by the addresses of their tasks (dnsrr) instead of a virtual one');
  return { services: results, ports, notes };
}

function overGateway(spec: ServiceSpec, { isPublished, ipvs, network }: { readonly isPublished: boolean; readonly ipvs: boolean; readonly network: string }): ServiceSpec {
  const { Ports: _moved, ...endpoint } = spec.EndpointSpec ?? {};
  const networks = spec.TaskTemplate.Networks ?? [];
  return {
    ...spec,
    EndpointSpec: ipvs ? endpoint : { ...endpoint, Mode: 'dnsrr' },
    ...(isPublished ? { TaskTemplate: { ...spec.TaskTemplate, Networks: [...networks, { Target: network }] } } : {}),
  };
}

/** A port that devstack can publish, with its number; what it cannot is told and left out. */
function numbered(spec: ServiceSpec, port: PortConfig, { free, notes }: { readonly free: number[]; readonly notes: string[] }): readonly PortConfig[] | undefined {
  if ((port.Protocol ?? 'tcp') !== 'tcp') {
    notes.push(`${spec.Name}: ${port.Protocol ?? ''} port ${port.PublishedPort ?? port.TargetPort ?? 0} is not published on this machine, only tcp is`);
    return undefined;
  }
  const PublishedPort = port.PublishedPort ?? free.shift();
  if (PublishedPort === undefined) return undefined;
  return [{ ...port, PublishedPort, PublishMode: 'ingress' }];
}

function portOf(spec: ServiceSpec, port: PortConfig): Port {
  return { namespace: spec.Labels?.[NAMESPACE_LABEL] ?? spec.Name, service: spec.Name, published: port.PublishedPort ?? 0, target: port.TargetPort ?? 0 };
}

/** What a service publishes by Swarm alone, where that is known beforehand. */
export function writtenPorts(spec: ServiceSpec, host: string | undefined): readonly Port[] {
  const ports = (spec.EndpointSpec?.Ports ?? []).filter(({ Protocol, PublishedPort }) => (Protocol ?? 'tcp') === 'tcp' && PublishedPort !== undefined);
  return ports.map((port) => ({ ...portOf(spec, port), ...(host === undefined ? {} : { host }) }));
}

/** How many ports name no number. */
export function unnumbered(services: readonly ServiceSpec[]): number {
  return services.flatMap(({ EndpointSpec }) => EndpointSpec?.Ports ?? []).filter(({ PublishedPort }) => PublishedPort === undefined).length;
}
