// Replicas that `status` shows: of Knative services by their pods, of workloads by what they say; addons are not counted.
import { expect, test } from 'vitest';
import { replicasOf } from '../../../src/cli/operations/replicas.ts';
import type { KubeObject, ObjectRef } from '../../../src/model/object.ts';
import type { KubeClient } from '../../../src/ports.ts';
import { only } from '../../fakes/ports.ts';

const pod = (name: string, ready: 'True' | 'False', more: { readonly deletionTimestamp?: string } = {}): KubeObject => ({
  apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace: 'default', ...more }, status: { conditions: [{ type: 'Ready', status: ready }] },
});
const PODS = [pod('a', 'True'), pod('b', 'False'), pod('c', 'True', { deletionTimestamp: '2026-01-01T00:00:00Z' }), pod('d', 'True')];

const client = only<KubeClient>('client', {
  list: async (_kind, selection) => ({ items: selection?.labelSelector === 'serving.knative.dev/service=hello' ? PODS : [], resourceVersion: '1' }),
  get: async (ref) => (ref.name === 'web' ? { ...ref, metadata: { name: ref.name }, status: { readyReplicas: 3 } } : undefined),
});
const ref = (apiVersion: string, kind: string, name: string): ObjectRef => ({ apiVersion, kind, name, namespace: 'default' });
const { signal } = new AbortController();

test('of a Knative service the pods that are ready and stay', async () => {
  expect(await replicasOf(client, { part: 'sample-hello', refs: [ref('serving.knative.dev/v1', 'Service', 'hello')] }, signal)).toBe(2);
  expect(await replicasOf(client, { part: 'app-asleep', refs: [ref('serving.knative.dev/v1', 'Service', 'asleep')] }, signal)).toBe(0);
});

test('of workloads what they say, together; one that is gone has none', async () => {
  const refs = [ref('apps/v1', 'Deployment', 'web'), ref('v1', 'Service', 'web'), ref('apps/v1', 'StatefulSet', 'gone')];
  expect(await replicasOf(client, { part: 'app-web', refs }, signal)).toBe(3);
});

test('what runs nothing, and addons, are not counted', async () => {
  expect(await replicasOf(client, { part: 'app-settings', refs: [ref('v1', 'ConfigMap', 'settings')] }, signal)).toBeUndefined();
  expect(await replicasOf(client, { part: 'kourier', refs: [ref('apps/v1', 'Deployment', 'web')] }, signal)).toBeUndefined();
});
