// The record of a stack that lives in somebody's cluster: a labelled network of the local engine, made before anything goes in.
// It holds no container. What is in the cluster is known by the inventories there.
import { preconditionError } from '../../model/error.ts';
import { clusterName, DOCKER_STACK_LABEL } from '../../model/label.ts';
import type { ClusterPlan } from '../../model/plan.ts';
import { readStackRecord, type StackRecord, stackLabels } from '../../model/record.ts';
import type { Docker, DockerNetwork } from '../../ports.ts';
import { ownerOf } from '../docker/ownership.ts';

export interface Marker {
  readonly network: DockerNetwork | undefined;
  readonly record: StackRecord | undefined;
  /** Why the name is taken, in one line. */
  readonly foreign: string | undefined;
}

/** Reads only. */
export async function readMarker(docker: Docker, stack: string, provider: string): Promise<Marker> {
  const [labelled, named] = await Promise.all([
    docker.listNetworks({ labels: [`${DOCKER_STACK_LABEL}=${stack}`] }), docker.listNetworks({ name: clusterName(stack) }),
  ]);
  const network = labelled.find((candidate) => readStackRecord(candidate.labels)?.provider === provider);
  const other = [...labelled, ...named].find((candidate) => candidate.id !== network?.id);
  return { network, record: network === undefined ? undefined : readStackRecord(network.labels), foreign: other === undefined ? undefined : ownerOf('network', other) };
}

/** Throws `cluster-not-ours`. */
export function refuseForeign({ foreign }: Marker, stack: string): void {
  if (foreign === undefined) return;
  throw preconditionError({
    code: 'cluster-not-ours', message: `the name ${stack} is taken`, reason: foreign, hints: [{ text: 'take another name', command: `devstack up --name ${stack}-2` }],
  });
}

export async function makeMarker(docker: Docker, plan: ClusterPlan): Promise<void> {
  await docker.createNetwork(clusterName(plan.stack), stackLabels(plan));
}
