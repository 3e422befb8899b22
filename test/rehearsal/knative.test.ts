// Knative on the rehearsal: what becomes of a service, in which order, and how it tells of misfortune. Shapes and reasons as on a real cluster.
import { afterEach, describe, expect, it } from 'vitest';
import { type Cluster, startCluster } from '../../src/clusters/rehearsal/cluster.ts';
import { Faults, parseFault } from '../../src/clusters/rehearsal/controllers/faults.ts';
import { createVirtualClock, type VirtualClock } from '../../src/clusters/rehearsal/virtual-clock.ts';
import type { JsonObject } from '../../src/model/json.ts';
import { at } from '../../src/model/object.ts';

const SERVING: readonly (readonly [string, string, string])[] = [
  ['serving.knative.dev', 'Service', 'v1'], ['serving.knative.dev', 'Configuration', 'v1'], ['serving.knative.dev', 'Revision', 'v1'], ['serving.knative.dev', 'Route', 'v1'],
  ['networking.internal.knative.dev', 'Ingress', 'v1alpha1'], ['autoscaling.internal.knative.dev', 'PodAutoscaler', 'v1alpha1'],
];
const EVENTING: readonly (readonly [string, string, string])[] = [['eventing.knative.dev', 'Broker', 'v1'], ['eventing.knative.dev', 'Trigger', 'v1'], ['sources.knative.dev', 'PingSource', 'v1']];

let cluster: Cluster;
let clock: VirtualClock;
const bugs: unknown[] = [];

const pass = (seconds: number): Promise<void> => clock.advance(seconds * 1000, () => cluster.settled());
const get = (key: string, name: string, namespace = 'default'): JsonObject | undefined => cluster.api.get({ key, namespace, name });
const service = (): JsonObject | undefined => get('services.serving.knative.dev', 'hello');
const condition = (object: JsonObject | undefined, type: string): JsonObject | undefined => (at(object, 'status', 'conditions') as readonly JsonObject[] | undefined)?.find((entry) => entry['type'] === type);

const plural = (kind: string): string => (kind === 'Ingress' ? 'ingresses' : `${kind.toLowerCase()}s`);
const definition = ([group, kind, version]: readonly [string, string, string]): JsonObject => ({
  apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition', metadata: { name: `${plural(kind)}.${group}` },
  spec: { group, scope: 'Namespaced', names: { kind, plural: plural(kind) }, versions: [{ name: version, served: true, storage: true, subresources: { status: {} }, schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } } }] },
});
const deployment = (name: string, namespace: string): JsonObject => ({
  apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name, namespace },
  spec: { selector: { matchLabels: { app: name } }, template: { metadata: { labels: { app: name } }, spec: { containers: [{ name: 'main', image: `gcr.io/knative/${name}:1` }] } } },
});
const ksvc = (image = 'ghcr.io/knative/helloworld-go:latest', annotations: JsonObject = {}): JsonObject => ({
  apiVersion: 'serving.knative.dev/v1', kind: 'Service', metadata: { name: 'hello', namespace: 'default' }, spec: { template: { metadata: { annotations }, spec: { containers: [{ image }] } } },
});

async function install(faults: readonly string[] = [], parts: readonly string[] = ['controller', 'webhook', 'net-kourier-controller']): Promise<void> {
  clock = createVirtualClock();
  cluster = await startCluster({ clock, faults: new Faults(faults.map(parseFault)), onBug: (error) => bugs.push(error) });
  for (const entry of [...SERVING, ...EVENTING]) await cluster.api.create('customresourcedefinitions.apiextensions.k8s.io', definition(entry));
  for (const name of ['knative-serving', 'knative-eventing']) await cluster.api.create('namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
  const map = (name: string, data: JsonObject) => cluster.api.create('configmaps', { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: 'knative-serving' }, data });
  await map('config-domain', { 'example.localhost': '' });
  await map('config-network', { 'ingress-class': 'kourier.ingress.networking.knative.dev' });
  await cluster.api.create('services', { apiVersion: 'v1', kind: 'Service', metadata: { name: 'webhook', namespace: 'knative-serving' }, spec: { selector: { app: 'webhook' }, ports: [{ port: 443 }] } });
  await cluster.api.create('mutatingwebhookconfigurations.admissionregistration.k8s.io', {
    apiVersion: 'admissionregistration.k8s.io/v1', kind: 'MutatingWebhookConfiguration', metadata: { name: 'webhook.serving.knative.dev' },
    webhooks: [{ name: 'webhook.serving.knative.dev', admissionReviewVersions: ['v1'], sideEffects: 'None', clientConfig: { service: { name: 'webhook', namespace: 'knative-serving' } } }],
  });
  for (const name of parts) await cluster.api.create('deployments.apps', deployment(name, 'knative-serving'));
  await pass(10);
}

afterEach(async () => {
  await cluster.close();
  expect(bugs).toEqual([]);
});

describe('a Knative service', () => {
  it('becomes ready through configuration, revision, route and ingress, in that order', async () => {
    await install();
    await cluster.api.create('services.serving.knative.dev', ksvc());
    await pass(0.3);
    expect(condition(service(), 'Ready')).toMatchObject({ status: 'Unknown' });
    expect(condition(get('revisions.serving.knative.dev', 'hello-00001'), 'Ready')).toMatchObject({ status: 'Unknown', reason: 'Deploying' });
    expect(condition(get('routes.serving.knative.dev', 'hello'), 'AllTrafficAssigned')).toMatchObject({ status: 'Unknown', reason: 'RevisionMissing', message: 'Configuration "hello" is waiting for a Revision to become ready.' });
    await pass(1);
    expect(condition(service(), 'ConfigurationsReady')).toMatchObject({ status: 'True' });
    expect(condition(get('ingresses.networking.internal.knative.dev', 'hello'), 'LoadBalancerReady')).toMatchObject({ status: 'Unknown', reason: 'Uninitialized' });
    await pass(1);
    expect(service()).toMatchObject({
      metadata: { generation: 1, annotations: { 'serving.knative.dev/creator': 'admin' } },
      spec: { template: { spec: { timeoutSeconds: 300, containers: [{ name: 'user-container' }] } }, traffic: [{ latestRevision: true, percent: 100 }] },
      status: {
        url: 'http://hello.default.example.localhost', address: { url: 'http://hello.default.svc.cluster.local' }, latestCreatedRevisionName: 'hello-00001', latestReadyRevisionName: 'hello-00001', observedGeneration: 1,
        traffic: [{ latestRevision: true, percent: 100, revisionName: 'hello-00001' }], conditions: [{ type: 'ConfigurationsReady', status: 'True' }, { type: 'Ready', status: 'True' }, { type: 'RoutesReady', status: 'True' }],
      },
    });
    expect(condition(get('routes.serving.knative.dev', 'hello'), 'CertificateProvisioned')).toMatchObject({ status: 'True', reason: 'TLSNotEnabled' });
    expect(cluster.api.list('pods', 'default').map((pod) => (at(pod, 'spec', 'containers') as readonly JsonObject[]).map((container) => container['name']))).toEqual([['user-container', 'queue-proxy']]);
  });

  it('moves to a new revision when its template changes', async () => {
    await install();
    await cluster.api.create('services.serving.knative.dev', ksvc());
    await pass(5);
    await cluster.api.update({ key: 'services.serving.knative.dev', namespace: 'default', name: 'hello' }, (object) => { object['spec'] = ksvc('ghcr.io/knative/helloworld-go:two')['spec'] ?? {}; });
    await pass(5);
    expect(service()).toMatchObject({ status: { latestReadyRevisionName: 'hello-00002', observedGeneration: 2, traffic: [{ revisionName: 'hello-00002' }] } });
    expect(condition(service(), 'Ready')).toMatchObject({ status: 'True' });
  });

  it('tells how its container died', async () => {
    await install(['crash=hello']);
    await cluster.api.create('services.serving.knative.dev', ksvc());
    await pass(15);
    expect(condition(service(), 'Ready')).toMatchObject({ status: 'False', reason: 'RevisionFailed', message: expect.stringContaining('Container failed with: panic') });
    expect(condition(get('revisions.serving.knative.dev', 'hello-00001'), 'ContainerHealthy')).toMatchObject({ status: 'False', reason: 'ExitCode1' });
  });

  it('notices an image that cannot be pulled only after ten minutes, as the real one', async () => {
    await install(['image-pull=helloworld']);
    await cluster.api.create('services.serving.knative.dev', ksvc());
    await pass(300);
    expect(condition(service(), 'Ready')).toMatchObject({ status: 'Unknown' });
    await pass(320);
    expect(condition(get('revisions.serving.knative.dev', 'hello-00001'), 'ResourcesAvailable')).toMatchObject({ status: 'False', reason: 'ProgressDeadlineExceeded', message: 'Initial scale was never achieved' });
  });

  it('says that a quota lets no pod in', async () => {
    await install(['quota=hello']);
    await cluster.api.create('services.serving.knative.dev', ksvc());
    await pass(2);
    expect(condition(get('revisions.serving.knative.dev', 'hello-00001'), 'ResourcesAvailable')).toMatchObject({ status: 'False', reason: 'FailedCreate', message: expect.stringContaining('exceeded quota') });
    expect(condition(service(), 'Ready')).toMatchObject({ status: 'False', reason: 'RevisionFailed' });
  });

  it('comes late where names resolve slowly', async () => {
    await install(['slow-dns=hello']);
    await cluster.api.create('services.serving.knative.dev', ksvc());
    await pass(15);
    expect(condition(service(), 'Ready')).toMatchObject({ status: 'Unknown' });
    await pass(15);
    expect(condition(service(), 'Ready')).toMatchObject({ status: 'True' });
  });

  it('waits for an ingress that nobody configures', async () => {
    await install([], ['controller', 'webhook']);
    await cluster.api.create('services.serving.knative.dev', ksvc());
    await pass(30);
    expect(condition(service(), 'Ready')).toMatchObject({ status: 'Unknown', reason: 'IngressNotConfigured', message: 'Ingress has not yet been reconciled.' });
  });

  it('leaves nothing behind', async () => {
    await install();
    await cluster.api.create('services.serving.knative.dev', ksvc());
    await pass(5);
    await cluster.api.delete({ key: 'services.serving.knative.dev', namespace: 'default', name: 'hello' }, { policy: 'Background' });
    await pass(5);
    const left = SERVING.flatMap(([group, kind]) => cluster.api.list(`${plural(kind)}.${group}`, 'default'));
    expect([...left, ...cluster.api.list('pods', 'default'), ...cluster.api.list('deployments.apps', 'default')]).toEqual([]);
  });

  it('is refused while its webhook does not answer', async () => {
    await install(['webhook=webhook.serving']);
    await expect(cluster.api.create('services.serving.knative.dev', ksvc())).rejects.toMatchObject({ code: 500, message: expect.stringContaining('failed calling webhook "webhook.serving.knative.dev"') });
  });
});

describe('Knative Eventing', () => {
  it('makes broker, trigger and source ready once its parts run and each finds the other', async () => {
    await install();
    const create = (group: string, kind: string, spec: JsonObject) => cluster.api.create(`${plural(kind)}.${group}`, { apiVersion: `${group}/v1`, kind, metadata: { name: kind.toLowerCase(), namespace: 'default' }, spec });
    await create('eventing.knative.dev', 'Broker', {});
    await create('eventing.knative.dev', 'Trigger', { broker: 'broker', subscriber: { ref: { apiVersion: 'serving.knative.dev/v1', kind: 'Service', name: 'hello' } } });
    await create('sources.knative.dev', 'PingSource', { schedule: '* * * * *', sink: { ref: { apiVersion: 'eventing.knative.dev/v1', kind: 'Broker', name: 'broker' } } });
    for (const name of ['eventing-controller', 'mt-broker-controller', 'imc-controller']) await cluster.api.create('deployments.apps', deployment(name, 'knative-eventing'));
    await pass(5);
    expect(get('brokers.eventing.knative.dev', 'broker')).toMatchObject({ status: { address: { url: 'http://broker-ingress.knative-eventing.svc.cluster.local/default/broker' } } });
    expect(condition(get('triggers.eventing.knative.dev', 'trigger'), 'Ready')).toMatchObject({ status: 'False' });
    await cluster.api.create('services.serving.knative.dev', ksvc());
    await pass(5);
    for (const [key, name] of [['brokers.eventing.knative.dev', 'broker'], ['triggers.eventing.knative.dev', 'trigger'], ['pingsources.sources.knative.dev', 'pingsource']] as const) expect(condition(get(key, name), 'Ready')).toMatchObject({ status: 'True' });
  });
});
