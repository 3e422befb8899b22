// What a pod's status says of the containers that run in it.
import type { JsonObject } from '../../../model/json.ts';
import { type Draft, objectsAt } from '../server/json.ts';
import { setCondition } from './conditions.ts';
import type { ContainerRun, State } from './container-run.ts';
import { NODE_ADDRESS } from './node.ts';

export interface PodFacts {
  readonly pod: JsonObject;
  readonly now: string;
  readonly startTime: string;
  readonly ip: string;
  readonly init: readonly ContainerRun[];
  readonly main: readonly ContainerRun[];
}

function stateOf(run: ContainerRun, state: State): JsonObject {
  const containerID = `rehearsal://${run.name}-${run.restartCount}`;
  if (state.kind === 'waiting') return { waiting: { reason: state.reason, ...(state.message === undefined ? {} : { message: state.message }) } };
  if (state.kind === 'running') return { running: { startedAt: state.startedAt } };
  return { terminated: { exitCode: state.exitCode, reason: state.reason, startedAt: state.startedAt, finishedAt: state.finishedAt, containerID } };
}

function containerStatus(run: ContainerRun, isInit: boolean): JsonObject {
  const isRunning = run.state.kind === 'running';
  return {
    name: run.name, image: run.image, imageID: run.imageId, ready: isInit ? run.isDone : run.isReady, started: isRunning, restartCount: run.restartCount,
    state: stateOf(run, run.state), ...(run.last === undefined ? {} : { lastState: stateOf(run, run.last) }), ...(run.state.kind === 'waiting' ? {} : { containerID: `rehearsal://${run.name}-${run.restartCount}` }),
  };
}

function phaseOf(facts: PodFacts): string {
  const { init, main } = facts;
  const isInitFailed = init.some((run) => run.hasEnded && !run.isDone);
  if (isInitFailed) return 'Failed';
  if (main.length > 0 && main.every((run) => run.hasEnded)) return main.every((run) => run.isDone) ? 'Succeeded' : 'Failed';
  return main.some((run) => run.state.kind === 'running' || run.restartCount > 0) ? 'Running' : 'Pending';
}

/** Writes it into a status. */
export function podStatus(status: Draft, facts: PodFacts): void {
  const { init, main, now, pod } = facts;
  const phase = phaseOf(facts);
  const isInitialized = init.every((run) => run.isDone);
  const isReady = isInitialized && main.length > 0 && main.every((run) => run.isReady);
  const gates = objectsAt(pod, 'spec', 'readinessGates');
  const notReady = phase === 'Succeeded' ? { reason: 'PodCompleted' } : { reason: 'ContainersNotReady', message: `containers with unready status: [${main.filter((run) => !run.isReady).map((run) => run.name).join(' ')}]` };
  const probe = { lastProbeTime: null };
  Object.assign(status, {
    phase, startTime: facts.startTime, hostIP: NODE_ADDRESS, hostIPs: [{ ip: NODE_ADDRESS }], podIP: facts.ip, podIPs: [{ ip: facts.ip }],
    containerStatuses: main.map((run) => containerStatus(run, false)), ...(init.length > 0 ? { initContainerStatuses: init.map((run) => containerStatus(run, true)) } : {}),
  });
  setCondition(status, now, { type: 'PodReadyToStartContainers', status: 'True' }, probe);
  setCondition(status, now, isInitialized ? { type: 'Initialized', status: 'True' } : { type: 'Initialized', status: 'False', reason: 'ContainersNotInitialized', message: `containers with incomplete status: [${init.filter((run) => !run.isDone).map((run) => run.name).join(' ')}]` }, probe);
  setCondition(status, now, isReady && gates.length === 0 ? { type: 'Ready', status: 'True' } : { type: 'Ready', status: 'False', ...notReady }, probe);
  setCondition(status, now, isReady ? { type: 'ContainersReady', status: 'True' } : { type: 'ContainersReady', status: 'False', ...notReady }, probe);
}
