// Opens and closes ports of this machine that lead into a swarm: a small container each, on 127.0.0.1 unless asked for more.
import { failedError, isDevstackError, preconditionError } from '../model/error.ts';
import { parseJson } from '../model/json.ts';
import { DOCKER_PROVIDER_LABEL, DOCKER_RECORD_LABEL, DOCKER_ROLE_LABEL, DOCKER_STACK_LABEL } from '../model/label.ts';
import { at, stringAt } from '../model/object.ts';
import type { ContainerRequest, Docker, DockerContainer } from '../ports.ts';
import { GATEWAY_PORT, type GatewayTarget, gatewayCommand } from './gateway.ts';
import { ingressName, type Port, type Way, writtenPorts } from './publish.ts';
import { connect, managerContainer, memberFilter, type SwarmRun, type SwarmTarget } from './target.ts';

/** The proxy that Knative's ingress runs too: one image for both. */
export const GATEWAY_IMAGE = 'docker.io/envoyproxy/envoy:v1.37-latest';
const PROGRAM = 'envoy';
const NOBODY = '65534:65534';
const ROLE = 'gateway';
const LOOPBACK = '127.0.0.1';
const EVERYWHERE = '0.0.0.0';

export interface Opening {
  readonly way: Way;
  /** Listen on every address of this machine. */
  readonly isPublic: boolean;
  /** Names of the node containers. */
  readonly nodes: readonly string[];
}

/** Opens every port that is not open yet; a gateway that is right already is not touched. Throws `port-taken`, `swarm-port-taken`. */
export async function openPorts(target: SwarmTarget, ports: readonly Port[], opening: Opening, run: SwarmRun): Promise<void> {
  if (ports.length === 0 || opening.way === 'as-written') return;
  const { docker, engines } = run.ports;
  await ensureImage(docker, run);
  const address = opening.isPublic ? EVERYWHERE : LOOPBACK;
  if (target.nodes !== 'containers') {
    await Promise.all(ports.map((port) => ensureGateway(docker, gatewayRequest(target, port, { address, network: ingressName(target), lead: toTasks(port) }))));
    return;
  }
  if (opening.way === 'gateway') {
    const inside = engines.docker(target.access.endpoint);
    await ensureImageInside(inside, run);
    await Promise.all(ports.map((port) => ensureGateway(inside, gatewayRequest(target, port, { address: EVERYWHERE, network: ingressName(target), lead: toTasks(port) }))));
  }
  const hosts = opening.way === 'gateway' ? [managerContainer(target)] : opening.nodes;
  await Promise.all(ports.map((port) => {
    const lead = { hosts, port: port.published, isPlain: opening.way === 'gateway' };
    return ensureGateway(docker, gatewayRequest(target, port, { address, network: target.cluster, lead }));
  }));
}

/** Closes the ports of services that `keep` refuses. */
export async function closePorts(target: SwarmTarget, keep: (port: Port) => boolean, { ports }: Pick<SwarmRun, 'ports'>): Promise<readonly Port[]> {
  const engines = target.nodes === 'containers' ? [ports.docker, ports.engines.docker(target.access.endpoint)] : [ports.docker];
  const closed = new Map<number, Port>();
  for (const docker of engines) {
    for (const container of await gatewaysOf(docker, target)) {
      const port = portOf(container);
      if (port === undefined || keep(port)) continue;
      await docker.removeContainer(container.id);
      closed.set(port.published, port);
    }
  }
  return [...closed.values()];
}

/** The ports that are open on this machine. */
export async function openedPorts(target: SwarmTarget, { ports }: Pick<SwarmRun, 'ports'>): Promise<readonly Port[]> {
  if (target.nodes === 'existing') return (await connect(target, { ports }).list('service', memberFilter(target))).flatMap(({ Spec }) => writtenPorts(Spec, target.host));
  return (await gatewaysOf(ports.docker, target)).flatMap((container) => portOf(container) ?? []).sort((a, b) => a.published - b.published);
}

async function gatewaysOf(docker: Docker, { stack }: SwarmTarget): Promise<readonly DockerContainer[]> {
  return await docker.listContainers({ labels: [`${DOCKER_STACK_LABEL}=${stack}`, `${DOCKER_ROLE_LABEL}=${ROLE}`] });
}

function portOf({ labels }: DockerContainer): Port | undefined {
  // A label may be of somebody else.
  const record = parseJson(labels[DOCKER_RECORD_LABEL] ?? '');
  const [namespace, service, published, target] = [stringAt(record, 'namespace'), stringAt(record, 'service'), at(record, 'published'), at(record, 'target')];
  if (namespace === undefined || service === undefined || typeof published !== 'number' || typeof target !== 'number') return undefined;
  return { namespace, service, published, target };
}

// ── one gateway ─────────────────────────────────────────────────────────────────────────────────────────────────────

function toTasks({ service, target }: Port): GatewayTarget {
  return { hosts: [`tasks.${service}`], port: target, isPlain: false };
}

interface Lead {
  readonly address: string;
  readonly network: string;
  readonly lead: GatewayTarget;
}

function gatewayRequest(target: SwarmTarget, port: Port, { address, network, lead }: Lead): ContainerRequest {
  const record = { cluster: target.cluster, ...port, address, network, lead };
  return {
    name: `${target.cluster}-port-${port.published}`, image: GATEWAY_IMAGE, entrypoint: [PROGRAM], command: gatewayCommand(lead),
    labels: {
      [DOCKER_STACK_LABEL]: target.stack, [DOCKER_PROVIDER_LABEL]: target.provider, [DOCKER_ROLE_LABEL]: ROLE, [DOCKER_RECORD_LABEL]: JSON.stringify(record),
    },
    network: { name: network }, ports: [{ hostAddress: address, hostPort: port.published, containerPort: GATEWAY_PORT }],
    confined: true, user: NOBODY, restart: 'unless-stopped',
  };
}

async function ensureGateway(docker: Docker, request: ContainerRequest): Promise<void> {
  const [existing] = await docker.listContainers({ name: request.name });
  const isSame = existing?.labels[DOCKER_RECORD_LABEL] === request.labels[DOCKER_RECORD_LABEL];
  if (existing !== undefined && isSame && existing.state === 'running') return;
  if (existing !== undefined) {
    refuseOther(existing, request);
    await docker.removeContainer(existing.id);
  }
  const id = await docker.createContainer(request);
  try {
    await docker.startContainer(id);
  } catch (cause) {
    await docker.removeContainer(id);
    throw startFailure(cause, request);
  }
}

/** The port belongs to another service, or the name to something that is not ours. */
function refuseOther(existing: DockerContainer, request: ContainerRequest): void {
  const [had, wanted] = [portOf(existing), portOf({ ...existing, labels: request.labels })];
  const isOurs = existing.labels[DOCKER_STACK_LABEL] === request.labels[DOCKER_STACK_LABEL];
  if (isOurs && had?.service === wanted?.service) return;
  throw failedError({
    code: 'swarm-port-taken', message: `port ${wanted?.published ?? 0} is taken`, reason: isOurs ? `it leads to the service ${had?.service ?? 'of an earlier run'}` : `the container ${existing.name} was not made by devstack`,
    hints: [{ text: 'See which ports are open', command: 'devstack status' }],
  });
}

function startFailure(cause: unknown, request: ContainerRequest): unknown {
  if (!isDevstackError(cause) || cause.code !== 'port-taken') return cause;
  const port = request.ports?.[0]?.hostPort ?? 0;
  return preconditionError({
    code: 'port-taken', message: `port ${port} of this machine is in use by another program`, cause, ...(cause.reason === undefined ? {} : { reason: cause.reason }),
    hints: [{ text: 'Publish another one in the stack file, or see who has it', command: `docker ps --filter publish=${port}` }],
  });
}

// ── the image ───────────────────────────────────────────────────────────────────────────────────────────────────────

async function ensureImage(docker: Docker, { onProgress, signal }: SwarmRun): Promise<void> {
  if ((await docker.inspectImage(GATEWAY_IMAGE)) !== undefined) return;
  onProgress(`pulling ${GATEWAY_IMAGE}`);
  await docker.pullImage(GATEWAY_IMAGE, onProgress, signal);
}

async function ensureImageInside(inside: Docker, { ports, onProgress }: SwarmRun): Promise<void> {
  if ((await inside.inspectImage(GATEWAY_IMAGE)) !== undefined) return;
  onProgress(`loading ${GATEWAY_IMAGE} into the manager`);
  await inside.loadImage(await ports.docker.saveImage(GATEWAY_IMAGE));
}
