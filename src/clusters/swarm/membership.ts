// Makes one swarm of engines: the first manager starts it, the others join. What was half done is finished. Tokens and keys go
// from engine to engine; they are neither printed nor put on a command line.
import { preconditionError } from '../../model/error.ts';
import type { ClusterPlan } from '../../model/plan.ts';
import { stackLabels } from '../../model/record.ts';
import type { Swarm, SwarmState } from '../../ports.ts';
import type { ProviderContext } from '../provider.ts';
import { type NodePlan, SETTINGS } from './cluster-plan.ts';
import { forgetKey, keepKey, readKey } from './unlock-key.ts';

const SWARM_PORT = 2377;
const LOOK_AGAIN_MS = 100;

export interface Member extends NodePlan {
  readonly swarm: Swarm;
  /** Address that the others reach it at. */
  readonly address: string;
}

/** Ends when the leader counts every member as ready. */
export async function formSwarm(plan: ClusterPlan, members: readonly Member[], context: ProviderContext): Promise<void> {
  const [leader, ...others] = members;
  if (leader === undefined) return;
  const states = await Promise.all(members.map((member) => unlocked(member, plan, context)));
  if (states[0]?.local !== 'active') await startSwarm(plan, leader, context);
  const manager = `${leader.address}:${SWARM_PORT}`;
  const known = new Set((await leader.swarm.list('node', {}, context.signal)).map(({ ID }) => ID));
  const outside = others.filter((_member, index) => !known.has(states[index + 1]?.nodeId ?? ''));
  if (outside.length > 0) context.onProgress(`joining ${outside.map(({ host }) => host).join(', ')}`);
  // Managers one after the other: each changes how many make a majority.
  for (const member of outside.filter(({ role }) => role === 'manager')) await join(member, manager, leader);
  await Promise.all(outside.filter(({ role }) => role === 'worker').map((member) => join(member, manager, leader)));
  await waitForNodes(leader, members, context);
}

/** Starts the swarm of this engine; its labels say from the first moment on whose it is. */
export async function startSwarm(plan: ClusterPlan, { swarm, address }: Pick<Member, 'swarm' | 'address'>, { ports }: Pick<ProviderContext, 'ports'>): Promise<void> {
  const autolock = plan.settings[SETTINGS.autolock] === 'true';
  await forgetKey(ports, plan.stack);
  await swarm.init({ advertise: address, labels: stackLabels(plan), autolock });
  if (autolock) await keepKey(ports, plan.stack, await swarm.unlockKey());
}

/** The state of an engine, after unlocking it where the key is known. Throws `swarm-locked`. */
export async function unlocked({ swarm }: Pick<Member, 'swarm'>, { stack }: Pick<ClusterPlan, 'stack'>, { ports, signal }: ProviderContext): Promise<SwarmState> {
  const state = await settledState(swarm, { ports, signal });
  if (state.local !== 'locked') return state;
  const key = await readKey(ports, stack);
  if (key === undefined) {
    throw preconditionError({
      code: 'swarm-locked', message: `the swarm of stack ${stack} is locked, and its key is not on this machine any more`,
      hints: [{ text: 'make the stack again', command: `devstack down ${stack}` }],
    });
  }
  await swarm.unlock(key);
  return await settledState(swarm, { ports, signal });
}

/** An engine that has just started is `pending` until it has found its swarm again. */
async function settledState(swarm: Swarm, { ports, signal }: Pick<ProviderContext, 'ports' | 'signal'>): Promise<SwarmState> {
  for (;;) {
    const state = await swarm.state(signal);
    if (state.local !== 'pending') return state;
    await ports.clock.sleep(LOOK_AGAIN_MS, signal);
  }
}

async function join(member: Member, manager: string, leader: Member): Promise<void> {
  // A member of another swarm: its leader was made anew.
  await member.swarm.leave();
  await member.swarm.join({ advertise: member.address, manager, token: await leader.swarm.joinToken(member.role) });
}

/** Ends when all are ready; nodes of the same name that went before are forgotten. */
async function waitForNodes(leader: Member, members: readonly Member[], { ports, signal, onProgress }: ProviderContext): Promise<void> {
  for (;;) {
    const nodes = await leader.swarm.list('node', {}, signal);
    const ready = new Set(nodes.filter(({ Status }) => Status?.State === 'ready').map(({ Description }) => Description?.Hostname ?? ''));
    const missing = members.filter(({ host }) => !ready.has(host));
    if (missing.length === 0) {
      const stale = nodes.filter(({ Status, Description }) => Status?.State === 'down' && ready.has(Description?.Hostname ?? ''));
      for (const node of stale) await leader.swarm.remove('node', node.ID);
      return;
    }
    onProgress(`waiting for ${missing.map(({ host }) => host).join(', ')}`, members.length - missing.length, members.length);
    await ports.clock.sleep(LOOK_AGAIN_MS, signal);
  }
}
