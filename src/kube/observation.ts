// How an object stands, seen together with the pods behind it. Pure.
import { groupOf, type KubeObject, type ObjectRef, stringAt } from '../model/object.ts';
import type { Readiness } from '../ports.ts';
import { activityOf, type Cause, causeOf, steadinessOf } from './cause.ts';
import { conditionsOf, isStale, statusOf } from './status.ts';

/** What stands behind workloads: pods and events whole, replica sets by their metadata. */
export interface Backdrop {
  readonly pods: readonly KubeObject[];
  readonly replicaSets: readonly KubeObject[];
  readonly events: readonly KubeObject[];
}

export interface Observation extends Readiness {
  readonly cause?: Cause;
  /** Its own status says failed, but controllers are known to take that back within moments. */
  readonly mayRecover: boolean;
  /** It is ready after a crash, and has to stay so for this long to be believed. */
  readonly steadyMs?: number;
}

const REVISION = 'deployment.kubernetes.io/revision';
const OWNERS = new Set(['apps/Deployment', 'apps/StatefulSet', 'apps/DaemonSet', 'apps/ReplicaSet', 'batch/Job', '/Pod']);
/** Knative puts these labels on its pods. */
const KNATIVE_LABELS: { readonly [kind: string]: string } = {
  Service: 'serving.knative.dev/service', Configuration: 'serving.knative.dev/configuration', Revision: 'serving.knative.dev/revision',
};

/** True for kinds that stand or fall with pods. */
export function standsOnPods(ref: Pick<ObjectRef, 'apiVersion' | 'kind'>): boolean {
  const group = groupOf(ref.apiVersion);
  return OWNERS.has(`${group}/${ref.kind}`) || (group === 'serving.knative.dev' && ref.kind in KNATIVE_LABELS);
}

function isOwnedBy(object: KubeObject, owner: KubeObject): boolean {
  return owner.metadata.uid !== undefined && (object.metadata.ownerReferences ?? []).some((reference) => reference['uid'] === owner.metadata.uid);
}

function sameOrAbsent(a: string | undefined, b: string | undefined): boolean {
  return a === undefined || b === undefined || a === b;
}

/** Its status still speaks of the version before: Knative names the newest revision once it has made it. */
function isBehind(object: KubeObject): boolean {
  return isStale(object) || conditionsOf(object).some(({ type, reason }) => type === 'ConfigurationsReady' && reason === 'OutOfDate');
}

function knativePods(object: KubeObject, pods: readonly KubeObject[]): readonly KubeObject[] {
  const label = KNATIVE_LABELS[object.kind];
  if (label === undefined || isBehind(object)) return [];
  const newest = stringAt(object, 'status', 'latestCreatedRevisionName');
  return pods.filter(({ metadata }) => metadata.labels?.[label] === object.metadata.name
    && (object.kind === 'Revision' || sameOrAbsent(newest, metadata.labels['serving.knative.dev/revision'])));
}

/** The pods of the newest version of an object: those of an older one that still fails say nothing about it. */
export function podsOf(object: KubeObject, { pods, replicaSets }: Backdrop): readonly KubeObject[] {
  const near = pods.filter((pod) => pod.metadata.namespace === object.metadata.namespace);
  if (groupOf(object.apiVersion) === 'serving.knative.dev') return knativePods(object, near);
  switch (object.kind) {
    case 'Pod': return near.filter((pod) => pod.metadata.name === object.metadata.name);
    case 'Deployment': {
      const revision = object.metadata.annotations?.[REVISION];
      const newest = replicaSets.filter((set) => isOwnedBy(set, object) && set.metadata.annotations?.[REVISION] === revision);
      return near.filter((pod) => newest.some((set) => isOwnedBy(pod, set)));
    }
    case 'StatefulSet': {
      const revision = stringAt(object, 'status', 'updateRevision');
      return near.filter((pod) => isOwnedBy(pod, object) && sameOrAbsent(revision, pod.metadata.labels?.['controller-revision-hash']));
    }
    case 'DaemonSet': {
      const generation = object.metadata.annotations?.['deprecated.daemonset.template.generation'];
      return near.filter((pod) => isOwnedBy(pod, object) && sameOrAbsent(generation, pod.metadata.labels?.['pod-template-generation']));
    }
    default: return near.filter((pod) => isOwnedBy(pod, object));
  }
}

/** Knative's own words about a revision say less than its pods do. */
function withDetail(ref: ObjectRef, message: string, detail: string): string {
  return groupOf(ref.apiVersion) === 'serving.knative.dev' ? detail : `${message}: ${detail}`;
}

/**
 * Knative repeats what the scheduler said of a pod once, and calls it failed, until a pod is ready. Whether there is room by now, nodes and pods
 * tell: the pods of the version before, on their way out, hold it for half a minute.
 */
function statusBeforeRoom(object: KubeObject): Readiness {
  const status = statusOf(object);
  return status.state === 'failed' && groupOf(object.apiVersion) === 'serving.knative.dev' && /\b\d+\/\d+ nodes are available/.test(status.message) ? { ...status, state: 'pending' } : status;
}

/** State of an object with what its pods add to it: why it is not ready, what it is doing, whether it will last. */
export function observe(ref: ObjectRef, object: KubeObject | undefined, backdrop: Backdrop): Observation {
  if (object === undefined) return { ref, state: 'gone', message: 'does not exist', mayRecover: false };
  const status = statusBeforeRoom(object);
  if (!standsOnPods(ref)) return { ...status, ref, mayRecover: false };
  const pods = podsOf(object, backdrop);
  const isDone = status.state === 'ready' && groupOf(ref.apiVersion) !== 'apps';
  const events = backdrop.events.filter((event) => event.metadata.namespace === object.metadata.namespace);
  const cause = isDone ? undefined : causeOf(pods, events);
  if (cause !== undefined) {
    // A workload that says ready while its pod says crashed is only behind.
    const state = cause.isFinal ? 'failed' : status.state === 'ready' ? 'pending' : status.state;
    return { ref, state, message: withDetail(ref, status.message, cause.message), cause, mayRecover: false };
  }
  if (status.state === 'ready') {
    const steadyMs = isDone ? undefined : steadinessOf(pods);
    return { ...status, ref, mayRecover: false, ...(steadyMs === undefined ? {} : { steadyMs }) };
  }
  const activity = status.state === 'pending' ? activityOf(pods, events) : undefined;
  return {
    ref, state: status.state, message: activity === undefined ? status.message : withDetail(ref, status.message, activity),
    mayRecover: groupOf(ref.apiVersion) === 'serving.knative.dev',
  };
}
