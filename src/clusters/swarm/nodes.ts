// Nodes as containers: an engine in each, on the network of the stack, reached through `docker exec` alone.
import { isDevstackError, preconditionError } from '../../model/error.ts';
import { DOCKER_ROLE_LABEL } from '../../model/label.ts';
import type { ClusterPlan } from '../../model/plan.ts';
import { stackLabels } from '../../model/record.ts';
import type { ContainerRequest, DockerNetwork, Swarm } from '../../ports.ts';
import { ensureImage } from '../docker/image.ts';
import type { ProviderContext } from '../provider.ts';
import { addressPlan, type NodePlan, nodeEndpoint, nodePlans } from './cluster-plan.ts';
import type { Holdings } from './holdings.ts';
import { formSwarm, type Member } from './membership.ts';
import { makeNodeNetwork } from './network.ts';

const LOOK_AGAIN_MS = 100;
/** Named, the program is started as it is: left to the image, the engine would also listen on a TCP port. */
const ENGINE = ['dockerd'];
const ENGINE_DATA = '/var/lib/docker';

/** Makes and starts what is missing, then sees that all are one swarm. */
export async function createNodes(plan: ClusterPlan, held: Holdings, context: ProviderContext): Promise<void> {
  if (plan.nodeImage !== undefined) await ensureImage(plan.nodeImage, context);
  const network = held.network ?? (await makeNodeNetwork(context.ports.docker, plan));
  const asleep = plan.nodes - held.nodes.filter(({ state }) => state === 'running').length;
  if (asleep > 0) context.onProgress(`starting ${asleep} ${asleep === 1 ? 'node' : 'nodes'}`);
  const members = await Promise.all(nodePlans(plan).map((node) => bringUp(node, { plan, held, network }, context)));
  await formSwarm(plan, members, context);
}

interface Setting {
  readonly plan: ClusterPlan;
  readonly held: Holdings;
  readonly network: DockerNetwork;
}

async function bringUp(node: NodePlan, setting: Setting, context: ProviderContext): Promise<Member> {
  const { docker, engines } = context.ports;
  const existing = setting.held.nodes.find((container) => container.name === node.container);
  const id = existing?.id ?? (await docker.createContainer(containerOf(node, setting)));
  if (existing?.state !== 'running') await docker.startContainer(id);
  const swarm = engines.swarm(nodeEndpoint(node.container));
  await waitForEngine(node, swarm, context);
  return { ...node, swarm, address: addressOf(node, setting.network) };
}

function containerOf(node: NodePlan, { plan, network }: Setting): ContainerRequest {
  const labels = { ...stackLabels(plan), [DOCKER_ROLE_LABEL]: node.role };
  return {
    name: node.container, image: plan.nodeImage ?? '', hostname: node.host, command: ENGINE, privileged: true, labels,
    network: { name: network.name, address: addressOf(node, network) },
    volumes: [{ name: node.container, path: ENGINE_DATA, labels }],
    restart: 'unless-stopped',
  };
}

function addressOf(node: NodePlan, network: DockerNetwork): string {
  const address = addressPlan(network.subnet ?? '')?.addressOf(node.index);
  if (address !== undefined) return address;
  throw preconditionError({
    code: 'swarm-no-subnet', message: `the network ${network.name} has no addresses for nodes`,
    hints: [{ text: 'make the stack again', command: 'devstack down' }],
  });
}

/** Ends when the engine inside answers. Throws `swarm-node-died` when its container has ended. */
async function waitForEngine(node: NodePlan, swarm: Swarm, { ports, signal }: ProviderContext): Promise<void> {
  for (;;) {
    signal.throwIfAborted();
    try {
      await swarm.state(signal);
      return;
    } catch (cause) {
      if (!isDevstackError(cause) || cause.code !== 'swarm-node-silent') throw cause;
      const [container] = await ports.docker.listContainers({ name: node.container });
      if (container === undefined || !['running', 'created', 'restarting'].includes(container.state)) throw died(node, container?.state ?? 'gone', cause);
    }
    await ports.clock.sleep(LOOK_AGAIN_MS, signal);
  }
}

function died(node: NodePlan, state: string, cause: unknown) {
  return preconditionError({
    code: 'swarm-node-died', message: `the node ${node.container} does not stay up: its container is ${state}`, cause,
    hints: [{ text: 'read why', command: `docker logs --tail 20 ${node.container}` }],
  });
}
