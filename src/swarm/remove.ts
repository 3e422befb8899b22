// Takes a deployed stack out of a swarm, and ends when nothing of it is left: containers, networks, ports.
import { isDevstackError, usageError } from '../model/error.ts';
import type { SwarmNetwork } from '../model/swarm.ts';
import type { Docker, Swarm } from '../ports.ts';
import { deploymentOf } from './deployment.ts';
import { closePorts } from './gateways.ts';
import { NAMESPACE_LABEL } from './stack/normalise.ts';
import { connect, memberFilter, nodeContainers, type SwarmRun, type SwarmTarget } from './target.ts';

const LOOK_AGAIN_MS = 100;

/** What is deployed, by name: the names that `removeStack` takes. */
export async function deployedStacks(target: SwarmTarget, run: SwarmRun): Promise<readonly string[]> {
  const services = await connect(target, run).list('service', memberFilter(target), run.signal);
  return [...new Set(services.map(deploymentOf))].sort();
}

export interface RemovedStack {
  /** In words: `service shop_web`. */
  readonly removed: readonly string[];
  /** Volumes, as they hold data. */
  readonly kept: readonly string[];
}

/** Removes one deployed stack; its volumes stay. Killed anywhere, again from the start. Throws `deployment-unknown`. */
export async function removeStack(target: SwarmTarget, name: string, run: SwarmRun): Promise<RemovedStack> {
  const swarm = connect(target, run);
  const label = [...memberFilter(target).label, `${NAMESPACE_LABEL}=${name}`];
  const services = await swarm.list('service', { label }, run.signal);
  const networks = await swarm.list('network', { label }, run.signal);
  const closed = await closePorts(target, (port) => port.namespace !== name, run);
  if (services.length + networks.length + closed.length === 0) await refuseUnknown(target, name, run);
  for (const { ID } of services) await swarm.remove('service', ID);
  const engines = await enginesOf(target, run);
  await waitForContainersGone(engines, label, run);
  const removed = [...closed.map(({ published }) => `port ${published}`), ...services.map(({ Spec }) => `service ${Spec.Name}`)];
  for (const kind of ['secret', 'config'] as const) {
    for (const { ID, Spec } of await swarm.list(kind, { label }, run.signal)) {
      await swarm.remove(kind, ID);
      removed.push(`${kind} ${Spec.Name}`);
    }
  }
  for (const network of networks) await removeNetwork(swarm, network, run);
  const volumes = (await Promise.all(engines.map((docker) => docker.listVolumes({ labels: label })))).flat();
  return { removed: [...removed, ...networks.map(({ Name }) => `network ${Name}`)], kept: [...new Set(volumes.map((volume) => `volume ${volume.name}`))].sort() };
}

async function refuseUnknown(target: SwarmTarget, name: string, run: SwarmRun): Promise<void> {
  const names = await deployedStacks(target, run);
  throw usageError({
    code: 'deployment-unknown', message: `nothing named ${name} is deployed in stack ${target.stack}`,
    reason: names.length === 0 ? 'nothing is' : `deployed: ${names.join(', ')}`, hints: [{ text: 'See what runs', command: `devstack status ${target.stack}` }],
  });
}

/** The engines that can be asked: those of nodes that run. Of a swarm elsewhere, the manager alone. */
async function enginesOf(target: SwarmTarget, { ports }: SwarmRun): Promise<readonly Docker[]> {
  if (target.nodes !== 'containers') return [ports.docker];
  return (await nodeContainers(target, ports.docker)).filter(({ state }) => state === 'running').map(({ name }) => ports.engines.docker(`container:${name}`));
}

/** The manager forgets a task before its node has taken the container down, so the nodes themselves are asked. */
async function waitForContainersGone(engines: readonly Docker[], labels: readonly string[], { ports, signal, onProgress }: SwarmRun): Promise<void> {
  for (;;) {
    const left = (await Promise.all(engines.map((docker) => docker.listContainers({ labels })))).flat();
    if (left.length === 0) return;
    onProgress(`${left.length} ${left.length === 1 ? 'container stops' : 'containers stop'}`);
    await ports.clock.sleep(LOOK_AGAIN_MS, signal);
  }
}

/** A node lets go of a network some time after its last task (moby/moby#30942). */
async function removeNetwork(swarm: Swarm, { Id, Name }: SwarmNetwork, { ports, signal, onProgress }: SwarmRun): Promise<void> {
  for (;;) {
    try {
      await swarm.remove('network', Id);
      if ((await swarm.list('network', { id: [Id] }, signal)).length === 0) return;
    } catch (error) {
      if (!isDevstackError(error) || !/in use|active endpoints/.test(error.reason ?? '')) throw error;
    }
    onProgress(`network ${Name} is still in use`);
    await ports.clock.sleep(LOOK_AGAIN_MS, signal);
  }
}
