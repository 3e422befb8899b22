// The plan: plain JSON. What `devstack plan` prints is what `devstack up` executes.
import type { Json, JsonObject } from './json.ts';
import type { KubeObject, ObjectRef } from './object.ts';
import type { ImageRule } from './stack.ts';

/** NodePort that the host port leads to; the one that Knative's own quickstart uses. */
export const INGRESS_NODE_PORT = 31080;

/** Where a registry may listen on 127.0.0.1: the first of these that is free. 5001 is the one that kind's own guide uses. */
export const REGISTRY_PORTS: readonly number[] = [5001, 5002, 5003, 5004, 5005];

/** How a registry of this machine is called in the name of an image, here and in the nodes. */
export function registryHost(port: number): string {
  return `localhost:${port}`;
}

export type StepId = string;

/** A file at a pinned address. Without sha256 it is pinned on first use (and that is said). */
export interface ArtifactRef {
  readonly name: string;
  readonly url: string;
  readonly sha256?: string;
  readonly bytes?: number;
}

export type ManifestSource =
  | { readonly artifact: ArtifactRef }
  | { readonly objects: readonly KubeObject[] };

/** One part of a path into an object: a field, or the element of a list whose `name` is this. */
export type PathPart = string | { readonly name: string };

/** A documented change to upstream's manifest, made before it is applied. */
export interface Patch {
  readonly target: { readonly kind: string; readonly name?: string; readonly namespace?: string };
  /** Where. Missing maps on the way are created; a missing list element is an error. */
  readonly path: readonly PathPart[];
  /** The new value; maps are merged (a null removes the key), all else is replaced. For `append` the elements to add if absent. */
  readonly value: Json;
  readonly mode?: 'merge' | 'append' | 'remove-object';
  /** Set where the field is a text (a configuration file): the value stands in the place of these words, which must occur once. */
  readonly find?: string;
  readonly why: string;
}

/** How to reach something through the ingress, without relying on DNS. */
export interface Endpoint {
  readonly name: string;
  /** As a person opens it. */
  readonly url: string;
  /** Host header. */
  readonly host: string;
  /** Where the connection goes: `127.0.0.1:8080`. */
  readonly address: string;
  readonly path: string;
  /** Set when `url` needs help to resolve: the curl line to print instead. */
  readonly curl: string;
}

export interface ClusterPlan {
  readonly stack: string;
  readonly cluster: string;
  readonly provider: string;
  /** Image of the nodes, or undefined when the provider brings its own. */
  readonly nodeImage: string | undefined;
  readonly kubernetes: string | undefined;
  readonly nodes: number;
  readonly managers: number;
  /** Host ports on 127.0.0.1 → node ports. */
  readonly ports: readonly { readonly host: number; readonly node: number }[];
  /** Choices of the first `up` that later ones keep (domain): the provider stores them with its own record of the cluster. */
  readonly settings: { readonly [key: string]: string };
}

/** An image to make: from what, and under which name. */
export interface ImageBuild {
  /** `dev.local/<name>:<hash of the context>` */
  readonly image: string;
  /** Absolute path of the context. */
  readonly folder: string;
  /** Relative to the context. */
  readonly dockerfile: string;
  readonly buildArgs: { readonly [name: string]: string };
  /** Architecture of the nodes that will run it: `amd64`, `arm64`. */
  readonly arch: string;
}

export interface StepBase<K extends string> {
  readonly kind: K;
  readonly id: StepId;
  readonly title: string;
  /** Steps of one lane are shown together. */
  readonly lane: string;
  readonly needs: readonly StepId[];
  /** Why this step is in the plan, in one line. */
  readonly why?: string;
  readonly timeoutMs?: number;
  readonly destructive?: true;
}

/** Downloads what later steps read; nothing but the cache changes. */
export interface FetchStep extends StepBase<'fetch'> {
  readonly artifacts: readonly ArtifactRef[];
  readonly tools: readonly string[];
}
export interface ClusterStep extends StepBase<'cluster'> {
  readonly cluster: ClusterPlan;
}
/** Waits until the provider has finished what it may still do after the cluster could be reached, and pods find each other by name. */
export interface SettleStep extends StepBase<'settle'> {
  readonly cluster: ClusterPlan;
}
/** Makes an image from a folder with the local engine; its tag is its content, so an image that is there is the right one. */
export interface BuildStep extends StepBase<'build'> {
  readonly build: ImageBuild;
}
/** Puts images of the local engine into the nodes where they are missing. */
export interface ImagesStep extends StepBase<'images'> {
  readonly cluster: ClusterPlan;
  readonly images: readonly string[];
}
/** A registry beside the nodes, on 127.0.0.1 of this machine, from which every node takes images of `localhost:<port>/…`. */
export interface RegistryStep extends StepBase<'registry'> {
  readonly stack: string;
  readonly cluster: string;
  /** Image of the registry itself. */
  readonly image: string;
  readonly port: number;
}
/** Takes the registry away, with all images in it. */
export interface UnregistryStep extends StepBase<'unregistry'> {
  readonly stack: string;
  readonly cluster: string;
  readonly destructive: true;
}
/** Images of the local engine into the registry that their names say. Layers that are there do not move. */
export interface PushStep extends StepBase<'push'> {
  readonly images: readonly string[];
}
export interface ApplyStep extends StepBase<'apply'> {
  /** Addon or app: the unit of inventory and removal. */
  readonly part: string;
  readonly sources: readonly ManifestSource[];
  readonly patches: readonly Patch[];
  readonly imageRules: readonly ImageRule[];
  /** Steps whose end its pods wait for; all else is applied before. */
  readonly podsAfter?: readonly StepId[];
}
/** Waits until the objects are what their kind calls ready. */
export interface WaitStep extends StepBase<'wait'> {
  readonly refs: readonly ObjectRef[];
}
/** Waits until the API server (with all its webhooks) would accept this object. */
export interface AdmitStep extends StepBase<'admit'> {
  readonly object: KubeObject;
  /** Path of a field that only a webhook sets: without it in the answer, the webhook is not in force yet. */
  readonly defaulted?: readonly string[];
}
/** The proof: a request through the ingress to a workload and back. */
export interface ProbeStep extends StepBase<'probe'> {
  readonly endpoint: Endpoint;
  readonly expectStatus: number;
  readonly expectBody?: string;
}
/** Removes the objects of one part, by its inventory. */
export interface RemoveStep extends StepBase<'remove'> {
  readonly stack: string;
  readonly part: string;
  /** Only what was made of the kinds that the part defines; the part itself stays. */
  readonly objectsOnly?: true;
  readonly destructive: true;
}
export interface DestroyStep extends StepBase<'destroy'> {
  readonly cluster: ClusterPlan;
  readonly destructive: true;
}
/** Removes what devstack keeps of the stack on this machine: its kubeconfig and journal. */
export interface ForgetStep extends StepBase<'forget'> {
  readonly stack: string;
  readonly cluster: string;
  readonly destructive: true;
}

export type Step =
  | FetchStep | ClusterStep | SettleStep | BuildStep | ImagesStep | RegistryStep | UnregistryStep | PushStep | ApplyStep | WaitStep | AdmitStep | ProbeStep
  | RemoveStep | DestroyStep | ForgetStep;
export type StepKind = Step['kind'];

export interface Plan {
  readonly schema: 1;
  readonly stack: string;
  readonly steps: readonly Step[];
  /** Decisions worth telling: which port, which domain, which node image, and why. */
  readonly notes: readonly string[];
  readonly endpoints: readonly Endpoint[];
}

/** The parts of a step that renderers and journals need. */
export function stepSummary(step: Step): JsonObject {
  return { id: step.id, kind: step.kind, title: step.title, lane: step.lane, needs: [...step.needs] };
}
