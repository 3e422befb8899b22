// How the kinds differ when they are written: names, generations, what a client may not set, what a delete answers.
import { isJsonObject, type Json, type JsonObject } from '../../../model/json.ts';
import { type Core, timestamp } from './core.ts';
import { addTolerations, qosClass } from './defaults/pod.ts';
import { childOf, cloneObject, type Draft, equal, objectAt, objectsAt, setDefault, without } from './json.ts';
import { emptyObject } from './read-object.ts';
import type { Resource } from './resource.ts';
import { cronJobName, label, type NameRule, pathSegment, serviceName, subdomain } from './validation/names.ts';

const NAME_RULES: { readonly [storage: string]: NameRule } = {
  namespaces: label, services: serviceName, 'cronjobs.batch': cronJobName, 'apiservices.apiregistration.k8s.io': pathSegment,
  'roles.rbac.authorization.k8s.io': pathSegment, 'clusterroles.rbac.authorization.k8s.io': pathSegment,
  'rolebindings.rbac.authorization.k8s.io': pathSegment, 'clusterrolebindings.rbac.authorization.k8s.io': pathSegment,
};

export function nameRuleOf(resource: Resource): NameRule {
  return NAME_RULES[resource.storage.key] ?? subdomain;
}

const WITH_GENERATION = new Set([
  'deployments.apps', 'replicasets.apps', 'statefulsets.apps', 'daemonsets.apps', 'jobs.batch', 'cronjobs.batch', 'pods', 'replicationcontrollers',
  'ingresses.networking.k8s.io', 'networkpolicies.networking.k8s.io', 'ingressclasses.networking.k8s.io', 'endpointslices.discovery.k8s.io',
  'poddisruptionbudgets.policy', 'validatingwebhookconfigurations.admissionregistration.k8s.io', 'mutatingwebhookconfigurations.admissionregistration.k8s.io',
  'validatingadmissionpolicies.admissionregistration.k8s.io', 'validatingadmissionpolicybindings.admissionregistration.k8s.io',
  'priorityclasses.scheduling.k8s.io', 'customresourcedefinitions.apiextensions.k8s.io',
]);

export function hasGeneration(resource: Resource): boolean {
  return resource.custom !== undefined || WITH_GENERATION.has(resource.storage.key);
}

export function hasStatus(resource: Resource): boolean {
  return resource.subresources.has('status') || resource.storage.key === 'customresourcedefinitions.apiextensions.k8s.io';
}

/** A PUT without a version overwrites whatever is there. */
export function allowsUnconditionalUpdate(resource: Resource): boolean {
  return resource.custom === undefined && !['customresourcedefinitions.apiextensions.k8s.io', 'apiservices.apiregistration.k8s.io', 'leases.coordination.k8s.io'].includes(resource.storage.key);
}

/** These answer a delete with the object that went, not with a Status. */
const RETURNS_OBJECT = new Set(['pods', 'services', 'serviceaccounts', 'resourcequotas', 'persistentvolumes', 'persistentvolumeclaims', 'podtemplates', 'storageclasses.storage.k8s.io', 'csidrivers.storage.k8s.io', 'csinodes.storage.k8s.io', 'volumeattachments.storage.k8s.io']);

export function returnsDeletedObject(resource: Resource): boolean {
  return RETURNS_OBJECT.has(resource.storage.key);
}

/** What counts for the generation: everything but metadata and, where it is written apart, the status. */
function desired(resource: Resource, object: JsonObject): Json {
  const rest = without(object, 'apiVersion', 'kind', 'metadata', ...hasStatus(resource) ? ['status'] : []);
  // A Deployment's annotations reach its ReplicaSets, so they count too.
  return resource.storage.key === 'deployments.apps' ? { ...rest, annotations: objectAt(object, 'metadata', 'annotations') ?? null } : rest;
}

export function isDesiredChanged(resource: Resource, object: JsonObject, old: JsonObject): boolean {
  return !equal(desired(resource, object), desired(resource, old));
}

// ── what the server itself writes into a new object ─────────────────────────────────────────────────────────────────

/** A client cannot say how a new object is; nodes can, because their kubelet makes them. */
function newStatus(core: Core, resource: Resource, object: Draft): void {
  if (resource.storage.key === 'nodes') return;
  const status = emptyObject(resource)['status'];
  if (status === undefined || resource.custom !== undefined) delete object['status'];
  else object['status'] = isJsonObject(status) ? cloneObject(status) : {};
  const phase = FIRST_PHASE[resource.storage.key];
  if (phase !== undefined) childOf(object, 'status')['phase'] = phase;
  if (resource.storage.key === 'customresourcedefinitions.apiextensions.k8s.io') {
    childOf(object, 'status')['storedVersions'] = objectsAt(object, 'spec', 'versions').filter((version) => version['storage'] === true).map((version) => version['name'] ?? '');
  }
  if (resource.storage.key === 'apiservices.apiregistration.k8s.io' && objectAt(object, 'spec', 'service') === undefined) {
    childOf(object, 'status')['conditions'] = [{ type: 'Available', status: 'True', lastTransitionTime: timestamp(core), reason: 'Local', message: 'Local APIServices are always available' }];
  }
}

const FIRST_PHASE: { readonly [storage: string]: string } = { namespaces: 'Active', persistentvolumeclaims: 'Pending', persistentvolumes: 'Pending', pods: 'Pending' };

function newPod(object: Draft): void {
  const spec = childOf(object, 'spec');
  setDefault(spec, 'priority', 0);
  setDefault(spec, 'preemptionPolicy', 'PreemptLowerPriority');
  addTolerations(spec);
  childOf(object, 'status')['qosClass'] = qosClass(spec);
}

/** A Job's pods are found by the uid of the Job, on labels that the server puts there. */
function newJob(object: Draft): void {
  const metadata = childOf(object, 'metadata');
  const spec = childOf(object, 'spec');
  if (spec['manualSelector'] === true) return;
  const [uid, name] = [metadata['uid'] ?? '', metadata['name'] ?? ''];
  const template = childOf(spec, 'template');
  const labels = childOf(childOf(template, 'metadata'), 'labels');
  Object.assign(labels, { 'controller-uid': uid, 'job-name': name, 'batch.kubernetes.io/controller-uid': uid, 'batch.kubernetes.io/job-name': name });
  spec['selector'] = { matchLabels: { 'batch.kubernetes.io/controller-uid': uid } };
  if (Object.keys(objectAt(metadata, 'labels') ?? {}).length === 0) metadata['labels'] = { ...labels };
}

function protectedByFinalizer(object: Draft, finalizer: string): void {
  const metadata = childOf(object, 'metadata');
  const list = Array.isArray(metadata['finalizers']) ? metadata['finalizers'] : [];
  metadata['finalizers'] = list.includes(finalizer) ? list : [...list, finalizer];
}

/** The store does not keep the difference between no rules and an empty list of them. */
export function settle(resource: Resource, object: Draft): void {
  const isRole = resource.storage.key === 'roles.rbac.authorization.k8s.io' || resource.storage.key === 'clusterroles.rbac.authorization.k8s.io';
  if (isRole && Array.isArray(object['rules']) && object['rules'].length === 0) object['rules'] = null;
}

/** Changes a new object, after ownership was recorded, to what the server makes of it. */
export function prepareCreate(core: Core, resource: Resource, object: Draft): void {
  if (hasStatus(resource)) newStatus(core, resource, object);
  settle(resource, object);
  switch (resource.storage.key) {
    case 'namespaces': childOf(object, 'spec')['finalizers'] = ['kubernetes']; break;
    case 'pods': newPod(object); break;
    case 'jobs.batch': newJob(object); break;
    case 'persistentvolumeclaims': protectedByFinalizer(object, 'kubernetes.io/pvc-protection'); break;
    case 'persistentvolumes': protectedByFinalizer(object, 'kubernetes.io/pv-protection'); break;
    case 'nodes': childOf(object, 'spec')['taints'] = [...objectsAt(object, 'spec', 'taints'), { key: 'node.kubernetes.io/not-ready', effect: 'NoSchedule' }]; break;
    default:
  }
}
