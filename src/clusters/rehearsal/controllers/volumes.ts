// Claims: each gets a volume of its own at once; a claim goes when no pod uses it any more.
import type { JsonObject } from '../../../model/json.ts';
import { stringAt } from '../../../model/object.ts';
import { childOf, objectAt, objectsAt } from '../server/json.ts';
import { type Api, isDeleting, type Ref, refOf } from './api.ts';
import type { Controller } from './controller.ts';

const CLAIMS = 'persistentvolumeclaims';
const VOLUMES = 'persistentvolumes';
export const STORAGE_CLASS = 'standard';

/** The class that claims get when they name none. */
export async function createStorageClass(api: Api): Promise<void> {
  await api.create('storageclasses.storage.k8s.io', {
    apiVersion: 'storage.k8s.io/v1', kind: 'StorageClass', provisioner: 'rehearsal.devstack.dev/nothing', reclaimPolicy: 'Delete', volumeBindingMode: 'Immediate',
    metadata: { name: STORAGE_CLASS, annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' } },
  });
}

async function bind(api: Api, ref: Ref, claim: JsonObject): Promise<void> {
  const uid = stringAt(claim, 'metadata', 'uid') ?? '';
  const volume = `pvc-${uid}`;
  const className = stringAt(claim, 'spec', 'storageClassName') ?? STORAGE_CLASS;
  const capacity = { storage: String(objectAt(claim, 'spec', 'resources', 'requests')?.['storage'] ?? '1Gi') };
  const accessModes = objectAt(claim, 'spec')?.['accessModes'] ?? [];
  await api.create(VOLUMES, {
    apiVersion: 'v1', kind: 'PersistentVolume', metadata: { name: volume },
    spec: {
      capacity, accessModes, persistentVolumeReclaimPolicy: 'Delete', storageClassName: className, volumeMode: 'Filesystem', hostPath: { path: `/rehearsal/${volume}` },
      claimRef: { apiVersion: 'v1', kind: 'PersistentVolumeClaim', namespace: ref.namespace, name: ref.name, uid },
    },
  });
  await api.updateStatus({ key: VOLUMES, namespace: '', name: volume }, (status) => { status['phase'] = 'Bound'; });
  await api.update(ref, (object) => {
    Object.assign(childOf(object, 'spec'), { volumeName: volume, storageClassName: className });
    Object.assign(childOf(childOf(object, 'metadata'), 'annotations'), { 'pv.kubernetes.io/bind-completed': 'yes', 'pv.kubernetes.io/bound-by-controller': 'yes' });
  });
  await api.updateStatus(ref, (status) => { Object.assign(status, { phase: 'Bound', capacity, accessModes }); });
}

function isUsed(api: Api, ref: Ref): boolean {
  return api.list('pods', ref.namespace).some((pod) => !['Succeeded', 'Failed'].includes(stringAt(pod, 'status', 'phase') ?? '')
    && objectsAt(pod, 'spec', 'volumes').some((volume) => stringAt(volume, 'persistentVolumeClaim', 'claimName') === ref.name));
}

async function release(api: Api, ref: Ref): Promise<void> {
  await api.update(ref, (object) => { delete childOf(object, 'metadata')['finalizers']; });
}

export const volumes: Controller = {
  name: 'persistentvolume-binder',
  watches: [
    { key: CLAIMS }, { key: VOLUMES },
    { key: 'pods', of: (event) => (event.type === 'DELETED' ? objectsAt(event.object, 'spec', 'volumes').flatMap((volume) => {
      const name = stringAt(volume, 'persistentVolumeClaim', 'claimName');
      return name === undefined ? [] : [{ key: CLAIMS, namespace: refOf('pods', event.object).namespace, name }];
    }) : []) },
  ],
  async reconcile(ref, { api }) {
    const object = api.get(ref);
    if (ref.key === CLAIMS && object === undefined) {
      // Volumes that were made for a claim go with it.
      for (const volume of api.list(VOLUMES)) {
        if (stringAt(volume, 'spec', 'claimRef', 'name') === ref.name && stringAt(volume, 'spec', 'claimRef', 'namespace') === ref.namespace) await api.delete(refOf(VOLUMES, volume));
      }
      return undefined;
    }
    if (object === undefined) return undefined;
    if (isDeleting(object)) {
      if (ref.key === VOLUMES || !isUsed(api, ref)) await release(api, ref);
    } else if (ref.key === CLAIMS && stringAt(object, 'status', 'phase') !== 'Bound') await bind(api, ref, object);
    return undefined;
  },
};
