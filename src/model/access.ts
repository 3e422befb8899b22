// How to reach a target. Always explicit: no call ever relies on an ambient kubeconfig, context or Docker host.

export interface KubernetesAccess {
  readonly runtime: 'kubernetes';
  /** Absolute path of a kubeconfig file. */
  readonly kubeconfig: string;
  readonly context: string;
}

export interface SwarmAccess {
  readonly runtime: 'swarm';
  /** Docker endpoint of a manager (`unix:///…`, `tcp://…`, or `container:<name>` for a node in a container). */
  readonly endpoint: string;
}

export type Access = KubernetesAccess | SwarmAccess;
