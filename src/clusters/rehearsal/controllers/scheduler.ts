// The scheduler: puts pods on the one node while they fit, and says why when they do not.
import { stringAt } from '../../../model/object.ts';
import { childOf, objectsAt } from '../server/json.ts';
import { isDeleting, type Ref, refOf } from './api.ts';
import { conditionOf, setCondition } from './conditions.ts';
import type { Controller, World } from './controller.ts';
import { namesOfPod } from './faults.ts';
import { missingFor, NODE_NAME } from './node.ts';

const RETRY_MS = 5000;

function unboundClaim(world: World, pod: NonNullable<ReturnType<World['api']['get']>>): boolean {
  const namespace = stringAt(pod, 'metadata', 'namespace') ?? '';
  return objectsAt(pod, 'spec', 'volumes').some((volume) => {
    const name = stringAt(volume, 'persistentVolumeClaim', 'claimName');
    if (name === undefined) return false;
    return stringAt(world.api.get({ key: 'persistentvolumeclaims', namespace, name }), 'status', 'phase') !== 'Bound';
  });
}

async function refuse(ref: Ref, world: World, message: string): Promise<void> {
  const pod = world.api.get(ref);
  if (pod === undefined) return;
  if (conditionOf(pod, 'PodScheduled')?.['message'] !== message) await world.api.event('pods', pod, { type: 'Warning', reason: 'FailedScheduling', message });
  await world.api.updateStatus(ref, (status) => { setCondition(status, world.api.now(), { type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message }, { lastProbeTime: null }); });
}

/** Room was made: whoever waits may try again. */
function waiting(world: World): readonly Ref[] {
  return world.api.list('pods').filter((pod) => stringAt(pod, 'spec', 'nodeName') === undefined).map((pod) => refOf('pods', pod));
}

export const scheduler: Controller = {
  name: 'kube-scheduler',
  watches: [
    { key: 'pods', of: (event, world) => (event.type === 'DELETED' ? waiting(world) : [refOf('pods', event.object)]) },
    { key: 'persistentvolumeclaims', of: (_event, world) => waiting(world) },
  ],
  async reconcile(ref, world) {
    const { api } = world;
    const pod = api.get(ref);
    if (pod === undefined || isDeleting(pod) || stringAt(pod, 'spec', 'nodeName') !== undefined) return undefined;
    const missing = world.faults.threatens('unschedulable', ...namesOfPod(pod)) ? ['Insufficient cpu'] : missingFor(api, pod);
    const reason = unboundClaim(world, pod) ? 'pod has unbound immediate PersistentVolumeClaims. not found' : missing.map((text) => `1 ${text}`).join(', ');
    if (reason !== '') {
      await refuse(ref, world, `0/1 nodes are available: ${reason}. preemption: 0/1 nodes are available: 1 No preemption victims found for incoming pod.`);
      return RETRY_MS;
    }
    await api.event('pods', pod, { type: 'Normal', reason: 'Scheduled', message: `Successfully assigned ${ref.namespace}/${ref.name} to ${NODE_NAME}` });
    await api.update(ref, (object) => {
      childOf(object, 'spec')['nodeName'] = NODE_NAME;
    });
    await api.updateStatus(ref, (status) => { setCondition(status, api.now(), { type: 'PodScheduled', status: 'True' }, { lastProbeTime: null }); });
    return undefined;
  },
};

