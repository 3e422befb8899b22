// The nodes of a swarm: what they are, and taking them out of work and back.
import { failedError, usageError } from '../model/error.ts';
import type { NodeSpec, SwarmNode } from '../model/swarm.ts';
import type { Swarm } from '../ports.ts';
import { connect, type SwarmRun, type SwarmTarget } from './target.ts';

export interface NodeRow {
  readonly name: string;
  readonly id: string;
  readonly role: 'manager' | 'worker';
  readonly isLeader: boolean;
  /** ready, down, disconnected, unknown. */
  readonly state: string;
  /** active, pause, drain. */
  readonly availability: string;
  /** Of managers only: reachable, unreachable. */
  readonly reachability: string | undefined;
  readonly engine: string;
  /** Tasks that run there. */
  readonly tasks: number;
}

export type NodeChange = 'active' | 'pause' | 'drain' | 'promote' | 'demote';

const LOOK_AGAIN_MS = 100;

export async function listNodes(target: SwarmTarget, run: SwarmRun): Promise<readonly NodeRow[]> {
  const swarm = connect(target, run);
  const [nodes, tasks] = await Promise.all([swarm.list('node', {}, run.signal), swarm.list('task', { 'desired-state': ['running'] }, run.signal)]);
  const running = tasks.filter(({ Status }) => Status.State === 'running');
  return nodes.map((node) => rowOf(node, running.filter(({ NodeID }) => NodeID === node.ID).length)).sort((a, b) => a.role.localeCompare(b.role) || a.name.localeCompare(b.name));
}

function rowOf(node: SwarmNode, tasks: number): NodeRow {
  return {
    name: nameOf(node), id: node.ID, role: node.Spec.Role === 'manager' ? 'manager' : 'worker', isLeader: node.ManagerStatus?.Leader === true,
    state: node.Status?.State ?? 'unknown', availability: node.Spec.Availability ?? 'active', reachability: node.ManagerStatus?.Reachability,
    engine: node.Description?.Engine?.EngineVersion ?? '', tasks,
  };
}

function nameOf(node: SwarmNode): string {
  return node.Description?.Hostname ?? node.ID;
}

/**
 * Ends when it is so: a drained node runs nothing any more, a promoted one is reachable as a manager, a demoted one has left the
 * managers (before that, a restart of another manager could cost the swarm its majority).
 * Throws `node-unknown`, `node-last-manager`.
 */
export async function changeNode(target: SwarmTarget, name: string, change: NodeChange, run: SwarmRun): Promise<NodeRow> {
  const swarm = connect(target, run);
  const nodes = await swarm.list('node', {}, run.signal);
  const node = findNode(nodes, name);
  if (change === 'demote' && nodes.filter(({ Spec }) => Spec.Role === 'manager').length === 1) throw lastManager(node);
  const spec = changedSpec(node.Spec, change);
  await swarm.update('node', node.ID, { version: node.Version.Index, spec });
  await waitFor(swarm, node, change, run);
  const row = (await listNodes(target, run)).find(({ id }) => id === node.ID);
  if (row === undefined) throw failedError({ code: 'node-gone', message: `the node ${name} is gone`, hints: [{ text: 'See the nodes', command: 'devstack node list' }] });
  return row;
}

/** By name, by id or by the beginning of an id that no other has. */
export function findNode(nodes: readonly SwarmNode[], name: string): SwarmNode {
  const exact = nodes.find((node) => nameOf(node) === name || node.ID === name);
  const begun = nodes.filter(({ ID }) => name !== '' && ID.startsWith(name));
  const found = exact ?? (begun.length === 1 ? begun[0] : undefined);
  if (found !== undefined) return found;
  throw usageError({
    code: 'node-unknown', message: `there is no node ${name}`, reason: `nodes: ${nodes.map(nameOf).sort().join(', ')}`, hints: [{ text: 'See the nodes', command: 'devstack node list' }],
  });
}

function changedSpec(spec: NodeSpec, change: NodeChange): NodeSpec {
  if (change === 'promote') return { ...spec, Role: 'manager' };
  if (change === 'demote') return { ...spec, Role: 'worker' };
  return { ...spec, Availability: change };
}

async function waitFor(swarm: Swarm, node: SwarmNode, change: NodeChange, { ports, signal, onProgress }: SwarmRun): Promise<void> {
  for (;;) {
    const left = await remaining(swarm, node, change, signal);
    if (left === undefined) return;
    onProgress(left);
    await ports.clock.sleep(LOOK_AGAIN_MS, signal);
  }
}

/** What is still to happen, in words. */
async function remaining(swarm: Swarm, { ID }: SwarmNode, change: NodeChange, signal: AbortSignal): Promise<string | undefined> {
  if (change === 'active' || change === 'pause') return undefined;
  if (change === 'drain') return await unmoved(swarm, ID, signal);
  const node = await swarm.get('node', ID, signal);
  if (change === 'promote') return node?.ManagerStatus?.Reachability === 'reachable' ? undefined : 'becoming a manager';
  return node?.ManagerStatus === undefined ? undefined : 'leaving the managers';
}

/** Tasks that still run there, and those that have left and do not run elsewhere yet. */
async function unmoved(swarm: Swarm, id: string, signal: AbortSignal): Promise<string | undefined> {
  const tasks = await swarm.list('task', {}, signal);
  const there = tasks.filter(({ NodeID, Status }) => NodeID === id && ['running', 'starting', 'preparing', 'ready', 'assigned', 'accepted'].includes(Status.State));
  if (there.length > 0) return `${there.length} ${there.length === 1 ? 'task is' : 'tasks are'} leaving`;
  // One that has no place (a port, a label that only this node has) waits for it: that is no reason to wait here.
  const onTheWay = tasks.filter(({ DesiredState, Status }) => DesiredState === 'running' && !['running', 'complete', 'failed', 'rejected'].includes(Status.State) && (Status.Err ?? '') === '');
  return onTheWay.length === 0 ? undefined : `${onTheWay.length} ${onTheWay.length === 1 ? 'task starts' : 'tasks start'} elsewhere`;
}

function lastManager(node: SwarmNode) {
  return usageError({
    code: 'node-last-manager', message: `${nameOf(node)} is the only manager: without it there is no swarm`, hints: [{ text: 'Promote another node first', command: 'devstack node promote worker-1' }],
  });
}
