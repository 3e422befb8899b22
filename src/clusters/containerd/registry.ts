// A registry in a container beside the nodes of a cluster, published on 127.0.0.1 only: what is pushed to it moves layer by layer, where
// loading an image into a node reads all of it. How a node finds it: kind.sigs.k8s.io/docs/user/local-registry.
import { failedError, isDevstackError, preconditionError } from '../../model/error.ts';
import { DOCKER_PROVIDER_LABEL, DOCKER_ROLE_LABEL, DOCKER_STACK_LABEL } from '../../model/label.ts';
import { registryHost } from '../../model/plan.ts';
import type { Docker, DockerContainer } from '../../ports.ts';
import { ensureImage } from '../docker/image.ts';
import { isOurs } from '../docker/ownership.ts';
import type { ProviderContext, RegistryKeeper, RegistryWish } from '../provider.ts';
import type { NodesOf } from './images.ts';

const LOOPBACK = '127.0.0.1';
const ROLE = 'registry';
/** Where the program listens inside its container. */
const CONTAINER_PORT = 5000;
/** Where containerd in the nodes looks for what it should know about a registry. kind's images are set so since 0.27. */
const HOSTS_FOLDER = '/etc/containerd/certs.d';
const LOOK_AGAIN_MS = 100;
const ANSWER_MS = 2_000;

export function registryName(cluster: string): string {
  return `${cluster}-registry`;
}

export function isRegistry({ labels }: Pick<DockerContainer, 'labels'>): boolean {
  return labels[DOCKER_ROLE_LABEL] === ROLE;
}

/** `network` of a cluster's nodes has the name of the cluster. */
export function registryKeeper(provider: string, nodesOf: NodesOf): RegistryKeeper {
  return {
    async isReady(wish, context) {
      const container = await find(wish, provider, context.ports.docker);
      if (container?.state !== 'running' || container.ports[0]?.hostPort !== wish.port) return false;
      const nodes = await nodesOf(wish, context);
      const told = await Promise.all(nodes.map((node) => context.ports.docker.readFile(node, hostsFile(wish))));
      return told.every((text) => text === hostsText(wish));
    },

    async ensure(wish, context) {
      const nodes = await nodesOf(wish, context);
      await Promise.all(nodes.map((node) => requireHostsFolder(node, wish, context)));
      await run(wish, provider, context);
      await Promise.all(nodes.map((node) => tell(node, wish, context)));
      await untilAnswered(wish, context);
    },

    async remove(target, { ports: { docker } }) {
      const container = await find(target, provider, docker);
      if (container === undefined) return false;
      await docker.removeContainer(container.id);
      return true;
    },
  };
}

type Target = Pick<RegistryWish, 'stack' | 'cluster'>;

/** Throws `registry-not-ours` when somebody else's container has the name. */
async function find({ stack, cluster }: Target, provider: string, docker: Docker): Promise<DockerContainer | undefined> {
  const name = registryName(cluster);
  const [found] = await docker.listContainers({ name });
  if (found === undefined || (isOurs(found, stack, provider) && isRegistry(found))) return found;
  throw preconditionError({
    code: 'registry-not-ours', message: `there is a container ${name} that devstack did not make`, hints: [{ text: 'see whose it is', command: `docker inspect ${name}` }],
  });
}

/** Made when it is not there, started when it does not run. The port of one that is there is known to whoever planned. */
async function run(wish: RegistryWish, provider: string, context: ProviderContext): Promise<void> {
  const { docker } = context.ports;
  const { stack, cluster, image, port } = wish;
  const create = async () => {
    await ensureImage(image, context);
    return await docker.createContainer({
      name: registryName(cluster), image, network: { name: cluster }, confined: true,
      labels: { [DOCKER_STACK_LABEL]: stack, [DOCKER_PROVIDER_LABEL]: provider, [DOCKER_ROLE_LABEL]: ROLE },
      ports: [{ hostAddress: LOOPBACK, hostPort: port, containerPort: CONTAINER_PORT }],
    });
  };
  const known = await find(wish, provider, docker);
  const id = known?.id ?? await create();
  await docker.startContainer(id).catch(async (cause: unknown) => {
    // Left there, it would keep the next try to this port.
    if (known === undefined) await docker.removeContainer(id);
    if (!isDevstackError(cause) || cause.code !== 'port-taken') throw cause;
    throw preconditionError({
      code: 'registry-port-taken', message: `the registry of ${stack} cannot start: port ${port} on ${LOOPBACK} was taken meanwhile`, cause, ...(cause.reason === undefined ? {} : { reason: cause.reason }),
      hints: [known === undefined
        ? { text: 'take the next one that is free', command: `devstack addon add registry --name ${stack}` }
        : { text: 'free the port, or make the registry anew', command: `devstack addon remove registry --name ${stack}` }],
    });
  });
}

function hostsFile({ port }: RegistryWish): string {
  return `${HOSTS_FOLDER}/${registryHost(port)}/hosts.toml`;
}

function hostsText({ cluster }: RegistryWish): string {
  return `[host."http://${registryName(cluster)}:${CONTAINER_PORT}"]\n`;
}

async function requireHostsFolder(node: string, { stack }: RegistryWish, { ports: { docker }, signal }: ProviderContext): Promise<void> {
  const { stdout } = await docker.exec(node, ['containerd', 'config', 'dump'], { signal });
  if (stdout.includes(HOSTS_FOLDER)) return;
  throw preconditionError({
    code: 'registry-node-too-old', message: `the node ${node} cannot be told of a registry while it runs`, reason: `its containerd does not read ${HOSTS_FOLDER}: images of kind have that since 0.27`,
    hints: [{ text: 'make the stack again with a newer node image', command: `devstack down ${stack}` }],
  });
}

async function tell(node: string, wish: RegistryWish, { ports: { docker }, signal }: ProviderContext): Promise<void> {
  const file = hostsFile(wish);
  const { exitCode, stderr } = await docker.exec(node, ['sh', '-c', 'mkdir -p "$(dirname "$0")" && cat > "$0"', file], { stdin: hostsText(wish), signal });
  if (exitCode === 0) return;
  throw failedError({ code: 'registry-node-not-told', message: `the node ${node} could not be told of the registry`, reason: stderr.trim() });
}

/** It listens a moment after its container has started. */
async function untilAnswered({ port }: RegistryWish, { ports: { http, clock }, signal, onProgress }: ProviderContext): Promise<void> {
  for (;;) {
    const answer = await http.request({ url: `http://${LOOPBACK}:${port}/v2/`, timeoutMs: ANSWER_MS, signal }).catch((cause: unknown) => {
      if (!isDevstackError(cause)) throw cause;
      return undefined;
    });
    if (answer?.status === 200) return;
    onProgress(answer === undefined ? 'it does not listen yet' : `it answers ${answer.status}`);
    await clock.sleep(LOOK_AGAIN_MS, signal);
  }
}
