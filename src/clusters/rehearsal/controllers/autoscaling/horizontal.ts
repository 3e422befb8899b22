// HorizontalPodAutoscalers: every 15 s from what pods use to how many there are, with the conditions and reasons of the real ones.
import type { JsonObject } from '../../../../model/json.ts';
import { stringAt } from '../../../../model/object.ts';
import { childOf, cloneObject, objectAt } from '../../server/json.ts';
import { matchesLabels, selectorOf } from '../../server/selectors.ts';
import { type Api, isDeleting, type Ref, refOf } from '../api.ts';
import { type Condition, conditionOf, setCondition } from '../conditions.ts';
import type { Controller, World } from '../controller.ts';
import { numberAt } from '../workloads/pods.ts';
import { decide, firstMemory, type Memory } from './behavior.ts';
import { type MetricsReader, measureMetrics } from './measure.ts';

const KEY = 'horizontalpodautoscalers.autoscaling';
const SYNC_MS = 15_000;

interface Known {
  readonly uid: string;
  readonly nextMs: number;
  readonly memory: Memory | undefined;
}

interface Scaled {
  readonly ref: Ref;
  readonly object: JsonObject;
  /** Replicas that are asked for. */
  readonly current: number;
}

/** What one look came to. */
interface Look {
  readonly conditions: readonly Condition[];
  /** Undefined: nobody knows how many it should have, and it stays as it is. */
  readonly replicas?: number;
  readonly why?: string;
  readonly metrics: readonly JsonObject[];
  readonly memory: Memory | undefined;
  readonly warnings: readonly { readonly reason: string; readonly message: string }[];
}

const condition = (type: string, status: 'True' | 'False', reason: string, message: string): Condition => ({ type, status, reason, message });
const able = (reason: string, message: string): Condition => condition('AbleToScale', 'True', reason, message);

/** The object that is scaled, or why it cannot be. */
function targetOf(api: Api, autoscaler: JsonObject): Scaled | string {
  const target = objectAt(autoscaler, 'spec', 'scaleTargetRef');
  const [apiVersion, kind, name] = [stringAt(target, 'apiVersion') ?? '', stringAt(target, 'kind') ?? '', stringAt(target, 'name') ?? ''];
  const group = apiVersion.includes('/') ? apiVersion.split('/')[0] ?? '' : '';
  const resource = api.core.registry.findKind(group, kind);
  if (resource === undefined) return `no matches for kind ${JSON.stringify(kind)} in group ${JSON.stringify(group)}`;
  if (!resource.subresources.has('scale') || resource.custom !== undefined) return 'the server could not find the requested resource';
  const ref: Ref = { key: resource.storage.key, namespace: stringAt(autoscaler, 'metadata', 'namespace') ?? '', name };
  const object = api.get(ref);
  return object === undefined ? `${resource.name}.${group} ${JSON.stringify(name)} not found` : { ref, object, current: numberAt(object, 'spec', 'replicas') };
}

/** By metrics: what they ask for, held back by what was before and by the bounds. */
function lookAtMetrics(autoscaler: JsonObject, { object, ref, current }: Scaled, past: { readonly memory: Memory; readonly world: World; readonly metrics: MetricsReader }): Look {
  const { memory, world } = past;
  const selector = selectorOf(objectAt(object, 'spec', 'selector'));
  const pods = world.api.list('pods', ref.namespace).filter((pod) => matchesLabels(selector, objectAt(pod, 'metadata', 'labels')));
  const measured = measureMetrics(autoscaler, { pods, current, nowMs: world.clock.now(), metrics: past.metrics, api: world.api });
  if ('failure' in measured) {
    const { reason, message } = measured.failure;
    return {
      conditions: [able('SucceededGetScale', 'the HPA controller was able to get the target\'s current scale'), condition('ScalingActive', 'False', reason, `the HPA was unable to compute the replica count: ${message}`)],
      metrics: measured.statuses, memory, warnings: [{ reason, message }, { reason: 'FailedComputeMetricsReplicas', message: measured.summary }],
    };
  }
  const { min, max } = boundsOf(autoscaler);
  const decision = decide(autoscaler, measured.replicas, { current, min, max }, { memory, nowMs: world.clock.now() });
  const { stabilized, limited } = decision;
  return {
    conditions: [
      stabilized === undefined ? able('ReadyForNewScale', 'recommended size matches current size') : able(stabilized.reason, stabilized.message),
      condition('ScalingActive', 'True', 'ValidMetricFound', `the HPA was able to successfully calculate a replica count from ${measured.metric}`),
      condition('ScalingLimited', limited.isLimited ? 'True' : 'False', limited.reason, limited.message),
    ],
    replicas: decision.replicas, why: measured.replicas > current ? `${measured.metric} above target` : 'All metrics below target',
    metrics: measured.statuses, memory: decision.memory, warnings: [],
  };
}

function boundsOf(autoscaler: JsonObject): { readonly min: number; readonly max: number } {
  return { min: Number(objectAt(autoscaler, 'spec')?.['minReplicas'] ?? 1), max: numberAt(autoscaler, 'spec', 'maxReplicas') };
}

function look(autoscaler: JsonObject, target: Scaled, past: { readonly memory: Memory | undefined; readonly world: World; readonly metrics: MetricsReader }): Look {
  const { min, max } = boundsOf(autoscaler);
  const { current } = target;
  const memory = past.memory ?? firstMemory(past.world.clock.now(), current);
  const found = able('SucceededGetScale', 'the HPA controller was able to get the target\'s current scale');
  const plain = { metrics: [], memory, warnings: [] };
  if (current === 0 && min !== 0) return { ...plain, replicas: current, conditions: [found, condition('ScalingActive', 'False', 'ScalingDisabled', 'scaling is disabled since the replica count of the target is zero')] };
  if (current > max) return { ...plain, conditions: [found], replicas: max, why: 'Current number of replicas above Spec.MaxReplicas' };
  if (current < min) return { ...plain, conditions: [found], replicas: min, why: 'Current number of replicas below Spec.MinReplicas' };
  return lookAtMetrics(autoscaler, target, { ...past, memory });
}

/** Bad news is told once, not every 15 s: a rehearsal that nobody uses stays quiet. */
async function warn(api: Api, autoscaler: JsonObject, { conditions, warnings }: Pick<Look, 'conditions' | 'warnings'>): Promise<void> {
  const isNews = conditions.some(({ type, status, message }) => status === 'False' && conditionOf(autoscaler, type)?.['message'] !== message);
  if (isNews) for (const warning of warnings) await api.event(KEY, autoscaler, { type: 'Warning', ...warning });
}

async function carryOut(api: Api, autoscaler: JsonObject, target: Scaled, looked: Look): Promise<void> {
  const { current } = target;
  const { conditions, replicas = current, why = '', metrics } = looked;
  const isScaled = replicas !== current;
  if (isScaled) {
    await api.update(target.ref, (object) => { childOf(object, 'spec')['replicas'] = replicas; }, 'scale');
    await api.event(KEY, autoscaler, { type: 'Normal', reason: 'SuccessfulRescale', message: `New size: ${replicas}; reason: ${why}` });
  }
  const now = api.now();
  await warn(api, autoscaler, looked);
  await api.updateStatus(refOf(KEY, autoscaler), (status) => {
    for (const each of conditions) setCondition(status, now, each);
    if (isScaled) setCondition(status, now, able('SucceededRescale', `the HPA controller was able to update the target scale to ${replicas}`));
    Object.assign(status, { currentReplicas: current, desiredReplicas: looked.replicas ?? status['desiredReplicas'] ?? 0, currentMetrics: metrics.length === 0 ? null : metrics.map(cloneObject) });
    if (isScaled) status['lastScaleTime'] = now;
  });
}

async function refuse(api: Api, autoscaler: JsonObject, why: string): Promise<void> {
  const failed = condition('AbleToScale', 'False', 'FailedGetScale', `the HPA controller was unable to get the target's current scale: ${why}`);
  await warn(api, autoscaler, { conditions: [failed], warnings: [{ reason: 'FailedGetScale', message: why }] });
  await api.updateStatus(refOf(KEY, autoscaler), (status) => { setCondition(status, api.now(), failed); });
}

/** Looks at each autoscaler every 15 s, for the first time 15 s after it was made, whatever happens in between. */
export function horizontalAutoscalers(metrics: MetricsReader): Controller {
  const known = new Map<string, Known>();
  return {
    name: 'horizontal-pod-autoscaler',
    watches: [{ key: KEY }],
    async reconcile(ref, world) {
      const { api, clock } = world;
      const [place, autoscaler] = [`${ref.namespace}/${ref.name}`, api.get(ref)];
      if (autoscaler === undefined || isDeleting(autoscaler)) {
        known.delete(place);
        return undefined;
      }
      const uid = stringAt(autoscaler, 'metadata', 'uid') ?? '';
      const before = known.get(place);
      const own = before?.uid === uid ? before : { uid, nextMs: clock.now() + SYNC_MS, memory: undefined };
      known.set(place, own);
      const waitMs = own.nextMs - clock.now();
      if (waitMs > 0) return waitMs;
      const target = targetOf(api, autoscaler);
      const looked = typeof target === 'string' ? undefined : look(autoscaler, target, { memory: own.memory, world, metrics });
      known.set(place, { uid, nextMs: clock.now() + SYNC_MS, memory: looked?.memory ?? own.memory });
      if (typeof target === 'string') await refuse(api, autoscaler, target);
      else if (looked !== undefined) await carryOut(api, autoscaler, target, looked);
      return SYNC_MS;
    },
  };
}
