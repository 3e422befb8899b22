// The Kubernetes part behind its ports. Cheap to import: client-node and the parser are loaded on first use.
import type { Artifacts, Clock, Files, KubeConnector, KubeSets, Manifests, Yaml } from '../ports.ts';
import { createConnector } from './client.ts';
import { createManifests } from './manifests.ts';
import { createKubeSets } from './sets.ts';

export interface KubernetesPorts {
  readonly clock: Clock;
  readonly files: Files;
  readonly yaml: Yaml;
  readonly artifacts: Artifacts;
}

export interface Kubernetes {
  readonly kubeConnector: KubeConnector;
  readonly kubeSets: KubeSets;
  readonly manifests: Manifests;
}

export function createKubernetes(ports: KubernetesPorts): Kubernetes {
  return { kubeConnector: createConnector(ports), kubeSets: createKubeSets(ports.clock), manifests: createManifests(ports) };
}
