// What KubeSets owes its callers, on any API server: sets applied once, again, changed, cut off, edited by somebody, pruned, removed.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createClock } from '../../src/host/clock.ts';
import { createKubeSets } from '../../src/kube/sets.ts';
import { STACK_LABEL } from '../../src/model/label.ts';
import { type KubeObject, type ObjectRef, refOf } from '../../src/model/object.ts';
import type { KubeClient, ObjectSet } from '../../src/ports.ts';
import { runLoneControllers } from '../kube/lone-controllers.ts';
import { snapshot } from '../kube/snapshot.ts';
import type { ContractServer } from './kube-contract.ts';

export interface SetsContractOptions {
  /** False for a server that never asks a webhook. */
  readonly callsWebhooks: boolean;
}

const clock = createClock();
const sets = createKubeSets(clock);
const { signal } = new AbortController();
const quiet = { onProgress: () => undefined, signal };

/** Time is out as soon as this is told. */
function outOfTimeAt(text: string) {
  const stop = new AbortController();
  const onProgress = (message: string) => {
    if (message.includes(text)) stop.abort(new DOMException('time is out', 'TimeoutError'));
  };
  return { signal: stop.signal, onProgress };
}

function map(name: string, data: { readonly [key: string]: string } = { a: '1' }, namespace = 'shop'): KubeObject {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace }, data };
}

const namespace: KubeObject = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop', labels: { purpose: 'test' } } };

const deployment: KubeObject = {
  apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'front', namespace: 'shop' },
  spec: {
    replicas: 1, selector: { matchLabels: { app: 'front' } },
    template: { metadata: { labels: { app: 'front' } }, spec: { containers: [{ name: 'app', image: 'example.com/front:1', env: [{ name: 'A', value: '1' }] }] } },
  },
};

const definition: KubeObject = {
  apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition', metadata: { name: 'orders.shop.example' },
  spec: {
    group: 'shop.example', scope: 'Namespaced', names: { plural: 'orders', singular: 'order', kind: 'Order', listKind: 'OrderList' },
    versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } } }],
  },
};

function order(name: string, place = 'shop'): KubeObject {
  return { apiVersion: 'shop.example/v1', kind: 'Order', metadata: { name, namespace: place }, spec: { of: name } };
}

const webhook: KubeObject = {
  apiVersion: 'admissionregistration.k8s.io/v1', kind: 'ValidatingWebhookConfiguration', metadata: { name: 'orders.shop.example' },
  webhooks: [{
    name: 'orders.shop.example', admissionReviewVersions: ['v1'], sideEffects: 'None', failurePolicy: 'Fail', timeoutSeconds: 1,
    clientConfig: { service: { name: 'webhook', namespace: 'shop' } },
    rules: [{ apiGroups: ['shop.example'], apiVersions: ['v1'], operations: ['CREATE', 'UPDATE', 'DELETE'], resources: ['orders'] }],
  }],
};

function setOf(part: string, ...objects: readonly KubeObject[]): ObjectSet {
  return { stack: 'dev', part, objects };
}

const shop = setOf('shop', namespace, map('one'), map('two'), map('three', { 'dotted.key': 'x', a: '1' }), deployment);

/** @param start opens an empty server; it is started once for the suite. */
export function kubeSetsContract(title: string, start: () => Promise<ContractServer>, options: SetsContractOptions): void {
  describe(`KubeSets on ${title}`, () => suite(start, options));
}

function suite(start: () => Promise<ContractServer>, { callsWebhooks }: SetsContractOptions): void {
  let server: ContractServer;
  let client: KubeClient;
  let before: ReadonlyMap<string, unknown>;
  const stop = new AbortController();

  beforeAll(async () => {
    server = await start();
    client = await server.connect();
    runLoneControllers(await server.connect(), stop.signal);
    before = await snapshot(client, clock);
  });
  afterAll(async () => {
    stop.abort();
    await server?.close();
  });
  beforeEach(() => expectClean());
  afterEach(async () => {
    for (const { part } of await sets.inventories(client, 'dev', signal)) await sets.remove(client, { stack: 'dev', part }, quiet);
  });

  async function expectClean(): Promise<void> {
    expect(await snapshot(client, clock)).toEqual(before);
  }

  /** A person, with kubectl. */
  async function edit(ref: ObjectRef, patch: object, manager = 'kubectl-edit', subresource = ''): Promise<void> {
    const plural = `${ref.kind.toLowerCase()}s${subresource === '' ? '' : `/${subresource}`}`.replace('s/', `s/${ref.name}/`);
    const group = ref.apiVersion === 'v1' ? '/api/v1' : `/apis/${ref.apiVersion}`;
    const path = subresource === '' ? `${plural}/${ref.name}` : plural;
    const { status, body } = await client.raw('PATCH', `${group}/namespaces/${ref.namespace}/${path}?fieldManager=${manager}`, patch as never);
    expect(status, body).toBe(200);
  }

  async function writesOf<T>(work: () => Promise<T>): Promise<{ readonly writes: number; readonly total: number; readonly result: T }> {
    const start = client.requests;
    const result = await work();
    return { writes: client.requests.writes - start.writes, total: client.requests.total - start.total, result };
  }

  const applied = (set: ObjectSet, overwrite = false) => sets.apply(client, set, { ...quiet, overwrite });

  describe('apply', () => {
    it('creates everything, labelled, with few requests besides', async () => {
      expect(await sets.compare(client, shop, signal)).toBe('absent');
      const { writes, total, result } = await writesOf(() => applied(shop));
      expect(result).toMatchObject({ changed: [], unchanged: 0, pruned: [], kept: [] });
      expect(result.created).toHaveLength(5);
      expect(writes).toBe(5 + 3); // the objects; the inventory twice and its namespace
      expect(total).toBe(writes + 2); // the inventory and the namespaces, read once
      expect((await client.get(refOf(deployment)))?.metadata.labels).toMatchObject({ [STACK_LABEL]: 'dev', 'devstack.dev/part': 'shop' });
      expect(await client.get(refOf(deployment))).not.toHaveProperty(['spec', 'template', 'metadata', 'labels', STACK_LABEL]);
    });

    it('starts pods only when told, and applies all else before', async () => {
      const seen: string[] = [];
      const untilPods = async () => { seen.push('told'); };
      const onProgress = (message: string) => seen.push(message);
      await sets.apply(client, shop, { onProgress, signal, untilPods });
      expect(seen.indexOf('told')).toBeLessThan(seen.indexOf('applied deployment shop/front'));
      const refusing = sets.apply(client, setOf('late', map('four'), { ...deployment, metadata: { name: 'late', namespace: 'shop' } }), {
        ...quiet, untilPods: async () => Promise.reject(new Error('no names')),
      });
      await expect(refusing).rejects.toThrow('no names');
      expect(await client.get(refOf(map('four')))).toBeDefined();
      expect(await client.get({ ...refOf(deployment), name: 'late' })).toBeUndefined();
    });

    it('waits for the names of a cluster that has a service for them, and for no other', async () => {
      await sets.untilNames(client, quiet);
      const service: KubeObject = { apiVersion: 'v1', kind: 'Service', metadata: { name: 'kube-dns', namespace: 'kube-system' }, spec: { ports: [{ port: 53, protocol: 'UDP' }] } };
      const slice = (ready: boolean): KubeObject => ({
        apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice', metadata: { name: 'kube-dns-1', namespace: 'kube-system', labels: { 'kubernetes.io/service-name': 'kube-dns' } },
        addressType: 'IPv4', endpoints: [{ addresses: ['10.244.0.2'], conditions: { ready } }], ports: [],
      });
      await client.apply(service);
      await client.apply(slice(false));
      await expect(sets.untilNames(client, outOfTimeAt("waiting for the cluster's DNS"))).rejects.toMatchObject({ code: 'not-ready' });
      const waiting = sets.untilNames(client, quiet);
      await client.apply(slice(true));
      await waiting;
      await client.delete(refOf(slice(true)));
      await client.delete(refOf(service));
    });

    it('releases leases that nobody has renewed since, and no heartbeat', async () => {
      const lease = (name: string, minute: number, place = 'kube-system', labels: Record<string, string> = {}): KubeObject => ({
        apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { name, namespace: place, labels },
        spec: { holderIdentity: 'somebody', renewTime: `2026-01-01T00:0${minute}:00.000000Z`, leaseDurationSeconds: 60 },
      });
      const [stale, renewed, heartbeat] = [lease('stale', 1), lease('renewed', 3), lease('heartbeat', 1, 'kube-system', { 'apiserver.kubernetes.io/identity': 'kube-apiserver' })];
      for (const object of [stale, renewed, heartbeat]) await client.apply(object);
      await sets.releaseLeases(client, { before: Date.parse('2026-01-01T00:02:00Z'), signal });
      expect(await client.get(refOf(stale))).toBeUndefined();
      for (const object of [renewed, heartbeat]) {
        expect(await client.get(refOf(object)), object.metadata.name).toBeDefined();
        await client.delete(refOf(object));
      }
    });

    it('writes nothing the second time', async () => {
      await applied(shop);
      const { writes, result } = await writesOf(() => applied(shop));
      expect(writes).toBe(0);
      expect(result).toEqual({ created: [], changed: [], unchanged: 5, pruned: [], kept: [] });
      expect(await sets.compare(client, shop, signal)).toBe('unchanged');
    });

    it('writes one object and the inventory when one object changed', async () => {
      await applied(shop);
      const { writes, result } = await writesOf(() => applied(setOf('shop', namespace, map('one', { a: '2' }), map('two'), map('three', { 'dotted.key': 'x', a: '1' }), deployment)));
      expect(result.changed).toEqual([refOf(map('one'))]);
      expect(writes).toBe(1 + 2);
    });

    it('puts back what somebody removed', async () => {
      await applied(shop);
      await client.delete(refOf(map('two')));
      await edit(refOf(map('one')), { data: { a: null } });
      expect(await sets.compare(client, shop, signal)).toBe('drifted');
      const report = await applied(shop);
      expect(report).toMatchObject({ created: [refOf(map('two'))], changed: [refOf(map('one'))], kept: [] });
      expect(await client.get(refOf(map('one')))).toMatchObject({ data: { a: '1' } });
    });

    it('goes on after it was cut off in the middle', async () => {
      const cut = new AbortController();
      const many = setOf('shop', namespace, ...Array.from({ length: 60 }, (_, index) => map(`many-${index}`)));
      const onProgress = (_message: string, done?: number) => {
        if (done === 20) cut.abort();
      };
      await expect(sets.apply(client, many, { onProgress, signal: cut.signal })).rejects.toMatchObject({ name: 'AbortError' });
      const [inventory] = await sets.inventories(client, 'dev', signal);
      expect(inventory).toMatchObject({ part: 'shop', complete: false });
      expect(inventory?.refs).toHaveLength(61);
      expect(await sets.compare(client, many, signal)).toBe('drifted');
      const report = await applied(many);
      expect(report.created.length + report.changed.length).toBe(61);
      expect((await writesOf(() => applied(many))).writes).toBe(0);
    });

    it('removes all of it even when it was cut off in the middle', async () => {
      const cut = new AbortController();
      const many = setOf('shop', namespace, ...Array.from({ length: 30 }, (_, index) => map(`many-${index}`)));
      const onProgress = (_message: string, done?: number) => {
        if (done === 10) cut.abort();
      };
      await expect(sets.apply(client, many, { onProgress, signal: cut.signal })).rejects.toThrow();
      await sets.remove(client, { stack: 'dev', part: 'shop' }, quiet);
      await expectClean();
    });

    it('refuses an empty set', async () => {
      await applied(shop);
      await expect(applied(setOf('shop'))).rejects.toMatchObject({ code: 'empty-set' });
      expect(await client.get(refOf(deployment))).toBeDefined();
    });

    it('runs a changed job anew', async () => {
      const job = (command: string): KubeObject => ({
        apiVersion: 'batch/v1', kind: 'Job', metadata: { name: 'once', namespace: 'default' },
        spec: { template: { spec: { restartPolicy: 'Never', containers: [{ name: 'run', image: 'example.com/run:1', command: [command] }] } } },
      });
      await applied(setOf('job', job('first')));
      const report = await applied(setOf('job', job('second')));
      expect(report.changed).toHaveLength(1);
      expect(await client.get(refOf(job('')))).toMatchObject({ spec: { template: { spec: { containers: [{ command: ['second'] }] } } } });
    });

    it('applies definitions, their objects and webhooks that nobody answers yet, in one go', async () => {
      const report = await applied(setOf('orders', webhook, order('first'), definition, namespace));
      expect(report.created).toHaveLength(4);
      expect(await client.get(refOf(order('first')))).toMatchObject({ spec: { of: 'first' } });
      await client.delete(refOf(webhook));
    });

    it('tells what is not valid and leaves an inventory that says so', async () => {
      const bad: KubeObject = { apiVersion: 'v1', kind: 'Service', metadata: { name: 'bad', namespace: 'shop' }, spec: { ports: [{ port: 99999 }] } };
      await expect(applied(setOf('shop', namespace, bad))).rejects.toMatchObject({ code: 'kube-invalid', message: 'service shop/bad is not valid' });
      expect(await sets.inventories(client, 'dev', signal)).toEqual([expect.objectContaining({ complete: false })]);
    });
  });

  describe('what others did', () => {
    it('keeps a field that a person changed, applies the rest, and says so each time', async () => {
      await applied(shop);
      await edit(refOf(map('three')), { data: { 'dotted.key': 'mine' } });
      const kept = [{ ref: refOf(map('three')), manager: 'kubectl-edit', fields: ['.data.dotted.key'] }];
      const next = setOf('shop', namespace, map('one'), map('two'), map('three', { 'dotted.key': 'y', a: '2' }), deployment);
      expect((await applied(next)).kept).toEqual(kept);
      expect(await client.get(refOf(map('three')))).toMatchObject({ data: { 'dotted.key': 'mine', a: '2' } });
      const again = await writesOf(() => applied(next));
      expect(again.writes).toBe(0);
      expect(again.result.kept).toEqual(kept);
    });

    it('keeps fields deep in lists', async () => {
      await applied(shop);
      await edit(refOf(deployment), { spec: { template: { spec: { containers: [{ name: 'app', image: 'example.com/front:mine', env: [{ name: 'A', value: 'mine' }] }] } } } });
      const report = await applied(setOf('shop', ...shop.objects.slice(0, 4), { ...deployment, spec: { ...(deployment['spec'] as object), replicas: 2 } }));
      expect(report.kept).toEqual([{
        ref: refOf(deployment), manager: 'kubectl-edit',
        fields: expect.arrayContaining(['.spec.template.spec.containers[name="app"].image', '.spec.template.spec.containers[name="app"].env[name="A"].value']),
      }]);
      expect(await client.get(refOf(deployment))).toMatchObject({ spec: { replicas: 2, template: { spec: { containers: [{ image: 'example.com/front:mine' }] } } } });
    });

    it('takes the field again once nobody holds it', async () => {
      await applied(shop);
      await edit(refOf(map('one')), { data: { a: 'mine' } });
      await applied(shop);
      await edit(refOf(map('one')), { data: { a: null } });
      const report = await applied(shop);
      expect(report.kept).toEqual([]);
      expect(await client.get(refOf(map('one')))).toMatchObject({ data: { a: '1' } });
    });

    it('takes it back when told to overwrite', async () => {
      await applied(shop);
      await edit(refOf(map('one')), { data: { a: 'mine' } });
      await applied(shop);
      const report = await applied(shop, true);
      expect(report).toMatchObject({ changed: [refOf(map('one'))], kept: [] });
      expect(await client.get(refOf(map('one')))).toMatchObject({ data: { a: '1' } });
      expect((await writesOf(() => applied(shop))).writes).toBe(0);
    });

    it('leaves what controllers took without a word, even when told to overwrite', async () => {
      await applied(shop);
      await edit(refOf(deployment), { spec: { replicas: 7 } }, 'kube-controller-manager', 'scale');
      const { writes, result } = await writesOf(() => applied(shop));
      expect(result).toMatchObject({ changed: [], kept: [] });
      expect(writes).toBe(0);
      await applied(setOf('shop', ...shop.objects.slice(0, 4), { ...deployment, metadata: { ...deployment.metadata, labels: { x: 'y' } } }), true);
      expect(await client.get(refOf(deployment))).toMatchObject({ spec: { replicas: 7 }, metadata: { labels: { x: 'y' } } });
    });

    it('refuses objects that somebody else made, before it writes anything', async () => {
      await client.raw('POST', '/api/v1/namespaces/default/configmaps?fieldManager=kubectl', map('theirs', {}, 'default') as never);
      const { writes, result } = await writesOf(() => applied(setOf('x', map('ours', {}, 'default'), map('theirs', { a: '1' }, 'default'))).catch((error: unknown) => error));
      expect(result).toMatchObject({ code: 'not-ours', exit: 1, reason: 'configmap default/theirs' });
      expect(writes).toBe(0);
      await client.delete(refOf(map('theirs', {}, 'default')));
    });

    it('refuses objects of another stack, and names it', async () => {
      await sets.apply(client, { stack: 'other', part: 'x', objects: [map('shared', {}, 'default')] }, quiet);
      await expect(applied(setOf('x', map('shared', {}, 'default')))).rejects.toMatchObject({ code: 'not-ours', reason: 'configmap default/shared (stack other)' });
      await sets.remove(client, { stack: 'other', part: 'x' }, quiet);
    });

    it('uses a namespace that was there before, and leaves it as it was', async () => {
      await client.raw('POST', '/api/v1/namespaces?fieldManager=kubectl', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } });
      await applied(shop);
      expect((await client.get(refOf(namespace)))?.metadata.labels).not.toHaveProperty('purpose');
      const { removed } = await sets.remove(client, { stack: 'dev', part: 'shop' }, quiet);
      expect(removed).not.toContainEqual(refOf(namespace));
      expect(await client.get(refOf(namespace))).toBeDefined();
      await client.delete(refOf(namespace));
      await sets.wait(client, [], quiet);
      while (await client.get(refOf(namespace)) !== undefined);
    });
  });

  describe('prune', () => {
    it('removes what the set no longer has', async () => {
      await applied(shop);
      const report = await applied(setOf('shop', namespace, map('one')));
      expect(report.pruned.map((ref) => ref.name).sort()).toEqual(['front', 'three', 'two']);
      expect(await client.get(refOf(map('two')))).toBeUndefined();
      expect((await writesOf(() => applied(setOf('shop', namespace, map('one'))))).writes).toBe(0);
    });

    it('leaves what a person marked, what is a successor, what another part has', async () => {
      await applied(shop);
      await applied(setOf('other', map('three', { 'dotted.key': 'x', a: '1' })));
      await edit(refOf(map('one')), { metadata: { annotations: { 'devstack.dev/on-remove': 'keep' } } });
      await client.delete(refOf(map('two')));
      await client.raw('POST', '/api/v1/namespaces/shop/configmaps?fieldManager=kubectl', { ...map('two'), metadata: { name: 'two', namespace: 'shop', labels: { [STACK_LABEL]: 'dev' } } } as never);
      const { pruned } = await applied(setOf('shop', namespace, deployment));
      expect(pruned).toEqual([]);
      for (const name of ['one', 'two', 'three']) expect(await client.get(refOf(map(name))), name).toBeDefined();
      for (const name of ['one', 'two', 'three']) await client.delete(refOf(map(name)));
    });

    it('leaves a definition in use, and takes it with the part', async () => {
      await applied(setOf('orders', namespace, definition, map('one')));
      await client.raw('POST', '/apis/shop.example/v1/namespaces/default/orders?fieldManager=kubectl', order('theirs', 'default') as never);
      const next = setOf('orders', namespace, map('one'));
      expect((await applied(next)).pruned).toEqual([]);
      expect((await writesOf(() => applied(next))).writes).toBe(0);
      const { removed } = await sets.remove(client, { stack: 'dev', part: 'orders' }, quiet);
      expect(removed).toContainEqual(refOf(order('theirs', 'default')));
      expect(removed).toContainEqual(refOf(definition));
    });
  });

  describe('remove', () => {
    it('leaves the server as it was', async () => {
      await applied(setOf('orders', webhook, order('ours'), definition, namespace, deployment, map('one')));
      await client.delete(refOf(webhook));
      await client.raw('POST', '/apis/shop.example/v1/namespaces/default/orders?fieldManager=kubectl', order('theirs', 'default') as never);
      const { removed, kept } = await sets.remove(client, { stack: 'dev', part: 'orders' }, quiet);
      expect(kept).toEqual([]);
      expect(removed.map((ref) => `${ref.kind}/${ref.name}`)).toEqual(expect.arrayContaining(['Order/theirs', 'Order/ours', 'Deployment/front', 'Namespace/shop']));
      await expectClean();
    });

    it('finds everything by label when the inventory is lost', async () => {
      await applied(setOf('orders', order('ours'), definition, namespace, deployment));
      await client.delete({ apiVersion: 'v1', kind: 'ConfigMap', name: 'inventory.dev.orders', namespace: 'devstack-system' });
      const { removed } = await sets.remove(client, { stack: 'dev', part: 'orders' }, quiet);
      expect(removed).toHaveLength(4);
      await expectClean();
    });

    it('treats a broken inventory as a lost one', async () => {
      await applied(setOf('shop', namespace, map('one')));
      await edit({ apiVersion: 'v1', kind: 'ConfigMap', name: 'inventory.dev.shop', namespace: 'devstack-system' }, { data: { inventory: '{"schema":1,' } });
      await sets.remove(client, { stack: 'dev', part: 'shop' }, quiet);
      await expectClean();
    });

    it('keeps a namespace that holds something of somebody else', async () => {
      await applied(shop);
      await client.raw('POST', '/api/v1/namespaces/shop/configmaps?fieldManager=kubectl-create', map('theirs') as never);
      const { kept } = await sets.remove(client, { stack: 'dev', part: 'shop' }, quiet);
      expect(kept).toEqual([{ ref: refOf(namespace), reason: 'it holds configmap shop/theirs' }]);
      expect(await client.get(refOf(map('theirs')))).toBeDefined();
      expect(await client.get(refOf(deployment))).toBeUndefined();
      await client.delete(refOf(namespace));
      while (await client.get(refOf(namespace)) !== undefined);
    });

    it('keeps what another part of the stack still needs', async () => {
      await applied(setOf('first', namespace, map('one')));
      await applied(setOf('second', namespace, map('two')));
      const { kept } = await sets.remove(client, { stack: 'dev', part: 'first' }, quiet);
      expect(kept).toEqual([{ ref: refOf(namespace), reason: 'shared with part second' }]);
      expect(await client.get(refOf(map('one')))).toBeUndefined();
      await sets.remove(client, { stack: 'dev', part: 'second' }, quiet);
      await expectClean();
    });

    it('takes a namespace that had to stay once the last who needed it is gone', async () => {
      await applied(setOf('first', namespace, map('one')));
      await applied(setOf('second', map('two')));
      const { kept } = await sets.remove(client, { stack: 'dev', part: 'first' }, quiet);
      expect(kept).toEqual([{ ref: refOf(namespace), reason: 'it holds configmap shop/two of part second' }]);
      await sets.remove(client, { stack: 'dev', part: 'second' }, quiet);
      await expectClean();
    });

    it.skipIf(!callsWebhooks)('gets past a webhook of its own that nothing answers any more', async () => {
      await applied(setOf('orders', webhook, order('ours'), definition, namespace));
      const { removed } = await sets.remove(client, { stack: 'dev', part: 'orders' }, quiet);
      expect(removed).toContainEqual(refOf(order('ours')));
      await expectClean();
    });

    it('tells what holds an object when time is out', async () => {
      await applied(setOf('orders', definition, namespace));
      const held: KubeObject = { ...order('held', 'default'), metadata: { name: 'held', namespace: 'default', finalizers: ['shop.example/ship'] } };
      await client.raw('POST', '/apis/shop.example/v1/namespaces/default/orders?fieldManager=kubectl', held as never);
      const removing = sets.remove(client, { stack: 'dev', part: 'orders' }, outOfTimeAt('waiting for order default/held'));
      await expect(removing).rejects.toMatchObject({
        code: 'remove-stuck', exit: 4, message: 'order default/held did not go away in time', reason: 'order default/held waits for finalizer shop.example/ship',
        hints: [{ command: expect.stringContaining('patch Order held -n default --type=merge') }],
      });
      await client.patch(refOf(held), { metadata: { finalizers: [] } });
      await sets.remove(client, { stack: 'dev', part: 'orders' }, quiet);
      await expectClean();
    });
  });

  describe('admit', () => {
    it.skipIf(!callsWebhooks)('ends when a webhook lets the object through, without making it', async () => {
      await applied(setOf('orders', webhook, definition, namespace));
      const told: string[] = [];
      const onProgress = (message: string) => {
        told.push(message);
        if (told.length === 3) void client.delete(refOf(webhook));
      };
      await sets.admit(client, order('probe'), { onProgress, signal });
      expect(told[0]).toContain('order shop/probe: webhook orders.shop.example does not answer');
      expect(await client.get(refOf(order('probe')))).toBeUndefined();
    });

    it('tells the last answer when time is out', async () => {
      const admitting = sets.admit(client, order('probe'), outOfTimeAt('order'));
      await expect(admitting).rejects.toMatchObject({ code: 'not-admitted', exit: 4, reason: expect.stringContaining('does not know this kind') });
    });

    it('throws at once what is wrong with the object itself', async () => {
      const bad: KubeObject = { apiVersion: 'v1', kind: 'Service', metadata: { name: 'bad', namespace: 'default' }, spec: { ports: [{ port: 99999 }] } };
      await expect(sets.admit(client, bad, quiet)).rejects.toMatchObject({ code: 'kube-invalid' });
    });
  });
}
