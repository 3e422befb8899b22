// How many replicas a metric asks for: the ratio of what pods use to what they should use, careful about pods that are not known.
import type { JsonObject } from '../../../../model/json.ts';
import { stringAt } from '../../../../model/object.ts';
import { isDeleting } from '../api.ts';
import { conditionOf } from '../conditions.ts';
import type { PodMetrics } from './metrics.ts';

/** Nothing happens for less than this. */
const TOLERANCE = 0.1;
/** A pod that starts burns CPU which says nothing about its load. */
const INITIALIZATION_MS = 300_000;
const FIRST_READINESS_MS = 30_000;

export interface Target {
  /** Per cent of what each pod requests, or an amount for each pod. */
  readonly kind: 'utilization' | 'average';
  readonly value: number;
}

/** Millicores or bytes. */
export interface Counted {
  readonly state: 'counted' | 'unready' | 'missing';
  readonly used: number;
  /** 0 where the target does not ask for it. */
  readonly requested: number;
}

export interface Proposal {
  readonly replicas: number;
  /** In per cent; undefined for an amount. */
  readonly utilization: number | undefined;
  readonly average: number;
}

/** How a pod counts; undefined when it is on its way out. */
export function stateOf(pod: JsonObject, metrics: PodMetrics | undefined, world: { readonly nowMs: number; readonly isCpu: boolean }): Counted['state'] | undefined {
  const phase = stringAt(pod, 'status', 'phase');
  if (isDeleting(pod) || phase === 'Failed') return undefined;
  if (phase === 'Pending') return 'unready';
  if (metrics === undefined) return 'missing';
  if (!world.isCpu) return 'counted';
  const [ready, started] = [conditionOf(pod, 'Ready'), Date.parse(stringAt(pod, 'status', 'startTime') ?? '')];
  if (ready === undefined || Number.isNaN(started)) return 'unready';
  const changed = Date.parse(String(ready['lastTransitionTime']));
  const isDown = ready['status'] === 'False';
  if (started + INITIALIZATION_MS > world.nowMs) return isDown || metrics.atMs < changed + metrics.windowMs ? 'unready' : 'counted';
  return isDown && started + FIRST_READINESS_MS > changed ? 'unready' : 'counted';
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

function measure(pods: readonly Counted[], target: Target): { readonly ratio: number; readonly utilization: number | undefined; readonly average: number } {
  const used = sum(pods.map((pod) => pod.used));
  const average = Math.trunc(used / pods.length);
  if (target.kind === 'average') return { ratio: average / target.value, utilization: undefined, average };
  const utilization = Math.trunc((used * 100) / sum(pods.map((pod) => pod.requested)));
  return { ratio: utilization / target.value, utilization, average };
}

const isNear = (ratio: number): boolean => ratio >= 1 - TOLERANCE && ratio <= 1 + TOLERANCE;

/** What a pod of which nothing is known is taken to use: that which speaks against scaling. */
function assumed(pod: Counted, target: Target, ratio: number): Counted {
  const whole = target.kind === 'average' ? target.value : (pod.requested * Math.max(100, target.value)) / 100;
  return { ...pod, used: ratio < 1 ? whole : 0 };
}

/** Undefined when no pod can be counted. */
export function proposalOf(pods: readonly Counted[], target: Target, current: number): Proposal | undefined {
  const known = pods.filter(({ state }) => state === 'counted');
  if (known.length === 0) return undefined;
  const { ratio, utilization, average } = measure(known, target);
  const said = (replicas: number): Proposal => ({ replicas, utilization, average });
  const missing = pods.filter(({ state }) => state === 'missing');
  const unready = ratio > 1 ? pods.filter(({ state }) => state === 'unready') : [];
  if (missing.length === 0 && unready.length === 0) return said(isNear(ratio) ? current : Math.ceil(ratio * known.length));
  const all = [...known, ...missing.map((pod) => assumed(pod, target, ratio)), ...unready.map((pod) => ({ ...pod, used: 0 }))];
  const careful = measure(all, target).ratio;
  if (isNear(careful) || (ratio < 1 && careful > 1) || (ratio > 1 && careful < 1)) return said(current);
  const replicas = Math.ceil(careful * all.length);
  // Never against the direction that it speaks for.
  return said((careful < 1 && replicas > current) || (careful > 1 && replicas < current) ? current : replicas);
}
