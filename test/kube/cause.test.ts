// Judged from what a real cluster said about workloads that cannot come up (test/fixtures/kube, recorded by cluster.e2e.test.ts).
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { activityOf, type Cause, causeOf, registryText, shortImage, steadinessOf } from '../../src/kube/cause.ts';
import { type Backdrop, observe, podsOf } from '../../src/kube/observation.ts';
import { placementOf } from '../../src/kube/placement.ts';
import { type KubeObject, refOf } from '../../src/model/object.ts';

interface Fixture extends Backdrop {
  readonly deployments: readonly KubeObject[];
  readonly nodes: readonly KubeObject[];
}

function fixture(name: string): Fixture {
  return JSON.parse(readFileSync(join(import.meta.dirname, '../fixtures/kube', `${name}.json`), 'utf8')) as Fixture;
}

function only<T>(items: readonly T[]): T {
  const [item] = items;
  if (item === undefined || items.length !== 1) throw new Error(`${items.length} instead of one`);
  return item;
}

function seen(name: string): { readonly pods: readonly KubeObject[]; readonly cause: Cause | undefined; readonly all: Fixture } {
  const all = fixture(name);
  const pods = podsOf(only(all.deployments), all);
  expect(pods).toHaveLength(1);
  return { all, pods, cause: causeOf(pods, all.events) };
}

describe('the cause behind', () => {
  it('an image that cannot be pulled is what the registry said', () => {
    expect(seen('image-pull').cause).toMatchObject({
      code: 'image-pull-failed', isFinal: true, container: 'app',
      message: expect.stringMatching(/^cannot pull ghcr\.io\/nobody\/nothing:1: dial tcp: lookup ghcr\.io on [\d.:]+: no such host$/),
    });
  });

  it('a container that crashes is its exit code, final after two restarts', () => {
    expect(seen('crash').cause).toMatchObject({ code: 'container-crashed', isFinal: true, message: 'container app ended with exit code 3 (2 restarts)' });
  });

  it('a container that was killed for memory is its limit', () => {
    expect(seen('out-of-memory').cause).toMatchObject({ code: 'out-of-memory', isFinal: true, message: 'container app ran out of memory (limit 16Mi) (2 restarts)' });
  });

  it('a pod without a node is a matter of figures', () => {
    const { all, pods, cause } = seen('unschedulable');
    expect(cause).toMatchObject({ code: 'unschedulable', isFinal: false, message: expect.stringContaining('1 Insufficient cpu') });
    expect(placementOf(only(pods), all.nodes, pods)).toEqual({ kind: 'open' });
    const crowd: KubeObject = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'crowd' }, spec: { nodeName: only(all.nodes).metadata.name, containers: [{ resources: { requests: { cpu: '500m' } } }] } };
    expect(placementOf(only(pods), all.nodes, [...pods, crowd])).toMatchObject({ kind: 'full', message: expect.stringMatching(/^needs 1900m CPU, node .* has 1500m CPU left$/) });
  });

  it('a volume is told, and may still come', () => {
    expect(seen('mount').cause).toMatchObject({ code: 'volume-not-mounted', isFinal: false, message: expect.stringContaining('configmap "nowhere" not found') });
  });
});

/** A pod in the state that a test needs. */
function pod(status: object, spec: object = {}): KubeObject {
  return {
    apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p', namespace: 'n', uid: 'u' },
    spec: { nodeName: 'a', containers: [{ name: 'app', image: 'x.io/app:1', ...spec }] }, status: { containerStatuses: [{ name: 'app', restartCount: 0, ready: false, ...status }] },
  };
}

const waiting = (reason: string, message = '') => pod({ state: { waiting: { reason, message } } });
const failedPull = (count: number): KubeObject => ({
  apiVersion: 'v1', kind: 'Event', metadata: { name: 'e', namespace: 'n' }, reason: 'Failed', count, involvedObject: { name: 'p', uid: 'u' },
  message: 'Failed to pull image "x.io/app:1": rpc error: read tcp 10.0.0.1: i/o timeout',
});

describe('a pull', () => {
  it.each([
    ['may fail once', waiting('ErrImagePull', 'rpc error: i/o timeout'), [failedPull(1)], false],
    ['may not fail twice', waiting('ImagePullBackOff', 'Back-off pulling image "x.io/app:1"'), [failedPull(2)], true],
    ['is hopeless for a wrong name', waiting('InvalidImageName', 'couldn’t parse'), [], true],
    ['is hopeless for an unknown image', waiting('ErrImagePull', 'failed to resolve reference "x.io/app:1": x.io/app:1: not found'), [], true],
    ['is hopeless without the right to it', waiting('ErrImagePull', 'pull access denied, repository does not exist'), [], true],
  ])('%s', (_name, broken, events, isFinal) => {
    expect(causeOf([broken], events)).toMatchObject({ code: 'image-pull-failed', isFinal });
  });

  it('that backs off is told by what failed before', () => {
    expect(causeOf([waiting('ImagePullBackOff', 'Back-off pulling image "x.io/app:1"')], [failedPull(1)])?.message).toContain('i/o timeout');
  });

  it.each([
    ['failed to pull and unpack image "a/b:1": failed to resolve reference "a/b:1": a/b:1: not found', 'a/b:1: not found'],
    ['Back-off pulling image "a/b:1": ErrImagePull: failed to pull and unpack image "a/b:1": failed to resolve reference "a/b:1": failed to do request: Head "https://a/v2/b": dial tcp 1.2.3.4:443: connect: connection refused', 'dial tcp 1.2.3.4:443: connect: connection refused'],
    ['plain words', 'plain words'],
  ])('%s → %s', (message, text) => {
    expect(registryText(message)).toBe(text);
  });
});

describe('a crash', () => {
  const ended = (exitCode: number, restartCount: number, rest: object = {}) => pod({ restartCount, state: { waiting: { reason: 'CrashLoopBackOff' } }, lastState: { terminated: { exitCode, reason: 'Error', ...rest } } });

  it.each([[0, 5, undefined], [1, 0, false], [1, 1, false], [1, 2, true]])('with exit code %i after %i restarts: final %s', (exitCode, restarts, isFinal) => {
    expect(causeOf([ended(exitCode, restarts)], [])?.isFinal).toBe(isFinal);
  });

  it.each([[2, false], [3, false], [4, true]])('of a program that looked for something for a while, after %i restarts: final %s', (restarts, isFinal) => {
    // Knative's programs read their settings for ten seconds, and end when nobody answers yet.
    expect(causeOf([ended(1, restarts, { startedAt: '2026-01-01T00:00:00Z', finishedAt: '2026-01-01T00:00:10Z' })], [])?.isFinal).toBe(isFinal);
  });

  it('of a pod that is being deleted says nothing', () => {
    const going = ended(1, 5);
    expect(causeOf([{ ...going, metadata: { ...going.metadata, deletionTimestamp: 'now' } }], [])).toBeUndefined();
  });

  it('carries what the container left as its message, in one clean line', () => {
    expect(causeOf([ended(1, 3, { message: 'panic: \u001b[31mno\nway' })], [])?.message).toBe('container app ended with exit code 1 (3 restarts): panic: [31mno way');
  });
});

describe('a container that runs again after a crash', () => {
  const run = (from: string, to: string) => ({ terminated: { exitCode: 1, startedAt: from, finishedAt: to } });
  const again = (lastState: object, spec: object = {}) => pod({ restartCount: 1, ready: true, state: { running: {} }, lastState }, spec);

  it.each([
    ['lived for a moment', again(run('2026-01-01T00:00:00Z', '2026-01-01T00:00:00Z')), 2_000],
    ['lived for five seconds', again(run('2026-01-01T00:00:00Z', '2026-01-01T00:00:05Z')), 7_000],
    ['lived for an hour', again(run('2026-01-01T00:00:00Z', '2026-01-01T01:00:00Z')), 10_000],
    ['is asked whether it is ready', again(run('2026-01-01T00:00:00Z', '2026-01-01T00:00:00Z'), { readinessProbe: {} }), undefined],
    ['ended well', again({ terminated: { exitCode: 0 } }), undefined],
  ])('and %s has to last %d ms', (_name, given, ms) => {
    expect(steadinessOf([given])).toBe(ms);
  });

  it('is not ready while it is down, whatever its deployment says', () => {
    const { deployments, ...backdrop } = fixture('crash');
    const deployment = only(deployments);
    const status = { observedGeneration: deployment.metadata.generation, replicas: 1, updatedReplicas: 1, readyReplicas: 1, availableReplicas: 1 };
    expect(observe(refOf(deployment), { ...deployment, status }, backdrop)).toMatchObject({ state: 'failed', cause: { code: 'container-crashed' } });
  });
});

describe('what a pod does', () => {
  const event = (reason: string, message = '', fieldPath = 'spec.containers{app}'): KubeObject => (
    { apiVersion: 'v1', kind: 'Event', metadata: { name: reason, namespace: 'n' }, reason, message, involvedObject: { name: 'p', fieldPath } }
  );
  const starting = pod({ state: { waiting: { reason: 'ContainerCreating' } } });

  it.each<readonly [string, KubeObject, readonly KubeObject[], string | undefined]>([
    ['waits for a node', { ...starting, spec: {} }, [], 'waiting for a node'],
    ['starts', starting, [], 'starting'],
    ['pulls', starting, [event('Pulling')], 'pulling x.io/app:1'],
    ['has pulled', starting, [event('Pulling'), event('Pulled')], 'starting'],
    ['runs', pod({ state: { running: {} } }), [], 'started, not ready yet'],
    ['is asked and does not answer', pod({ state: { running: {} } }), [event('Unhealthy', 'Readiness probe failed: 503')], 'started, not ready yet: Readiness probe failed: 503'],
    ['is ready', pod({ ready: true, state: { running: {} } }), [], undefined],
  ])('%s', (_name, given, events, text) => {
    expect(activityOf([given], events)).toBe(text);
  });
});

describe('the pods of', () => {
  const owned = (kind: string, uid: string, name: string, labels: object = {}, annotations: object = {}): KubeObject => (
    { apiVersion: 'x/v1', kind, metadata: { name, namespace: 'n', uid: name, labels: labels as never, annotations: annotations as never, ownerReferences: [{ uid }] } }
  );

  it('a deployment are those of its newest replica set', () => {
    const deployment: KubeObject = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'd', namespace: 'n', uid: 'd', annotations: { 'deployment.kubernetes.io/revision': '2' } } };
    const sets = ['1', '2'].map((revision) => owned('ReplicaSet', 'd', `set-${revision}`, {}, { 'deployment.kubernetes.io/revision': revision }));
    const pods = [owned('Pod', 'set-1', 'old'), owned('Pod', 'set-2', 'new'), owned('Pod', 'set-9', 'other')];
    expect(podsOf(deployment, { pods, replicaSets: sets, events: [] }).map((item) => item.metadata.name)).toEqual(['new']);
  });

  it('a Knative service are those of its newest revision', () => {
    const service: KubeObject = { apiVersion: 'serving.knative.dev/v1', kind: 'Service', metadata: { name: 's', namespace: 'n' }, status: { latestCreatedRevisionName: 's-2' } };
    const pods = ['s-1', 's-2'].map((revision) => owned('Pod', 'x', revision, { 'serving.knative.dev/service': 's', 'serving.knative.dev/revision': revision }));
    expect(podsOf(service, { pods, replicaSets: [], events: [] }).map((item) => item.metadata.name)).toEqual(['s-2']);
    // Applied anew, and Knative has made no revision of it yet: no pod says anything about it.
    const outOfDate = { ...service, status: { ...service['status'] as object, conditions: [{ type: 'ConfigurationsReady', status: 'Unknown', reason: 'OutOfDate' }] } };
    const notSeen = { ...service, metadata: { ...service.metadata, generation: 3 }, status: { ...service['status'] as object, observedGeneration: 2 } };
    for (const behind of [outOfDate, notSeen]) expect(podsOf(behind, { pods, replicaSets: [], events: [] })).toEqual([]);
  });
});

it('a digest is cut to what people compare', () => {
  expect(shortImage(`gcr.io/a@sha256:${'ab'.repeat(32)}`)).toBe('gcr.io/a@sha256:abababababab');
});
