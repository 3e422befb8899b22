// An API server alone finishes no namespace and no foreground deletion. These two loops do what the controller manager would.
import { setTimeout as delay } from 'node:timers/promises';
import { type DiscoveredKind, groupPath, kindsIn } from '../../src/kube/resource.ts';
import { isJsonObject, type JsonObject } from '../../src/model/json.ts';
import { arrayAt, type GroupVersionKind, type KubeObject, refOf } from '../../src/model/object.ts';
import type { KubeClient } from '../../src/ports.ts';

const NAMESPACE: GroupVersionKind = { apiVersion: 'v1', kind: 'Namespace' };

/** What a group serves; nothing when it has just gone with its last definition. */
async function kindsOf(client: KubeClient, version: string): Promise<readonly DiscoveredKind[]> {
  const { status, body } = await client.raw('GET', groupPath(version));
  return status === 200 ? kindsIn(version, JSON.parse(body)) : [];
}

async function namespacedKinds(client: KubeClient): Promise<readonly DiscoveredKind[]> {
  const groups = arrayAt(JSON.parse((await client.raw('GET', '/apis')).body), 'groups').filter(isJsonObject);
  const versions = ['v1', ...groups.map((group) => String((group['preferredVersion'] as JsonObject)['groupVersion']))];
  const lists = await Promise.all(versions.map((version) => kindsOf(client, version)));
  return lists.flat().filter((kind) => kind.namespaced && kind.verbs.includes('list') && kind.kind !== 'Event');
}

async function finishNamespace(client: KubeClient, name: string): Promise<void> {
  for (const kind of await namespacedKinds(client)) {
    for (const object of (await client.list(kind, { namespace: name, metadataOnly: true })).items) await client.delete(refOf(object));
  }
  await client.raw('PUT', `/api/v1/namespaces/${name}/finalize`, { apiVersion: 'v1', kind: 'Namespace', metadata: { name }, spec: { finalizers: [] } });
}

async function finishForeground(client: KubeClient, object: KubeObject): Promise<void> {
  const finalizers = object.metadata.finalizers ?? [];
  if (object.metadata.deletionTimestamp === undefined || !finalizers.includes('foregroundDeletion')) return;
  if ((await client.get(refOf(object)))?.metadata.uid !== object.metadata.uid) return;
  await client.patch(refOf(object), { metadata: { finalizers: finalizers.filter((name) => name !== 'foregroundDeletion') } });
}

const RETRY_MS = 100;

/** Runs until the signal aborts. As any controller, it tries again what failed. */
export function runLoneControllers(client: KubeClient, signal: AbortSignal): void {
  const insist = async (act: () => Promise<void>) => {
    while (!signal.aborted) {
      try {
        return await act();
      } catch {
        await delay(RETRY_MS);
      }
    }
  };
  const follow = async (kind: GroupVersionKind, act: (object: KubeObject) => Promise<void>) => {
    for await (const { type, object } of client.watch(kind, {}, signal)) if (type !== 'DELETED') void insist(() => act(object));
  };
  void follow(NAMESPACE, async ({ metadata }) => {
    const isThere = async () => (await client.get({ ...NAMESPACE, name: metadata.name }))?.metadata.uid === metadata.uid;
    if (metadata.deletionTimestamp !== undefined && await isThere()) await finishNamespace(client, metadata.name);
  }).catch(() => undefined);
  for (const kind of ['Deployment', 'StatefulSet', 'DaemonSet']) void follow({ apiVersion: 'apps/v1', kind }, (object) => finishForeground(client, object)).catch(() => undefined);
  for (const kind of ['Job', 'CronJob']) void follow({ apiVersion: 'batch/v1', kind }, (object) => finishForeground(client, object)).catch(() => undefined);
}
