// What every KubeClient owes its callers, against any API server: the real one, and the rehearsal's.
import type { IncomingHttpHeaders } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FIELD_MANAGER } from '../../src/model/label.ts';
import { at, type KubeObject, type ObjectRef, refOf } from '../../src/model/object.ts';
import type { KubeClient, WatchEvent } from '../../src/ports.ts';

export interface ContractServer {
  connect(options?: { readonly as?: string }): Promise<KubeClient>;
  close(): Promise<void>;
}

export interface CallableServer extends ContractServer {
  /** A Service that answers `ECHO_STATUS` with `echoOf` what it was asked; undefined where there can be none. */
  addEcho(client: KubeClient): Promise<ServiceRef | undefined>;
}

export type ServiceRef = Parameters<KubeClient['callService']>[0];

/** Neither a success nor a failure that somebody on the way would make up. */
export const ECHO_STATUS = 418;

export interface EchoRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export function echoOf({ method, path, headers, body }: EchoRequest): string {
  return JSON.stringify({ method, path, type: headers['content-type'], body });
}

export interface ContractOptions {
  /** False for a server that grants everything to everybody. */
  readonly enforcesRights: boolean;
}

const CONFIG_MAP = { apiVersion: 'v1', kind: 'ConfigMap' } as const;

function configMap(name: string, data: { readonly [key: string]: string }, namespace = 'default'): KubeObject {
  return { ...CONFIG_MAP, metadata: { name, namespace }, data };
}

function definition(plural: string, kind: string): KubeObject {
  return {
    apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition', metadata: { name: `${plural}.contract.devstack.dev` },
    spec: {
      group: 'contract.devstack.dev', scope: 'Namespaced', names: { plural, singular: kind.toLowerCase(), kind, listKind: `${kind}List` },
      versions: [{
        name: 'v1', served: true, storage: true, subresources: { status: {} },
        schema: {
          openAPIV3Schema: {
            type: 'object',
            properties: {
              spec: { type: 'object', required: ['size'], properties: { size: { type: 'integer', minimum: 1 } } },
              status: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
            },
          },
        },
      }],
    },
  };
}

/** Code of the error that a promise ends in. */
async function codeOf(work: Promise<unknown>): Promise<string> {
  return work.then(() => 'no error', (error: unknown) => String(at(error, 'code')));
}

/** Collects events until `isEnough`; starts acting once the first ones are there. */
async function watchUntil(events: AsyncIterable<WatchEvent>, isEnough: (seen: readonly WatchEvent[]) => boolean): Promise<readonly WatchEvent[]> {
  const seen: WatchEvent[] = [];
  for await (const event of events) {
    seen.push(event);
    if (isEnough(seen)) return seen;
  }
  return seen;
}

const names = (events: readonly WatchEvent[]) => events.map(({ type, object }) => `${type} ${object.metadata.name}`);

/** @param start opens an empty server; it is started once for the suite. */
export function kubeContract(title: string, start: () => Promise<CallableServer>, options: ContractOptions): void {
  describe(`KubeClient on ${title}`, () => {
    let server: CallableServer;
    let client: KubeClient;

    beforeAll(async () => {
      server = await start();
      client = await server.connect();
    });
    afterAll(() => server?.close());

    /** Somebody else: a merge patch under another manager's name. */
    async function edit(ref: ObjectRef, patch: { readonly [key: string]: never } | object, manager = 'kubectl-edit'): Promise<void> {
      const path = `/api/v1/namespaces/${ref.namespace}/configmaps/${ref.name}?fieldManager=${manager}`;
      const { status, body } = await client.raw('PATCH', path, patch as never);
      expect(status, body).toBe(200);
    }

    async function established(object: KubeObject): Promise<void> {
      await client.apply(object);
      const stop = new AbortController();
      for await (const event of client.watch(object, { fieldSelector: `metadata.name=${object.metadata.name}` }, stop.signal)) {
        const conditions = at(event.object, 'status', 'conditions') as readonly { type: string; status: string }[] | undefined;
        if (conditions?.some(({ type, status }) => type === 'Established' && status === 'True')) break;
      }
      stop.abort();
    }

    describe('get and list', () => {
      it('tells the version', async () => {
        expect(await client.version()).toMatch(/^v1\.\d+\.\d+/);
      });
      it('gives undefined for an absent object and for an unknown kind', async () => {
        expect(await client.get({ ...CONFIG_MAP, name: 'nobody', namespace: 'default' })).toBeUndefined();
        expect(await client.get({ apiVersion: 'no.such.group/v1', kind: 'Thing', name: 'x', namespace: 'default' })).toBeUndefined();
      });
      it('gives an empty list for an unknown kind', async () => {
        expect((await client.list({ apiVersion: 'no.such.group/v1', kind: 'Thing' })).items).toEqual([]);
      });
      it('lists by namespace, label and field, each item with its kind', async () => {
        await client.apply({ ...configMap('list-a', {}), metadata: { name: 'list-a', namespace: 'default', labels: { pick: 'yes' } } });
        await client.apply(configMap('list-b', {}));
        const byLabel = await client.list(CONFIG_MAP, { namespace: 'default', labelSelector: 'pick=yes' });
        expect(byLabel.items.map((item) => item.metadata.name)).toEqual(['list-a']);
        expect(byLabel.items[0]).toMatchObject(CONFIG_MAP);
        expect(byLabel.resourceVersion).not.toBe('');
        const byField = await client.list(CONFIG_MAP, { namespace: 'default', fieldSelector: 'metadata.name=list-b' });
        expect(byField.items.map((item) => item.metadata.name)).toEqual(['list-b']);
      });
      it('leaves out all but metadata when asked to', async () => {
        await client.apply(configMap('only-metadata', { big: 'text' }));
        const { items } = await client.list(CONFIG_MAP, { namespace: 'default', fieldSelector: 'metadata.name=only-metadata', metadataOnly: true });
        expect(items[0]).toMatchObject({ ...CONFIG_MAP, metadata: { name: 'only-metadata' } });
        expect(items[0]).not.toHaveProperty('data');
        expect(items[0]?.metadata.managedFields?.length).toBeGreaterThan(0);
      });
      it('reads lists that span pages', async () => {
        await Promise.all(Array.from({ length: 20 }, (_, block) => Promise.all(Array.from({ length: 26 }, (_, index) => (
          client.apply({ ...configMap(`page-${block}-${index}`, {}), metadata: { name: `page-${block}-${index}`, namespace: 'default', labels: { set: 'pages' } } })
        )))));
        const { items } = await client.list(CONFIG_MAP, { namespace: 'default', labelSelector: 'set=pages', metadataOnly: true });
        expect(new Set(items.map((item) => item.metadata.name)).size).toBe(520);
      });
    });

    describe('apply', () => {
      it('creates, then changes, and loses nothing that it does not know', async () => {
        const created = await client.apply(configMap('apply', { a: '1', 'dotted.key': 'x' }));
        expect(created.metadata.uid).toBeDefined();
        const changed = await client.apply(configMap('apply', { a: '2' }));
        expect(changed).toMatchObject({ metadata: { uid: created.metadata.uid }, data: { a: '2' } });
        expect(changed['data']).not.toHaveProperty('dotted.key');
      });
      it('says who applied, in managedFields', async () => {
        const { metadata } = await client.apply(configMap('managed', { a: '1' }));
        expect(metadata.managedFields).toEqual([expect.objectContaining({ manager: FIELD_MANAGER, operation: 'Apply', fieldsV1: { 'f:data': { 'f:a': {} } } })]);
      });
      it('keeps its version when nothing changes', async () => {
        const first = await client.apply(configMap('same', { a: '1' }));
        const second = await client.apply(configMap('same', { a: '1' }));
        expect(second.metadata.resourceVersion).toBe(first.metadata.resourceVersion);
      });
      it('refuses a field that somebody else changed, and names manager and field', async () => {
        await client.apply(configMap('conflict', { a: '1', b: '1' }));
        await edit(refOf(configMap('conflict', {})), { data: { a: 'mine' } });
        const failed = client.apply(configMap('conflict', { a: '2', b: '2' }));
        await expect(failed).rejects.toMatchObject({
          code: 'kube-conflict', message: 'configmap default/conflict: kubectl-edit changed what devstack set', details: { managers: ['kubectl-edit'], fields: ['.data.a'] },
        });
        expect(await client.get(refOf(configMap('conflict', {})))).toMatchObject({ data: { a: 'mine', b: '1' } });
      });
      it('takes the field with force', async () => {
        await client.apply(configMap('force', { a: '1' }));
        await edit(refOf(configMap('force', {})), { data: { a: 'mine' } });
        expect(await client.apply(configMap('force', { a: '2' }), { force: true })).toMatchObject({ data: { a: '2' } });
      });
      it('leaves fields of others that it does not name', async () => {
        await client.apply(configMap('beside', { a: '1' }));
        await edit(refOf(configMap('beside', {})), { data: { theirs: 'x' } });
        expect(await client.apply(configMap('beside', { a: '2' }))).toMatchObject({ data: { a: '2', theirs: 'x' } });
      });
      it('changes nothing in a dry run', async () => {
        const before = client.requests.writes;
        expect(await client.apply(configMap('dry', { a: '1' }), { dryRun: true })).toMatchObject({ data: { a: '1' } });
        expect(client.requests.writes).toBe(before);
        expect(await client.get(refOf(configMap('dry', {})))).toBeUndefined();
      });
      it('refuses a field that the kind does not have', async () => {
        const failed = client.apply({ ...configMap('strict', {}), dota: { a: '1' } });
        await expect(failed).rejects.toMatchObject({ code: 'kube-invalid', reason: '.dota: field not declared in schema' });
      });
      it('refuses a namespaced object without a namespace, before any request', async () => {
        const before = client.requests.total;
        expect(await codeOf(client.apply({ ...CONFIG_MAP, metadata: { name: 'nowhere' }, data: {} }))).toBe('kube-invalid');
        expect(client.requests.total).toBe(before);
      });
      it('tells a namespace that does not exist from a kind that does not exist', async () => {
        expect(await codeOf(client.apply(configMap('x', {}, 'no-such-namespace')))).toBe('kube-not-found');
        expect(await codeOf(client.apply({ apiVersion: 'no.such.group/v1', kind: 'Thing', metadata: { name: 'x', namespace: 'default' } }))).toBe('kube-unknown-kind');
      });
      it('tells what is not valid, by field', async () => {
        const service: KubeObject = { apiVersion: 'v1', kind: 'Service', metadata: { name: 'bad', namespace: 'default' }, spec: { ports: [{ port: 99999, targetPort: 80 }] } };
        await expect(client.apply(service)).rejects.toMatchObject({
          code: 'kube-invalid', message: 'service default/bad is not valid', details: { causes: [expect.objectContaining({ field: 'spec.ports[0].port' })] },
        });
      });
      it('handles names with a colon', async () => {
        const role: KubeObject = { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole', metadata: { name: 'contract:Reader' }, rules: [] };
        await client.apply(role);
        expect(await client.get(refOf(role))).toMatchObject({ metadata: { name: 'contract:Reader' } });
      });
    });

    describe('create, patch, delete', () => {
      it('creates once', async () => {
        await client.create(configMap('once', { a: '1' }));
        expect(await codeOf(client.create(configMap('once', { a: '2' })))).toBe('kube-exists');
      });
      it('merges a patch; null takes a key away', async () => {
        await client.apply(configMap('patched', { a: '1', b: '1' }));
        expect(await client.patch(refOf(configMap('patched', {})), { data: { a: null, c: '3' } })).toMatchObject({ data: { b: '1', c: '3' } });
        expect((await client.get(refOf(configMap('patched', {}))))?.['data']).not.toHaveProperty('a');
      });
      it('gives a pod less time than it asks for, when told', async () => {
        // On a node that nobody serves, it would wait for ever.
        const spec = { nodeName: 'nowhere', terminationGracePeriodSeconds: 300, containers: [{ name: 'app', image: 'none' }] };
        const pod: KubeObject = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'patient', namespace: 'default' }, spec };
        await client.create(pod);
        await client.delete(refOf(pod), { graceSeconds: 2 });
        expect(at(await client.get(refOf(pod)), 'metadata', 'deletionGracePeriodSeconds')).toBe(2);
        await client.delete(refOf(pod), { graceSeconds: 0 });
        expect(await client.get(refOf(pod))).toBeUndefined();
      });
      it('leaves what an object owns, when told: its own end waits until that is let go of', async () => {
        await client.create(configMap('owner', {}));
        await client.delete(refOf(configMap('owner', {})), { propagation: 'Orphan' });
        const held = await client.get(refOf(configMap('owner', {})));
        // Whoever collects garbage takes the finalizer away; a server on its own keeps it.
        if (held !== undefined) expect(held.metadata.finalizers).toEqual(['orphan']);
        await client.patch(refOf(configMap('owner', {})), { metadata: { finalizers: null } }).catch(() => undefined);
      });
      it('deletes, and says whether there was something', async () => {
        const ref = refOf(await client.apply(configMap('gone', {})));
        expect(await client.delete(ref)).toBe(true);
        expect(await client.delete(ref)).toBe(false);
      });
      it('leaves a successor of the same name alone', async () => {
        const first = await client.apply(configMap('successor', {}));
        await client.delete(refOf(first));
        const second = await client.apply(configMap('successor', {}));
        const { uid } = first.metadata;
        expect(await client.delete(refOf(first), uid === undefined ? {} : { uid })).toBe(false);
        expect((await client.get(refOf(second)))?.metadata.uid).toBe(second.metadata.uid);
      });
      it('waits for finalizers', async () => {
        const held = await client.apply({ ...configMap('held', {}), metadata: { name: 'held', namespace: 'default', finalizers: ['devstack.dev/contract'] } });
        expect(await client.delete(refOf(held))).toBe(true);
        expect((await client.get(refOf(held)))?.metadata.deletionTimestamp).toBeDefined();
        await client.patch(refOf(held), { metadata: { finalizers: [] } });
        expect(await client.get(refOf(held))).toBeUndefined();
      });
    });

    describe('watch', () => {
      it('gives what is there, then what changes', async () => {
        const of = (name: string, data: { readonly [key: string]: string }): KubeObject => ({ ...configMap(name, data), metadata: { name, namespace: 'default', labels: { set: 'watch' } } });
        await client.apply(of('watched-a', {}));
        const stop = new AbortController();
        const seen = await watchUntil(client.watch(CONFIG_MAP, { namespace: 'default', labelSelector: 'set=watch' }, stop.signal), (events) => {
          if (events.length === 1) void client.apply(of('watched-b', {})).then(() => client.apply(of('watched-a', { now: '2' }))).then(() => client.delete(refOf(of('watched-b', {}))));
          return events.length === 4;
        });
        expect(names(seen)).toEqual(['ADDED watched-a', 'ADDED watched-b', 'MODIFIED watched-a', 'DELETED watched-b']);
      });
      it('ends without an error when the signal aborts', async () => {
        const stop = new AbortController();
        const watching = watchUntil(client.watch(CONFIG_MAP, { fieldSelector: 'metadata.name=nobody' }, stop.signal), () => false);
        stop.abort();
        expect(await watching).toEqual([]);
      });
      it('calls objects by their kind when it only watches metadata', async () => {
        await client.apply(configMap('watched-metadata', { a: '1' }));
        const stop = new AbortController();
        const options = { namespace: 'default', fieldSelector: 'metadata.name=watched-metadata', metadataOnly: true };
        const [first, second] = await watchUntil(client.watch(CONFIG_MAP, options, stop.signal), (events) => {
          if (events.length === 1) void client.apply(configMap('watched-metadata', { a: '2' }));
          return events.length === 2;
        });
        expect([first?.object, second?.object]).toEqual([expect.objectContaining(CONFIG_MAP), expect.objectContaining(CONFIG_MAP)]);
        expect(second?.object).not.toHaveProperty('data');
      });
    });

    describe('custom resources', () => {
      it('are known as soon as their definition is established', async () => {
        const gadget: KubeObject = { apiVersion: 'contract.devstack.dev/v1', kind: 'Gadget', metadata: { name: 'g', namespace: 'default' }, spec: { size: 3 } };
        expect(await client.get(refOf(gadget))).toBeUndefined();
        await established(definition('gadgets', 'Gadget'));
        // Established says that the kind is served; the list of kinds follows within moments.
        let applied: KubeObject | undefined;
        for (let attempt = 0; applied === undefined && attempt < 100; attempt += 1) {
          applied = await client.apply(gadget).catch((error: unknown) => {
            expect(at(error, 'code')).toBe('kube-unknown-kind');
            return undefined;
          });
        }
        expect(applied).toMatchObject({ spec: { size: 3 } });
        expect(await codeOf(client.apply({ ...gadget, spec: { size: 0 } }))).toBe('kube-invalid');
        expect(await codeOf(client.apply({ ...gadget, spec: { size: 3, colour: 'red' } }))).toBe('kube-invalid');
        const patched = await client.patch(refOf(gadget), { status: { phase: 'done' } }, { subresource: 'status' });
        expect(patched).toMatchObject({ spec: { size: 3 }, status: { phase: 'done' } });
      });
    });

    describe('namespaces', () => {
      it('are created empty and stay terminating until they are finalized', async () => {
        const namespace: KubeObject = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'contract-ns' } };
        expect(await client.apply(namespace)).toMatchObject({ status: { phase: 'Active' } });
        await client.apply(configMap('inside', {}, 'contract-ns'));
        expect(await client.delete(refOf(namespace))).toBe(true);
        const left = await client.get(refOf(namespace));
        // Gone at once where the server has its own controller for it.
        if (left !== undefined) {
          expect(left).toMatchObject({ status: { phase: 'Terminating' } });
          await expect(client.apply(configMap('late', {}, 'contract-ns'))).rejects.toMatchObject({ code: 'kube-forbidden' });
        }
      });
    });

    describe.skipIf(!options.enforcesRights)('rights', () => {
      it('tells what is not allowed', async () => {
        const nobody = await server.connect({ as: 'nobody' });
        const failed = nobody.list(CONFIG_MAP, { namespace: 'default' });
        await expect(failed).rejects.toMatchObject({ code: 'kube-forbidden', message: 'configmap of v1: not allowed' });
      });
    });

    it('gives any other answer as it is', async () => {
      expect(await client.raw('GET', '/healthz')).toEqual({ status: 200, body: 'ok' });
      expect((await client.raw('GET', '/no/such/path')).status).toBe(404);
    });

    describe('a call of a Service', () => {
      it('carries method, path, type and body there, and gives its answer as it is', async (context) => {
        const service = await server.addEcho(client);
        if (service === undefined) return context.skip('no address of this machine that an API server calls');
        const { status, body } = await client.callService(service, { method: 'POST', path: '/default/a%20b', contentType: 'application/cloudevents+json', body: '{"text":"grüß"}' });
        expect([status, JSON.parse(body)]).toEqual([ECHO_STATUS, { method: 'POST', path: '/default/a%20b', type: 'application/cloudevents+json', body: '{"text":"grüß"}' }]);
        const bare = await client.callService(service, { method: 'GET', path: '/' });
        expect([bare.status, JSON.parse(bare.body)]).toEqual([ECHO_STATUS, { method: 'GET', path: '/', body: '' }]);
      });
      it('that nobody answers is no error of the client', async () => {
        const { status, body } = await client.callService({ namespace: 'default', name: 'nobody', port: 80 }, { method: 'POST', path: '/', body: '{}' });
        expect([404, 503]).toContain(status);
        expect(at(JSON.parse(body), 'kind')).toBe('Status');
      });
    });

    it('stops a request when its signal aborts', async () => {
      const signal = AbortSignal.abort();
      await expect(client.list(CONFIG_MAP, {}, signal)).rejects.toMatchObject({ name: 'AbortError' });
    });
  });
}
