// The garbage collector: what depends on an object goes with it, before it (foreground), after it (background), or stays (orphan).
import type { JsonObject } from '../../../model/json.ts';
import { stringAt } from '../../../model/object.ts';
import { childOf, type Draft, objectAt } from '../server/json.ts';
import { type Api, isDeleting, isOwnedBy, type Ref, refOf } from './api.ts';
import { type Controller, ownersOf, type World } from './controller.ts';

interface Known {
  readonly ref: Ref;
  readonly object: JsonObject;
}

/** Everything that names this owner. Only kinds of which something is stored are looked at. */
function dependentsOf(api: Api, owner: JsonObject): readonly Known[] {
  const namespace = stringAt(owner, 'metadata', 'namespace') ?? '';
  return api.core.store.keys().flatMap((key) => api.list(key, namespace).filter((object) => isOwnedBy(object, owner)).map((object) => ({ ref: refOf(key, object), object })));
}

function hasFinalizer(object: JsonObject, name: string): boolean {
  const list = objectAt(object, 'metadata')?.['finalizers'];
  return Array.isArray(list) && list.includes(name);
}

function withoutFinalizer(object: Draft, name: string): void {
  const metadata = childOf(object, 'metadata');
  const list = metadata['finalizers'];
  const rest = Array.isArray(list) ? list.filter((finalizer) => finalizer !== name) : [];
  if (rest.length > 0) metadata['finalizers'] = rest;
  else delete metadata['finalizers'];
}

async function orphan(api: Api, ref: Ref, owner: JsonObject): Promise<void> {
  for (const dependent of dependentsOf(api, owner)) {
    await api.update(dependent.ref, (object) => {
      const rest = ownersOf(object).filter((reference) => reference['uid'] !== stringAt(owner, 'metadata', 'uid'));
      if (rest.length > 0) childOf(object, 'metadata')['ownerReferences'] = [...rest];
      else delete childOf(object, 'metadata')['ownerReferences'];
    });
  }
  await api.update(ref, (object) => { withoutFinalizer(object, 'orphan'); });
}

async function foreground(api: Api, ref: Ref, owner: JsonObject): Promise<void> {
  for (const dependent of dependentsOf(api, owner)) if (!isDeleting(dependent.object)) await api.delete(dependent.ref, { policy: 'Foreground' });
  const blocking = dependentsOf(api, owner).filter(({ object }) => ownersOf(object).some((reference) => reference['uid'] === stringAt(owner, 'metadata', 'uid') && reference['blockOwnerDeletion'] === true));
  if (blocking.length === 0) await api.update(ref, (object) => { withoutFinalizer(object, 'foregroundDeletion'); });
}

/** True when none of the owners is there any more. */
function isLost(api: Api, object: JsonObject): boolean {
  const owners = ownersOf(object);
  return owners.length > 0 && owners.every((owner) => {
    const apiVersion = String(owner['apiVersion']);
    const group = apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : '';
    const resource = api.core.registry.findKind(group, String(owner['kind']));
    // An owner of an unknown kind cannot be judged: its definition may come.
    if (resource === undefined) return false;
    const namespace = resource.namespaced ? stringAt(object, 'metadata', 'namespace') ?? '' : '';
    const found = api.get({ key: resource.storage.key, namespace, name: String(owner['name']) });
    return found === undefined || stringAt(found, 'metadata', 'uid') !== owner['uid'];
  });
}

function affected(event: { readonly type: string; readonly key: string; readonly object: JsonObject }, world: World): readonly Ref[] {
  const own = refOf(event.key, event.object);
  if (event.type !== 'DELETED') return isDeleting(event.object) || ownersOf(event.object).length > 0 ? [own] : [];
  // Its dependents are lost now, and whoever waited for it to go may go.
  const owners = ownersOf(event.object).flatMap((owner) => {
    const apiVersion = String(owner['apiVersion']);
    const resource = world.api.core.registry.findKind(apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : '', String(owner['kind']));
    return resource === undefined ? [] : [{ key: resource.storage.key, namespace: resource.namespaced ? own.namespace : '', name: String(owner['name']) }];
  });
  return [...dependentsOf(world.api, event.object).map(({ ref }) => ref), ...owners];
}

export const garbage: Controller = {
  name: 'kube-controller-manager',
  watches: [{ key: '*', of: affected }],
  async reconcile(ref, { api }) {
    const object = api.get(ref);
    if (object === undefined) return undefined;
    if (isDeleting(object)) {
      if (hasFinalizer(object, 'orphan')) await orphan(api, ref, object);
      else if (hasFinalizer(object, 'foregroundDeletion')) await foreground(api, ref, object);
    } else if (isLost(api, object)) await api.delete(ref, { policy: 'Background' });
    return undefined;
  },
};
