// In which order objects are applied, and users' objects removed. Pure data and its reading.
import { type GroupVersionKind, groupOf } from '../model/object.ts';
import { isBuiltIn } from './resource.ts';

/**
 * `namespaces` and `definitions` need nothing; `core` needs namespaces; `custom` needs its definitions to be established;
 * `gates` (webhooks, API services) come last: from then on other requests depend on pods that are only starting.
 */
export type Wave = 'namespaces' | 'definitions' | 'core' | 'custom' | 'gates';

const GATES = new Set([
  'MutatingWebhookConfiguration', 'ValidatingWebhookConfiguration', 'ValidatingAdmissionPolicy', 'ValidatingAdmissionPolicyBinding', 'APIService',
]);

export const WEBHOOK_CONFIGURATIONS: readonly GroupVersionKind[] = [
  { apiVersion: 'admissionregistration.k8s.io/v1', kind: 'MutatingWebhookConfiguration' },
  { apiVersion: 'admissionregistration.k8s.io/v1', kind: 'ValidatingWebhookConfiguration' },
];

export const NAMESPACE: GroupVersionKind = { apiVersion: 'v1', kind: 'Namespace' };
export const DEFINITION: GroupVersionKind = { apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition' };

export function isKind(object: GroupVersionKind, kind: GroupVersionKind): boolean {
  return object.kind === kind.kind && groupOf(object.apiVersion) === groupOf(kind.apiVersion);
}

export function waveOf(ref: GroupVersionKind): Wave {
  if (isKind(ref, NAMESPACE)) return 'namespaces';
  if (isKind(ref, DEFINITION)) return 'definitions';
  if (!isBuiltIn(ref.apiVersion)) return 'custom';
  return GATES.has(ref.kind) ? 'gates' : 'core';
}

/** Within `core`: what a starting pod looks for first, then the pods, then what only works on running ones. */
const CORE_ORDER: readonly (readonly string[])[] = [
  ['PriorityClass', 'RuntimeClass', 'StorageClass', 'IngressClass', 'CSIDriver', 'LimitRange', 'ResourceQuota', 'ServiceAccount'],
  ['Secret', 'ConfigMap'],
  ['ClusterRole', 'Role'],
  ['ClusterRoleBinding', 'RoleBinding'],
  // Before the pods: a name that was asked for too early stays unknown in DNS caches for seconds.
  ['Service', 'PersistentVolume', 'PersistentVolumeClaim'],
  ['Deployment', 'StatefulSet', 'DaemonSet', 'ReplicaSet', 'Job', 'CronJob', 'Pod'],
];

function rankOf(kind: string): number {
  const rank = CORE_ORDER.findIndex((kinds) => kinds.includes(kind));
  return rank < 0 ? CORE_ORDER.length : rank;
}

/** Things of the wave `core`, the ones that pods wait for first; equal ones keep their order. */
export function inCoreOrder<T>(things: readonly T[], kindOf: (thing: T) => string): readonly T[] {
  return things.toSorted((a, b) => rankOf(kindOf(a)) - rankOf(kindOf(b)));
}

/** Kinds that go only after their pods have gone: then nothing runs any more when the removal says so. */
const WORKLOADS = new Set(['Deployment', 'StatefulSet', 'DaemonSet', 'ReplicaSet', 'Job', 'CronJob', 'ReplicationController']);

export function hasPods(ref: GroupVersionKind): boolean {
  return WORKLOADS.has(ref.kind) && isBuiltIn(ref.apiVersion);
}

/**
 * Custom resources that must go while their controllers still run, in steps: first what sends events, then what carries
 * them, then what serves. Knative's finalizers hang in any other order (knative: "uninstall").
 */
const REMOVAL_STEPS: readonly (readonly string[])[] = [
  ['Trigger', 'Subscription', 'Sequence', 'Parallel', 'SinkBinding', 'PingSource', 'ApiServerSource', 'ContainerSource', 'IntegrationSource', 'EventPolicy'],
  ['Broker', 'Channel', 'InMemoryChannel', 'JobSink', 'IntegrationSink', 'EventTransform', 'RequestReply'],
  ['DomainMapping'],
  ['Service', 'VirtualService', 'HTTPRoute'],
];

/** Step in which custom resources of a kind are removed, from 0. */
export function removalStep(kind: string): number {
  const step = REMOVAL_STEPS.findIndex((kinds) => kinds.includes(kind));
  return step < 0 ? REMOVAL_STEPS.length : step;
}
