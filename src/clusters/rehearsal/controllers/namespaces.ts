// Namespaces: a service account to start with, and at the end everything that is in them goes first.
import type { JsonObject } from '../../../model/json.ts';
import { childOf, type Draft, objectAt } from '../server/json.ts';
import { isStatus } from '../server/status.ts';
import { type Api, isDeleting, type Ref, refOf } from './api.ts';
import { setCondition } from './conditions.ts';
import type { Controller } from './controller.ts';

/** Objects that are left, and the finalizers that hold them, as the real server words it. */
function remaining(left: readonly { readonly key: string; readonly object: JsonObject }[]): { readonly content: string; readonly finalizers: string } {
  const keys = left.map(({ key }) => key);
  const content = [...new Set(keys)].sort().map((key) => `${key.includes('.') ? key : `${key}.`} has ${keys.filter((other) => other === key).length} resource instances`).join(', ');
  const finalizers = left.flatMap(({ object }) => {
    const list = objectAt(object, 'metadata')?.['finalizers'];
    return Array.isArray(list) ? list.map(String) : [];
  });
  const held = [...new Set(finalizers)].sort().map((name) => `${name} in ${finalizers.filter((other) => other === name).length} resource instances`).join(', ');
  return { content: `Some resources are remaining: ${content}`, finalizers: `Some content in the namespace has finalizers remaining: ${held}` };
}

/** Custom resources first: the webhooks that guard them may live in the same namespace. */
function contents(api: Api, namespace: string): readonly { readonly key: string; readonly object: JsonObject }[] {
  const isBuiltIn = (key: string): number => Number(api.core.registry.ofStorage(key)?.custom === undefined);
  return api.core.store.keys().filter((key) => api.core.registry.ofStorage(key)?.namespaced === true).sort((left, right) => isBuiltIn(left) - isBuiltIn(right))
    .flatMap((key) => api.list(key, namespace).map((object) => ({ key, object })));
}

/** What a webhook refuses to let go, stays and is told of as content that remains. */
async function removeOrLeave(api: Api, ref: Ref): Promise<void> {
  try {
    await api.delete(ref, { policy: 'Background' });
  } catch (error) {
    if (!isStatus(error, 500)) throw error;
  }
}

async function empty(ref: Ref, api: Api): Promise<void> {
  for (const { key, object } of contents(api, ref.name)) {
    // Events last: they tell what happens to the others.
    if (!isDeleting(object) && key !== 'events') await removeOrLeave(api, refOf(key, object));
  }
  const left = contents(api, ref.name).filter(({ key }) => key !== 'events');
  if (left.length > 0) {
    const texts = remaining(left);
    const isHeld = left.some(({ object }) => Array.isArray(objectAt(object, 'metadata')?.['finalizers']));
    await api.updateStatus(ref, (status) => {
      setCondition(status, api.now(), { type: 'NamespaceContentRemaining', status: 'True', reason: 'SomeResourcesRemain', message: texts.content });
      if (isHeld) setCondition(status, api.now(), { type: 'NamespaceFinalizersRemaining', status: 'True', reason: 'SomeFinalizersRemain', message: texts.finalizers });
    });
    return;
  }
  for (const { key, object } of contents(api, ref.name)) await api.delete(refOf(key, object));
  await api.settle(ref, (namespace: Draft) => { delete childOf(namespace, 'spec')['finalizers']; });
}

export const namespaces: Controller = {
  name: 'kube-controller-manager',
  watches: [
    { key: 'namespaces' },
    {
      key: '*',
      of: (event, world) => {
        const namespace = String(objectAt(event.object, 'metadata')?.['namespace'] ?? '');
        const found = namespace === '' || event.type !== 'DELETED' ? undefined : world.api.get({ key: 'namespaces', namespace: '', name: namespace });
        return found !== undefined && isDeleting(found) ? [{ key: 'namespaces', namespace: '', name: namespace }] : [];
      },
    },
  ],
  async reconcile(ref, { api }) {
    const namespace = api.get(ref);
    if (namespace === undefined) return undefined;
    if (isDeleting(namespace)) await empty(ref, api);
    else if (api.get({ key: 'serviceaccounts', namespace: ref.name, name: 'default' }) === undefined) {
      await api.create('serviceaccounts', { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'default', namespace: ref.name } });
      await api.create('configmaps', {
        apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'kube-root-ca.crt', namespace: ref.name, annotations: { 'kubernetes.io/description': 'The rehearsal has no certificate authority.' } }, data: { 'ca.crt': '' },
      });
    }
    return undefined;
  },
};
