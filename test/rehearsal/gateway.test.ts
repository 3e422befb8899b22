// The way in: requests are held while a sleeping revision wakes, shared as told, and their number decides how many pods there are.
import http from 'node:http';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Activator } from '../../src/clusters/rehearsal/activator.ts';
import { Autoscaler, targetOf } from '../../src/clusters/rehearsal/autoscaler.ts';
import { type Cluster, startCluster } from '../../src/clusters/rehearsal/cluster.ts';
import type { Runner } from '../../src/clusters/rehearsal/controllers/kubelet.ts';
import { type Gateway, startGateway } from '../../src/clusters/rehearsal/gateway.ts';
import { knativeServingOutline } from '../../src/clusters/rehearsal/outline/knative-serving.ts';
import { kourierOutline } from '../../src/clusters/rehearsal/outline/kourier.ts';
import { Routes } from '../../src/clusters/rehearsal/routes.ts';
import { createVirtualClock, type VirtualClock } from '../../src/clusters/rehearsal/virtual-clock.ts';
import { createNetwork } from '../../src/host/network.ts';
import type { JsonObject } from '../../src/model/json.ts';
import { at, type KubeObject, stringAt } from '../../src/model/object.ts';

const HOST = 'hello.default.example.localhost';

let cluster: Cluster;
let clock: VirtualClock;
let gateway: Gateway;
let activator: Activator;
let autoscaler: Autoscaler;
let servers: http.Server[];
const bugs: unknown[] = [];

/** A server within the test for each container; its answer is the revision that it belongs to. */
const runner: Runner = (pod, container) => {
  if (container['name'] === 'queue-proxy' || stringAt(pod, 'metadata', 'namespace') !== 'default') return undefined;
  const server = http.createServer((_request, response) => response.end(stringAt(pod, 'metadata', 'labels', 'serving.knative.dev/revision')));
  const running = { port: undefined as number | undefined, isReady: () => running.port !== undefined, stop: async () => { server.close(); server.closeAllConnections(); } };
  server.listen(0, '127.0.0.1', () => { running.port = (server.address() as { readonly port: number }).port; });
  servers.push(server);
  return running;
};

const pass = (seconds: number): Promise<void> => clock.advance(seconds * 1000, () => cluster.settled());
const keyOf = ({ apiVersion, kind }: KubeObject): string => {
  const resource = cluster.api.core.registry.findKind(apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : '', kind);
  if (resource === undefined) throw new Error(`${kind} is not served`);
  return resource.storage.key;
};
const create = (object: KubeObject) => cluster.api.create(keyOf(object), object as unknown as JsonObject);

function ask(host = HOST): Promise<{ readonly status: number; readonly body: string }> {
  return new Promise((resolve, reject) => {
    http.get({ host: '127.0.0.1', port: gateway.port, headers: { host }, agent: false }, (response) => {
      let body = '';
      response.on('data', (chunk: Buffer) => { body += chunk.toString('utf8'); });
      response.once('end', () => resolve({ status: response.statusCode ?? 0, body }));
    }).once('error', reject);
  });
}

const pods = (): number => cluster.api.list('pods', 'default').length;
const service = (image: string, traffic?: readonly JsonObject[]): KubeObject => ({
  apiVersion: 'serving.knative.dev/v1', kind: 'Service', metadata: { name: 'hello', namespace: 'default' },
  spec: { template: { spec: { containers: [{ image }] } }, ...(traffic === undefined ? {} : { traffic }) },
});

beforeEach(async () => {
  servers = [];
  clock = createVirtualClock();
  cluster = await startCluster({ clock, runner, onBug: (error) => bugs.push(error) });
  const outlines = [...knativeServingOutline('1.23.0'), ...kourierOutline('1.23.0')];
  for (const object of outlines.filter(({ kind }) => kind === 'CustomResourceDefinition' || kind === 'Namespace')) await create(object);
  for (const object of outlines.filter(({ kind }) => kind !== 'CustomResourceDefinition' && kind !== 'Namespace')) await create(object);
  const settings = (name: string, data: JsonObject) => cluster.api.update({ key: 'configmaps', namespace: 'knative-serving', name }, (object) => { object['data'] = data; });
  await settings('config-domain', { 'example.localhost': '' });
  await settings('config-network', { 'ingress-class': 'kourier.ingress.networking.knative.dev' });
  await pass(5);
  activator = new Activator(cluster, clock);
  autoscaler = new Autoscaler(cluster.api, activator, clock);
  gateway = await startGateway(await createNetwork().freePort(), { routes: new Routes(cluster.api), activator, onBug: (error) => bugs.push(error) });
  await create(service('ghcr.io/example/hello:1'));
  await pass(5);
});

afterEach(async () => {
  activator.close();
  await gateway.close();
  await cluster.close();
  expect(bugs).toEqual([]);
});

describe('the gateway', () => {
  test('leads by host name, and says who is not known', async () => {
    expect(await ask()).toEqual({ status: 200, body: 'hello-00001' });
    expect(await ask('nobody.example')).toEqual({ status: 404, body: 'rehearsal: nothing here is called nobody.example\n' });
  });

  test('a revision sleeps after its window, and the next request is held until it is awake', async () => {
    await ask();
    for (let second = 0; second < 61; second += 1) {
      await autoscaler.tick();
      await pass(1);
    }
    await autoscaler.tick();
    await pass(2);
    expect(pods()).toBe(0);
    const stop = clock.run(() => cluster.settled());
    expect(await ask()).toEqual({ status: 200, body: 'hello-00001' });
    stop();
    expect(pods()).toBe(1);
  });

  test('shares are exact', async () => {
    await cluster.api.update({ key: 'services.serving.knative.dev', namespace: 'default', name: 'hello' }, (object) => {
      Object.assign(object['spec'] as object, service('ghcr.io/example/hello:2', [{ revisionName: 'hello-00001', percent: 80 }, { latestRevision: true, percent: 20 }])['spec']);
    });
    await pass(5);
    const answers = [];
    for (let request = 0; request < 20; request += 1) answers.push((await ask()).body);
    expect(answers.filter((body) => body === 'hello-00002')).toHaveLength(4);
  });

  test('load makes pods, as many as the target asks for', async () => {
    const revision = cluster.api.get({ key: 'revisions.serving.knative.dev', namespace: 'default', name: 'hello-00001' }) ?? {};
    expect(targetOf(cluster.api, revision)).toEqual({ metric: 'concurrency', value: 70 });
    expect(targetOf(cluster.api, { ...revision, metadata: { annotations: { 'autoscaling.knative.dev/target': '10' } } })).toEqual({ metric: 'concurrency', value: 7 });
    const ref = { key: 'revisions.serving.knative.dev', namespace: 'default', name: 'hello-00001' };
    const held = await Promise.all(Array.from({ length: 200 }, () => activator.acquire(ref, new AbortController().signal)));
    for (let second = 0; second < 3; second += 1) {
      await pass(1);
      await autoscaler.tick();
    }
    await pass(3);
    expect(at(cluster.api.get({ key: 'deployments.apps', namespace: 'default', name: 'hello-00001-deployment' }), 'spec', 'replicas')).toBe(3);
    for (const backend of held) backend?.release();
  });
});
