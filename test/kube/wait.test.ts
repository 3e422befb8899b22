// Waiting on the rehearsal's API server, where the test itself is every controller. Time passes only where nothing else can happen.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startApiServer } from '../../src/clusters/rehearsal/server/api-server.ts';
import type { LogSource } from '../../src/clusters/rehearsal/server/special.ts';
import { createClock } from '../../src/host/clock.ts';
import { createKubeSets } from '../../src/kube/sets.ts';
import type { JsonObject } from '../../src/model/json.ts';
import { type KubeObject, type ObjectRef, refOf } from '../../src/model/object.ts';
import type { Clock, KubeClient } from '../../src/ports.ts';
import { type ApiServer, openServer } from './api-servers.ts';

/** A hundred times as fast as the wall. */
function fastClock(): Clock {
  const real = createClock();
  return { now: () => real.now() * 100, monotonic: () => real.monotonic() * 100, sleep: (ms, signal) => real.sleep(ms / 100, signal) };
}

/** What a signal of AbortSignal.timeout says; here when the test wants it. */
const TIME_IS_OUT = new DOMException('time is out', 'TimeoutError');

const sets = createKubeSets(fastClock());

function deployment(name: string): KubeObject {
  return {
    apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name, namespace: 'default' },
    spec: { selector: { matchLabels: { app: name } }, template: { metadata: { labels: { app: name } }, spec: { containers: [{ name: 'app', image: 'x.io/app:1', resources: { requests: { cpu: '300m' } } }] } } },
  };
}

describe('waiting', () => {
  let server: ApiServer;
  let client: KubeClient;

  beforeAll(async () => {
    // As a node answers once it has thrown away the container that ended: the words are in the run before.
    const logs: LogSource = ({ previous }) => (previous ? ['connecting', 'no database at db:5432', ''] : ['unable to retrieve container logs for containerd://4b7d9b']);
    const api = await startApiServer({ clock: createClock(), logs });
    server = await openServer(JSON.parse(api.kubeconfig().replaceAll('"devstack-rehearsal"', '"test"')) as JsonObject, () => api.close());
    client = await server.connect();
  });
  afterAll(() => server?.close());

  const setStatus = (ref: ObjectRef, status: object) => client.patch(ref, { status: status as JsonObject }, { subresource: 'status' });
  const available = { observedGeneration: 1, replicas: 1, updatedReplicas: 1, readyReplicas: 1, availableReplicas: 1 };

  /** What the controllers make of a deployment: its set and one pod in a state. */
  async function rollOut(object: KubeObject, podStatus: object, spec: object = {}): Promise<ObjectRef> {
    const made = await client.apply({ ...object, metadata: { ...object.metadata, annotations: { 'deployment.kubernetes.io/revision': '1' } } });
    const owner = (of: KubeObject) => [{ apiVersion: of.apiVersion, kind: of.kind, name: of.metadata.name, uid: of.metadata.uid ?? '', controller: true }];
    const { selector, template } = object['spec'] as { selector: JsonObject; template: { metadata: { labels: JsonObject }; spec: JsonObject } };
    const set = await client.create({
      apiVersion: 'apps/v1', kind: 'ReplicaSet',
      metadata: { name: `${object.metadata.name}-1`, namespace: 'default', ownerReferences: owner(made), annotations: { 'deployment.kubernetes.io/revision': '1' } }, spec: { selector, template },
    });
    const pod = await client.create({
      apiVersion: 'v1', kind: 'Pod', metadata: { name: `${object.metadata.name}-1-a`, namespace: 'default', labels: template.metadata.labels as never, ownerReferences: owner(set) },
      spec: { ...template.spec, ...spec },
    });
    await setStatus(refOf(made), { observedGeneration: 1, replicas: 1, updatedReplicas: 1 });
    await setStatus(refOf(pod), podStatus);
    return refOf(pod);
  }

  function waitFor(refs: readonly ObjectRef[], signal: AbortSignal = new AbortController().signal) {
    const told: string[] = [];
    return { told, done: sets.wait(client, refs, { signal, onProgress: (message) => told.push(message) }) };
  }

  const container = (state: object, rest: object = {}) => ({ phase: 'Pending', containerStatuses: [{ name: 'app', image: 'x.io/app:1', imageID: '', restartCount: 0, ready: false, state, ...rest }] });

  it('ends when the last one is ready, however late it appears', async () => {
    const refs = ['late', 'later'].map((name) => refOf(deployment(name)));
    const { told, done } = waitFor(refs);
    for (const name of ['late', 'later']) {
      await client.apply(deployment(name));
      await setStatus(refOf(deployment(name)), available);
    }
    await done;
    expect(told[0]).toBe('deployment default/late: does not exist (and 1 more)');
  });

  it('has nothing to do for nothing', async () => {
    await waitFor([]).done;
  });

  it('ends at once when an image cannot be pulled', async () => {
    await rollOut(deployment('pull'), container({ waiting: { reason: 'ErrImagePull', message: 'failed to resolve reference "x.io/app:1": x.io/app:1: not found' } }));
    const { done } = waitFor([refOf(deployment('pull')), refOf(deployment('late'))]);
    await expect(done).rejects.toMatchObject({
      code: 'image-pull-failed', exit: 1, message: 'deployment default/pull cannot become ready: cannot pull x.io/app:1: x.io/app:1: not found',
      hints: [{ command: expect.stringMatching(/^kubectl --kubeconfig \S+ --context test describe pod pull-1-a -n default$/) }],
    });
  });

  it('goes on while a pull may still succeed, and tells it', async () => {
    const pod = await rollOut(deployment('flaky'), container({ waiting: { reason: 'ErrImagePull', message: 'i/o timeout' } }));
    const { told, done } = waitFor([refOf(deployment('flaky'))]);
    while (!told.includes('deployment default/flaky: 0/1 available: cannot pull x.io/app:1: i/o timeout')) await new Promise(setImmediate);
    await setStatus(pod, container({ running: {} }, { ready: true }));
    await setStatus(refOf(deployment('flaky')), available);
    await done;
  });

  it('does not take a node that comes up for a full one', async () => {
    const refused = { phase: 'Pending', conditions: [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message: '0/1 nodes are available: 1 node(s) had untolerated taint {node.kubernetes.io/not-ready: }.' }] };
    const pod = await rollOut(deployment('fresh'), refused);
    const { told, done } = waitFor([refOf(deployment('fresh'))]);
    while (!told.some((line) => line.includes('untolerated taint'))) await new Promise(setImmediate);
    await setStatus(pod, { ...container({ running: {} }, { ready: true }), conditions: [{ type: 'PodScheduled', status: 'True' }] });
    await setStatus(refOf(deployment('fresh')), available);
    await done;
  });

  it('ends when no node has room, in figures', async () => {
    const node: KubeObject = { apiVersion: 'v1', kind: 'Node', metadata: { name: 'small' } };
    await client.apply(node);
    // A server on its own marks a new node as one that has to come up first.
    await client.patch(refOf(node), { spec: { taints: null } });
    await setStatus(refOf(node), { allocatable: { cpu: '120m', memory: '1Gi' }, capacity: { cpu: '120m', memory: '1Gi' }, conditions: [{ type: 'Ready', status: 'True' }] });
    const refused = { phase: 'Pending', conditions: [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message: '0/1 nodes are available: 1 Insufficient cpu.' }] };
    await rollOut(deployment('full'), refused);
    await expect(waitFor([refOf(deployment('full'))]).done).rejects.toMatchObject({
      code: 'unschedulable', message: 'deployment default/full cannot become ready: no node has room for its pod: needs 300m CPU, node small has 120m CPU left',
    });
  });

  it('believes a container that runs again only when it lasts', async () => {
    const crashed = { terminated: { exitCode: 1, startedAt: '2026-01-01T00:00:00Z', finishedAt: '2026-01-01T00:00:00Z' } };
    await rollOut(deployment('again'), container({ running: {} }, { restartCount: 1, ready: true, lastState: crashed }));
    await setStatus(refOf(deployment('again')), available);
    const { told, done } = waitFor([refOf(deployment('again'))]);
    await done;
    expect(told.at(-1)).toBe('deployment default/again: started again after a crash');
  });

  it('ends when it crashes again meanwhile', async () => {
    const crashed = { terminated: { exitCode: 7, reason: 'Error', startedAt: '2026-01-01T00:00:00Z', finishedAt: '2026-01-01T00:00:00Z' } };
    const pod = await rollOut(deployment('flap'), container({ running: {} }, { restartCount: 1, ready: true, lastState: { ...crashed, terminated: { ...crashed.terminated, finishedAt: '2026-01-01T00:10:00Z' } } }), { nodeName: 'small' });
    await setStatus(refOf(deployment('flap')), available);
    const slow = createKubeSets(createClock());
    const told: string[] = [];
    const done = slow.wait(client, [refOf(deployment('flap'))], { signal: new AbortController().signal, onProgress: (message) => told.push(message) });
    const failing = expect(done).rejects.toMatchObject({
      code: 'container-crashed', message: expect.stringContaining('exit code 7 (2 restarts)'), reason: 'no database at db:5432',
      details: { log: ['connecting', 'no database at db:5432'] }, hints: [{ command: expect.stringContaining('logs flap-1-a -c app -n default') }],
    });
    while (!told.some((line) => line.includes('started again after a crash'))) await new Promise(setImmediate);
    await setStatus(pod, container({ waiting: { reason: 'CrashLoopBackOff' } }, { restartCount: 2, lastState: crashed }));
    await failing;
  });

  it('tells the last observation of each when time is out', async () => {
    await rollOut(deployment('slow'), container({ waiting: { reason: 'ContainerCreating' } }, {}), { nodeName: 'small' });
    const stop = new AbortController();
    const { told, done } = waitFor([refOf(deployment('slow')), refOf(deployment('nowhere'))], stop.signal);
    while (told.at(-1) !== 'deployment default/slow: 0/1 available: starting (and 1 more)') await new Promise(setImmediate);
    stop.abort(TIME_IS_OUT);
    await expect(done).rejects.toMatchObject({
      code: 'not-ready', exit: 4, message: '2 of 2 objects are not ready',
      reason: 'deployment default/slow: 0/1 available: starting; deployment default/nowhere: does not exist',
      details: { pending: [{ object: 'deployment default/slow', state: 'pending', message: '0/1 available: starting' }, { object: 'deployment default/nowhere', state: 'gone', message: 'does not exist' }] },
    });
  });

  it('is an abort when somebody stops it', async () => {
    const stop = new AbortController();
    const { done } = waitFor([refOf(deployment('nowhere'))], stop.signal);
    setImmediate(() => stop.abort());
    await expect(done).rejects.toMatchObject({ name: 'AbortError' });
  });

  it('tells the same by status, without waiting', async () => {
    const refs = ['late', 'slow', 'pull', 'nowhere'].map((name) => refOf(deployment(name)));
    expect((await sets.status(client, refs, new AbortController().signal)).map(({ state, message }) => `${state}: ${message}`)).toEqual([
      'ready: 1/1 available', 'pending: 0/1 available: starting', 'failed: 0/1 available: cannot pull x.io/app:1: x.io/app:1: not found', 'gone: does not exist',
    ]);
  });

  describe('on a Knative service', () => {
    const service: KubeObject = { apiVersion: 'serving.knative.dev/v1', kind: 'Service', metadata: { name: 'hello', namespace: 'default' }, spec: {} };
    const condition = (status: string, reason: string) => ({ observedGeneration: 1, conditions: [{ type: 'Ready', status, reason, message: 'words' }] });

    beforeAll(async () => {
      await client.apply({
        apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition', metadata: { name: 'services.serving.knative.dev' },
        spec: {
          group: 'serving.knative.dev', scope: 'Namespaced', names: { plural: 'services', singular: 'service', kind: 'Service', listKind: 'ServiceList' },
          versions: [{ name: 'v1', served: true, storage: true, subresources: { status: {} }, schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } } }],
        },
      });
      await sets.wait(client, [{ apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition', name: 'services.serving.knative.dev' }], { signal: new AbortController().signal, onProgress: () => undefined });
      await client.apply(service);
    });

    it('a False that is taken back is no failure', async () => {
      const slow = createKubeSets(createClock());
      await setStatus(refOf(service), condition('False', 'RevisionMissing'));
      const told: string[] = [];
      const done = slow.wait(client, [refOf(service)], { signal: new AbortController().signal, onProgress: (message) => told.push(message) });
      while (told.length === 0) await new Promise(setImmediate);
      await setStatus(refOf(service), condition('True', ''));
      await done;
    });

    it('a False that lasts is', async () => {
      await setStatus(refOf(service), condition('False', 'RevisionFailed'));
      await expect(waitFor([refOf(service)]).done).rejects.toMatchObject({ code: 'workload-failed', message: 'service default/hello cannot become ready', reason: 'RevisionFailed: words' });
    });
  });
});
