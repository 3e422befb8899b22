// What a cluster provider is. Capabilities are data that generic code reasons about; no id is ever compared outside its folder.
import type { Access } from '../model/access.ts';
import type { Hint } from '../model/error.ts';
import type { ClusterFacts, EngineFacts } from '../model/fact.ts';
import type { Finding } from '../model/finding.ts';
import type { KubeObject } from '../model/object.ts';
import type { ArtifactRef, ClusterPlan } from '../model/plan.ts';
import type { StackSpec } from '../model/stack.ts';
import type { ImageBuilder, Ports } from '../ports.ts';

export type { Finding };

/** In `settings` of a cluster: how requests get to its ingress, where that is not a published node port. */
export const EXPOSE = { setting: 'expose', loadBalancer: 'load-balancer' } as const;

export interface Capabilities {
  /** Host ports are fixed when the cluster is made. */
  readonly portsAtCreation: boolean;
  /** devstack makes and removes the whole cluster; else only what it put in. */
  readonly ownsCluster: boolean;
  readonly canStop: boolean;
  readonly loadsImages: boolean;
  readonly multiNode: boolean;
}

export interface ProviderContext {
  readonly ports: Ports;
  readonly signal: AbortSignal;
  onProgress(message: string, done?: number, total?: number): void;
}

export interface ImageLoader {
  /** Which of these images some node lacks. */
  missing(cluster: ClusterPlan, images: readonly string[], context: ProviderContext): Promise<readonly string[]>;
  /** Puts an image of the local engine into every node that lacks it. */
  load(cluster: ClusterPlan, image: string, context: ProviderContext): Promise<void>;
}

export interface RegistryWish {
  readonly stack: string;
  readonly cluster: string;
  /** Image of the registry itself. */
  readonly image: string;
  /** On 127.0.0.1. */
  readonly port: number;
}

/** A registry beside the nodes, from which each of them takes images of `localhost:<port>/…`. */
export interface RegistryKeeper {
  /** It runs at this port, and every node knows of it. Reads only. */
  isReady(wish: RegistryWish, context: ProviderContext): Promise<boolean>;
  /** Idempotent; ends when it answers. Throws `registry-not-ours`, `registry-port-taken`, `registry-node-too-old`, `image-pull-failed`. */
  ensure(wish: RegistryWish, context: ProviderContext): Promise<void>;
  /** With all images in it. Absent is fine: returns false. */
  remove(target: Pick<RegistryWish, 'stack' | 'cluster'>, context: ProviderContext): Promise<boolean>;
}

export interface Power {
  stop(cluster: ClusterPlan, context: ProviderContext): Promise<void>;
  start(cluster: ClusterPlan, context: ProviderContext): Promise<Access>;
}

/** Whether a provider can be used on this machine just now. */
export interface Availability {
  readonly isUsable: boolean;
  /** In one line, without the name of the provider. */
  readonly why: string;
  readonly hints: readonly Hint[];
}

export interface ClusterProvider {
  readonly id: string;
  readonly title: string;
  readonly runtime: 'kubernetes' | 'swarm';
  readonly capabilities: Capabilities;
  /** Tools that it runs, by the name of their pin. */
  readonly tools: readonly string[];
  /** Programs that those need on PATH, and that devstack does not fetch. */
  readonly programs?: readonly string[];
  /** What the cluster of a spec will be made of: pure. `pins` in the provider's folder say the node image. */
  plan(spec: StackSpec, port: number, engine: EngineFacts): ClusterPlan;
  /** Problems of the spec that only this provider knows (a name it refuses, too few nodes). */
  problems(spec: StackSpec): readonly string[];
  /**
   * For clusters that devstack does not make: throws every reason why the stack cannot go into this one, before anything is done
   * or sent that nobody has allowed. Returns what is worth telling. Reads only.
   */
  admit?(spec: StackSpec, context: ProviderContext): Promise<readonly string[]>;
  /** Choices of `plan` worth telling, and why: pure. */
  notes?(spec: StackSpec, engine: EngineFacts): readonly string[];
  /** Reads only. */
  observe(stack: string, cluster: string, context: ProviderContext): Promise<ClusterFacts>;
  /** Idempotent: makes what is missing, finishes what is half made, starts what is stopped; then returns how to reach it. */
  create(cluster: ClusterPlan, context: ProviderContext): Promise<Access>;
  /**
   * Ends when everything that `create` began has ended; throws its failure. For providers whose `create` returns as soon as
   * the API server answers, while the rest of the cluster still comes up.
   */
  finish?(cluster: ClusterPlan, context: ProviderContext): Promise<void>;
  /** How to reach a running cluster, or undefined when it is not there. */
  access(stack: string, cluster: string, context: ProviderContext): Promise<Access | undefined>;
  /** Removes all of it (never what is not labelled as ours); returns what was removed, in words, for the receipt. */
  destroy(stack: string, cluster: string, context: ProviderContext): Promise<readonly string[]>;
  readonly images?: ImageLoader;
  readonly power?: Power;
  /** For providers that can run one beside their nodes. */
  readonly registry?: RegistryKeeper;
  /** For providers whose cluster somebody else makes; others can be used where the engine, their programs and their tools are. */
  availability?(context: ProviderContext): Promise<Availability>;
  /** What every screen about its stacks says, where a person might think otherwise. */
  readonly label?: string;
  /** Wishes in `StackSpec.settings` that hold from when the cluster is made. */
  readonly fixedSettings?: readonly string[];
  /** What it offers instead of a container engine, for providers that need none. */
  engine?(ports: Ports): EngineFacts;
  /** Makes images itself, instead of the local engine. */
  builder?(stack: string, ports: Ports): ImageBuilder;
  /** Objects that do for a file of a release which is not in the cache; undefined where only the file does. Pure. */
  outlineOf?(artifact: ArtifactRef): readonly KubeObject[] | undefined;
}
