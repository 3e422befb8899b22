// The built-in kinds, as recorded from a real API server (scripts/record-kubernetes-types.mjs).
import recorded from './kinds.json' with { type: 'json' };
import type { Resource, StorageKey, Subresource } from './resource.ts';
import { TypeTable } from './types.ts';

interface RecordedResource {
  readonly group: string;
  readonly version: string;
  readonly name: string;
  readonly singular: string;
  readonly kind: string;
  readonly namespaced: boolean;
  readonly verbs: string;
  readonly shortNames?: readonly string[];
  readonly categories?: readonly string[];
  readonly type: string;
  readonly subresources: readonly (Omit<Subresource, 'verbs'> & { readonly verbs: string })[];
}

export interface BuiltInGroup {
  readonly name: string;
  readonly versions: readonly string[];
  readonly preferred: string;
}

/** Kinds that live under another group or version than the one asked for. */
const STORED_AS: { readonly [key: string]: { readonly key: string; readonly apiVersion: string } } = {
  'events.events.k8s.io': { key: 'events', apiVersion: 'v1' },
  'horizontalpodautoscalers.autoscaling': { key: 'horizontalpodautoscalers.autoscaling', apiVersion: 'autoscaling/v2' },
};

export const KUBERNETES = recorded.kubernetes;
export const BUILT_IN_GROUPS: readonly BuiltInGroup[] = recorded.groups;
export const TYPES = new TypeTable(recorded.types as unknown as { readonly [type: string]: { readonly [field: string]: string } });

function storageOf(resource: RecordedResource): StorageKey {
  const own = resource.group === '' ? resource.name : `${resource.name}.${resource.group}`;
  const apiVersion = resource.group === '' ? resource.version : `${resource.group}/${resource.version}`;
  return { kind: resource.kind, namespaced: resource.namespaced, ...(STORED_AS[own] ?? { key: own, apiVersion }) };
}

function resourceOf(resource: RecordedResource): Resource {
  return {
    group: resource.group, version: resource.version, name: resource.name, singular: resource.singular, kind: resource.kind,
    listKind: `${resource.kind}List`, namespaced: resource.namespaced, verbs: resource.verbs.split(' '),
    shortNames: resource.shortNames ?? [], categories: resource.categories ?? [],
    subresources: new Map(resource.subresources.map((sub) => [sub.name, { ...sub, verbs: sub.verbs.split(' ') }])),
    storage: storageOf(resource),
    // Read on first use: a start does not pay for kinds that nobody asks about.
    get schema() { return TYPES.struct(resource.type); },
    custom: undefined,
  };
}

export const BUILT_IN: readonly Resource[] = (recorded.resources as unknown as readonly RecordedResource[]).map(resourceOf);
/** The type of each built-in kind, by `group/version/kind`, also of those that are only sent. */
export const TYPE_OF_KIND: ReadonlyMap<string, string> = new Map([
  ...(recorded.resources as unknown as readonly RecordedResource[]).map((resource) => [`${resource.group}/${resource.version}/${resource.kind}`, resource.type] as const),
  ['autoscaling/v1/Scale', 'autoscaling.v1.Scale'], ['policy/v1/Eviction', 'policy.v1.Eviction'],
  ['authentication.k8s.io/v1/TokenRequest', 'authentication.v1.TokenRequest'], ['/v1/DeleteOptions', 'meta.v1.DeleteOptions'],
]);
