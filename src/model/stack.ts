// What a person wants, after defaults: the one input of the planner.

/** Rewrites image references: a prefix (`gcr.io/` → `mirror.corp/gcr/`) or one whole reference. First match wins. */
export interface ImageRule {
  readonly from: string;
  readonly to: string;
}

export interface StackSpec {
  readonly name: string;
  /** Provider id; capabilities of it are data (clusters/provider.ts). */
  readonly provider: string;
  /** `devstack-<name>`: what the provider calls its cluster. */
  readonly cluster: string;
  readonly preset: string;
  readonly nodes: number;
  /** Swarm only: how many of the nodes are managers. */
  readonly managers: number;
  /** Kubernetes version without `v`, or undefined for the provider's pinned default. */
  readonly kubernetes: string | undefined;
  /** Whole reference of a node image, overrides `kubernetes`. */
  readonly nodeImage: string | undefined;
  /** Wanted host port of the ingress on 127.0.0.1. */
  readonly port: number;
  /** True when the person named the port: then another one is never taken silently. */
  readonly portIsFixed: boolean;
  readonly addons: readonly string[];
  /** Id of the addon that provides Knative's ingress. */
  readonly ingress: string;
  /** `auto`, or the domain suffix to use. */
  readonly domain: string;
  readonly samples: readonly string[];
  readonly images: readonly ImageRule[];
  /** Lower the requests of addons so that they fit the node. */
  readonly fit: boolean;
  /** Versions that differ from the table: `{ knative: '1.24.0' }`. */
  readonly versions: { readonly [component: string]: string };
  readonly timeoutMs: number;
  /** Wishes that only one provider knows; each says in its folder which it takes. */
  readonly settings?: { readonly [key: string]: string };
}
