// How the kinds differ when they are written: names, generations, what a client may not set, what a delete answers.
import type { Json, JsonObject } from '../../../model/json.ts';
import { addTolerations, qosClass } from './defaults/pod.ts';
import { type Draft, childOf, cloneObject, equal, objectAt, objectsAt, setDefault, without } from './json.ts';
import type { Resource } from './resource.ts';
import { type NameRule, cronJobName, label, pathSegment, serviceName, subdomain } from './validation/names.ts';

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

function newStatus(resource: Resource, object: Draft): void {
  if (resource.custom !== undefined) {
    delete object['status'];
    return;
  }
  const status = EMPTY_STATUS[resource.storage.key];
  if (status === undefined && object['status'] !== undefined) object['status'] = {};
  else if (status !== undefined) object['status'] = cloneObject(status);
}

/** A new object's status where it is not simply empty. */
const EMPTY_STATUS: { readonly [storage: string]: JsonObject } = {
  'replicasets.apps': { replicas: 0 }, 'statefulsets.apps': { replicas: 0, availableReplicas: 0 }, replicationcontrollers: { replicas: 0 },
  'daemonsets.apps': { currentNumberScheduled: 0, desiredNumberScheduled: 0, numberMisscheduled: 0, numberReady: 0 },
  services: { loadBalancer: {} }, 'ingresses.networking.k8s.io': { loadBalancer: {} }, namespaces: { phase: 'Active' }, persistentvolumeclaims: { phase: 'Pending' },
  persistentvolumes: { phase: 'Pending' }, 'horizontalpodautoscalers.autoscaling': { currentMetrics: null, desiredReplicas: 0 },
  'poddisruptionbudgets.policy': { currentHealthy: 0, desiredHealthy: 0, disruptionsAllowed: 0, expectedPods: 0 }, pods: { phase: 'Pending' },
};

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

/** Changes a new object, after ownership was recorded, to what the server makes of it. */
export function prepareCreate(resource: Resource, object: Draft): void {
  if (hasStatus(resource) || resource.storage.key === 'customresourcedefinitions.apiextensions.k8s.io') newStatus(resource, object);
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
