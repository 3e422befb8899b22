// Takes a swarm of ours apart: gateways, nodes or membership, volumes, networks. Only what is ours; killed anywhere, again from the start.
import { failedError, isDevstackError, preconditionError } from '../../model/error.ts';
import { DOCKER_MEMBER_LABEL, DOCKER_PROVIDER_LABEL, DOCKER_STACK_LABEL } from '../../model/label.ts';
import { readStackRecord } from '../../model/record.ts';
import type { Target } from '../docker/ownership.ts';
import type { ProviderContext } from '../provider.ts';
import { isContained, KEPT, nodePlans, PROVIDER, SETTINGS } from './cluster-plan.ts';
import { SWARM_BRIDGE } from './engine.ts';
import { engineSwarm, type Holdings, readHoldings } from './holdings.ts';
import { unlocked } from './membership.ts';
import { forgetKey } from './unlock-key.ts';

const LOOK_AGAIN_MS = 100;
/** Longer than an engine takes to make a container for somebody who has gone. */
const CREATION_MS = 10_000;
/** The engine's own label on the containers of tasks. */
const ANY_TASK = 'com.docker.swarm.task.id';

/** Returns what was removed, in words. Throws `swarm-in-use` when somebody else's container holds on to a network or volume. */
export async function removeHoldings(target: Target, context: ProviderContext): Promise<readonly string[]> {
  const { ports, signal } = context;
  const removed: string[] = [];
  const deadline = ports.clock.monotonic() + CREATION_MS;
  for (;;) {
    signal.throwIfAborted();
    const held = await readHoldings(ports, target, signal);
    if (held.foreign !== undefined && held.network === undefined && held.nodes.length === 0) throw notOurs(target, held.foreign);
    const containers = [...held.gateways, ...held.nodes];
    await Promise.all(containers.map(({ id }) => ports.docker.removeContainer(id)));
    removed.push(...containers.map(({ name }) => `container ${name}`));
    if (held.record !== undefined && !isContained(held.record)) removed.push(...(await clearEngine(target, held, context)));
    if (await isBeingMade(held, context)) continue;
    try {
      removed.push(...(await removeVolumes(target, context)), ...(await removeNetworks(target, context)));
      break;
    } catch (error) {
      if (!isHeld(error) || ports.clock.monotonic() > deadline) throw inUse(error);
      await ports.clock.sleep(LOOK_AGAIN_MS, signal);
    }
  }
  await forgetKey(ports, target.stack);
  return removed;
}

/**
 * An engine goes on making a container whose maker was killed, and lists it only when it is whole. The name is taken from the
 * beginning: who cannot take it knows that a node is on its way.
 */
async function isBeingMade({ record, nodes }: Holdings, { ports, signal }: ProviderContext): Promise<boolean> {
  if (record?.nodeImage === undefined || !isContained(record)) return false;
  const plans = nodePlans({ cluster: record.cluster, nodes: record.nodes, managers: Number(record.settings[KEPT.managers] ?? 1) });
  const listed = new Set(nodes.map(({ name }) => name));
  for (const { container } of plans.filter((plan) => !listed.has(plan.container))) {
    try {
      const labels = { [DOCKER_STACK_LABEL]: record.stack, [DOCKER_PROVIDER_LABEL]: PROVIDER };
      await ports.docker.removeContainer(await ports.docker.createContainer({ name: container, image: record.nodeImage, network: { name: 'none' }, labels }));
    } catch (error) {
      if (!isDevstackError(error) || error.code === 'image-missing') return false;
      if (error.code !== 'container-exists') throw error;
      await ports.clock.sleep(LOOK_AGAIN_MS, signal);
      return true;
    }
  }
  return false;
}

function isHeld(error: unknown): boolean {
  return isDevstackError(error) && /active endpoints|is in use/i.test(error.reason ?? '');
}

function inUse(error: unknown): unknown {
  if (!isHeld(error) || !isDevstackError(error)) return error;
  return failedError({
    code: 'swarm-in-use', message: `${error.message}: a container that devstack did not make holds on to it`, cause: error,
    ...(error.reason === undefined ? {} : { reason: error.reason }), hints: [{ text: 'see which containers there are', command: 'docker ps -a' }],
  });
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
  for (const network of ordered) await ports.docker.removeNetwork(network.id);
  return ordered.map(({ name }) => `network ${name}`);
}

function notOurs({ cluster }: Target, reason: string) {
  return preconditionError({ code: 'cluster-not-ours', message: `${cluster} was not made by devstack, so it stays`, reason, hints: [{ text: 'see what devstack has made', command: 'devstack status' }] });
}
