// Where a kind lives in the API: plural name, scope, path. Built-in kinds are known, others are discovered.
import { failedError } from '../model/error.ts';
import { isJsonObject, type Json } from '../model/json.ts';
import { arrayAt, type GroupVersionKind, groupOf, type ObjectRef, refText, stringAt } from '../model/object.ts';

export interface Resource {
  readonly plural: string;
  readonly namespaced: boolean;
}

// Names and scopes of a GA kind never change, so asking the server for them would only cost round trips.
const NAMESPACED: { readonly [apiVersion: string]: string } = {
  v1: 'ConfigMap Endpoints Event LimitRange PersistentVolumeClaim Pod PodTemplate ReplicationController ResourceQuota Secret Service ServiceAccount',
  'apps/v1': 'ControllerRevision DaemonSet Deployment ReplicaSet StatefulSet',
  'autoscaling/v2': 'HorizontalPodAutoscaler',
  'batch/v1': 'CronJob Job',
  'coordination.k8s.io/v1': 'Lease',
  'discovery.k8s.io/v1': 'EndpointSlice',
  'events.k8s.io/v1': 'Event',
  'networking.k8s.io/v1': 'Ingress NetworkPolicy',
  'policy/v1': 'PodDisruptionBudget',
  'rbac.authorization.k8s.io/v1': 'Role RoleBinding',
};
const CLUSTER_SCOPED: { readonly [apiVersion: string]: string } = {
  v1: 'Namespace Node PersistentVolume',
  'admissionregistration.k8s.io/v1':
    'MutatingWebhookConfiguration ValidatingAdmissionPolicy ValidatingAdmissionPolicyBinding ValidatingWebhookConfiguration',
  'apiextensions.k8s.io/v1': 'CustomResourceDefinition',
  'apiregistration.k8s.io/v1': 'APIService',
  'networking.k8s.io/v1': 'IngressClass',
  'node.k8s.io/v1': 'RuntimeClass',
  'rbac.authorization.k8s.io/v1': 'ClusterRole ClusterRoleBinding',
  'scheduling.k8s.io/v1': 'PriorityClass',
  'storage.k8s.io/v1': 'CSIDriver StorageClass',
};
const BUILT_IN_GROUPS = new Set([...Object.keys(NAMESPACED), ...Object.keys(CLUSTER_SCOPED)].map(groupOf));

function has(table: { readonly [apiVersion: string]: string }, kind: GroupVersionKind): boolean {
  return table[kind.apiVersion]?.split(' ').includes(kind.kind) ?? false;
}

function pluralOf(kind: string): string {
  const word = kind.toLowerCase();
  if (kind === 'Endpoints') return word;
  if (word.endsWith('s')) return `${word}es`;
  return word.endsWith('y') ? `${word.slice(0, -1)}ies` : `${word}s`;
}

function builtIn(kind: GroupVersionKind): Resource | undefined {
  const namespaced = has(NAMESPACED, kind);
  return namespaced || has(CLUSTER_SCOPED, kind) ? { plural: pluralOf(kind.kind), namespaced } : undefined;
}

/** True for a kind of Kubernetes itself in any version, false for the kind of a CustomResourceDefinition. */
export function isBuiltIn(apiVersion: string): boolean {
  return BUILT_IN_GROUPS.has(groupOf(apiVersion));
}

/** `/api/v1`, `/apis/apps/v1`. */
export function groupPath(apiVersion: string): string {
  return apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
}

/** Path of a collection, or of one object with `name`. */
export function pathOf(
  apiVersion: string, resource: Resource, place: { readonly namespace?: string | undefined; readonly name?: string; readonly subresource?: string | undefined },
): string {
  const parts = [groupPath(apiVersion)];
  if (resource.namespaced && place.namespace !== undefined) parts.push('namespaces', encodeURIComponent(place.namespace));
  parts.push(resource.plural);
  if (place.name !== undefined) parts.push(encodeURIComponent(place.name));
  if (place.subresource !== undefined) parts.push(place.subresource);
  return parts.join('/');
}

/** As pathOf for one object. Throws `kube-invalid` for a namespaced object without a namespace: none is ever made up. */
export function objectPath(ref: ObjectRef, resource: Resource, subresource?: string): string {
  if (resource.namespaced && ref.namespace === undefined) {
    throw failedError({
      code: 'kube-invalid', message: `${refText(ref)} has no namespace`, reason: `${ref.kind} lives in a namespace; write one into its metadata`,
    });
  }
  return pathOf(ref.apiVersion, resource, { namespace: ref.namespace, name: ref.name, subresource });
}

export interface DiscoveredKind extends GroupVersionKind, Resource {
  readonly verbs: readonly string[];
}

/** The kinds in an APIResourceList, without subresources. */
export function kindsIn(apiVersion: string, list: unknown): readonly DiscoveredKind[] {
  return arrayAt(list, 'resources').flatMap((entry) => {
    const plural = stringAt(entry, 'name');
    const kind = stringAt(entry, 'kind');
    if (plural === undefined || kind === undefined || plural.includes('/')) return [];
    const namespaced = isJsonObject(entry) && entry['namespaced'] === true;
    return [{ apiVersion, kind, plural, namespaced, verbs: arrayAt(entry, 'verbs').filter((verb) => typeof verb === 'string') }];
  });
}

/** Finds resources of kinds. A kind that is missed is asked for again each time, for its CRD may be fresh. */
export class Discovery {
  readonly #ask: (path: string, signal: AbortSignal | undefined) => Promise<Json | undefined>;
  readonly #known = new Map<string, Resource>();
  readonly #asking = new Map<string, Promise<readonly DiscoveredKind[]>>();

  /** @param ask gives the body at a path, or undefined when the server has no such path. */
  constructor(ask: (path: string, signal: AbortSignal | undefined) => Promise<Json | undefined>) {
    this.#ask = ask;
  }

  async resolve(kind: GroupVersionKind, signal?: AbortSignal): Promise<Resource | undefined> {
    const key = `${kind.apiVersion}/${kind.kind}`;
    const found = builtIn(kind) ?? this.#known.get(key);
    if (found !== undefined) return found;
    for (const discovered of await this.#read(kind.apiVersion, signal)) {
      this.#known.set(`${discovered.apiVersion}/${discovered.kind}`, discovered);
    }
    return this.#known.get(key);
  }

  /** Callers at the same time share one request; the signal of the first one ends it for all. */
  #read(apiVersion: string, signal: AbortSignal | undefined): Promise<readonly DiscoveredKind[]> {
    const running = this.#asking.get(apiVersion);
    if (running !== undefined) return running;
    const asking = this.#ask(groupPath(apiVersion), signal)
      .then((list) => (list === undefined ? [] : kindsIn(apiVersion, list)))
      .finally(() => this.#asking.delete(apiVersion));
    this.#asking.set(apiVersion, asking);
    return asking;
  }
}
