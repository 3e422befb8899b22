// What the server serves: a resource is one kind in one version, with its verbs, names and subresources.
import type { JsonObject } from '../../../model/json.ts';
import type { MapSchema } from './schema.ts';

export interface Subresource {
  readonly name: string;
  readonly kind: string;
  readonly verbs: readonly string[];
  readonly namespaced: boolean;
  readonly group?: string;
  readonly version?: string;
}

/** What a CustomResourceDefinition says of one version. */
export interface CustomVersion {
  readonly crd: string;
  /** openAPIV3Schema, with apiVersion, kind and metadata left to the server. */
  readonly schema: JsonObject | undefined;
  readonly preserveUnknownFields: boolean;
  readonly hasStatus: boolean;
  readonly scale: JsonObject | undefined;
  readonly columns: readonly JsonObject[];
  readonly deprecationWarning: string | undefined;
  readonly selectableFields: readonly string[];
}

export interface Resource {
  readonly group: string;
  readonly version: string;
  /** Plural: `deployments`. */
  readonly name: string;
  readonly singular: string;
  readonly kind: string;
  readonly listKind: string;
  readonly namespaced: boolean;
  readonly verbs: readonly string[];
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  readonly subresources: ReadonlyMap<string, Subresource>;
  /** Objects of all versions (and of groups that share a kind, as events do) live under one key. */
  readonly storage: StorageKey;
  /** For ownership and merging. */
  readonly schema: MapSchema;
  readonly custom: CustomVersion | undefined;
}

export interface StorageKey {
  /** `deployments.apps`; core kinds have no group: `pods`. */
  readonly key: string;
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespaced: boolean;
}

export function apiVersionOf(resource: { readonly group: string; readonly version: string }): string {
  return resource.group === '' ? resource.version : `${resource.group}/${resource.version}`;
}
