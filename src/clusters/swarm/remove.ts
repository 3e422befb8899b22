// Takes a swarm of ours apart: gateways, nodes or membership, volumes, networks. Only what is ours; killed anywhere, again from the start.
import { failedError, isDevstackError, preconditionError } from '../../model/error.ts';
import { DOCKER_MEMBER_LABEL, DOCKER_STACK_LABEL } from '../../model/label.ts';
import { readStackRecord } from '../../model/record.ts';
import type { DockerNetwork } from '../../ports.ts';
import type { ProviderContext } from '../provider.ts';
import { isContained, KEPT, PROVIDER, SETTINGS } from './cluster-plan.ts';
import { SWARM_BRIDGE } from './engine.ts';
import { engineSwarm, type Holdings, readHoldings, type Target } from './holdings.ts';
import { unlocked } from './membership.ts';
import { forgetKey } from './unlock-key.ts';

const LOOK_AGAIN_MS = 100;
/** The engine's own label on the containers of tasks. */
const ANY_TASK = 'com.docker.swarm.task.id';

/** Returns what was removed, in words. Throws `swarm-network-in-use` when somebody else's container hangs on the network. */
export async function removeHoldings(target: Target, context: ProviderContext): Promise<readonly string[]> {
  const { ports, signal } = context;
  const removed: string[] = [];
  for (;;) {
    const held = await readHoldings(ports, target, signal);
    if (held.foreign !== undefined && held.network === undefined && held.nodes.length === 0) throw notOurs(target, held.foreign);
    const containers = [...held.gateways, ...held.nodes];
    await Promise.all(containers.map(({ id }) => ports.docker.removeContainer(id)));
    removed.push(...containers.map(({ name }) => `container ${name}`));
    if (held.record !== undefined && !isContained(held.record)) removed.push(...(await clearEngine(target, held, context)));
    removed.push(...(await removeVolumes(target, context)), ...(await removeNetworks(target, context)));
    // Whoever was killed while it made a container may have left one that the engine lists only now.
    const after = await readHoldings(ports, target, signal);
    if (after.nodes.length === 0 && after.gateways.length === 0 && after.network === undefined) break;
  }
  await forgetKey(ports, target.stack);
  return removed;
}

// ── the engine as a node ────────────────────────────────────────────────────────────────────────────────────────────

async function clearEngine(target: Target, { record }: Holdings, context: ProviderContext): Promise<readonly string[]> {
  const { ports, signal } = context;
  const swarm = ports.engines.swarm(ports.docker.endpoint);
  let whose = await engineSwarm(ports, target, signal);
  if (whose === 'locked') {
    // Whose it is can only be read once it is unlocked; without the key it is left.
    await unlocked({ swarm }, target, context).catch(() => undefined);
    whose = await engineSwarm(ports, target, signal);
  }
  if (record?.settings[SETTINGS.existing] === 'true') return await clearMembers(target, context);
  if (whose !== 'ours') return [];
  context.onProgress('leaving the swarm');
  await swarm.leave();
  await waitForTasksGone(ANY_TASK, context);
  const bridge = record?.settings[KEPT.bridge] === 'kept' ? [] : await ports.docker.listNetworks({ name: SWARM_BRIDGE });
  for (const { id } of bridge) await ports.docker.removeNetwork(id).catch(ignoreInUse);
  return ['the swarm of this engine'];
}

/** Somebody else has put a container on it since: it is theirs now. */
function ignoreInUse(cause: unknown): void {
  if (!isDevstackError(cause)) throw cause;
}

/** A swarm that stays: only what carries our label goes. */
async function clearMembers({ stack }: Target, { ports, signal }: ProviderContext): Promise<readonly string[]> {
  const swarm = ports.engines.swarm(ports.docker.endpoint);
  if (!(await swarm.state(signal)).isManager) return [];
  const removed: string[] = [];
  const label = [`${DOCKER_MEMBER_LABEL}=${stack}`];
  for (const service of await swarm.list('service', { label }, signal)) {
    await swarm.remove('service', service.ID);
    removed.push(`service ${service.Spec.Name}`);
  }
  await waitForTasksGone(`${DOCKER_MEMBER_LABEL}=${stack}`, { ports, signal });
  for (const kind of ['secret', 'config'] as const) {
    for (const { ID, Spec } of await swarm.list(kind, { label }, signal)) {
      await swarm.remove(kind, ID);
      removed.push(`${kind} ${Spec.Name}`);
    }
  }
  for (const { Id, Name } of await swarm.list('network', { label }, signal)) {
    await swarm.remove('network', Id);
    removed.push(`network ${Name}`);
  }
  return removed;
}

/** The engine takes its tasks down after it has answered. */
async function waitForTasksGone(label: string, { ports, signal }: Pick<ProviderContext, 'ports' | 'signal'>): Promise<void> {
  while ((await ports.docker.listContainers({ labels: [label] })).length > 0) await ports.clock.sleep(LOOK_AGAIN_MS, signal);
}

// ── volumes and networks ────────────────────────────────────────────────────────────────────────────────────────────

async function removeVolumes({ stack }: Target, { ports }: ProviderContext): Promise<readonly string[]> {
  const [nodes, services] = await Promise.all([DOCKER_STACK_LABEL, DOCKER_MEMBER_LABEL].map((label) => ports.docker.listVolumes({ labels: [`${label}=${stack}`] })));
  const ours = [...(nodes ?? []).filter(({ labels }) => readStackRecord(labels)?.provider === PROVIDER), ...(services ?? [])];
  for (const { name } of ours) await ports.docker.removeVolume(name);
  return ours.map(({ name }) => `volume ${name}`);
}

/** The network that is the record goes last. */
async function removeNetworks({ stack, cluster }: Target, { ports }: ProviderContext): Promise<readonly string[]> {
  const found = await ports.docker.listNetworks({ labels: [`${DOCKER_STACK_LABEL}=${stack}`] });
  const ours = found.filter(({ labels }) => readStackRecord(labels)?.provider === PROVIDER);
  const ordered = ours.toSorted((a, b) => Number(a.name === cluster) - Number(b.name === cluster));
  for (const network of ordered) await removeNetwork(network, ports.docker.removeNetwork(network.id));
  return ordered.map(({ name }) => `network ${name}`);
}

async function removeNetwork({ name }: DockerNetwork, work: Promise<void>): Promise<void> {
  try {
    await work;
  } catch (cause) {
    if (!isDevstackError(cause) || !/active endpoints/i.test(cause.reason ?? '')) throw cause;
    throw failedError({
      code: 'swarm-network-in-use', message: `the network ${name} stays: a container that devstack did not make is attached to it`, cause,
      ...(cause.reason === undefined ? {} : { reason: cause.reason }), hints: [{ text: 'see which', command: `docker network inspect ${name}` }],
    });
  }
}

function notOurs({ cluster }: Target, reason: string) {
  return preconditionError({ code: 'cluster-not-ours', message: `${cluster} was not made by devstack, so it stays`, reason, hints: [{ text: 'see what devstack has made', command: 'devstack status' }] });
}
