// The engine itself as the one node. A swarm that it is part of already is somebody's: it is used when asked for, never changed.
import { preconditionError } from '../../model/error.ts';
import type { ClusterPlan } from '../../model/plan.ts';
import type { ProviderContext } from '../provider.ts';
import { KEPT, SETTINGS } from './cluster-plan.ts';
import { engineSwarm, type Holdings } from './holdings.ts';
import { startSwarm, unlocked } from './membership.ts';
import { makeMarker } from './network.ts';

/** One node needs no other: nothing of the swarm listens off this machine for a reason. */
const LOOPBACK = '127.0.0.1';
/** Made by the engine with the swarm, and left behind by it. */
export const SWARM_BRIDGE = 'docker_gwbridge';

export async function createOnEngine(plan: ClusterPlan, held: Holdings, context: ProviderContext): Promise<void> {
  const { ports, signal } = context;
  const wantsExisting = plan.settings[SETTINGS.existing] === 'true';
  const before = held.engine ?? (await engineSwarm(ports, plan, signal));
  const info = await ports.docker.info(signal);
  if (info.rootless) throw rootless();
  if (before === 'foreign' && !wantsExisting) throw notOurs(plan);
  if (before === 'none' && wantsExisting) throw noSwarm();
  if (held.network === undefined) await makeMarker(ports.docker, await remembering(plan, context));
  if (wantsExisting) return;
  const swarm = ports.engines.swarm(ports.docker.endpoint);
  const state = await unlocked({ swarm }, plan, context);
  if (state.local === 'active') return;
  if (state.local === 'error') throw broken(state.error);
  context.onProgress('starting the swarm of this engine');
  await startSwarm(plan, { swarm, address: LOOPBACK }, context);
}

/** What must be known to leave the engine as it was. */
async function remembering(plan: ClusterPlan, { ports }: ProviderContext): Promise<ClusterPlan> {
  const bridge = await ports.docker.listNetworks({ name: SWARM_BRIDGE });
  return bridge.length === 0 ? plan : { ...plan, settings: { ...plan.settings, [KEPT.bridge]: 'kept' } };
}

function notOurs(plan: ClusterPlan) {
  return preconditionError({
    code: 'swarm-not-ours', message: 'this engine is part of a swarm that devstack did not start',
    reason: 'it is left alone unless you ask for it',
    hints: [
      { text: 'make a swarm of containers beside it', command: `devstack up swarm --name ${plan.stack} --nodes 3` },
      { text: 'or use that one', command: `devstack up swarm --name ${plan.stack} --existing` },
    ],
  });
}

function noSwarm() {
  return preconditionError({
    code: 'swarm-absent', message: 'this engine is in no swarm that could be used', hints: [{ text: 'start one that devstack looks after', command: 'devstack up swarm' }],
  });
}

function rootless() {
  return preconditionError({
    code: 'swarm-rootless', message: 'a rootless engine has no overlay networks, and without them there is no swarm',
    hints: [{ text: 'use an engine of the system', command: 'docker context use default' }],
  });
}

function broken(reason: string) {
  return preconditionError({
    code: 'swarm-broken', message: 'the engine cannot start its swarm', reason, hints: [{ text: 'leave it for good, then try again', command: 'docker swarm leave --force' }],
  });
}
