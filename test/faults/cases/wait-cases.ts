// F. What the objects of a cluster say, on the rehearsal's API server: the case itself is every controller.
import { expect, onTestFinished } from 'vitest';
import { startApiServer } from '../../../src/clusters/rehearsal/server/api-server.ts';
import { createClock } from '../../../src/host/clock.ts';
import { createKubeSets } from '../../../src/kube/sets.ts';
import type { JsonObject } from '../../../src/model/json.ts';
import { type KubeObject, type ObjectRef, refOf } from '../../../src/model/object.ts';
import type { KubeClient } from '../../../src/ports.ts';
import { openServer } from '../../kube/api-servers.ts';
import { expectCode, type FaultCase } from './case.ts';

const AVAILABLE = { observedGeneration: 1, replicas: 1, updatedReplicas: 1, readyReplicas: 1, availableReplicas: 1 };
const AWAY = { ...AVAILABLE, readyReplicas: 0, availableReplicas: 0 };

const sets = createKubeSets(createClock());

async function open(): Promise<KubeClient> {
  const api = await startApiServer({ clock: createClock(), logs: () => [] });
  const server = await openServer(JSON.parse(api.kubeconfig().replaceAll('"devstack-rehearsal"', '"test"')) as JsonObject, () => api.close());
  onTestFinished(() => server.close());
  return server.connect();
}

const template = { metadata: { labels: { app: 'x' } }, spec: { containers: [{ name: 'app', image: 'x.io/app:1' }] } };
const deployment = (name: string): KubeObject => ({ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name, namespace: 'default' }, spec: { selector: { matchLabels: { app: 'x' } }, template } });
const setStatus = (client: KubeClient, ref: ObjectRef, status: JsonObject) => client.patch(ref, { status }, { subresource: 'status' });

function wait(client: KubeClient, refs: readonly ObjectRef[], onTold: (line: string) => void = () => undefined): Promise<void> {
  return sets.wait(client, refs, { signal: AbortSignal.timeout(30_000), onProgress: onTold });
}

/** A Deployment whose one pod is as told. */
async function rolledOut(client: KubeClient, podStatus: JsonObject): Promise<ObjectRef> {
  const owners = ({ apiVersion, kind, metadata }: KubeObject) => [{ apiVersion, kind, name: metadata.name, uid: metadata.uid ?? '', controller: true }];
  const annotations = { 'deployment.kubernetes.io/revision': '1' };
  const made = await client.apply({ ...deployment('app'), metadata: { name: 'app', namespace: 'default', annotations } });
  const set = await client.create({ apiVersion: 'apps/v1', kind: 'ReplicaSet', metadata: { name: 'app-1', namespace: 'default', ownerReferences: owners(made), annotations }, spec: { selector: { matchLabels: { app: 'x' } }, template } });
  const pod = await client.create({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'app-1-a', namespace: 'default', labels: { app: 'x' }, ownerReferences: owners(set) }, spec: template.spec });
  await setStatus(client, refOf(made), { observedGeneration: 1, replicas: 1, updatedReplicas: 1 });
  await setStatus(client, refOf(pod), podStatus);
  return refOf(made);
}

const container = (state: JsonObject, rest: JsonObject = {}): JsonObject => ({ phase: 'Pending', containerStatuses: [{ name: 'app', image: 'x.io/app:1', imageID: '', restartCount: 0, ready: false, state, ...rest }] });

function hopeless(fault: string, code: string, podStatus: JsonObject): FaultCase {
  return { number: 103, fault, injected: 'a pod that says so', expected: 'the wait ends at once, with the cause', run: async () => {
    const client = await open();
    const ref = await rolledOut(client, podStatus);
    return expectCode(code, () => wait(client, [ref]));
  } };
}

const definition = (plural: string): KubeObject => ({
  apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition', metadata: { name: `${plural}.example.com` },
  spec: {
    group: 'example.com', scope: 'Namespaced', names: { plural, singular: 'thing', kind: 'Thing', listKind: 'ThingList' },
    versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } }],
  },
});

const crashed = { terminated: { exitCode: 7, reason: 'Error', startedAt: '2026-01-01T00:00:00Z', finishedAt: '2026-01-01T00:00:00Z' } };

function stuck(fault: string, injected: string, object: KubeObject, reason: RegExp): FaultCase {
  return { number: 99, fault, injected, expected: 'the removal ends with its time, and names it', run: async () => {
    const client = await open();
    const onProgress = (): void => undefined;
    await sets.apply(client, { stack: 'dev', part: 'held', objects: [object] }, { onProgress, signal: new AbortController().signal });
    const error: unknown = await sets.remove(client, { stack: 'dev', part: 'held' }, { onProgress, signal: AbortSignal.timeout(300) }).catch((cause: unknown) => cause);
    expect(error).toMatchObject({ code: 'remove-stuck', exit: 4, reason: expect.stringMatching(reason) });
    return 'remove-stuck';
  } };
}

export const waitCases: readonly FaultCase[] = [
  { number: 97, fault: 'a definition whose kind another one has', injected: 'two of one group', expected: 'the wait ends at once, with the cause', run: async () => {
    const client = await open();
    await client.apply(definition('things'));
    const second = await client.apply(definition('stuffs'));
    return expectCode('workload-failed', () => wait(client, [refOf(second)]));
  } },
  stuck('an object that a finalizer holds for ever', 'a finalizer that nobody serves', { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'held', namespace: 'default', finalizers: ['example.com/never'] } }, /finalizer example.com.never/),
  stuck('a namespace that is Terminating for ever', 'a server whose controllers are gone', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'held' } }, /namespace held/),
  hopeless('CrashLoopBackOff', 'container-crashed', container({ waiting: { reason: 'CrashLoopBackOff' } }, { restartCount: 2, lastState: crashed })),
  hopeless('an image that is nowhere', 'image-pull-failed', container({ waiting: { reason: 'ImagePullBackOff', message: 'x.io/app:1: not found' } })),
  { number: 104, fault: 'one that was ready is not any more', injected: 'it falls back while another one is waited for', expected: 'waited for again', run: async () => {
    const client = await open();
    const [first, second] = [refOf(await client.apply(deployment('first'))), refOf(await client.apply(deployment('second')))];
    await setStatus(client, first, AVAILABLE);
    const told: string[] = [];
    let isOver = false;
    const done = wait(client, [first, second], (line) => told.push(line)).then(() => { isOver = true; });
    const untilTold = async (part: string): Promise<void> => {
      while (!(told.at(-1) ?? '').includes(part)) await new Promise(setImmediate);
    };
    await untilTold('second');
    await setStatus(client, first, AWAY);
    await untilTold('first');
    await setStatus(client, second, AVAILABLE);
    await untilTold('first: 0/1 available');
    expect(isOver).toBe(false);
    await setStatus(client, first, AVAILABLE);
    await done;
    return 'waited for both';
  } },
];
