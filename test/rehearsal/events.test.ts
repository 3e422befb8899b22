// Brokers that deliver: to whom a trigger wants, again when it was not taken, and answers that are events come in again.
import http from 'node:http';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Activator } from '../../src/clusters/rehearsal/activator.ts';
import { type Cluster, startCluster } from '../../src/clusters/rehearsal/cluster.ts';
import type { Runner } from '../../src/clusters/rehearsal/controllers/kubelet.ts';
import { Events } from '../../src/clusters/rehearsal/events.ts';
import { definition } from '../../src/clusters/rehearsal/outline/objects.ts';
import { Routes } from '../../src/clusters/rehearsal/routes.ts';
import { createVirtualClock, type VirtualClock } from '../../src/clusters/rehearsal/virtual-clock.ts';
import type { JsonObject } from '../../src/model/json.ts';
import { stringAt } from '../../src/model/object.ts';

interface Seen {
  readonly pod: string;
  readonly type: string | undefined;
  readonly body: string;
}

let cluster: Cluster;
let clock: VirtualClock;
let events: Events;
let activator: Activator;
let seen: Seen[];
/** What each pod answers; 204 unless it says otherwise. */
let answers: { [pod: string]: (response: http.ServerResponse) => void };
const servers: http.Server[] = [];

const runner: Runner = (pod) => {
  const name = stringAt(pod, 'metadata', 'name') ?? '';
  const server = http.createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => { body += chunk.toString('utf8'); }).once('end', () => {
      const type = request.headers['ce-type'];
      seen.push({ pod: name, type: typeof type === 'string' ? type : undefined, body });
      (answers[name] ?? ((other) => other.writeHead(204).end()))(response);
    });
  });
  const running = { port: undefined as number | undefined, isReady: () => running.port !== undefined, stop: async () => { server.close(); server.closeAllConnections(); } };
  server.listen(0, '127.0.0.1', () => { running.port = (server.address() as { readonly port: number }).port; });
  servers.push(server);
  return running;
};

const READY = { conditions: [{ type: 'Ready', status: 'True' }] };
const make = async (plural: string, kind: string, name: string, spec: JsonObject): Promise<void> => {
  const key = `${plural}.eventing.knative.dev`;
  await cluster.api.create(key, { apiVersion: 'eventing.knative.dev/v1', kind, metadata: { name, namespace: 'default' }, spec });
  await cluster.api.updateStatus({ key, namespace: 'default', name }, (status) => { Object.assign(status, READY); });
};
const taker = async (name: string, filter: JsonObject): Promise<void> => {
  const labels = { app: name };
  await cluster.api.create('services', { apiVersion: 'v1', kind: 'Service', metadata: { name, namespace: 'default' }, spec: { selector: labels, ports: [{ port: 80 }] } });
  await cluster.api.create('pods', { apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace: 'default', labels }, spec: { containers: [{ name: 'app', image: 'app', ports: [{ containerPort: 8080 }] }] } });
  await make('triggers', 'Trigger', name, { broker: 'default', filter: { attributes: filter }, subscriber: { ref: { apiVersion: 'v1', kind: 'Service', name } } });
};
const send = (event: JsonObject) => events.call({
  namespace: 'knative-eventing', name: 'broker-ingress', path: '/default/default', method: 'POST', headers: { 'content-type': 'application/cloudevents+json' },
  body: JSON.stringify({ specversion: '1.0', id: '1', source: 'test', ...event }),
});

beforeEach(async () => {
  [seen, answers, clock] = [[], {}, createVirtualClock()];
  cluster = await startCluster({ clock, runner, pace: { scale: 0 } });
  for (const [kind, plural] of [['Broker', 'brokers'], ['Trigger', 'triggers']] as const) {
    await cluster.api.create('customresourcedefinitions.apiextensions.k8s.io', definition({ group: 'eventing.knative.dev', version: 'v1', kind, plural }) as unknown as JsonObject);
  }
  await clock.advance(5_000, () => cluster.settled());
  activator = new Activator(cluster, clock);
  events = new Events({ api: cluster.api, activator, routes: new Routes(cluster.api), clock });
  await make('brokers', 'Broker', 'default', {});
  await taker('orders', { type: 'order' });
  await taker('bills', { type: 'bill' });
});

afterEach(async () => {
  activator.close();
  await cluster.close();
});

/** Moves time on whenever somebody waits for it. */
async function inTime<T>(work: Promise<T>): Promise<T> {
  const stop = clock.run(() => cluster.settled());
  return work.finally(stop);
}

test('an event goes to the trigger that wants it, in binary form', async () => {
  expect(await inTime(send({ type: 'order', data: { n: 1 } }))).toEqual({ status: 202, body: '' });
  expect(seen).toEqual([{ pod: 'orders', type: 'order', body: '{"n":1}' }]);
});

test('what a subscriber answers as an event comes in again', async () => {
  answers['orders'] = (response) => response.writeHead(200, { 'ce-type': 'bill', 'ce-id': '2', 'ce-source': 'orders', 'ce-specversion': '1.0', 'content-type': 'text/plain' }).end('pay');
  await inTime(send({ type: 'order' }));
  expect(seen.map(({ pod, body }) => [pod, body])).toEqual([['orders', ''], ['bills', 'pay']]);
});

test('a subscriber that does not take it is asked again, and then it is said', async () => {
  answers['orders'] = (response) => response.writeHead(500).end();
  expect(await inTime(send({ type: 'order' }))).toMatchObject({ status: 500 });
  expect(seen).toHaveLength(4);
});

test('what nobody wants is taken; what is no event, or for no broker, is refused', async () => {
  expect(await inTime(send({ type: 'other' }))).toMatchObject({ status: 202 });
  const call = { namespace: 'knative-eventing', name: 'broker-ingress', path: '/default/default', method: 'POST', headers: {}, body: 'no event' };
  expect(await events.call(call)).toMatchObject({ status: 400 });
  expect(await events.call({ ...call, path: '/default/none' })).toMatchObject({ status: 404 });
  expect(await events.call({ ...call, name: 'another' })).toBeUndefined();
});
