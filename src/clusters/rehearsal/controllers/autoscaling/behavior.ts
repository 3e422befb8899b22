// How fast an autoscaler may follow its metrics: stabilization windows, policies, and the bounds of the object.
import type { JsonObject } from '../../../../model/json.ts';
import { type Draft, objectAt, objectsAt } from '../../server/json.ts';

const DOWN_WINDOW_SECONDS = 300;
/** The longest period that a policy may name. */
const LONGEST_MS = 1_800_000;

interface Moment {
  readonly atMs: number;
  readonly replicas: number;
}

/** What an autoscaler remembers from one look to the next. */
export interface Memory {
  readonly recommendations: readonly Moment[];
  /** Replicas added (removed, when negative). */
  readonly changes: readonly Moment[];
}

export interface Sizes {
  readonly current: number;
  readonly min: number;
  readonly max: number;
}

interface Limited {
  readonly replicas: number;
  readonly isLimited: boolean;
  readonly reason: string;
  readonly message: string;
}

export interface Decision {
  readonly memory: Memory;
  readonly replicas: number;
  /** Set when earlier recommendations hold it back. */
  readonly stabilized: { readonly reason: string; readonly message: string } | undefined;
  readonly limited: Limited;
}

const WORDS = {
  ScaleUpLimit: 'the desired replica count is increasing faster than the maximum scale rate',
  ScaleDownLimit: 'the desired replica count is decreasing faster than the maximum scale rate',
  TooManyReplicas: 'the desired replica count is more than the maximum replica count',
  TooFewReplicas: 'the desired replica count is less than the minimum replica count',
  DesiredWithinRange: 'the desired count is within the acceptable range',
  ScaleUpStabilized: 'recent recommendations were lower than current one, applying the lowest recent recommendation',
  ScaleDownStabilized: 'recent recommendations were higher than current one, applying the highest recent recommendation',
} as const;

type Reason = keyof typeof WORDS;

const withWords = (reason: Reason): { readonly reason: string; readonly message: string } => ({ reason, message: WORDS[reason] });

/** Of an autoscaler that is seen for the first time: its size now counts as recommended. */
export function firstMemory(atMs: number, current: number): Memory {
  return { recommendations: [{ atMs, replicas: current }], changes: [] };
}

/** Where policies let it go in one direction. Without any behaviour: twice as many, at least four; down as far as it likes. */
function rateLimit(behavior: Draft | undefined, direction: 'scaleUp' | 'scaleDown', { current, changes, nowMs }: { readonly current: number; readonly changes: readonly Moment[]; readonly nowMs: number }): number {
  const isUp = direction === 'scaleUp';
  const rules = objectAt(behavior, direction);
  if (rules === undefined) return isUp ? Math.max(2 * current, 4) : 0;
  if (rules['selectPolicy'] === 'Disabled') return current;
  const proposals = objectsAt(rules, 'policies').map((policy) => {
    const since = nowMs - Number(policy['periodSeconds']) * 1000;
    const start = current - changes.filter(({ atMs }) => atMs > since).reduce((total, { replicas }) => total + replicas, 0);
    const value = Number(policy['value']) * (isUp ? 1 : -1);
    if (policy['type'] === 'Pods') return start + value;
    return isUp ? Math.ceil(start * (1 + value / 100)) : Math.trunc(start * (1 + value / 100));
  });
  if (proposals.length === 0) return isUp ? Math.max(2 * current, 4) : 0;
  const isWidest = rules['selectPolicy'] !== 'Min';
  return isUp === isWidest ? Math.max(...proposals) : Math.min(...proposals);
}

function limit(behavior: Draft | undefined, wanted: number, sizes: Sizes, past: { readonly changes: readonly Moment[]; readonly nowMs: number }): Limited {
  const { current, min, max } = sizes;
  if (wanted > current) {
    const rate = Math.max(current, rateLimit(behavior, 'scaleUp', { current, ...past }));
    const most = Math.min(max, rate);
    if (wanted > most) return { replicas: most, isLimited: true, ...withWords(max > rate ? 'ScaleUpLimit' : 'TooManyReplicas') };
  }
  if (wanted < current) {
    const rate = Math.min(current, rateLimit(behavior, 'scaleDown', { current, ...past }));
    const least = Math.max(min, rate);
    if (wanted < least) return { replicas: least, isLimited: true, ...withWords(rate > min ? 'ScaleDownLimit' : 'TooFewReplicas') };
  }
  // Also when it stays as it is, a recommendation outside of the bounds is told.
  if (wanted > max) return { replicas: max, isLimited: true, ...withWords('TooManyReplicas') };
  if (wanted < min) return { replicas: min, isLimited: true, ...withWords('TooFewReplicas') };
  return { replicas: wanted, isLimited: false, ...withWords('DesiredWithinRange') };
}

/** From what metrics ask for to what is done now. */
export function decide(autoscaler: JsonObject, wanted: number, sizes: Sizes, past: { readonly memory: Memory; readonly nowMs: number }): Decision {
  const { memory, nowMs } = past;
  const behavior = objectAt(autoscaler, 'spec', 'behavior');
  const windowMs = (direction: string, fallback: number): number => Number(objectAt(behavior, direction)?.['stabilizationWindowSeconds'] ?? fallback) * 1000;
  const within = (ms: number): readonly number[] => memory.recommendations.filter(({ atMs }) => atMs > nowMs - ms).map(({ replicas }) => replicas);
  const [upMs, downMs] = [windowMs('scaleUp', 0), windowMs('scaleDown', DOWN_WINDOW_SECONDS)];
  const lowest = Math.min(wanted, ...within(upMs));
  const highest = Math.max(wanted, ...within(downMs));
  const steady = Math.min(Math.max(sizes.current, lowest), highest);
  const changes = memory.changes.filter(({ atMs }) => atMs > nowMs - LONGEST_MS);
  const limited = limit(behavior, steady, sizes, { changes, nowMs });
  const recommendations = [...memory.recommendations.filter(({ atMs }) => atMs > nowMs - Math.max(upMs, downMs)), { atMs: nowMs, replicas: wanted }];
  return {
    replicas: limited.replicas, limited,
    stabilized: steady === wanted ? undefined : withWords(wanted >= sizes.current ? 'ScaleUpStabilized' : 'ScaleDownStabilized'),
    memory: { recommendations, changes: limited.replicas === sizes.current ? changes : [...changes, { atMs: nowMs, replicas: limited.replicas - sizes.current }] },
  };
}
