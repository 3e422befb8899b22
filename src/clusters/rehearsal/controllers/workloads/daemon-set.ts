// DaemonSets: one pod on every node, of which the rehearsal has one.
import { stringAt } from '../../../../model/object.ts';
import { objectAt } from '../../server/json.ts';
import { isDeleting, refOf } from '../api.ts';
import { type Controller, controllerOf } from '../controller.ts';
import { createPod, hashOf, isActive, isReady, numberAt, podsOf } from './pods.ts';

const KEY = 'daemonsets.apps';

export const daemonSets: Controller = {
  name: 'daemonset-controller',
  watches: [{ key: KEY }, { key: 'pods', of: controllerOf(KEY, 'DaemonSet') }],
  async reconcile(ref, world) {
    const { api } = world;
    const set = api.get(ref);
    if (set === undefined || isDeleting(set)) return undefined;
    const nodes = api.list('nodes').length;
    const hash = hashOf(objectAt(set, 'spec', 'template') ?? {});
    const isCurrent = (pod: Parameters<typeof isActive>[0]): boolean => stringAt(pod, 'metadata', 'labels', 'controller-revision-hash') === hash;
    const active = podsOf(api, set).filter(isActive);
    for (const pod of active.filter((candidate) => !isCurrent(candidate))) await api.delete(refOf('pods', pod));
    if (active.length < nodes) {
      const labels = { 'controller-revision-hash': hash, 'pod-template-generation': String(numberAt(set, 'metadata', 'generation')) };
      await createPod(world, KEY, set, { generateName: `${ref.name}-`, labels });
    }
    const pods = podsOf(api, set).filter(isActive);
    const ready = pods.filter(isReady).length;
    await api.updateStatus(ref, (status) => {
      Object.assign(status, {
        observedGeneration: numberAt(set, 'metadata', 'generation'), currentNumberScheduled: pods.length, desiredNumberScheduled: nodes, numberMisscheduled: 0, numberReady: ready,
        updatedNumberScheduled: pods.filter(isCurrent).length, numberAvailable: ready, numberUnavailable: Math.max(0, nodes - ready),
      });
    });
    return undefined;
  },
};
