// What Docker holds of a minikube profile, and whether it is ours.
//
// Before minikube is run, devstack makes the network of the profile, with labels. What hangs on that network is ours, also when the
// run that made it was killed in the middle and the state folder is gone.
import { isDevstackError, preconditionError } from '../../model/error.ts';
import { DOCKER_STACK_LABEL } from '../../model/label.ts';
import { readStackRecord, type StackRecord } from '../../model/record.ts';
import type { Docker, DockerContainer, DockerNetwork } from '../../ports.ts';
import { networkName, PROVIDER } from './cluster-plan.ts';

/** minikube's own label on containers and volumes: the name of the profile. */
const PROFILE_LABEL = 'name.minikube.sigs.k8s.io';
/** Written into the node when minikube has ended well; holds the version of Kubernetes. On the volume of the node, so that it stays. */
export const FINISHED_FILE = '/var/lib/devstack-finished';

export interface Target {
  readonly stack: string;
  readonly cluster: string;
}

export interface Holdings {
  readonly network: DockerNetwork | undefined;
  readonly record: StackRecord | undefined;
  readonly node: DockerContainer | undefined;
  readonly volumes: readonly string[];
  /** Why something of that name is not ours, in one line. */
  readonly foreign: string | undefined;
  /** What the node runs (`1.36.4`), once minikube has ended well. */
  readonly finished: string | undefined;
}

/** Reads only. */
export async function readHoldings(docker: Docker, { stack, cluster }: Target): Promise<Holdings> {
  const name = networkName(cluster);
  const [named, labelled, containers, volumes] = await Promise.all([
    docker.listNetworks({ name }), docker.listNetworks({ labels: [`${DOCKER_STACK_LABEL}=${stack}`] }), docker.listContainers({ name: cluster }),
    docker.listVolumes({ labels: [`${PROFILE_LABEL}=${cluster}`] }),
  ]);
  const network = named.find(({ labels }) => isOurs(labels, stack));
  const node = containers.find((container) => container.networks.includes(name) && (network !== undefined || isStranded(container, named.length)));
  const other = [...named, ...labelled].find(({ id }) => id !== network?.id);
  return {
    network, node, record: network === undefined ? undefined : readStackRecord(network.labels), volumes: volumes.map((volume) => volume.name),
    foreign: foreignReason(other, containers.find((container) => container !== node), cluster), finished: await readFinished(docker, node),
  };
}

/** Made for a network that is gone, and never started: its run was killed, and the network was removed before the engine was done. */
function isStranded({ state, networks }: DockerContainer, networksOfThatName: number): boolean {
  return networksOfThatName === 0 && state === 'created' && networks.length === 1;
}

function isOurs(labels: DockerNetwork['labels'], stack: string): boolean {
  const record = readStackRecord(labels);
  return record !== undefined && record.stack === stack && record.provider === PROVIDER;
}

function foreignReason(network: DockerNetwork | undefined, container: DockerContainer | undefined, cluster: string): string | undefined {
  if (network !== undefined) {
    const owner = readStackRecord(network.labels);
    return `the Docker network ${network.name} ${owner === undefined ? 'was not made by devstack' : `belongs to stack ${owner.stack} of provider ${owner.provider}`}`;
  }
  return container === undefined ? undefined : `the container ${container.name} is not on a network that devstack made for ${cluster}`;
}

async function readFinished(docker: Docker, node: DockerContainer | undefined): Promise<string | undefined> {
  if (node === undefined) return undefined;
  try {
    return (await docker.readFile(node.name, FINISHED_FILE))?.trim();
  } catch (cause) {
    // Gone since it was listed: another run has just removed it.
    if (isDevstackError(cause) && /no such container/i.test(cause.reason ?? '')) return undefined;
    throw cause;
  }
}

/** Throws `cluster-not-ours`: the name is taken by something that devstack did not make. */
export function refuseForeign({ foreign }: Holdings, { cluster, stack }: Target): void {
  if (foreign === undefined) return;
  throw preconditionError({
    code: 'cluster-not-ours', message: `a cluster ${cluster} exists that devstack did not make`, reason: foreign,
    hints: [{ text: 'take another name', command: `devstack up --name ${stack}-2` }],
  });
}
