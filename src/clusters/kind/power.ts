// A kind cluster put to sleep and woken up: its containers stopped and started. kind has no command for it (kubernetes-sigs/kind#831).
import { isDevstackError, preconditionError } from '../../model/error.ts';
import type { DockerContainer, Ports } from '../../ports.ts';
import { refuseForeign, type Target } from '../docker/ownership.ts';
import type { Power, ProviderContext } from '../provider.ts';
import { waitForApi } from './access.ts';
import { controlPlaneName } from './cluster-plan.ts';
import { containersOf, readHoldings } from './holdings.ts';

/**
 * Pods of a woken node start beside kube-proxy. A connection that one begins before the rules are there is remembered without them, and so
 * are its repetitions, for the 30 s of Go's dialer: the API server cannot be reached meanwhile. Forgotten, the next repetition gets through.
 * Goes on in the node by itself while kube-proxy starts; of a connection that was answered nothing is forgotten.
 */
const FORGET_ATTEMPTS = '(for _ in $(seq 60); do conntrack -D -p tcp --state SYN_SENT; sleep 0.5; done) >/dev/null 2>&1 &';

/** systemd in the node ends its services within this, or is killed: etcd and containerd stand that. */
const STOP_SECONDS = 10;

export const power: Power = {
  async stop(cluster, { ports, onProgress }) {
    const held = await readHoldings(ports.docker, cluster);
    refuseForeign(held, cluster);
    onProgress(`stopping ${held.nodes.length} ${held.nodes.length === 1 ? 'node' : 'nodes'}`);
    await Promise.all(containersOf(held).filter(({ state }) => state === 'running').map(({ id }) => ports.docker.stopContainer(id, STOP_SECONDS)));
  },
  start: (cluster, context) => wake(cluster, context),
};

/** Ends when the API server answers. Throws `kind-port-taken`, `kind-node-paused`. */
export async function wake(target: Target, context: ProviderContext) {
  const held = await readHoldings(context.ports.docker, target);
  refuseForeign(held, target);
  context.onProgress(`starting ${held.nodes.length} ${held.nodes.length === 1 ? 'node' : 'nodes'}`);
  // The first container to start gets the first address of the network: the control plane keeps the one that it has had.
  const first = controlPlaneName(target.cluster);
  const [controlPlanes, workers] = [held.nodes.filter((node) => node.name === first), held.nodes.filter((node) => node.name !== first)];
  // The registry comes last, for the same reason.
  const registries = held.registry === undefined ? [] : [held.registry];
  for (const containers of [controlPlanes, workers, registries]) await Promise.all(containers.map((container) => startContainer(container, target, context.ports)));
  // Where it cannot be done, waking up takes longer, and that is all.
  await Promise.all(held.nodes.map((node) => context.ports.docker.exec(node.name, ['sh', '-c', FORGET_ATTEMPTS]).catch(() => undefined)));
  return await waitForApi(target, context);
}

async function startContainer(container: DockerContainer, { stack }: Target, ports: Ports): Promise<void> {
  if (container.state === 'running') return;
  if (container.state === 'paused') {
    throw preconditionError({
      code: 'kind-node-paused', message: `somebody has paused ${container.name}`, hints: [{ text: 'let it go on', command: `docker unpause ${container.name}` }],
    });
  }
  try {
    await ports.docker.startContainer(container.id);
  } catch (cause) {
    if (!isDevstackError(cause) || cause.code !== 'port-taken') throw cause;
    const published = container.ports.map((port) => port.hostPort).join(' or ');
    throw preconditionError({
      code: 'kind-port-taken', message: `${container.name} cannot start: its port ${published} on 127.0.0.1 was taken while it was stopped`, cause,
      ...(cause.reason === undefined ? {} : { reason: cause.reason }),
      hints: [{ text: 'free the port, or make the stack again', command: `devstack down ${stack}` }],
    });
  }
}
