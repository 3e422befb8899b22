// What an object says about itself, in the terms of kstatus: pending, ready, failed. Pure.
import { isJsonObject, type Json } from '../model/json.ts';
import { arrayAt, at, groupOf, type KubeObject, refOf, stringAt } from '../model/object.ts';
import type { Readiness } from '../ports.ts';
import { oneLine } from './failure.ts';

export interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason: string;
  readonly message: string;
}

type State = Pick<Readiness, 'state' | 'message'>;

const ready = (message: string): State => ({ state: 'ready', message });
const pending = (message: string): State => ({ state: 'pending', message });
const failed = (message: string): State => ({ state: 'failed', message });

export function conditionsOf(object: KubeObject): readonly Condition[] {
  return arrayAt(object, 'status', 'conditions').filter(isJsonObject).map((entry) => ({
    type: stringAt(entry, 'type') ?? '', status: stringAt(entry, 'status') ?? 'Unknown',
    reason: stringAt(entry, 'reason') ?? '', message: oneLine(stringAt(entry, 'message') ?? '', 200).replace(/\.$/, ''),
  }));
}

function conditionOf(object: KubeObject, type: string): Condition | undefined {
  return conditionsOf(object).find((condition) => condition.type === type);
}

function textOf({ type, reason, message }: Condition): string {
  return [reason === '' ? type : reason, message].filter((part) => part !== '').join(': ');
}

function count(value: Json | undefined, fallback = 0): number {
  return typeof value === 'number' ? value : fallback;
}

/** True while the controller has not seen the newest spec: what the status says is about an older one. */
export function isStale(object: KubeObject): boolean {
  const observed = at(object, 'status', 'observedGeneration');
  const generation = object.metadata.generation;
  return typeof observed === 'number' && generation !== undefined && observed < generation;
}

/** Kinds whose controllers always write a status: without one they have not looked yet. */
function hasController(object: KubeObject): boolean {
  const group = groupOf(object.apiVersion);
  return group === 'cert-manager.io' || (group.endsWith('.knative.dev') && !group.endsWith('.internal.knative.dev'));
}

/** Refusals of pods that stand until somebody changes something; others (a webhook that starts) pass. */
const HOPELESS = /exceeded quota|violates PodSecurity/;

function deployment(object: KubeObject): State {
  const wanted = count(at(object, 'spec', 'replicas'), 1);
  const status = at(object, 'status');
  const [replicas, updated, available] = ['replicas', 'updatedReplicas', 'availableReplicas'].map((field) => count(at(status, field)));
  if (at(status, 'observedGeneration') === undefined) return pending('not looked at yet');
  const progressing = conditionOf(object, 'Progressing');
  if (progressing?.reason === 'ProgressDeadlineExceeded') return failed(textOf(progressing));
  const refused = conditionOf(object, 'ReplicaFailure');
  if (refused?.status === 'True') return (HOPELESS.test(refused.message) ? failed : pending)(`no pods: ${textOf(refused)}`);
  if ((updated ?? 0) < wanted) return pending(`${updated}/${wanted} updated`);
  if ((replicas ?? 0) > (updated ?? 0)) return pending(`${(replicas ?? 0) - (updated ?? 0)} old pods remain`);
  return (available ?? 0) < wanted ? pending(`${available}/${wanted} available`) : ready(wanted === 0 ? 'scaled to 0' : `${available}/${wanted} available`);
}

function statefulSet(object: KubeObject): State {
  const wanted = count(at(object, 'spec', 'replicas'), 1);
  const status = at(object, 'status');
  if (at(status, 'observedGeneration') === undefined) return pending('not looked at yet');
  const readyReplicas = count(at(status, 'readyReplicas'));
  if (readyReplicas < wanted) return pending(`${readyReplicas}/${wanted} ready`);
  const partition = count(at(object, 'spec', 'updateStrategy', 'rollingUpdate', 'partition'));
  const isRolling = at(object, 'spec', 'updateStrategy', 'type') !== 'OnDelete' && partition === 0;
  if (isRolling && stringAt(status, 'currentRevision') !== stringAt(status, 'updateRevision')) {
    return pending(`${count(at(status, 'updatedReplicas'))}/${wanted} updated`);
  }
  return ready(wanted === 0 ? 'scaled to 0' : `${readyReplicas}/${wanted} ready`);
}

function daemonSet(object: KubeObject): State {
  const status = at(object, 'status');
  if (at(status, 'observedGeneration') === undefined) return pending('not looked at yet');
  const wanted = count(at(status, 'desiredNumberScheduled'));
  const updated = count(at(status, 'updatedNumberScheduled'));
  const available = count(at(status, 'numberAvailable'));
  if (updated < wanted) return pending(`${updated}/${wanted} updated`);
  return available < wanted ? pending(`${available}/${wanted} available`) : ready(`${available}/${wanted} available`);
}

function replicaSet(object: KubeObject): State {
  const wanted = count(at(object, 'spec', 'replicas'), 1);
  if (at(object, 'status', 'observedGeneration') === undefined) return pending('not looked at yet');
  const available = count(at(object, 'status', 'availableReplicas'));
  return available < wanted ? pending(`${available}/${wanted} available`) : ready(`${available}/${wanted} available`);
}

function pod(object: KubeObject): State {
  const phase = stringAt(object, 'status', 'phase') ?? 'Pending';
  if (phase === 'Succeeded') return ready('completed');
  if (phase === 'Failed') {
    return failed([stringAt(object, 'status', 'reason') ?? 'Failed', oneLine(stringAt(object, 'status', 'message') ?? '')].filter(Boolean).join(': '));
  }
  if (conditionOf(object, 'Ready')?.status === 'True') return ready('ready');
  const scheduled = conditionOf(object, 'PodScheduled');
  if (scheduled?.status === 'False') return pending(textOf(scheduled));
  return pending(phase === 'Running' ? 'running, not ready yet' : 'starting');
}

function job(object: KubeObject): State {
  const done = conditionOf(object, 'Complete');
  if (done?.status === 'True') return ready('completed');
  const gaveUp = conditionOf(object, 'Failed');
  if (gaveUp?.status === 'True') return failed(textOf(gaveUp));
  return pending(`${count(at(object, 'status', 'succeeded'))}/${count(at(object, 'spec', 'completions'), 1)} completed`);
}

function persistentVolumeClaim(object: KubeObject): State {
  const phase = stringAt(object, 'status', 'phase') ?? 'Pending';
  if (phase === 'Bound') return ready('bound');
  return phase === 'Lost' ? failed('its volume is lost') : pending('no volume is bound yet');
}

function service(object: KubeObject): State {
  if (stringAt(object, 'spec', 'type') !== 'LoadBalancer') return ready('present');
  const [ingress] = arrayAt(object, 'status', 'loadBalancer', 'ingress');
  const address = stringAt(ingress, 'ip') ?? stringAt(ingress, 'hostname');
  return address === undefined ? pending('no address yet') : ready(address);
}

function customResourceDefinition(object: KubeObject): State {
  const names = conditionOf(object, 'NamesAccepted');
  if (names?.status === 'False') return failed(textOf(names));
  return conditionOf(object, 'Established')?.status === 'True' ? ready('established') : pending('not established yet');
}

function apiService(object: KubeObject): State {
  const available = conditionOf(object, 'Available');
  return available?.status === 'True' ? ready('available') : pending(available === undefined ? 'not looked at yet' : textOf(available));
}

function horizontalPodAutoscaler(object: KubeObject): State {
  const active = conditionOf(object, 'ScalingActive');
  if (active === undefined) return pending('not looked at yet');
  if (active.status === 'True' || active.reason === 'ScalingDisabled') return ready(`${count(at(object, 'status', 'currentReplicas'))} replicas`);
  return pending(textOf(active));
}

/** Knative Serving says False when it has given up until something changes; elsewhere False may only mean "not yet". */
function isFinalWhenFalse(object: KubeObject): boolean {
  return groupOf(object.apiVersion) === 'serving.knative.dev';
}

function generic(object: KubeObject): State {
  const conditions = conditionsOf(object);
  const stalled = conditions.find((condition) => condition.type === 'Stalled' && condition.status === 'True');
  if (stalled !== undefined) return failed(textOf(stalled));
  const reconciling = conditions.find((condition) => condition.type === 'Reconciling' && condition.status === 'True');
  if (reconciling !== undefined) return pending(textOf(reconciling));
  const main = ['Ready', 'Available', 'Programmed', 'Established'].map((type) => conditions.find((condition) => condition.type === type))
    .find((condition) => condition !== undefined);
  if (main === undefined) return hasController(object) && conditions.length === 0 ? pending('not looked at yet') : ready('present');
  if (main.status === 'True') return ready(main.type.toLowerCase());
  // The top condition often only repeats "not ready"; the one below it says why.
  const below = conditions.find((condition) => condition !== main && condition.status === main.status && condition.message !== '');
  const text = textOf(main.message !== '' || below === undefined ? main : below);
  return main.status === 'False' && isFinalWhenFalse(object) ? failed(text) : pending(text);
}

const KINDS: { readonly [kind: string]: (object: KubeObject) => State } = {
  'apps/Deployment': deployment,
  'apps/StatefulSet': statefulSet,
  'apps/DaemonSet': daemonSet,
  'apps/ReplicaSet': replicaSet,
  '/Pod': pod,
  'batch/Job': job,
  '/PersistentVolumeClaim': persistentVolumeClaim,
  '/Service': service,
  '/Namespace': () => ready('active'),
  'apiextensions.k8s.io/CustomResourceDefinition': customResourceDefinition,
  'apiregistration.k8s.io/APIService': apiService,
  'autoscaling/HorizontalPodAutoscaler': horizontalPodAutoscaler,
};

/** State of an object as the server last gave it. `failed` means: waiting on cannot help. */
export function statusOf(object: KubeObject): Readiness {
  const ref = refOf(object);
  if (object.metadata.deletionTimestamp !== undefined) return { ref, ...pending('being deleted') };
  if (isStale(object)) return { ref, ...pending('change not looked at yet') };
  const state = (KINDS[`${groupOf(object.apiVersion)}/${object.kind}`] ?? generic)(object);
  return { ref, ...state };
}
