// The row of a pod, where kubectl tells in one word what is wrong.
import type { Json, JsonObject } from '../../../../model/json.ts';
import { stringAt } from '../../../../model/object.ts';
import { objectAt, objectsAt } from '../json.ts';
import { humanDuration } from './duration.ts';

const NONE = '<none>';

function reasonOf(status: JsonObject): string | undefined {
  const [waiting, terminated] = [objectAt(status, 'state', 'waiting'), objectAt(status, 'state', 'terminated')];
  if (waiting !== undefined && typeof waiting['reason'] === 'string') return waiting['reason'];
  if (terminated === undefined) return undefined;
  if (typeof terminated['reason'] === 'string' && terminated['reason'] !== '') return terminated['reason'];
  return Number(terminated['signal'] ?? 0) !== 0 ? `Signal:${String(terminated['signal'])}` : `ExitCode:${String(terminated['exitCode'] ?? 0)}`;
}

function initReason(pod: JsonObject): string | undefined {
  const statuses = objectsAt(pod, 'status', 'initContainerStatuses');
  const total = objectsAt(pod, 'spec', 'initContainers').length;
  for (const [index, status] of statuses.entries()) {
    const terminated = objectAt(status, 'state', 'terminated');
    if (terminated !== undefined && Number(terminated['exitCode'] ?? 0) === 0) continue;
    const waiting = stringAt(status, 'state', 'waiting', 'reason');
    if (terminated !== undefined) return `Init:${reasonOf(status) ?? ''}`;
    return waiting !== undefined && waiting !== 'PodInitializing' ? `Init:${waiting}` : `Init:${index}/${total}`;
  }
  return undefined;
}

function podReason(pod: JsonObject): string {
  const phase = stringAt(pod, 'status', 'reason') ?? stringAt(pod, 'status', 'phase') ?? '';
  const init = initReason(pod);
  const statuses = objectsAt(pod, 'status', 'containerStatuses');
  const reasons = init === undefined ? [...statuses].reverse().map(reasonOf).filter((reason) => reason !== undefined) : [init];
  let reason = reasons[reasons.length - 1] ?? phase;
  const isRunning = statuses.some((status) => status['ready'] === true && objectAt(status, 'state', 'running') !== undefined);
  if (reason === 'Completed' && isRunning) reason = objectsAt(pod, 'status', 'conditions').some((condition) => condition['type'] === 'Ready' && condition['status'] === 'True') ? 'Running' : 'NotReady';
  return stringAt(pod, 'metadata', 'deletionTimestamp') === undefined ? reason : 'Terminating';
}

function restarts(pod: JsonObject, now: number): string {
  const statuses = objectsAt(pod, 'status', 'containerStatuses');
  const total = statuses.reduce((sum, status) => sum + Number(status['restartCount'] ?? 0), 0);
  const last = statuses.map((status) => stringAt(status, 'lastState', 'terminated', 'finishedAt')).filter((time) => time !== undefined).sort().pop();
  return total === 0 || last === undefined ? String(total) : `${total} (${humanDuration(now - Date.parse(last))} ago)`;
}

export function podCells(pod: JsonObject, now: number, age: string): readonly Json[] {
  const statuses = objectsAt(pod, 'status', 'containerStatuses');
  const ready = statuses.filter((status) => status['ready'] === true).length;
  const gates = objectsAt(pod, 'spec', 'readinessGates');
  const met = gates.filter((gate) => objectsAt(pod, 'status', 'conditions').some((condition) => condition['type'] === gate['conditionType'] && condition['status'] === 'True')).length;
  return [
    stringAt(pod, 'metadata', 'name') ?? '', `${ready}/${objectsAt(pod, 'spec', 'containers').length}`, podReason(pod), restarts(pod, now), age,
    stringAt(pod, 'status', 'podIP') ?? NONE, stringAt(pod, 'spec', 'nodeName') ?? NONE, stringAt(pod, 'status', 'nominatedNodeName') ?? NONE,
    gates.length === 0 ? NONE : `${met}/${gates.length}`,
  ];
}
