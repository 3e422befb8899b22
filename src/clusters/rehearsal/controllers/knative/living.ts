// Conditions as Knative keeps them: sorted, and `Ready` follows from the others.
import type { Json, JsonObject } from '../../../../model/json.ts';
import { type Draft, objectsAt } from '../../server/json.ts';

export interface Living {
  readonly type: string;
  readonly status: 'True' | 'False' | 'Unknown';
  readonly reason?: string;
  readonly message?: string;
  readonly severity?: 'Info';
}

function withTime(list: readonly JsonObject[], now: string, condition: Living): JsonObject {
  const known = list.find((entry) => entry['type'] === condition.type);
  const isSame = known !== undefined && known['status'] === condition.status && known['reason'] === condition.reason && known['message'] === condition.message;
  return { ...condition, lastTransitionTime: isSame ? known['lastTransitionTime'] ?? now : now } as JsonObject;
}

/** The first thing that is wrong; else the first that is not known; else all is well. */
function readyOf(type: string, conditions: readonly Living[]): Living {
  const relevant = conditions.filter((condition) => condition.severity === undefined);
  const found = relevant.find((condition) => condition.status === 'False') ?? relevant.find((condition) => condition.status === 'Unknown');
  if (found === undefined) return { type, status: 'True' };
  return { type, status: found.status, ...(found.reason === undefined ? {} : { reason: found.reason }), ...(found.message === undefined ? {} : { message: found.message }) };
}

/** Writes all conditions of a status at once, with the happy one (`Ready`) that follows from them. */
export function setLiving(status: Draft, now: string, conditions: readonly Living[], happy = 'Ready'): void {
  const known = objectsAt(status, 'conditions');
  const all = [...conditions, readyOf(happy, conditions)];
  const made: readonly Json[] = all.map((condition) => withTime(known, now, condition)).sort((left, right) => (String(left['type']) < String(right['type']) ? -1 : 1));
  status['conditions'] = made;
}

/** A condition of another object, under a name of our own. Not yet reconciled counts as unknown. */
export function mirror(type: string, object: JsonObject | undefined, from = 'Ready', late: { readonly reason: string; readonly message: string } | undefined = undefined): Living {
  const condition = objectsAt(object, 'status', 'conditions').find((entry) => entry['type'] === from);
  if (condition === undefined) return { type, status: 'Unknown', ...late };
  const { status, reason, message } = condition;
  return {
    type, status: status === 'True' || status === 'False' ? status : 'Unknown',
    ...(typeof reason === 'string' && status !== 'True' ? { reason } : {}), ...(typeof message === 'string' && status !== 'True' ? { message } : {}),
  };
}
