// Deployments: a ReplicaSet for each template, and a rollout from one to the next that keeps enough pods available.
import type { JsonObject } from '../../../../model/json.ts';
import { stringAt } from '../../../../model/object.ts';
import { childOf, cloneObject, type Draft, objectAt, objectsAt } from '../../server/json.ts';
import { type Api, isDeleting, isOwnedBy, ownedBy, type Ref, refOf } from '../api.ts';
import { conditionOf, setCondition } from '../conditions.ts';
import { type Controller, controllerOf } from '../controller.ts';
import { amountOf, hashOf, isActive, numberAt, podsOf } from './pods.ts';

const KEY = 'deployments.apps';
const SETS = 'replicasets.apps';
const REVISION = 'deployment.kubernetes.io/revision';

interface Rollout {
  readonly deployment: JsonObject;
  readonly current: JsonObject | undefined;
  readonly old: readonly JsonObject[];
}

function rolloutOf(api: Api, deployment: JsonObject): Rollout {
  const hash = hashOf(objectAt(deployment, 'spec', 'template') ?? {});
  const sets = api.list(SETS, stringAt(deployment, 'metadata', 'namespace') ?? '').filter((set) => isOwnedBy(set, deployment));
  const current = sets.find((set) => stringAt(set, 'metadata', 'labels', 'pod-template-hash') === hash);
  return { deployment, current, old: sets.filter((set) => set !== current) };
}

const revisionOf = (object: JsonObject): number => Number(objectAt(object, 'metadata', 'annotations')?.[REVISION] ?? 0);
const replicasOf = (set: JsonObject): number => numberAt(set, 'spec', 'replicas');
const availableOf = (set: JsonObject): number => numberAt(set, 'status', 'availableReplicas');
const total = (sets: readonly JsonObject[], of: (set: JsonObject) => number): number => sets.reduce((sum, set) => sum + of(set), 0);

async function createSet(api: Api, rollout: Rollout, revision: number): Promise<JsonObject | undefined> {
  const { deployment } = rollout;
  const template = cloneObject(objectAt(deployment, 'spec', 'template') ?? {});
  const hash = hashOf(template);
  const labels = { ...objectAt(template, 'metadata', 'labels'), 'pod-template-hash': hash };
  childOf(template, 'metadata')['labels'] = labels;
  const selector = objectAt(deployment, 'spec', 'selector') ?? {};
  const { name, namespace } = refOf(KEY, deployment);
  return api.create(SETS, {
    apiVersion: 'apps/v1', kind: 'ReplicaSet',
    metadata: { name: `${name}-${hash}`, namespace, labels, annotations: { [REVISION]: String(revision) }, ownerReferences: [ownedBy(deployment)] },
    spec: { replicas: 0, selector: { ...selector, matchLabels: { ...objectAt(selector, 'matchLabels'), 'pod-template-hash': hash } }, template },
  });
}

async function scale(api: Api, deployment: JsonObject, set: JsonObject, replicas: number): Promise<void> {
  const before = replicasOf(set);
  if (before === replicas) return;
  await api.update(refOf(SETS, set), (object) => { childOf(object, 'spec')['replicas'] = replicas; });
  const name = stringAt(set, 'metadata', 'name') ?? '';
  await api.event(KEY, deployment, { type: 'Normal', reason: 'ScalingReplicaSet', message: `Scaled ${replicas > before ? 'up' : 'down'} replica set ${name} from ${before} to ${replicas}` });
}

/** One step of a rollout; later events bring the next. */
async function roll(api: Api, rollout: Rollout, current: JsonObject): Promise<void> {
  const { deployment, old } = rollout;
  const wanted = replicasOf(deployment);
  if (stringAt(deployment, 'spec', 'strategy', 'type') === 'Recreate') {
    for (const set of old) await scale(api, deployment, set, 0);
    if (old.flatMap((set) => podsOf(api, set)).every((pod) => !isActive(pod) && stringAt(pod, 'metadata', 'deletionTimestamp') === undefined)) await scale(api, deployment, current, wanted);
    return;
  }
  const rolling = objectAt(deployment, 'spec', 'strategy', 'rollingUpdate');
  const surge = amountOf(rolling?.['maxSurge'], wanted, Math.ceil);
  const unavailable = Math.max(amountOf(rolling?.['maxUnavailable'], wanted, Math.floor), surge === 0 ? 1 : 0);
  const room = wanted + surge - total(old, replicasOf);
  await scale(api, deployment, current, old.length === 0 ? wanted : Math.min(wanted, Math.max(replicasOf(current), room)));
  await scaleDown(api, rollout, api.get(refOf(SETS, current)) ?? current, wanted - unavailable);
}

/** Old pods that do not work hold nothing up; of those that do, as many go as can be spared. */
async function scaleDown(api: Api, rollout: Rollout, current: JsonObject, least: number): Promise<void> {
  const { deployment, old } = rollout;
  // By what is asked for, not by what is reported: reports come late.
  let room = total([...old, current], replicasOf) - least - Math.max(0, replicasOf(current) - availableOf(current));
  let spare = total([...old, current], availableOf) - least;
  for (const set of old) {
    const broken = Math.max(0, replicasOf(set) - availableOf(set));
    const gone = Math.min(replicasOf(set), Math.max(0, room), broken + Math.max(0, spare));
    room -= gone;
    spare -= Math.max(0, gone - broken);
    await scale(api, deployment, set, replicasOf(set) - gone);
  }
}

async function dropOld(api: Api, rollout: Rollout): Promise<void> {
  const limit = Number(objectAt(rollout.deployment, 'spec')?.['revisionHistoryLimit'] ?? 10);
  const empty = rollout.old.filter((set) => replicasOf(set) === 0 && numberAt(set, 'status', 'replicas') === 0).sort((left, right) => revisionOf(left) - revisionOf(right));
  for (const set of empty.slice(0, Math.max(0, empty.length - limit))) await api.delete(refOf(SETS, set));
}

function isComplete(status: Draft, wanted: number): boolean {
  return status['updatedReplicas'] === wanted && status['replicas'] === wanted && status['availableReplicas'] === wanted;
}

function progress(status: Draft, facts: { readonly now: string; readonly time: number; readonly deployment: JsonObject; readonly set: string; readonly moved: boolean }): number | undefined {
  const { deployment, now, set } = facts;
  const say = (reason: string, text: string, state: 'True' | 'False' = 'True'): void => {
    const known = conditionOf(deployment, 'Progressing');
    const isSame = known?.['reason'] === reason && !facts.moved;
    setCondition(status, now, { type: 'Progressing', status: state, reason, message: `ReplicaSet ${JSON.stringify(set)} ${text}` }, { lastUpdateTime: isSame ? known['lastUpdateTime'] ?? now : now });
  };
  if (isComplete(status, replicasOf(deployment))) {
    say('NewReplicaSetAvailable', 'has successfully progressed.');
    return undefined;
  }
  const known = conditionOf(deployment, 'Progressing');
  // Given up on stays given up on, until something moves.
  if (known?.['reason'] === 'ProgressDeadlineExceeded' && !facts.moved) return undefined;
  const deadline = numberAt(deployment, 'spec', 'progressDeadlineSeconds') * 1000;
  const started = known === undefined || known['reason'] === 'NewReplicaSetAvailable' || facts.moved ? facts.time : Date.parse(String(known['lastUpdateTime']));
  const left = started + deadline - facts.time;
  if (left > 0) {
    say('ReplicaSetUpdated', 'is progressing.');
    return left;
  }
  say('ProgressDeadlineExceeded', 'has timed out progressing.', 'False');
  return undefined;
}

const COUNTS = ['replicas', 'updatedReplicas', 'readyReplicas', 'availableReplicas'] as const;

async function report(api: Api, ref: Ref, time: number): Promise<number | undefined> {
  const deployment = api.get(ref);
  if (deployment === undefined) return undefined;
  const { current, old } = rolloutOf(api, deployment);
  const sets = current === undefined ? old : [current, ...old];
  let wait: number | undefined;
  await api.updateStatus(ref, (status) => {
    const before = COUNTS.map((key) => status[key] ?? 0);
    const counts = {
      observedGeneration: numberAt(deployment, 'metadata', 'generation'), replicas: total(sets, (set) => numberAt(set, 'status', 'replicas')), updatedReplicas: current === undefined ? 0 : numberAt(current, 'status', 'replicas'),
      readyReplicas: total(sets, (set) => numberAt(set, 'status', 'readyReplicas')), availableReplicas: total(sets, availableOf),
    };
    const unavailable = Math.max(0, total(sets, (set) => numberAt(set, 'status', 'replicas')) - counts.availableReplicas);
    Object.assign(status, counts, { unavailableReplicas: Math.max(unavailable, replicasOf(deployment) - counts.availableReplicas) });
    const moved = COUNTS.some((key, index) => counts[key] !== before[index]);
    const least = replicasOf(deployment) - amountOf(objectAt(deployment, 'spec', 'strategy', 'rollingUpdate')?.['maxUnavailable'], replicasOf(deployment), Math.floor);
    const now = api.now();
    const stamp = (status_: string): JsonObject => ({ lastUpdateTime: conditionOf(deployment, 'Available')?.['status'] === status_ ? conditionOf(deployment, 'Available')?.['lastUpdateTime'] ?? now : now });
    if (counts.availableReplicas >= least) setCondition(status, now, { type: 'Available', status: 'True', reason: 'MinimumReplicasAvailable', message: 'Deployment has minimum availability.' }, stamp('True'));
    else setCondition(status, now, { type: 'Available', status: 'False', reason: 'MinimumReplicasUnavailable', message: 'Deployment does not have minimum availability.' }, stamp('False'));
    wait = progress(status, { now, time, deployment, set: stringAt(current, 'metadata', 'name') ?? '', moved });
    const failure = sets.flatMap((set) => objectsAt(set, 'status', 'conditions')).find((condition) => condition['type'] === 'ReplicaFailure');
    if (failure !== undefined) setCondition(status, now, { type: 'ReplicaFailure', status: 'True', reason: 'FailedCreate', message: String(failure['message']) }, { lastUpdateTime: now });
    else status['conditions'] = objectsAt(status, 'conditions').filter((condition) => condition['type'] !== 'ReplicaFailure');
  });
  return wait;
}

export const deployments: Controller = {
  name: 'deployment-controller',
  watches: [{ key: KEY }, { key: SETS, of: controllerOf(KEY, 'Deployment') }],
  async reconcile(ref, { api, clock }) {
    const deployment = api.get(ref);
    if (deployment === undefined || isDeleting(deployment)) return undefined;
    const rollout = rolloutOf(api, deployment);
    const latest = Math.max(0, ...rollout.old.map(revisionOf));
    const current = rollout.current ?? await createSet(api, rollout, latest + 1);
    if (current !== undefined) {
      const revision = Math.max(revisionOf(current), latest + (revisionOf(current) > latest ? 0 : 1));
      if (revisionOf(current) !== revision) await api.update(refOf(SETS, current), (set) => { childOf(childOf(set, 'metadata'), 'annotations')[REVISION] = String(revision); });
      // As a change of the status, so that it does not count as a change of what is wanted.
      if (revisionOf(deployment) !== revision) await api.update(ref, (object) => { childOf(childOf(object, 'metadata'), 'annotations')[REVISION] = String(revision); }, 'status');
      if (objectAt(deployment, 'spec')?.['paused'] !== true) await roll(api, rollout, api.get(refOf(SETS, current)) ?? current);
    }
    await dropOld(api, rollout);
    return report(api, ref, clock.now());
  },
};
