// What a minikube profile will be made of, and the command line for it. Pure.
import { type ClusterPlan, INGRESS_NODE_PORT } from '../../model/plan.ts';
import type { StackSpec } from '../../model/stack.ts';

export const PROVIDER = 'minikube';
export const LOOPBACK = '127.0.0.1';
/** Where the API server listens inside the node. */
export const API_PORT = 8443;

/**
 * Not the name of the profile: `minikube delete` removes the network of that name before it has forgotten the profile, and the
 * network is what says whose the profile is.
 */
export function networkName(cluster: string): string {
  return `${cluster}-minikube`;
}

export function contextName(cluster: string): string {
  return cluster;
}

export function clusterPlanOf(spec: StackSpec, port: number): ClusterPlan {
  return {
    stack: spec.name, cluster: spec.cluster, provider: PROVIDER, nodeImage: undefined, kubernetes: spec.kubernetes, nodes: 1, managers: 1,
    ports: [{ host: port, node: INGRESS_NODE_PORT }], settings: {},
  };
}

export function problemsOf(spec: StackSpec): readonly string[] {
  return [
    ...(spec.nodes === 1 ? [] : [`devstack makes minikube clusters of one node, not ${spec.nodes}; kind makes more`]),
    ...(spec.kubernetes === undefined || /^1\.\d+\.\d+$/.test(spec.kubernetes) ? [] : [`minikube takes a whole version such as 1.34.4, not ${spec.kubernetes}`]),
  ];
}

/** A wish that minikube has no place for. */
export function notesOf({ nodeImage }: StackSpec): readonly string[] {
  return nodeImage === undefined ? [] : [`the node image ${nodeImage} is not used: minikube brings its own`];
}

/** What is not named here is minikube's default, or what the person has said by `minikube config` and MINIKUBE_ variables. */
export function startArguments(plan: ClusterPlan): readonly string[] {
  return [
    'start', '--profile', plan.cluster, '--output', 'json', '--driver', 'docker', '--container-runtime', 'containerd', '--network', networkName(plan.cluster),
    ...plan.ports.map(({ host, node }) => `--ports=${LOOPBACK}:${host}:${node}`), '--embed-certs', '--keep-context', '--interactive=false',
    ...(plan.kubernetes === undefined ? [] : ['--kubernetes-version', `v${plan.kubernetes}`]),
  ];
}
