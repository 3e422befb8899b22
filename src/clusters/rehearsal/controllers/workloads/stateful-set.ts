// StatefulSets: pods with names and claims of their own, one after the other.
import type { JsonObject } from '../../../../model/json.ts';
import { stringAt } from '../../../../model/object.ts';
import { objectAt, objectsAt } from '../../server/json.ts';
import { type Api, isDeleting, type Ref, refOf } from '../api.ts';
import { type Controller, controllerOf, type World } from '../controller.ts';
import { createPod, hashOf, isReady, numberAt, podsOf } from './pods.ts';

const KEY = 'statefulsets.apps';

async function createClaims(api: Api, set: JsonObject, pod: string): Promise<void> {
  const namespace = stringAt(set, 'metadata', 'namespace') ?? '';
  for (const template of objectsAt(set, 'spec', 'volumeClaimTemplates')) {
    const labels = { ...objectAt(template, 'metadata', 'labels'), ...objectAt(set, 'spec', 'selector', 'matchLabels') };
    await api.create('persistentvolumeclaims', { apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { name: `${stringAt(template, 'metadata', 'name') ?? ''}-${pod}`, namespace, labels }, spec: objectAt(template, 'spec') ?? {} });
  }
}

async function createMember(world: World, set: JsonObject, ordinal: number, revision: string): Promise<void> {
  const name = `${stringAt(set, 'metadata', 'name') ?? ''}-${ordinal}`;
  await createClaims(world.api, set, name);
  const volumes = objectsAt(set, 'spec', 'volumeClaimTemplates').map((template) => ({ name: stringAt(template, 'metadata', 'name') ?? '', persistentVolumeClaim: { claimName: `${stringAt(template, 'metadata', 'name') ?? ''}-${name}` } }));
  await createPod(world, KEY, set, {
    name, labels: { 'statefulset.kubernetes.io/pod-name': name, 'apps.kubernetes.io/pod-index': String(ordinal), 'controller-revision-hash': revision },
    spec: { hostname: name, subdomain: stringAt(set, 'spec', 'serviceName') ?? '', volumes: [...objectsAt(set, 'spec', 'template', 'spec', 'volumes'), ...volumes] },
  });
}

const ordinalOf = (pod: JsonObject): number => Number(/-(\d+)$/.exec(stringAt(pod, 'metadata', 'name') ?? '')?.[1] ?? -1);

/** One step: the first thing that is not as it should be. */
async function step(world: World, set: JsonObject, revision: string): Promise<void> {
  const { api } = world;
  const wanted = numberAt(set, 'spec', 'replicas');
  const pods = new Map(podsOf(api, set).map((pod) => [ordinalOf(pod), pod]));
  const isParallel = stringAt(set, 'spec', 'podManagementPolicy') === 'Parallel';
  for (let ordinal = 0; ordinal < wanted; ordinal += 1) {
    const pod = pods.get(ordinal);
    if (pod === undefined) await createMember(world, set, ordinal, revision);
    if (!isParallel && (pod === undefined || !isReady(pod))) return;
  }
  const surplus = [...pods.entries()].filter(([ordinal, pod]) => ordinal >= wanted && !isDeleting(pod)).sort(([left], [right]) => right - left);
  const [last] = surplus;
  if (last !== undefined) {
    await api.delete(refOf('pods', last[1]));
    return;
  }
  const outdated = [...pods.values()].filter((pod) => stringAt(pod, 'metadata', 'labels', 'controller-revision-hash') !== revision && !isDeleting(pod)).sort((left, right) => ordinalOf(right) - ordinalOf(left));
  if (outdated[0] !== undefined && stringAt(set, 'spec', 'updateStrategy', 'type') !== 'OnDelete') await api.delete(refOf('pods', outdated[0]));
}

async function report(api: Api, ref: Ref, set: JsonObject, revision: string): Promise<void> {
  const pods = podsOf(api, set).filter((pod) => !isDeleting(pod));
  const ready = pods.filter(isReady).length;
  const updated = pods.filter((pod) => stringAt(pod, 'metadata', 'labels', 'controller-revision-hash') === revision).length;
  await api.updateStatus(ref, (status) => {
    const isDone = updated === numberAt(set, 'spec', 'replicas') && ready === updated;
    Object.assign(status, {
      observedGeneration: numberAt(set, 'metadata', 'generation'), replicas: pods.length, readyReplicas: ready, availableReplicas: ready, updatedReplicas: updated,
      currentReplicas: isDone ? updated : pods.length - updated, updateRevision: revision, currentRevision: isDone ? revision : status['currentRevision'] ?? revision, collisionCount: 0,
    });
  });
}

export const statefulSets: Controller = {
  name: 'statefulset-controller',
  watches: [{ key: KEY }, { key: 'pods', of: controllerOf(KEY, 'StatefulSet') }],
  async reconcile(ref, world) {
    const set = world.api.get(ref);
    if (set === undefined || isDeleting(set)) return undefined;
    const revision = `${ref.name}-${hashOf(objectAt(set, 'spec', 'template') ?? {})}`;
    await step(world, set, revision);
    await report(world.api, ref, set, revision);
    return undefined;
  },
};
