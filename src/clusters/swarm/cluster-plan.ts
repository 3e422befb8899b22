// What a swarm will be made of: the engine itself, or nodes as containers on a network of their own. Pure.
import type { ClusterPlan } from '../../model/plan.ts';
import type { StackRecord } from '../../model/record.ts';
import type { StackSpec } from '../../model/stack.ts';

export const PROVIDER = 'swarm';
/** An engine in a container: Docker's own image, by its line of releases. */
export const NODE_IMAGE = 'docker:28-dind';

/** Each node is a whole engine in one engine; beyond this something else was meant. */
const MAX_NODES = 16;
const MAX_HOST_NAME = 63;

/** Wishes in `StackSpec.settings` that this provider takes, each `true` or absent. */
export const SETTINGS = {
  /** Managers keep their keys locked at rest. */
  autolock: 'autolock',
  /** Overlay networks of apps are encrypted between nodes. */
  encrypt: 'encrypt',
  /** A single node in a container too, which leaves the engine's own swarm state alone. */
  isolated: 'isolated',
  /** Use the swarm that the engine is part of already. */
  existing: 'existing',
} as const;
/** Kept in the record beside the wishes. */
export const KEPT = { managers: 'managers', bridge: 'bridge' } as const;

export type Role = 'manager' | 'worker';

export interface NodePlan {
  /** Name of its container. */
  readonly container: string;
  /** Name of the node in the swarm. */
  readonly host: string;
  readonly role: Role;
  /** Place in the list: its address counts from here. */
  readonly index: number;
}

export function clusterPlanOf(spec: StackSpec, port: number): ClusterPlan {
  const wishes = Object.values(SETTINGS).flatMap((wish) => (spec.settings?.[wish] === 'true' ? [[wish, 'true'] as const] : []));
  const settings = { ...Object.fromEntries(wishes), [KEPT.managers]: String(spec.managers) };
  const nodeImage = isContained({ nodes: spec.nodes, settings }) ? engineImage(spec) : undefined;
  return {
    stack: spec.name, cluster: spec.cluster, provider: PROVIDER, nodeImage, kubernetes: undefined,
    nodes: spec.nodes, managers: spec.managers, ports: [{ host: port, node: port }], settings,
  };
}

/** A node image that somebody set for Kubernetes (DEVSTACK_NODE_IMAGE) holds no engine. */
function engineImage({ nodeImage }: StackSpec): string {
  return nodeImage !== undefined && /dind|(^|\/)docker[:@]/.test(nodeImage) ? nodeImage : NODE_IMAGE;
}

export function problemsOf(spec: StackSpec): readonly string[] {
  const problems: string[] = [];
  if (!/^[a-z0-9][a-z0-9-]*$/.test(spec.cluster)) problems.push(`a swarm's name has only a-z, 0-9 and "-", not ${JSON.stringify(spec.cluster)}`);
  const longest = nodeName(spec.cluster, 'manager', spec.managers).length;
  if (longest > MAX_HOST_NAME) problems.push(`the name ${spec.cluster} is too long: its nodes would have names of ${longest} characters, at most ${MAX_HOST_NAME} are allowed`);
  if (!Number.isInteger(spec.nodes) || spec.nodes < 1 || spec.nodes > MAX_NODES) problems.push(`a swarm has 1 to ${MAX_NODES} nodes, not ${spec.nodes}`);
  if (!Number.isInteger(spec.managers) || spec.managers < 1 || spec.managers > spec.nodes) problems.push(`of ${spec.nodes} nodes 1 to ${spec.nodes} are managers, not ${spec.managers}`);
  if (spec.addons.length > 0) problems.push(`${spec.addons.join(', ')} ${spec.addons.length === 1 ? 'belongs' : 'belong'} to Kubernetes: a swarm has no addons (devstack up swarm)`);
  if (spec.samples.length > 0) problems.push(`a swarm is made without samples: deploy ${spec.samples.join(', ')} afterwards`);
  if (spec.settings?.[SETTINGS.existing] === 'true' && (spec.nodes > 1 || spec.settings[SETTINGS.isolated] === 'true')) problems.push('the swarm of this engine has its own nodes: leave the number of nodes out');
  return problems;
}

export function notesOf(spec: StackSpec): readonly string[] {
  const notes: string[] = [];
  if (spec.managers > 1 && spec.managers % 2 === 0) notes.push(`${spec.managers} managers survive no more failures than ${spec.managers - 1}: an odd number is better`);
  if (spec.settings?.[SETTINGS.encrypt] === 'true') notes.push('overlay networks are encrypted between nodes: without ESP in the kernel nothing passes between them');
  if (spec.settings?.[SETTINGS.autolock] === 'true') notes.push('the swarm is locked at rest; its key is kept in the state folder of devstack, readable by you alone');
  if (spec.nodes > 1) notes.push(`each node is a container of ${engineImage(spec)}, privileged, as an engine inside an engine needs`);
  return notes;
}

/** The nodes are containers; else the engine itself is the one node. */
export function isContained({ nodes, settings }: Pick<StackRecord, 'nodes' | 'settings'>): boolean {
  return nodes > 1 || settings[SETTINGS.isolated] === 'true';
}

export function nodePlans({ cluster, nodes, managers }: Pick<ClusterPlan, 'cluster' | 'nodes' | 'managers'>): readonly NodePlan[] {
  return Array.from({ length: nodes }, (_none, index) => {
    const role: Role = index < managers ? 'manager' : 'worker';
    const number = role === 'manager' ? index + 1 : index + 1 - managers;
    return { container: nodeName(cluster, role, number), host: `${role}-${number}`, role, index };
  });
}

export function nodeName(cluster: string, role: Role, number: number): string {
  return `${cluster}-${role}-${number}`;
}

/** The manager that devstack talks to. */
export function leaderName(cluster: string): string {
  return nodeName(cluster, 'manager', 1);
}

export function nodeEndpoint(container: string): string {
  return `container:${container}`;
}

// ── addresses ───────────────────────────────────────────────────────────────────────────────────────────────────────

/** The engine gives .1 to itself. */
const FIRST_ADDRESS = 2;

export interface AddressPlan {
  readonly subnet: string;
  /** Upper half, for everything but nodes: what the engine hands out must never be the address of a node. */
  readonly range: string;
  /** Fixed: a swarm does not survive a manager whose address has changed. */
  addressOf(index: number): string;
}

/** Undefined when the subnet is no IPv4 one, or too small for the nodes. */
export function addressPlan(subnet: string): AddressPlan | undefined {
  const [base = '', length = ''] = subnet.split('/');
  const bits = Number(length);
  const octets = base.split('.').map(Number);
  if (octets.length !== 4 || octets.some((octet) => !Number.isInteger(octet) || octet < 0 || octet > 255)) return undefined;
  if (!Number.isInteger(bits) || bits < 8 || 2 ** (31 - bits) < MAX_NODES + FIRST_ADDRESS) return undefined;
  const start = octets.reduce((sum, octet) => sum * 256 + octet, 0);
  return {
    subnet,
    range: `${textOf(start + 2 ** (31 - bits))}/${bits + 1}`,
    addressOf: (index) => textOf(start + FIRST_ADDRESS + index),
  };
}

function textOf(address: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256).join('.');
}
