// What is so, read from the world before planning.

export interface EngineFacts {
  readonly version: string;
  readonly operatingSystem: string;
  /** `amd64` or `arm64`, as images name it. */
  readonly arch: string;
  readonly cpus: number;
  readonly memoryMi: number;
  readonly cgroupVersion: '1' | '2';
  readonly rootless: boolean;
  /** The containerd image store, where saving a multi-platform image needs care. */
  readonly containerdStore: boolean;
  readonly endpoint: string;
}

export type ClusterState = 'absent' | 'partial' | 'stopped' | 'running' | 'foreign';

export interface ClusterFacts {
  readonly state: ClusterState;
  /** Why it is partial or foreign, in one line. */
  readonly reason?: string;
  /** Host port on 127.0.0.1 that leads to the ingress node port, when the cluster exists. */
  readonly ingressPort?: number;
  readonly nodes: number;
  readonly nodeImage?: string;
  readonly kubernetes?: string;
  /** What the cluster plan had in `settings` when the cluster was made. */
  readonly settings?: { readonly [key: string]: string };
  /** The registry beside the nodes, when there is one, with its port on 127.0.0.1. */
  readonly registry?: RegistryFacts;
  /** IPv4 subnet of the nodes' network, `172.18.0.0/16`. */
  readonly subnet?: string;
  /** CPU in millicores and memory in MiB that the nodes offer in total. */
  readonly capacity?: { readonly cpuMilli: number; readonly memoryMi: number };
}

export interface RegistryFacts {
  readonly port: number;
  /** Image that it was made of. */
  readonly image: string;
  readonly isRunning: boolean;
}

/** A stack found in the world by its labels. */
export interface StackFacts {
  readonly stack: string;
  readonly provider: string;
  readonly cluster: string;
  readonly port: number | undefined;
}

/** A part (addon or app) with an inventory in the cluster. */
export interface PartFacts {
  readonly part: string;
  /** False while an apply is under way or was cut off. */
  readonly complete: boolean;
}

/** Which names of the domain ladder resolve to 127.0.0.1 here. */
export interface DomainFacts {
  readonly domain: string;
  readonly resolves: boolean;
  readonly reason: string;
}

export interface Facts {
  readonly engine: EngineFacts;
  readonly cluster: ClusterFacts;
  readonly stacks: readonly StackFacts[];
  /** Parts that devstack has put into the running cluster. Absent: nobody could look. */
  readonly parts?: readonly PartFacts[];
  /** Host ports proved free by binding, in order of preference. */
  readonly freePorts: readonly number[];
  /** Those of REGISTRY_PORTS that are free. */
  readonly registryPorts: readonly number[];
  /** The ladder as tried, in order. */
  readonly domains: readonly DomainFacts[];
  /** Images of the local engine, as `repository:tag`. */
  readonly localImages: readonly string[];
}
