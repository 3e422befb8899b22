// Sets on a real cluster: Knative comes up, what cannot come up is told at once and why, and all of it goes again.
// DEVSTACK_RECORD=1 also keeps what the cluster said about broken workloads, for the unit tests.
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createClock } from '../../src/host/clock.ts';
import { createFiles } from '../../src/host/files.ts';
import { createYaml } from '../../src/host/yaml.ts';
import { createKubernetes } from '../../src/kube/index.ts';
import { isDevstackError } from '../../src/model/error.ts';
import { isJsonObject, type Json, type JsonObject } from '../../src/model/json.ts';
import { type KubeObject, type ObjectRef, refOf } from '../../src/model/object.ts';
import type { Patch } from '../../src/model/plan.ts';
import type { Artifacts, KubeClient } from '../../src/ports.ts';
import { only } from '../fakes/ports.ts';
import { snapshot } from './snapshot.ts';

const LAB = process.env['DEVSTACK_LAB'];
const NAME = 'devstack-test-kube';
const run = promisify(execFile);
const clock = createClock();
const RECORD = process.env['DEVSTACK_RECORD'] === '1';
const FIXTURES = join(import.meta.dirname, '../fixtures/kube');

/** Manifests straight from the laboratory's folder. */
const artifacts = only<Artifacts>('artifacts', { fetch: async (artifact) => join(LAB ?? '', '../manifests', artifact.url) });
const { kubeConnector, kubeSets, manifests } = createKubernetes({ clock, files: createFiles(), yaml: createYaml(), artifacts });

const merge = (name: string, data: { readonly [key: string]: string }): Patch => (
  { target: { kind: 'ConfigMap', name, namespace: 'knative-serving' }, path: ['data'], value: data, why: 'the test' }
);

function deployments(namespace: string, ...names: readonly string[]): readonly ObjectRef[] {
  return names.map((name) => ({ apiVersion: 'apps/v1', kind: 'Deployment', name, namespace }));
}

function deployment(name: string, container: JsonObject, pod: JsonObject = {}): KubeObject {
  return {
    apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name, namespace: 'broken' },
    spec: { selector: { matchLabels: { app: name } }, template: { metadata: { labels: { app: name } }, spec: { terminationGracePeriodSeconds: 1, ...pod, containers: [{ name: 'app', ...container }] } } },
  };
}

function service(name: string, container: JsonObject): KubeObject {
  return { apiVersion: 'serving.knative.dev/v1', kind: 'Service', metadata: { name, namespace: 'default' }, spec: { template: { spec: { containers: [container] } } } };
}

const BROKEN: KubeObject = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'broken' } };
/** Without it a container counts as ready while it only starts to fail. */
const NEVER_READY = { readinessProbe: { exec: { command: ['false'] } } };
const BUSYBOX = { image: 'docker.io/library/busybox:1.37', imagePullPolicy: 'IfNotPresent' } as const;

describe.skipIf(LAB === undefined)('on a real cluster (DEVSTACK_LAB)', () => {
  const folder = mkdtempSync(join(tmpdir(), 'devstack-kube-e2e-'));
  const kubeconfig = join(folder, 'kubeconfig');
  let client: KubeClient;
  let before: ReadonlySet<string>;

  const within = (seconds: number) => {
    const signal = AbortSignal.timeout(seconds * 1000);
    return { signal, onProgress: (message: string) => { if (RECORD) console.log(message); } };
  };
  const apply = (part: string, objects: readonly KubeObject[]) => kubeSets.apply(client, { stack: 'e2e', part, objects }, within(120));
  const load = (files: readonly string[], patches: readonly Patch[] = []) => (
    manifests.load(files.map((url) => ({ artifact: { name: url, url } })), patches, [])
  );
  const elapsed = async <T>(work: Promise<T>) => {
    const started = clock.monotonic();
    const result = await work.catch((error: unknown) => error);
    return { seconds: (clock.monotonic() - started) / 1000, result };
  };
  const servingSet = () => load(
    ['knative-serving/1.23.0/serving-crds.yaml', 'knative-serving/1.23.0/serving-core.yaml'],
    [merge('config-network', { 'ingress-class': 'kourier.ingress.networking.knative.dev' }), merge('config-deployment', { 'registries-skipping-tag-resolving': 'ghcr.io' })],
  );

  async function record(name: string): Promise<void> {
    if (!RECORD) return;
    const of = async (apiVersion: string, kind: string, namespace = 'broken') => (await client.list({ apiVersion, kind }, kind === 'Node' ? {} : { namespace })).items.map(slim);
    const all = {
      deployments: await of('apps/v1', 'Deployment'), replicaSets: await of('apps/v1', 'ReplicaSet'), pods: await of('v1', 'Pod'), events: await of('v1', 'Event'),
      jobs: await of('batch/v1', 'Job'), nodes: name === 'unschedulable' ? await of('v1', 'Node') : [],
    };
    const pods = new Set(all.pods.map((pod) => (pod['metadata'] as JsonObject)['name']));
    const events = all.events.filter((event) => pods.has((event['involvedObject'] as JsonObject)['name'] ?? null));
    mkdirSync(FIXTURES, { recursive: true });
    writeFileSync(join(FIXTURES, `${name}.json`), `${JSON.stringify({ ...all, events }, null, 1)}\n`);
  }

  beforeAll(async () => {
    await run('kind', ['create', 'cluster', '--name', NAME, '--image', process.env['DEVSTACK_NODE_IMAGE'] ?? '', '--kubeconfig', kubeconfig], { timeout: 180_000 });
    client = await kubeConnector.connect({ runtime: 'kubernetes', kubeconfig, context: `kind-${NAME}` });
    before = new Set((await snapshot(client, clock)).keys());
  }, 240_000);
  afterAll(async () => {
    client?.close();
    await run('kind', ['delete', 'cluster', '--name', NAME, '--kubeconfig', kubeconfig]);
    rmSync(folder, { recursive: true, force: true });
  }, 120_000);

  it('brings Knative up on a cluster whose node is not ready yet, and admits a service', async () => {
    await apply('serving', await servingSet());
    await apply('kourier', await load(['net-kourier/1.23.0/kourier.yaml']));
    await kubeSets.wait(client, [
      ...deployments('knative-serving', 'activator', 'autoscaler', 'controller', 'webhook', 'net-kourier-controller'), ...deployments('kourier-system', '3scale-kourier-gateway'),
    ], within(300));
    const hello = service('hello', { image: 'ghcr.io/knative/helloworld-go:latest', imagePullPolicy: 'IfNotPresent' });
    await kubeSets.admit(client, hello, within(120));
    await apply('hello', [hello]);
    await kubeSets.wait(client, [refOf(hello)], within(120));
    expect(await kubeSets.status(client, [refOf(hello)], within(10).signal)).toEqual([{ ref: refOf(hello), state: 'ready', message: 'ready' }]);
  }, 600_000);

  it('writes nothing the second time, though controllers have worked on the objects', async () => {
    const start = client.requests.writes;
    const report = await apply('serving', await servingSet());
    expect(report).toMatchObject({ created: [], changed: [], kept: [] });
    expect(client.requests.writes).toBe(start);
  }, 60_000);

  it('tells an image that cannot be pulled', async () => {
    await apply('broken', [BROKEN, deployment('pull', { image: 'ghcr.io/nobody/nothing:1' })]);
    const { seconds, result } = await elapsed(kubeSets.wait(client, deployments('broken', 'pull'), within(120)));
    await record('image-pull');
    expect(result).toMatchObject({ code: 'image-pull-failed', exit: 1, message: expect.stringMatching(/^deployment broken\/pull cannot become ready: cannot pull ghcr\.io\/nobody\/nothing:1: /) });
    expect(seconds).toBeLessThan(30);
  }, 180_000);

  it('tells a container that keeps crashing, with its last words', async () => {
    await run('kind', ['load', 'docker-image', 'busybox:1.37', '--name', NAME]);
    await apply('broken', [BROKEN, deployment('crash', { ...BUSYBOX, ...NEVER_READY, command: ['sh', '-c', 'echo no database at db:5432; exit 3'] })]);
    const { result } = await elapsed(kubeSets.wait(client, deployments('broken', 'crash'), within(120)));
    await record('crash');
    expect(result).toMatchObject({
      code: 'container-crashed', message: expect.stringContaining('container app ended with exit code 3 (2 restarts)'), reason: 'no database at db:5432',
      details: { log: ['no database at db:5432'] },
    });
  }, 180_000);

  it('tells a container that runs out of memory', async () => {
    await apply('broken', [BROKEN, deployment('greedy', { ...BUSYBOX, ...NEVER_READY, command: ['sh', '-c', 'tail /dev/zero'], resources: { limits: { memory: '16Mi' } } })]);
    const { result } = await elapsed(kubeSets.wait(client, deployments('broken', 'greedy'), within(120)));
    await record('out-of-memory');
    expect(result).toMatchObject({ code: 'out-of-memory', message: expect.stringContaining('container app ran out of memory (limit 16Mi)') });
  }, 180_000);

  it('tells a pod that fits on no node, in figures', async () => {
    await apply('broken', [BROKEN, deployment('big', { ...BUSYBOX, resources: { requests: { cpu: '1900m' } } })]);
    const { seconds, result } = await elapsed(kubeSets.wait(client, deployments('broken', 'big'), within(120)));
    await record('unschedulable');
    expect(result).toMatchObject({ code: 'unschedulable', message: expect.stringMatching(/needs 1900m CPU, node devstack-test-kube-control-plane has \d+m CPU left$/) });
    expect(seconds).toBeLessThan(30);
  }, 180_000);

  it('tells what a pod waits for when time is out', async () => {
    const mount = { volumeMounts: [{ name: 'settings', mountPath: '/settings' }], command: ['sleep', '600'] };
    await apply('broken', [BROKEN, deployment('mount', { ...BUSYBOX, ...mount }, { volumes: [{ name: 'settings', configMap: { name: 'nowhere' } }] })]);
    const { result } = await elapsed(kubeSets.wait(client, deployments('broken', 'mount'), within(10)));
    await record('mount');
    expect(result).toMatchObject({ code: 'not-ready', exit: 4, message: 'deployment broken/mount is not ready', reason: expect.stringContaining('configmap "nowhere" not found') });
  }, 180_000);

  it('tells the image of a Knative service minutes before Knative does', async () => {
    const absent = service('absent', { image: `ghcr.io/nobody/nothing@sha256:${'a'.repeat(64)}` });
    await apply('absent', [absent]);
    const { seconds, result } = await elapsed(kubeSets.wait(client, [refOf(absent)], within(120)));
    expect(result).toMatchObject({ code: 'image-pull-failed', message: expect.stringContaining('service default/absent cannot become ready: cannot pull ghcr.io/nobody/nothing@sha256:aaaaaaaaaaaa') });
    expect(seconds).toBeLessThan(60);
    await kubeSets.remove(client, { stack: 'e2e', part: 'absent' }, within(60));
  }, 180_000);

  it('is not misled by old pods that fail while a fixed version comes up', async () => {
    await apply('broken', [BROKEN, deployment('fixed', { image: 'ghcr.io/nobody/nothing:1' })]);
    await elapsed(kubeSets.wait(client, deployments('broken', 'fixed'), within(120)));
    await apply('broken', [BROKEN, deployment('fixed', { ...BUSYBOX, command: ['sleep', '600'] })]);
    await kubeSets.wait(client, deployments('broken', 'fixed'), within(60));
  }, 180_000);

  it('removes all of it, users’ services first, and leaves the cluster as it was', async () => {
    const mine = { ...service('mine', { image: 'ghcr.io/knative/helloworld-go:latest', imagePullPolicy: 'IfNotPresent' }) };
    await client.raw('POST', '/apis/serving.knative.dev/v1/namespaces/default/services?fieldManager=kubectl', mine as unknown as Json);
    for (const part of ['broken', 'hello', 'serving', 'kourier']) {
      if (part === 'serving') {
        // The ingress controller lives in the namespace of serving: both go, kourier first would leave services without it.
        const users = await kubeSets.remove(client, { stack: 'e2e', part: 'serving' }, within(180));
        expect(users.removed).toContainEqual(refOf(mine));
      } else await kubeSets.remove(client, { stack: 'e2e', part }, within(180));
    }
    // The cluster itself was still coming up when it was first looked at.
    const isOfCluster = (key: string) => /\/(kube-system|local-path-storage|kube-public|kube-node-lease)\/|kube-root-ca\.crt$|\/ServiceAccount\/default\/default$|\/\/system:/.test(key);
    const left = [...(await snapshot(client, clock)).keys()].filter((key) => !before.has(key) && !isOfCluster(key));
    expect(left).toEqual([]);
  }, 600_000);

  it('reads a missing log as an error with a code', async () => {
    const failure = await client.logs({ apiVersion: 'v1', kind: 'Pod', name: 'nobody', namespace: 'default' }, {}).catch((error: unknown) => error);
    expect(isDevstackError(failure) && failure.code).toBe('kube-not-found');
  });
});

/** What fixtures do not need: who manages which field, and the sizes of images. */
function slim(object: KubeObject): JsonObject {
  const { managedFields: _, ...metadata } = object.metadata;
  const status = isJsonObject(object['status']) ? Object.fromEntries(Object.entries(object['status']).filter(([key]) => key !== 'images')) : undefined;
  return { ...(object as unknown as JsonObject), metadata: metadata as unknown as JsonObject, ...(status === undefined ? {} : { status }) };
}

