// What Docker holds of a minikube profile, and whether it is ours.
//
// Before minikube is run, devstack makes the network of the profile, with labels. What hangs on that network is ours, also when the
// run that made it was killed in the middle and the state folder is gone.
import { DOCKER_STACK_LABEL } from '../../model/label.ts';
import { readStackRecord, type StackRecord } from '../../model/record.ts';
import type { Docker, DockerContainer, DockerNetwork } from '../../ports.ts';
import { foreignReason, isOurs, isStranded, readFinished, type Target } from '../docker/ownership.ts';
import { networkName, PROVIDER } from './cluster-plan.ts';

/** minikube's own label on containers and volumes: the name of the profile. */
const PROFILE_LABEL = 'name.minikube.sigs.k8s.io';
/** Written into the node when minikube has ended well; holds the version of Kubernetes. On the volume of the node, so that it stays. */
export const FINISHED_FILE = '/var/lib/devstack-finished';

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
  const network = named.find((candidate) => isOurs(candidate, stack, PROVIDER));
  const node = containers.find((container) => (network === undefined ? named.length === 0 && isStranded(container, name) : container.networks.includes(name)));
  const other = [...named, ...labelled].find(({ id }) => id !== network?.id);
  return {
    network, node, record: network === undefined ? undefined : readStackRecord(network.labels), volumes: volumes.map((volume) => volume.name),
    foreign: foreignReason(other, containers.find((container) => container !== node), cluster), finished: await readFinished(docker, node, FINISHED_FILE),
  };
}
