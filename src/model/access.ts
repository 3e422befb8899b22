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

/** The machine of an engine that is not on this one; undefined for one that is. Pure. */
export function remoteHost(endpoint: string): string | undefined {
  const [, host] = /^(?:tcp|https?|ssh):\/\/(?:[^@/]*@)?(\[[^\]]+\]|[^:/]+)/.exec(endpoint) ?? [];
  return host === undefined || host === 'localhost' || host === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(host) ? undefined : host;
}

export type Access = KubernetesAccess | SwarmAccess;
