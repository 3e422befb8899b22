// Every contact with the world, as small interfaces, by what it leads to. Adapters live in host, kube, swarm, artifacts, state.
import type { Artifacts, ImageBuilder } from './ports/artifacts.ts';
import type { Docker } from './ports/docker.ts';
import type { Background, Clock, Files, Folders, Http, Network, Platform, Processes, Yaml } from './ports/host.ts';
import type { KubeConnector, Kubeconfigs, KubeSets, Manifests } from './ports/kubernetes.ts';
import type { Engines } from './ports/swarm.ts';

export type { Access } from './model/access.ts';
export type { ProcessMark } from './model/process.ts';
export type * from './ports/artifacts.ts';
export type * from './ports/docker.ts';
export type * from './ports/host.ts';
export type * from './ports/kubernetes.ts';
export type * from './ports/load.ts';
export type * from './ports/swarm.ts';

/** The world, as handlers get it. */
export interface Ports {
  readonly clock: Clock;
  readonly processes: Processes;
  readonly background: Background;
  readonly files: Files;
  readonly folders: Folders;
  readonly platform: Platform;
  readonly http: Http;
  readonly network: Network;
  readonly yaml: Yaml;
  readonly docker: Docker;
  readonly engines: Engines;
  readonly artifacts: Artifacts;
  readonly imageBuilder: ImageBuilder;
  readonly kubeConnector: KubeConnector;
  readonly kubeSets: KubeSets;
  readonly manifests: Manifests;
  readonly kubeconfigs: Kubeconfigs;
  readonly env: { readonly [name: string]: string | undefined };
}
