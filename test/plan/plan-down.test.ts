// What `down` takes out of a cluster that is not devstack's: on the rehearsal's API server, with finalizers as Knative's ingresses set them.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Cluster, startCluster } from '../../src/clusters/rehearsal/cluster.ts';
import { createClock } from '../../src/host/clock.ts';
import { createKubeSets } from '../../src/kube/sets.ts';
import type { JsonObject } from '../../src/model/json.ts';
import type { KubeObject, ObjectRef } from '../../src/model/object.ts';
import { planDown } from '../../src/plan/plan-down.ts';
import type { MadeObject } from '../../src/plan/removal-steps.ts';
import type { KubeClient } from '../../src/ports.ts';
import { type ApiServer, openServer } from '../kube/api-servers.ts';
import { provider } from './spec.ts';

const foreign = { ...provider, capabilities: { ...provider.capabilities, ownsCluster: false } };
const hello: MadeObject = { definedBy: 'knative-serving', part: 'sample-hello', ref: { apiVersion: 'serving.knative.dev/v1', kind: 'Service', namespace: 'default', name: 'hello' } };
const mine: MadeObject = { definedBy: 'knative-serving', ref: { apiVersion: 'serving.knative.dev/v1', kind: 'Service', namespace: 'default', name: 'mine' } };
/** In the order of their names, as an API server lists inventories. */
const PARTS = ['app-shop', 'knative-eventing', 'knative-eventing-after', 'knative-serving', 'kourier', 'metrics-server', 'sample-hello'];

const down = (parts: readonly string[], objects: readonly MadeObject[]) => planDown({ stack: 't', cluster: 'c', provider: 'context', parts, objects }, foreign);

test('apps first, then what was made with Serving, then the addons, the last installed first', () => {
  const { steps } = down(PARTS, [hello, mine]);
  expect(steps.map(({ id }) => id)).toEqual([
    'remove:app-shop', 'remove:sample-hello', 'remove:knative-serving-objects', 'remove:metrics-server', 'remove:knative-eventing-after', 'remove:knative-eventing',
    'remove:kourier', 'remove:knative-serving', 'destroy', 'forget',
  ]);
  expect(steps.find(({ id }) => id === 'remove:knative-serving-objects')?.title).toBe('Remove what was made with Knative Serving: service default/hello, service default/mine');
  expect(steps.slice(1, 8).map((step) => step.needs)).toEqual(steps.slice(0, 7).map(({ id }) => [id]));
  expect(steps.every((step) => step.destructive === true)).toBe(true);
});

test('a cluster that is ours goes as a whole', () => {
  expect(planDown({ stack: 't', cluster: 'c', provider: 'kind', parts: PARTS, objects: [hello] }, provider).steps.map(({ id }) => id)).toEqual(['destroy', 'forget']);
});

const definition = (group: string, kind: string, plural: string): KubeObject => ({
  apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition', metadata: { name: `${plural}.${group}` },
  spec: {
    group, scope: 'Namespaced', names: { kind, plural, singular: kind.toLowerCase(), listKind: `${kind}List` },
    versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } } }],
  },
});
const SERVING = [definition('serving.knative.dev', 'Service', 'services'), definition('internal.test', 'Ingress', 'ingresses')];
/** Stands for the controller of the ingress: as long as it is there, ingresses are let go of. */
const CONTROLLER: KubeObject = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'ingress-controller', namespace: 'default' } };
const service = (name: string): KubeObject => ({ apiVersion: 'serving.knative.dev/v1', kind: 'Service', metadata: { name, namespace: 'default' }, spec: {} });
const INGRESS = { apiVersion: 'internal.test/v1', kind: 'Ingress' } as const;

/** Lets go of what is deleted, as long as the controller is in the cluster. */
async function controlIngresses(client: KubeClient, signal: AbortSignal): Promise<void> {
  for await (const { type, object: { metadata } } of client.watch(INGRESS, {}, signal)) {
    if (type === 'DELETED' || metadata.deletionTimestamp === undefined || (metadata.finalizers ?? []).length === 0) continue;
    const ref: ObjectRef = { ...INGRESS, name: metadata.name, namespace: 'default' };
    if (await client.get({ apiVersion: 'v1', kind: 'ConfigMap', name: 'ingress-controller', namespace: 'default' }) !== undefined) await client.patch(ref, { metadata: { finalizers: null } });
  }
}

describe('taken out of an API server', () => {
  const stop = new AbortController();
  const { signal } = stop;
  const quiet = { onProgress: () => undefined, signal };
  const clock = createClock();
  const sets = createKubeSets(clock);
  let cluster: Cluster;
  let server: ApiServer;
  let client: KubeClient;

  beforeAll(async () => {
    cluster = await startCluster({ clock, pace: { scale: 0 } });
    server = await openServer(JSON.parse(cluster.server.kubeconfig().replaceAll('"devstack-rehearsal"', '"test"')) as JsonObject, () => cluster.close());
    client = await server.connect();
  });
  afterAll(async () => {
    stop.abort();
    await server.close();
  });

  test('nothing is left waiting for a controller that has gone', async () => {
    const apply = (part: string, ...objects: readonly KubeObject[]) => sets.apply(client, { stack: 't', part, objects }, quiet);
    await apply('knative-serving', ...SERVING);
    await apply('kourier', CONTROLLER);
    await apply('sample-hello', service('hello'));
    await client.create(service('mine'), signal);
    const controlled = controlIngresses(client, signal).catch(() => undefined);
    for (const name of ['hello', 'mine']) {
      const owner = await client.get({ ...mine.ref, name }, signal);
      await client.create({ ...INGRESS, metadata: {
        name, namespace: 'default', finalizers: ['ingresses.internal.test'],
        ownerReferences: [{ apiVersion: 'serving.knative.dev/v1', kind: 'Service', name, uid: owner?.metadata.uid ?? '', controller: true }],
      } }, signal);
    }
    const { steps } = down((await sets.inventories(client, 't', signal)).map(({ part }) => part), [hello, mine]);
    for (const step of steps) {
      if (step.kind === 'remove') await sets.remove(client, { stack: step.stack, part: step.part, objectsOnly: step.objectsOnly === true }, quiet);
    }
    expect((await client.list({ apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition' }, {}, signal)).items).toEqual([]);
    expect(await client.get({ apiVersion: 'v1', kind: 'ConfigMap', name: 'ingress-controller', namespace: 'default' }, signal)).toBeUndefined();
    stop.abort();
    await controlled;
  });
});
