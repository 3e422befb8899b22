// What a kind cluster will be made of, and kind's own configuration for it. Pure.
import { preconditionError } from '../../model/error.ts';
import type { EngineFacts } from '../../model/fact.ts';
import type { JsonObject } from '../../model/json.ts';
import { type ClusterPlan, INGRESS_NODE_PORT } from '../../model/plan.ts';
import type { StackSpec } from '../../model/stack.ts';
import { chooseNodeImage, needsCgroupV2, nodeImageProblem, runsOn } from './node-image.ts';

export const LOOPBACK = '127.0.0.1';
/** Where the API server listens inside the node. */
export const API_PORT = 6443;

const CLUSTER_NAME = /^[a-z0-9.-]+$/;
const MAX_HOST_NAME = 63;
/** Each node is a whole machine in one engine; beyond this something else was meant. */
const MAX_NODES = 16;

/** Names of the node containers, as kind gives them. */
export function nodeNames(cluster: string, nodes: number): readonly string[] {
  const workers = Array.from({ length: Math.max(0, nodes - 1) }, (_, index) => `${cluster}-worker${index === 0 ? '' : index + 1}`);
  return [controlPlaneName(cluster), ...workers];
}

export function controlPlaneName(cluster: string): string {
  return `${cluster}-control-plane`;
}

export function contextName(cluster: string): string {
  return `kind-${cluster}`;
}

export function problemsOf(spec: StackSpec): readonly string[] {
  const problems: string[] = [];
  if (!CLUSTER_NAME.test(spec.cluster)) problems.push(`kind takes only a-z, 0-9, "." and "-" in the name of a cluster, not ${JSON.stringify(spec.cluster)}`);
  const longest = controlPlaneName(spec.cluster).length;
  if (longest > MAX_HOST_NAME) {
    problems.push(`the name ${spec.cluster} is too long: the host name of its node would have ${longest} characters, at most ${MAX_HOST_NAME} are allowed`);
  }
  if (!Number.isInteger(spec.nodes) || spec.nodes < 1 || spec.nodes > MAX_NODES) problems.push(`a kind cluster has 1 to ${MAX_NODES} nodes, not ${spec.nodes}`);
  const image = nodeImageProblem(spec);
  if (image !== undefined) problems.push(image);
  return problems;
}

/** Throws `kind-cgroup-v1` and `kind-architecture` where the nodes could never start. */
export function clusterPlanOf(spec: StackSpec, port: number, engine: EngineFacts): ClusterPlan {
  const image = chooseNodeImage(spec, engine);
  if (spec.nodeImage === undefined) requireMachine(image.kubernetes, engine);
  return {
    stack: spec.name, cluster: spec.cluster, provider: 'kind', nodeImage: image.reference, kubernetes: image.kubernetes,
    nodes: spec.nodes, managers: 1, ports: [{ host: port, node: INGRESS_NODE_PORT }], settings: {},
  };
}

function requireMachine(kubernetes: string | undefined, engine: EngineFacts): void {
  if (!runsOn(engine.arch)) {
    throw preconditionError({
      code: 'kind-architecture', message: `kind has no node images for ${engine.arch}`, reason: 'they are built for amd64 and arm64',
      hints: [{ text: 'name an image of your own', command: 'devstack up --node-image registry.example/node:v1.36.4' }],
    });
  }
  if (kubernetes === undefined || engine.cgroupVersion !== '1' || !needsCgroupV2(kubernetes)) return;
  throw preconditionError({
    code: 'kind-cgroup-v1', message: `Kubernetes ${kubernetes} does not start on this engine`,
    reason: 'the engine has cgroup v1, which Kubernetes refuses from 1.35 on',
    hints: [{ text: 'take the last version that does', command: 'devstack up --kubernetes 1.34' }],
  });
}

/** Why the nodes are not the default ones. */
export function notesOf(spec: StackSpec, engine: EngineFacts): readonly string[] {
  const { reference, why } = chooseNodeImage(spec, engine);
  return why === undefined ? [] : [`node image ${reference}: ${why}`];
}

/** kind's configuration (kind.x-k8s.io/v1alpha4) as data: what is written as JSON needs no quoting of names. Nothing off loopback. */
export function kindConfig(plan: ClusterPlan): JsonObject {
  const image = plan.nodeImage === undefined ? {} : { image: plan.nodeImage };
  const extraPortMappings = plan.ports.map(({ host, node }) => ({ containerPort: node, hostPort: host, listenAddress: LOOPBACK, protocol: 'TCP' }));
  const workers = Array.from({ length: Math.max(0, plan.nodes - 1) }, () => ({ role: 'worker', ...image }));
  return {
    kind: 'Cluster',
    apiVersion: 'kind.x-k8s.io/v1alpha4',
    name: plan.cluster,
    networking: { apiServerAddress: LOOPBACK },
    nodes: [{ role: 'control-plane', ...image, extraPortMappings }, ...workers],
  };
}
