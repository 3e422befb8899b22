// Kubernetes objects and references to them, as raw JSON: no field is ever lost in a typed model.
import { isJsonObject, type Json, type JsonObject } from './json.ts';

/** Names one object of a cluster. `namespace` is absent for cluster-scoped kinds. */
export interface ObjectRef {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly namespace?: string;
}

/** A kind as the API names it. */
export interface GroupVersionKind {
  readonly apiVersion: string;
  readonly kind: string;
}

export interface ObjectMeta {
  readonly name: string;
  readonly namespace?: string;
  readonly uid?: string;
  readonly generation?: number;
  readonly resourceVersion?: string;
  readonly creationTimestamp?: string;
  readonly deletionTimestamp?: string;
  readonly labels?: { readonly [key: string]: string };
  readonly annotations?: { readonly [key: string]: string };
  readonly finalizers?: readonly string[];
  readonly ownerReferences?: readonly JsonObject[];
  readonly managedFields?: readonly JsonObject[];
}

export interface KubeObject extends GroupVersionKind {
  readonly metadata: ObjectMeta;
  readonly [field: string]: unknown;
}

/** True for a value that has what every Kubernetes object needs: apiVersion, kind and metadata.name. */
export function isKubeObject(value: unknown): value is KubeObject {
  if (!isJsonObject(value)) return false;
  const metadata = value['metadata'];
  return typeof value['apiVersion'] === 'string' && typeof value['kind'] === 'string'
    && isJsonObject(metadata) && typeof metadata['name'] === 'string';
}

export function refOf(object: KubeObject): ObjectRef {
  const { apiVersion, kind, metadata } = object;
  return metadata.namespace === undefined
    ? { apiVersion, kind, name: metadata.name }
    : { apiVersion, kind, name: metadata.name, namespace: metadata.namespace };
}

export function groupOf(apiVersion: string): string {
  const slash = apiVersion.indexOf('/');
  return slash < 0 ? '' : apiVersion.slice(0, slash);
}

/** Identity of an object over all versions of its API: `group/Kind/namespace/name`. */
export function refKey(ref: ObjectRef): string {
  return `${groupOf(ref.apiVersion)}/${ref.kind}/${ref.namespace ?? ''}/${ref.name}`;
}

/** How a person writes it: `deployment knative-serving/webhook`. */
export function refText(ref: ObjectRef): string {
  return `${ref.kind.toLowerCase()} ${ref.namespace === undefined ? '' : `${ref.namespace}/`}${ref.name}`;
}

/** Reads a nested value; undefined when any part of the path is absent. */
export function at(value: unknown, ...path: readonly (string | number)[]): Json | undefined {
  let current: unknown = value;
  for (const part of path) {
    if (typeof current !== 'object' || current === null) return undefined;
    current = (current as Record<string | number, unknown>)[part];
  }
  return current as Json | undefined;
}

/** As `at`, but only a string. */
export function stringAt(value: unknown, ...path: readonly (string | number)[]): string | undefined {
  const found = at(value, ...path);
  return typeof found === 'string' ? found : undefined;
}

/** As `at`, but only an array (empty when absent). */
export function arrayAt(value: unknown, ...path: readonly (string | number)[]): readonly Json[] {
  const found = at(value, ...path);
  return Array.isArray(found) ? found : [];
}

/** Whether the status of an object says `True` to this condition. */
export function hasCondition(object: KubeObject, type: string): boolean {
  return arrayAt(object, 'status', 'conditions').some((condition) => stringAt(condition, 'type') === type && stringAt(condition, 'status') === 'True');
}
