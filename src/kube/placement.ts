// Whether a pod that the scheduler refused could ever fit: what it asks for against what each node has left. Pure.
import type { Json } from '../model/json.ts';
import { arrayAt, at, hasCondition, type KubeObject, stringAt } from '../model/object.ts';
import { cpuText, memoryText, parseQuantity } from './quantity.ts';

/** CPU in cores, memory in bytes. */
export interface Amount {
  readonly cpu: number;
  readonly memory: number;
}

const NOTHING: Amount = { cpu: 0, memory: 0 };

function plus(a: Amount, b: Amount): Amount {
  return { cpu: a.cpu + b.cpu, memory: a.memory + b.memory };
}

function most(a: Amount, b: Amount): Amount {
  return { cpu: Math.max(a.cpu, b.cpu), memory: Math.max(a.memory, b.memory) };
}

function amountAt(value: unknown, ...path: readonly string[]): Amount {
  return { cpu: parseQuantity(at(value, ...path, 'cpu')), memory: parseQuantity(at(value, ...path, 'memory')) };
}

/** What the scheduler counts for a pod: its containers and sidecars together, or its greediest init container. */
export function requestsOf(pod: KubeObject): Amount {
  let steady = NOTHING;
  let peak = NOTHING;
  for (const container of arrayAt(pod, 'spec', 'initContainers')) {
    const wanted = amountAt(container, 'resources', 'requests');
    if (stringAt(container, 'restartPolicy') === 'Always') steady = plus(steady, wanted);
    else peak = most(peak, plus(steady, wanted));
  }
  for (const container of arrayAt(pod, 'spec', 'containers')) steady = plus(steady, amountAt(container, 'resources', 'requests'));
  return plus(most(steady, peak), amountAt(pod, 'spec', 'overhead'));
}

function isOfJob(pod: KubeObject): boolean {
  return (pod.metadata.ownerReferences ?? []).some((owner) => owner['kind'] === 'Job');
}

/** Pods that hold their node for good: not over, not on their way out, not of a job that ends. */
function holdsNode(pod: KubeObject): boolean {
  const phase = stringAt(pod, 'status', 'phase');
  return phase !== 'Succeeded' && phase !== 'Failed' && pod.metadata.deletionTimestamp === undefined && !isOfJob(pod);
}

function tolerates(pod: KubeObject, taint: Json): boolean {
  return arrayAt(pod, 'spec', 'tolerations').some((toleration) => {
    const key = stringAt(toleration, 'key');
    const effect = stringAt(toleration, 'effect');
    if (effect !== undefined && effect !== '' && effect !== stringAt(taint, 'effect')) return false;
    if (stringAt(toleration, 'operator') === 'Exists') return key === undefined || key === '' || key === stringAt(taint, 'key');
    return key === stringAt(taint, 'key') && (stringAt(toleration, 'value') ?? '') === (stringAt(taint, 'value') ?? '');
  });
}

function takesPods(node: KubeObject, pod: KubeObject): boolean {
  if (at(node, 'spec', 'unschedulable') === true) return false;
  return arrayAt(node, 'spec', 'taints').every((taint) => stringAt(taint, 'effect') === 'PreferNoSchedule' || tolerates(pod, taint));
}

/** Taints that Kubernetes itself takes away: a node that comes up, or frees what it ran short of. */
const PASSING_TAINT = /^node\.(cloudprovider\.)?kubernetes\.io\/(not-ready|unreachable|network-unavailable|uninitialized|(memory|disk|pid)-pressure)$/;

function isComingUp(node: KubeObject): boolean {
  return !hasCondition(node, 'Ready') || arrayAt(node, 'spec', 'taints').some((taint) => PASSING_TAINT.test(stringAt(taint, 'key') ?? ''));
}

function leftOn(node: KubeObject, pods: readonly KubeObject[]): Amount {
  const used = pods.filter((pod) => stringAt(pod, 'spec', 'nodeName') === node.metadata.name && holdsNode(pod)).map(requestsOf).reduce(plus, NOTHING);
  const offered = amountAt(node, 'status', 'allocatable');
  return { cpu: offered.cpu - used.cpu, memory: offered.memory - used.memory };
}

/** The scheduler found a taint on every node: `0/1 nodes are available: 1 node(s) had untolerated taint(s)`. */
const ALL_TAINTED = /^0\/(\d+) nodes are available: \1 node\(s\) had untolerated taint/;

function saidBy(pod: KubeObject, words: RegExp): boolean {
  return arrayAt(pod, 'status', 'conditions').some((entry) => words.test(stringAt(entry, 'message') ?? ''));
}

export type Placement =
  /** It may still be scheduled: a node comes up, or room is being made. */
  | { readonly kind: 'open' }
  /** `needs 300m CPU, node devstack-control-plane has 120m CPU left`. */
  | { readonly kind: 'full'; readonly message: string }
  /** No amount is short; the scheduler's own text says why. */
  | { readonly kind: 'other' };

interface Room {
  readonly node: KubeObject;
  readonly left: Amount;
}

/** Sums of decimal fractions are off by less. */
const EPSILON = 1e-9;

interface Shortage {
  readonly needs: string;
  readonly left: string;
}

function shortages(wanted: Amount, left: Amount): readonly Shortage[] {
  const short: Shortage[] = [];
  if (wanted.cpu > left.cpu + EPSILON) short.push({ needs: cpuText(wanted.cpu), left: cpuText(Math.max(left.cpu, 0)) });
  if (wanted.memory > left.memory + EPSILON) short.push({ needs: memoryText(wanted.memory), left: memoryText(Math.max(left.memory, 0)) });
  return short;
}

/** Told by the node with the most CPU left, the one that a person would look at. */
function fullText(wanted: Amount, [first, ...rest]: readonly Room[]): string {
  const roomiest = rest.reduce((best, room) => (room.left.cpu > (best?.left.cpu ?? 0) ? room : best), first);
  if (roomiest === undefined) return '';
  const short = shortages(wanted, roomiest.left);
  const needs = short.map((shortage) => shortage.needs).join(' and ');
  return `needs ${needs}, node ${roomiest.node.metadata.name} has ${short.map((shortage) => shortage.left).join(' and ')} left`;
}

/**
 * Judges a pod that the scheduler called unschedulable, from all nodes and all pods of the cluster as they are now.
 * Pods that are going, and pods of jobs, count as gone: their room is about to be free. A node that is not ready yet keeps it open.
 */
export function placementOf(pod: KubeObject, nodes: readonly KubeObject[], pods: readonly KubeObject[]): Placement {
  if (nodes.length === 0 || nodes.some(isComingUp)) return { kind: 'open' };
  const usable = nodes.filter((node) => takesPods(node, pod)).map((node) => ({ node, left: leftOn(node, pods) }));
  const wanted = requestsOf(pod);
  if (usable.length > 0 && usable.every(({ left }) => shortages(wanted, left).length > 0)) return { kind: 'full', message: fullText(wanted, usable) };
  // Something else than room is missing, or room is being made right now.
  const isMoving = pods.some((other) => other.metadata.deletionTimestamp !== undefined);
  const lacksRoom = saidBy(pod, /Insufficient (cpu|memory)/);
  // A node has become ready since the scheduler looked: the taint that it speaks of is gone.
  const isOutdated = usable.length > 0 && saidBy(pod, ALL_TAINTED);
  return isMoving || lacksRoom || isOutdated ? { kind: 'open' } : { kind: 'other' };
}
