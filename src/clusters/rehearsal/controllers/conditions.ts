// Conditions: the list in a status by which everybody tells how things are.
import type { JsonObject } from '../../../model/json.ts';
import { type Draft, objectsAt } from '../server/json.ts';

export interface Condition {
  readonly type: string;
  readonly status: 'True' | 'False' | 'Unknown';
  readonly reason?: string;
  readonly message?: string;
}

/** Sets a condition; the time of its transition moves only when its status does. */
export function setCondition(status: Draft, now: string, condition: Condition, extra: JsonObject = {}): void {
  const list = objectsAt(status, 'conditions');
  const known = list.find((entry) => entry['type'] === condition.type);
  const lastTransitionTime = known?.['status'] === condition.status ? known['lastTransitionTime'] ?? now : now;
  const made = { ...extra, ...condition, lastTransitionTime };
  status['conditions'] = known === undefined ? [...list, made] : list.map((entry) => (entry === known ? made : entry));
}

export function conditionOf(object: JsonObject | undefined, type: string): JsonObject | undefined {
  return objectsAt(object, 'status', 'conditions').find((condition) => condition['type'] === type);
}

export function isTrue(object: JsonObject | undefined, type: string): boolean {
  return conditionOf(object, type)?.['status'] === 'True';
}
