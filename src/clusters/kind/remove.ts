// Takes a kind cluster apart: containers with their volumes, then the network. Only what is ours.
import { failedError, isDevstackError, notReadyError } from '../../model/error.ts';
import { DOCKER_PROVIDER_LABEL, DOCKER_STACK_LABEL } from '../../model/label.ts';
import type { Ports } from '../../ports.ts';
import type { Target } from '../docker/ownership.ts';
import { nodeNames } from './cluster-plan.ts';
import { containersOf, type Holdings, readHoldings } from './holdings.ts';

const LOOK_AGAIN_MS = 200;
/** An engine copies a node image into a volume before it lists the container: seconds on a slow disk. */
const CREATION_MS = 60_000;

/**
 * Removes all of it, also what an engine is still making for a run that was killed. Returns what was removed, in words.
 * Throws `kind-network-in-use` when somebody else's container hangs on the network, AbortError.
 */
export async function removeHoldings(target: Target, ports: Ports, signal: AbortSignal): Promise<readonly string[]> {
  const removed: string[] = [];
  const seen = new Set<string>();
  for (;;) {
    signal.throwIfAborted();
    const held = await readHoldings(ports.docker, target);
    const containers = containersOf(held);
    if (containers.length === 0) {
      if (held.network === undefined) return removed;
      const names = nodeNames(target.cluster, held.record?.nodes ?? 1).filter((name) => !seen.has(name));
      if (await awaitUnlisted(held, names, { ports, signal })) continue;
      await removeNetwork(held, ports);
      return [...removed, `network ${held.network.name}`];
    }
    await Promise.all(containers.map((container) => ports.docker.removeContainer(container.id)));
    for (const { name } of containers) seen.add(name);
    removed.push(...containers.map(({ name }) => `container ${name}`));
  }
}

async function removeNetwork({ network }: Holdings, ports: Ports): Promise<void> {
  if (network === undefined) return;
  try {
    await ports.docker.removeNetwork(network.id);
  } catch (cause) {
    if (!isDevstackError(cause) || !/active endpoints/i.test(cause.reason ?? '')) throw cause;
    throw failedError({
      code: 'kind-network-in-use', message: `the network ${network.name} stays: a container that devstack did not make is attached to it`, cause,
      ...(cause.reason === undefined ? {} : { reason: cause.reason }),
      hints: [{ text: 'see which', command: `docker network inspect ${network.name}` }],
    });
  }
}

/**
 * A `docker run` whose caller was killed goes on in the engine, which lists the container only when its volume is filled. The
 * name is taken from the beginning: who cannot take it knows that a node is on its way. True when one came.
 */
async function awaitUnlisted({ record }: Holdings, names: readonly string[], world: World): Promise<boolean> {
  const image = record?.nodeImage;
  if (record === undefined || image === undefined) return false;
  const came = await Promise.all(names.map((name) => isTaken({ name, image, stack: record.stack }, world)));
  return came.some(Boolean);
}

interface World {
  readonly ports: Ports;
  readonly signal: AbortSignal;
}

interface NodeName {
  readonly name: string;
  readonly image: string;
  readonly stack: string;
}

/** True when a container of that name came to be; false when the name is free. */
async function isTaken({ name, image, stack }: NodeName, { ports: { docker, clock }, signal }: World): Promise<boolean> {
  const started = clock.monotonic();
  for (;;) {
    try {
      const labels = { [DOCKER_STACK_LABEL]: stack, [DOCKER_PROVIDER_LABEL]: 'kind' };
      const id = await docker.createContainer({ name, image, network: { name: 'none' }, labels });
      await docker.removeContainer(id);
      return false;
    } catch (cause) {
      // Without the image nothing can be made of it.
      if (isDevstackError(cause) && cause.code === 'image-missing') return false;
      if (!isDevstackError(cause) || cause.code !== 'container-exists') throw cause;
    }
    if ((await docker.listContainers({ name })).length > 0) return true;
    if (clock.monotonic() - started > CREATION_MS) throw stuck(name);
    await clock.sleep(LOOK_AGAIN_MS, signal);
  }
}

function stuck(name: string) {
  return notReadyError({
    code: 'kind-node-stuck', message: `the engine has been making the container ${name} for ${CREATION_MS / 1000} s and does not list it`,
    hints: [{ text: 'restart the engine, then remove the stack again', command: 'sudo systemctl restart docker' }],
  });
}
