// The controllers of the rehearsal, on a virtual clock: what an installer waits for happens, and what it fears does too.
import { afterEach, describe, expect, it } from 'vitest';
import { type Cluster, type ClusterOptions, startCluster } from '../../src/clusters/rehearsal/cluster.ts';
import { Faults, parseFault } from '../../src/clusters/rehearsal/controllers/faults.ts';
import { createVirtualClock, type VirtualClock } from '../../src/clusters/rehearsal/virtual-clock.ts';
import type { JsonObject } from '../../src/model/json.ts';
import { at } from '../../src/model/object.ts';

let cluster: Cluster;
let clock: VirtualClock;
const bugs: unknown[] = [];

async function start(options: Partial<ClusterOptions> = {}): Promise<void> {
  clock = createVirtualClock();
  cluster = await startCluster({ clock, onBug: (error) => bugs.push(error), ...options });
  await pass(0);
}

const pass = (seconds: number): Promise<void> => clock.advance(seconds * 1000, () => cluster.settled());
const get = (key: string, name: string, namespace = 'default'): JsonObject | undefined => cluster.api.get({ key, namespace, name });
const pods = (namespace = 'default'): readonly JsonObject[] => cluster.api.list('pods', namespace);
const condition = (object: JsonObject | undefined, type: string): JsonObject | undefined => (at(object, 'status', 'conditions') as readonly JsonObject[] | undefined)?.find((entry) => entry['type'] === type);

const deployment = (name: string, more: JsonObject = {}, container: JsonObject = {}): JsonObject => ({
  apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name, namespace: 'default' },
  spec: { selector: { matchLabels: { app: name } }, template: { metadata: { labels: { app: name } }, spec: { containers: [{ name: 'main', image: `example.com/${name}:1`, ...container }] } }, ...more },
});

afterEach(async () => {
  await cluster.close();
  expect(bugs).toEqual([]);
});

describe('workloads', () => {
  it('makes a Deployment available once its image is pulled and its probe has answered', async () => {
    await start();
    await cluster.api.create('deployments.apps', deployment('web', { replicas: 2 }, { readinessProbe: { httpGet: { port: 80 }, initialDelaySeconds: 10 } }));
    await pass(0.5);
    expect(condition(get('deployments.apps', 'web'), 'Available')).toMatchObject({ status: 'False', reason: 'MinimumReplicasUnavailable' });
    expect(pods().map((pod) => at(pod, 'status', 'containerStatuses', 0, 'state', 'waiting', 'reason'))).toEqual(['ContainerCreating', 'ContainerCreating']);
    await pass(5);
    expect(pods().map((pod) => at(pod, 'status', 'phase'))).toEqual(['Running', 'Running']);
    expect(condition(get('deployments.apps', 'web'), 'Available')).toMatchObject({ status: 'False' });
    await pass(10);
    expect(get('deployments.apps', 'web')).toMatchObject({ status: { observedGeneration: 1, replicas: 2, readyReplicas: 2, updatedReplicas: 2, availableReplicas: 2 } });
    expect(condition(get('deployments.apps', 'web'), 'Progressing')).toMatchObject({ status: 'True', reason: 'NewReplicaSetAvailable' });
  });

  it('rolls to a new template without losing availability, and keeps the revision', async () => {
    await start();
    await cluster.api.create('deployments.apps', deployment('web', { replicas: 4 }));
    await pass(10);
    await cluster.api.update({ key: 'deployments.apps', namespace: 'default', name: 'web' }, (object) => { Object.assign(object, deployment('web', { replicas: 4 }, { image: 'example.com/web:2' }), { metadata: object['metadata'] }); });
    let least = 4;
    for (let second = 0; second < 40; second += 1) {
      await pass(0.25);
      least = Math.min(least, Number(at(get('deployments.apps', 'web'), 'status', 'availableReplicas') ?? 0));
    }
    expect(least).toBeGreaterThanOrEqual(3);
    expect(pods().map((pod) => at(pod, 'spec', 'containers', 0, 'image'))).toEqual(Array(4).fill('example.com/web:2'));
    expect(at(get('deployments.apps', 'web'), 'metadata', 'annotations', 'deployment.kubernetes.io/revision')).toBe('2');
  });

  it('runs a Job to its end, and a failing one to its limit', async () => {
    await start({ faults: new Faults([parseFault('crash=bad')]) });
    const job = (name: string): JsonObject => ({ apiVersion: 'batch/v1', kind: 'Job', metadata: { name, namespace: 'default' }, spec: { backoffLimit: 1, template: { spec: { restartPolicy: 'Never', containers: [{ name: 'main', image: `example.com/${name}:1` }] } } } });
    await cluster.api.create('jobs.batch', job('good'));
    await cluster.api.create('jobs.batch', job('bad'));
    await pass(60);
    expect(condition(get('jobs.batch', 'good'), 'Complete')).toMatchObject({ status: 'True' });
    expect(condition(get('jobs.batch', 'bad'), 'Failed')).toMatchObject({ status: 'True', reason: 'BackoffLimitExceeded' });
  });

  it('starts the members of a StatefulSet in order, each with a claim of its own', async () => {
    await start();
    await cluster.api.create('statefulsets.apps', {
      apiVersion: 'apps/v1', kind: 'StatefulSet', metadata: { name: 'db', namespace: 'default' },
      spec: { serviceName: 'db', replicas: 2, selector: { matchLabels: { app: 'db' } }, template: { metadata: { labels: { app: 'db' } }, spec: { containers: [{ name: 'main', image: 'example.com/db:1' }] } }, volumeClaimTemplates: [{ metadata: { name: 'data' }, spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } } }] },
    });
    await pass(1);
    expect(pods().map((pod) => at(pod, 'metadata', 'name'))).toEqual(['db-0']);
    await pass(10);
    expect(get('statefulsets.apps', 'db')).toMatchObject({ status: { readyReplicas: 2, updatedReplicas: 2 } });
    expect(get('persistentvolumeclaims', 'data-db-1')).toMatchObject({ status: { phase: 'Bound' } });
  });

  it('puts one pod of a DaemonSet on the node', async () => {
    await start();
    await cluster.api.create('daemonsets.apps', { apiVersion: 'apps/v1', kind: 'DaemonSet', metadata: { name: 'ds', namespace: 'default' }, spec: { selector: { matchLabels: { app: 'ds' } }, template: { metadata: { labels: { app: 'ds' } }, spec: { containers: [{ name: 'main', image: 'example.com/ds:1' }] } } } });
    await pass(10);
    expect(get('daemonsets.apps', 'ds')).toMatchObject({ status: { desiredNumberScheduled: 1, numberReady: 1, numberAvailable: 1 } });
  });

  it('lists the ready pods behind a Service', async () => {
    await start();
    await cluster.api.create('services', { apiVersion: 'v1', kind: 'Service', metadata: { name: 'web', namespace: 'default' }, spec: { selector: { app: 'web' }, ports: [{ port: 80, targetPort: 'http' }] } });
    await cluster.api.create('deployments.apps', deployment('web', {}, { ports: [{ name: 'http', containerPort: 8080 }] }));
    await pass(10);
    const [slice] = cluster.api.list('endpointslices.discovery.k8s.io', 'default');
    expect(slice).toMatchObject({ endpoints: [{ conditions: { ready: true } }], ports: [{ port: 8080 }] });
  });
});

describe('misfortune', () => {
  it('backs off from an image that cannot be pulled, and pulls it when it can', async () => {
    const faults = new Faults([parseFault('image-pull=web*3')]);
    await start({ faults });
    await cluster.api.create('deployments.apps', deployment('web'));
    await pass(1);
    expect(at(pods()[0], 'status', 'containerStatuses', 0, 'state', 'waiting', 'reason')).toBe('ErrImagePull');
    await pass(12);
    expect(at(pods()[0], 'status', 'containerStatuses', 0, 'state', 'waiting', 'reason')).toBe('ImagePullBackOff');
    expect(cluster.api.list('events', 'default').map((event) => event['reason'])).toContain('Failed');
    await pass(90);
    expect(condition(get('deployments.apps', 'web'), 'Available')).toMatchObject({ status: 'True' });
  });

  it('plays ten minutes of a rollout that never gets anywhere in a moment', async () => {
    await start({ faults: new Faults([parseFault('crash')]) });
    await cluster.api.create('deployments.apps', deployment('web'));
    await pass(660);
    expect(condition(get('deployments.apps', 'web'), 'Progressing')).toMatchObject({ status: 'False', reason: 'ProgressDeadlineExceeded' });
    const [status] = at(pods()[0], 'status', 'containerStatuses') as readonly JsonObject[];
    expect(status).toMatchObject({ state: { waiting: { reason: 'CrashLoopBackOff' } }, lastState: { terminated: { exitCode: 1 } } });
    expect(Number(status?.['restartCount'])).toBeGreaterThan(4);
  });

  it('leaves pods pending that do not fit, and says why', async () => {
    await start({ node: { cpuMilli: 1000, memoryMi: 1024 } });
    await cluster.api.create('deployments.apps', deployment('big', { replicas: 2 }, { resources: { requests: { cpu: '600m' } } }));
    await pass(10);
    expect(pods().map((pod) => at(pod, 'status', 'phase')).sort()).toEqual(['Pending', 'Running']);
    const waiting = pods().find((pod) => at(pod, 'status', 'phase') === 'Pending');
    expect(condition(waiting, 'PodScheduled')).toMatchObject({ status: 'False', reason: 'Unschedulable', message: expect.stringContaining('0/1 nodes are available: 1 Insufficient cpu') });
    await cluster.api.update({ key: 'deployments.apps', namespace: 'default', name: 'big' }, (object) => { (object['spec'] as { [key: string]: number })['replicas'] = 1; });
    await pass(10);
    expect(pods().map((pod) => at(pod, 'status', 'phase'))).toEqual(['Running']);
  });

  it('tells at the ReplicaSet that a quota forbids its pods', async () => {
    await start({ faults: new Faults([parseFault('quota')]) });
    await cluster.api.create('deployments.apps', deployment('web'));
    await pass(2);
    expect(pods()).toEqual([]);
    expect(condition(get('deployments.apps', 'web'), 'ReplicaFailure')).toMatchObject({ status: 'True', reason: 'FailedCreate', message: expect.stringContaining('exceeded quota') });
  });

  it('knows no fault that it does not know', () => {
    expect(() => parseFault('meteor')).toThrow(expect.objectContaining({ code: 'fault-unknown', exit: 2 }));
  });
});

describe('deletion', () => {
  it('takes dependents along, after their owner or before it', async () => {
    await start();
    await cluster.api.create('deployments.apps', deployment('web'));
    await pass(10);
    await cluster.api.delete({ key: 'deployments.apps', namespace: 'default', name: 'web' }, { policy: 'Background' });
    await pass(1);
    expect([get('deployments.apps', 'web'), cluster.api.list('replicasets.apps'), pods()]).toEqual([undefined, [], []]);
    await cluster.api.create('deployments.apps', deployment('web'));
    await pass(10);
    await cluster.api.delete({ key: 'deployments.apps', namespace: 'default', name: 'web' }, { policy: 'Foreground' });
    await pass(0.05);
    expect(get('deployments.apps', 'web')).toMatchObject({ metadata: { finalizers: ['foregroundDeletion'] } });
    await pass(1);
    expect([get('deployments.apps', 'web'), cluster.api.list('replicasets.apps'), pods()]).toEqual([undefined, [], []]);
  });

  it('empties a namespace, and keeps it while something in it is held', async () => {
    await start();
    const place = { key: 'namespaces', namespace: '', name: 'doomed' };
    await cluster.api.create('namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'doomed' } });
    await pass(0);
    expect(get('serviceaccounts', 'default', 'doomed')).toBeDefined();
    await cluster.api.create('configmaps', { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'held', namespace: 'doomed', finalizers: ['example.com/hold'] } });
    await cluster.api.delete(place);
    await pass(1);
    expect(condition(cluster.api.get(place), 'NamespaceFinalizersRemaining')).toMatchObject({ status: 'True', message: expect.stringContaining('example.com/hold in 1 resource instances') });
    await cluster.api.update({ key: 'configmaps', namespace: 'doomed', name: 'held' }, (object) => { delete (object['metadata'] as { finalizers?: unknown }).finalizers; });
    await pass(1);
    expect(cluster.api.get(place)).toBeUndefined();
  });

  it('keeps a claim that a pod still uses', async () => {
    await start();
    await cluster.api.create('persistentvolumeclaims', { apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { name: 'data', namespace: 'default' }, spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } } });
    await cluster.api.create('pods', { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'user', namespace: 'default' }, spec: { containers: [{ name: 'c', image: 'a:1' }], volumes: [{ name: 'd', persistentVolumeClaim: { claimName: 'data' } }] } });
    await pass(5);
    await cluster.api.delete({ key: 'persistentvolumeclaims', namespace: 'default', name: 'data' });
    await pass(1);
    expect(get('persistentvolumeclaims', 'data')).toBeDefined();
    await cluster.api.delete({ key: 'pods', namespace: 'default', name: 'user' });
    await pass(5);
    expect([get('persistentvolumeclaims', 'data'), cluster.api.list('persistentvolumes')]).toEqual([undefined, []]);
  });
});
