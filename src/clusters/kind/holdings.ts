// What Docker holds of a kind cluster, and whether it is ours.
//
// Before kind is run, devstack makes the cluster's network, with labels. What hangs on that network is ours, also when the
// run that made it was killed in the middle and the state folder is gone. Containers of kind itself take no labels from us.
import { failedError } from '../../model/error.ts';
import { DOCKER_STACK_LABEL } from '../../model/label.ts';
import { readStackRecord, type StackRecord } from '../../model/record.ts';
import type { Docker, DockerContainer, DockerNetwork } from '../../ports.ts';
import { isRegistry } from '../containerd/registry.ts';
import { type Condition, foreignReason, isOurs, isStranded, readFinished, type Target } from '../docker/ownership.ts';
import { controlPlaneName } from './cluster-plan.ts';

/** What our labels name as the provider. */
const PROVIDER = 'kind';
/** kind's own label on each node: the name of the cluster. */
const KIND_CLUSTER_LABEL = 'io.x-k8s.kind.cluster';
/** Written into the control plane when kind has ended well; holds the version of Kubernetes. kind itself leaves no such sign. */
const FINISHED_FILE = '/kind/devstack-finished';

export interface Holdings {
  readonly network: DockerNetwork | undefined;
  readonly record: StackRecord | undefined;
  /** Containers of ours. */
  readonly nodes: readonly DockerContainer[];
  /** What nodes take images from, when there is one. */
  readonly registry: DockerContainer | undefined;
  /** Why something of that name is not ours, in one line. */
  readonly foreign: string | undefined;
  /** What the nodes run (`1.36.4`), once kind has ended well. */
  readonly finished: string | undefined;
}

/** The nodes, and what stands beside them. */
export function containersOf({ nodes, registry }: Holdings): readonly DockerContainer[] {
  return registry === undefined ? nodes : [...nodes, registry];
}

/** Reads only. */
export async function readHoldings(docker: Docker, { stack, cluster }: Target): Promise<Holdings> {
  const controlPlane = controlPlaneName(cluster);
  const [networks, kindNodes, labelled, named] = await Promise.all([
    docker.listNetworks({ name: cluster }),
    docker.listContainers({ labels: [`${KIND_CLUSTER_LABEL}=${cluster}`] }),
    docker.listContainers({ labels: [`${DOCKER_STACK_LABEL}=${stack}`] }),
    docker.listContainers({ name: controlPlane }),
  ]);
  const network = networks.find((candidate) => isOurs(candidate, stack, PROVIDER));
  const ours = labelled.filter((container) => isOurs(container, stack, PROVIDER));
  const seen = unique([...kindNodes, ...named, ...ours.filter((container) => !isRegistry(container))]);
  const nodes = seen.filter((container) => (
    isOurs(container, stack, PROVIDER) || hangsOn(container, network) || (networks.length === 0 && isStranded(container, cluster))
  ));
  return {
    network, nodes, registry: ours.find(isRegistry),
    record: network === undefined ? undefined : readStackRecord(network.labels),
    foreign: foreignReason(networks.find((candidate) => candidate !== network), seen.find((container) => !nodes.includes(container)), cluster),
    finished: (await readFinished(docker, nodes.find((node) => node.name === controlPlane), FINISHED_FILE))?.replace(/^v/, ''),
  };
}

function hangsOn(container: DockerContainer, network: DockerNetwork | undefined): boolean {
  return network !== undefined && container.networks.includes(network.name);
}

function unique(containers: readonly DockerContainer[]): readonly DockerContainer[] {
  return [...new Map(containers.map((container) => [container.id, container])).values()];
}

/** Marks the cluster as whole. Throws `kind-not-marked`. */
export async function markFinished(docker: Docker, cluster: string): Promise<void> {
  const { exitCode, stderr } = await docker.exec(controlPlaneName(cluster), ['cp', '/kind/version', FINISHED_FILE]);
  if (exitCode === 0) return;
  throw failedError({ code: 'kind-not-marked', message: `the node of ${cluster} could not be marked as whole`, reason: stderr.trim() });
}

/** What state the holdings are in. Pure. */
export function conditionOf(held: Holdings, cluster: string): Condition {
  const { nodes } = held;
  if (held.foreign !== undefined) return { state: 'foreign', reason: held.foreign };
  if (nodes.length === 0) {
    const left = held.network !== undefined ? 'network' : held.registry !== undefined ? 'registry' : undefined;
    return left === undefined ? { state: 'absent' } : { state: 'partial', reason: `its ${left} is there, its nodes are not` };
  }
  if (!nodes.some((node) => node.name === controlPlaneName(cluster))) return { state: 'partial', reason: 'its control plane is missing' };
  if (held.finished === undefined) return { state: 'partial', reason: 'its creation was cut off' };
  const wanted = held.record?.nodes ?? 0;
  if (nodes.length < wanted) return { state: 'partial', reason: `${wanted - nodes.length} of its ${wanted} nodes are missing` };
  const asleep = nodes.find((node) => node.state !== 'running');
  return asleep === undefined ? { state: 'running' } : { state: 'stopped', reason: `node ${asleep.name} is ${asleep.state}` };
}
