// What an addon is: a page of data and pure functions. An addon never imports another addon; it names needs and abilities.
import type { KubeObject, ObjectRef } from '../model/object.ts';
import type { ArtifactRef, ManifestSource, Patch } from '../model/plan.ts';

export type AddonId = string;
/** What an addon offers to others: `knative-ingress`, `gateway-api`. Other addons may need it without knowing who provides it. */
export type Ability = string;

/** Choices of the whole stack that an addon's objects depend on. */
export interface AddonContext {
  readonly stack: string;
  /** Suffix of the host names of Knative services. */
  readonly domain: string;
  /** `ingress-class` of the chosen ingress, or undefined when there is none. */
  readonly ingressClass: string | undefined;
  /** NodePort that the host port leads to. */
  readonly ingressNodePort: number;
  /** Port of a Service of type LoadBalancer, where that is what leads from 127.0.0.1 to the ingress. */
  readonly ingressLoadBalancerPort?: number;
  readonly nodes: number;
  /** Lower requests so that all fits a small node. */
  readonly fit: boolean;
  /** Where the registry of the stack is or would be on 127.0.0.1. */
  readonly registryPort: number;
  /** IPv4 subnet of the nodes' network, `172.18.0.0/16`, when the provider knows it. */
  readonly subnet: string | undefined;
}

export interface Footprint {
  /** Sum of CPU requests, millicores. */
  readonly cpuMilli: number;
  /** Sum of memory requests, MiB. */
  readonly memoryMi: number;
}

export interface AddonInstall {
  readonly sources: readonly ManifestSource[];
  readonly patches: readonly Patch[];
  /** Objects whose readiness means that the addon works. */
  readonly waitFor: readonly ObjectRef[];
  /** An object that its webhooks must let through before others may rely on it. */
  readonly admits?: KubeObject;
  /** Path of a field of `admits` that only its webhook sets, where the webhook is without rules until it runs. */
  readonly defaulted?: readonly string[];
  /** Objects of its own kinds, applied once `admits` is let through. They are a part of their own, and each must become ready. */
  readonly after?: readonly KubeObject[];
}

/** A page of its own for a browser; `devstack open` leads to it over loopback. */
export interface AddonPage {
  readonly service: ObjectRef;
  readonly port: number;
  /** Answers with 200 as soon as the page does. */
  readonly path: string;
  /** The page asks for a token of this ServiceAccount; without it nobody is asked for anything. */
  readonly account?: ObjectRef;
}

export interface Addon {
  readonly id: AddonId;
  /** Shorter names that people use. */
  readonly aliases?: readonly string[];
  readonly title: string;
  /** What it is good for, in one line. */
  readonly summary: string;
  /** Parts that are released together share a component: `versions: { knative: … }` moves them all. */
  readonly component: string;
  /** Version that is installed unless the spec names another. */
  readonly version: string;
  /** Other versions that can be had; absent: any release, by the pattern of its address. */
  readonly otherVersions?: readonly string[];
  /** What must be installed before it. */
  readonly needs: readonly (AddonId | Ability)[];
  /** What must be in the same stack, in any order. */
  readonly wants: readonly (AddonId | Ability)[];
  /** What must be installed before it where both are in the stack. */
  readonly follows?: readonly (AddonId | Ability)[];
  readonly provides: readonly Ability[];
  readonly conflicts: readonly (AddonId | Ability)[];
  /** Lowest Kubernetes version that `version` runs on, `1.34.0`; absent where none is established. Other versions: compatibility.ts. */
  readonly minKubernetes?: string;
  readonly footprint: Footprint;
  /** What `fit` brings the footprint down to. */
  readonly fitFootprint: Footprint;
  /** The same again for each node that runs pods: what its DaemonSets request. */
  readonly perNode?: { readonly footprint: Footprint; readonly fitFootprint: Footprint };
  /** Set when it serves as Knative's ingress. */
  readonly ingress?: { readonly className: string; readonly id: string };
  readonly page?: AddonPage;
  /** An object of a cluster that tells which version is there, whoever installed it: for what a cluster has only once. */
  readonly found?: { readonly ref: ObjectRef; versionOf(object: KubeObject): string | undefined };
  /** Set for the registry, which runs in a container beside the nodes: its image. */
  beside?(version: string): string;
  artifacts(version: string): readonly ArtifactRef[];
  install(context: AddonContext, version: string): AddonInstall;
}

/** A Deployment by name, for `waitFor`. */
export function deployment(namespace: string, name: string): ObjectRef {
  return { apiVersion: 'apps/v1', kind: 'Deployment', namespace, name };
}
