// ReplicaSets: as many pods as wanted, no more and no fewer.
import { stringAt } from '../../../../model/object.ts';
import { childOf, objectsAt } from '../../server/json.ts';
import { isDeleting, refOf } from '../api.ts';
import { setCondition } from '../conditions.ts';
import { type Controller, controllerOf } from '../controller.ts';
import { createPod, isActive, isReady, numberAt, podsOf } from './pods.ts';

const KEY = 'replicasets.apps';
const RETRY_MS = 5000;

export const replicaSets: Controller = {
  name: 'replicaset-controller',
  watches: [{ key: KEY }, { key: 'pods', of: controllerOf(KEY, 'ReplicaSet') }],
  async reconcile(ref, world) {
    const { api } = world;
    const set = api.get(ref);
    if (set === undefined || isDeleting(set)) return undefined;
    const wanted = numberAt(set, 'spec', 'replicas');
    const active = podsOf(api, set).filter(isActive);
    let failed = false;
    for (let missing = wanted - active.length; missing > 0 && !failed; missing -= 1) failed = !(await createPod(world, KEY, set, { generateName: `${ref.name}-` }));
    // The ones that do not work go first.
    const surplus = [...active].sort((left, right) => Number(isReady(left)) - Number(isReady(right))).slice(0, Math.max(0, active.length - wanted));
    for (const pod of surplus) {
      await api.delete(refOf('pods', pod));
      await api.event(KEY, set, { type: 'Normal', reason: 'SuccessfulDelete', message: `Deleted pod: ${stringAt(pod, 'metadata', 'name') ?? ''}` });
    }
    const pods = podsOf(api, set).filter(isActive);
    const ready = pods.filter(isReady).length;
    await api.update(ref, (object) => {
      const status = childOf(object, 'status');
      Object.assign(status, { replicas: pods.length, fullyLabeledReplicas: pods.length, readyReplicas: ready, availableReplicas: ready, observedGeneration: numberAt(set, 'metadata', 'generation') });
      if (failed) setCondition(status, api.now(), { type: 'ReplicaFailure', status: 'True', reason: 'FailedCreate', message: `pods ${JSON.stringify(`${ref.name}-…`)} is forbidden: exceeded quota: rehearsal, requested: pods=1, used: pods=0, limited: pods=0` });
      else status['conditions'] = objectsAt(status, 'conditions').filter((condition) => condition['type'] !== 'ReplicaFailure');
    }, 'status');
    return failed ? RETRY_MS : undefined;
  },
};
