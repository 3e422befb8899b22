// What Docker holds of a swarm of ours, and what state it is in.
//
// Before anything else devstack makes the network of the stack, with labels: it is the record of a swarm also where the swarm
// is the engine itself, and it is what a run that was killed anywhere leaves for `down` to find.
import { DOCKER_ROLE_LABEL, DOCKER_STACK_LABEL } from '../../model/label.ts';
import { readStackRecord, type StackRecord } from '../../model/record.ts';
import type { DockerContainer, DockerNetwork, Ports, SwarmState } from '../../ports.ts';
import { type Condition, isOurs, ownerOf, refuseForeign as refuse, type Target } from '../docker/ownership.ts';
import { isContained, leaderName, PROVIDER, SETTINGS } from './cluster-plan.ts';

/** Whose swarm the engine itself is in. */
export type EngineSwarm = 'none' | 'ours' | 'foreign' | 'locked' | 'broken';

export interface Holdings {
  readonly network: DockerNetwork | undefined;
  readonly record: StackRecord | undefined;
  readonly nodes: readonly DockerContainer[];
  /** Containers that lead ports of this machine into the swarm. */
  readonly gateways: readonly DockerContainer[];
  /** Why something of that name is not ours, in one line. */
  readonly foreign: string | undefined;
  /** Only read where the engine itself is the node. */
  readonly engine: EngineSwarm | undefined;
}

export const GATEWAY_ROLE = 'gateway';

/** Reads only. */
export async function readHoldings(ports: Pick<Ports, 'docker' | 'engines'>, target: Target, signal?: AbortSignal): Promise<Holdings> {
  const [networks, labelled, named] = await Promise.all([
    ports.docker.listNetworks({ name: target.cluster }),
    ports.docker.listContainers({ labels: [`${DOCKER_STACK_LABEL}=${target.stack}`] }),
    ports.docker.listContainers({ name: leaderName(target.cluster) }),
  ]);
  const network = networks.find((candidate) => isOurs(candidate, target.stack, PROVIDER));
  const containers = labelled.filter((container) => isOurs(container, target.stack, PROVIDER));
  const record = network === undefined ? undefined : readStackRecord(network.labels);
  const gateways = containers.filter((container) => container.labels[DOCKER_ROLE_LABEL] === GATEWAY_ROLE);
  return {
    network, record, gateways,
    nodes: containers.filter((container) => !gateways.includes(container)),
    foreign: foreignReason(networks.find((candidate) => candidate !== network), named.find((container) => !isOurs(container, target.stack, PROVIDER))),
    engine: record === undefined || isContained(record) ? undefined : await engineSwarm(ports, target, signal),
  };
}

function foreignReason(network: DockerNetwork | undefined, node: DockerContainer | undefined): string | undefined {
  if (network !== undefined) return ownerOf('network', network);
  return node === undefined ? undefined : ownerOf('container', node);
}

/** A swarm is ours when it carries our label, which it was started with. */
export async function engineSwarm(ports: Pick<Ports, 'docker' | 'engines'>, { stack }: Target, signal?: AbortSignal): Promise<EngineSwarm> {
  const swarm = ports.engines.swarm(ports.docker.endpoint);
  const state: SwarmState = await swarm.state(signal);
  if (state.local === 'inactive') return 'none';
  if (state.local === 'locked') return 'locked';
  if (state.local !== 'active') return 'broken';
  if (!state.isManager) return 'foreign';
  return (await swarm.cluster(signal)).labels[DOCKER_STACK_LABEL] === stack ? 'ours' : 'foreign';
}

/** Pure. */
export function conditionOf(held: Holdings): Condition {
  const { nodes, network, record, foreign } = held;
  if (foreign !== undefined) return { state: 'foreign', reason: foreign };
  if (network === undefined || record === undefined) return nodes.length === 0 ? { state: 'absent' } : { state: 'partial', reason: 'its network is missing' };
  if (!isContained(record)) return engineCondition(held.engine, record);
  if (nodes.length < record.nodes) return { state: 'partial', reason: `${record.nodes - nodes.length} of its ${record.nodes} nodes are missing` };
  const asleep = nodes.find((node) => node.state !== 'running');
  return asleep === undefined ? { state: 'running' } : { state: 'stopped', reason: `node ${asleep.name} is ${asleep.state}` };
}

function engineCondition(engine: EngineSwarm | undefined, { settings }: StackRecord): Condition {
  if (settings[SETTINGS.existing] === 'true') {
    return engine === 'foreign' || engine === 'ours' ? { state: 'running' } : { state: 'partial', reason: 'the engine has left the swarm that the stack used' };
  }
  switch (engine) {
    case 'ours': return { state: 'running' };
    case 'locked': return { state: 'stopped', reason: 'its swarm is locked' };
    case 'broken': return { state: 'partial', reason: 'the engine cannot start its swarm' };
    case 'foreign': return { state: 'foreign', reason: 'the engine has become part of another swarm' };
    default: return { state: 'partial', reason: 'the engine is in no swarm' };
  }
}

/** Throws `cluster-not-ours`: the name is taken by something that devstack did not make. */
export function refuseForeign(held: Holdings, target: Target): void {
  refuse(held, target, 'devstack up swarm');
}
