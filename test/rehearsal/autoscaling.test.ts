// HorizontalPodAutoscalers on a virtual clock: pods that use as much CPU as the test says, and what the autoscaler makes of it.
import { afterEach, describe, expect, it } from 'vitest';
import { type Cluster, startCluster } from '../../src/clusters/rehearsal/cluster.ts';
import type { Running } from '../../src/clusters/rehearsal/controllers/container-run.ts';
import { createVirtualClock, type VirtualClock } from '../../src/clusters/rehearsal/virtual-clock.ts';
import type { JsonObject } from '../../src/model/json.ts';
import { at } from '../../src/model/object.ts';

const HPA = { key: 'horizontalpodautoscalers.autoscaling', namespace: 'default', name: 'web' } as const;
const WEB = { key: 'deployments.apps', namespace: 'default', name: 'web' } as const;

let cluster: Cluster;
let clock: VirtualClock;
const bugs: unknown[] = [];
/** What the pods use together, in thousandths of a core; shared evenly among those that run. */
let load = 0;
const running = new Set<object>();

/** A process whose CPU time runs on with its share of the load. */
function startProcess(): Running {
  const self = {};
  running.add(self);
  let [cpuMs, lastMs] = [0, clock.now()];
  return {
    port: 1, isReady: () => true,
    usage: async () => {
      cpuMs += ((clock.now() - lastMs) * load) / 1000 / Math.max(1, running.size);
      lastMs = clock.now();
      return { cpuMs, memoryBytes: 20 * 2 ** 20 };
    },
    stop: async () => { running.delete(self); },
  };
}

const pass = (seconds: number): Promise<void> => clock.advance(seconds * 1000, () => cluster.settled());
const hpa = (): JsonObject | undefined => cluster.api.get(HPA);
const replicas = (): unknown => at(cluster.api.get(WEB), 'spec', 'replicas');
const condition = (type: string): JsonObject | undefined => (at(hpa(), 'status', 'conditions') as readonly JsonObject[] | undefined)?.find((entry) => entry['type'] === type);
const eventsOf = (reason: string): readonly JsonObject[] => cluster.api.list('events', 'default').filter((event) => event['reason'] === reason);

const deployment = (count: number, container: JsonObject = { resources: { requests: { cpu: '100m' } } }): JsonObject => ({
  apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web', namespace: 'default' },
  spec: { replicas: count, selector: { matchLabels: { app: 'web' } }, template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'main', image: 'example.com/web:1', ...container }] } } },
});

const CPU = { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 50 } } };

async function start(options: { readonly hpa?: JsonObject; readonly deployment?: JsonObject; readonly isMeasured?: boolean; readonly hasMetrics?: boolean } = {}): Promise<void> {
  clock = createVirtualClock();
  cluster = await startCluster({ clock, onBug: (error) => bugs.push(error), ...options.isMeasured !== false && { runner: () => startProcess() } });
  if (options.hasMetrics !== false) await serveMetrics();
  await cluster.api.create('deployments.apps', options.deployment ?? deployment(1));
  await cluster.api.create('horizontalpodautoscalers.autoscaling', {
    apiVersion: 'autoscaling/v2', kind: 'HorizontalPodAutoscaler', metadata: { name: 'web', namespace: 'default' },
    spec: { scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' }, minReplicas: 1, maxReplicas: 10, metrics: [CPU], ...options.hpa },
  });
  await pass(0);
}

/** What the addon metrics-server leads to. */
async function serveMetrics(): Promise<void> {
  const ref = { key: 'apiservices.apiregistration.k8s.io', namespace: '', name: 'v1beta1.metrics.k8s.io' };
  await cluster.api.create(ref.key, {
    apiVersion: 'apiregistration.k8s.io/v1', kind: 'APIService', metadata: { name: ref.name }, spec: { group: 'metrics.k8s.io', version: 'v1beta1', groupPriorityMinimum: 100, versionPriority: 100 },
  });
  await cluster.api.updateStatus(ref, (status) => { status['conditions'] = [{ type: 'Available', status: 'True', reason: 'Passed', message: 'all checks passed' }]; });
}

afterEach(async () => {
  await cluster.close();
  running.clear();
  load = 0;
  expect(bugs).toEqual([]);
});

describe('a HorizontalPodAutoscaler', () => {
  it('adds pods while they use more than their target, and says why', async () => {
    await start();
    load = 200;
    await pass(120);
    // 200m of 100m is four times the target of 50 %.
    expect(replicas()).toBe(4);
    expect(hpa()).toMatchObject({ status: { currentReplicas: 4, desiredReplicas: 4, currentMetrics: [{ type: 'Resource', resource: { name: 'cpu', current: { averageUtilization: 50, averageValue: '50m' } } }] } });
    expect(at(hpa(), 'status', 'lastScaleTime')).toMatch(/^2026-01-01T00:/);
    expect(condition('AbleToScale')).toMatchObject({ status: 'True', reason: 'ReadyForNewScale', message: 'recommended size matches current size' });
    expect(condition('ScalingActive')).toMatchObject({ status: 'True', reason: 'ValidMetricFound', message: 'the HPA was able to successfully calculate a replica count from cpu resource utilization (percentage of request)' });
    expect(condition('ScalingLimited')).toMatchObject({ status: 'False', reason: 'DesiredWithinRange' });
    expect(eventsOf('SuccessfulRescale').map(({ message }) => message)).toEqual(['New size: 4; reason: cpu resource utilization (percentage of request) above target']);
  });

  it('looks for the first time after 15 s, and does nothing within the tolerance', async () => {
    await start({ deployment: deployment(2) });
    load = 109;
    await pass(14);
    expect(at(hpa(), 'status', 'conditions')).toBeUndefined();
    await pass(200);
    expect(replicas()).toBe(2);
    expect(eventsOf('SuccessfulRescale')).toEqual([]);
    load = 120;
    await pass(60);
    expect(replicas()).toBe(3);
  });

  it('is limited by its maximum, and by how fast it may grow', async () => {
    await start({ hpa: { maxReplicas: 6 } });
    load = 5000;
    while (replicas() === 1) await pass(1);
    expect(replicas()).toBe(4);
    expect(condition('ScalingLimited')).toMatchObject({ status: 'True', reason: 'ScaleUpLimit' });
    await pass(60);
    expect(replicas()).toBe(6);
    expect(condition('ScalingLimited')).toMatchObject({ status: 'True', reason: 'TooManyReplicas' });
  });

  it('takes pods away only when nothing has asked for them for five minutes', async () => {
    await start();
    load = 200;
    await pass(120);
    load = 0;
    await pass(240);
    expect(replicas()).toBe(4);
    expect(condition('AbleToScale')).toMatchObject({ status: 'True', reason: 'ScaleDownStabilized' });
    await pass(120);
    expect(replicas()).toBe(1);
    expect(eventsOf('SuccessfulRescale').map(({ message }) => message)).toContain('New size: 1; reason: All metrics below target');
    expect(condition('ScalingLimited')).toMatchObject({ status: 'True', reason: 'TooFewReplicas' });
  });

  it('keeps to the window and the policies of its own behaviour', async () => {
    const behavior = { scaleUp: { policies: [{ type: 'Pods', value: 1, periodSeconds: 60 }] }, scaleDown: { stabilizationWindowSeconds: 30, policies: [{ type: 'Pods', value: 2, periodSeconds: 60 }] } };
    await start({ hpa: { behavior } });
    load = 200;
    while (replicas() === 1) await pass(1);
    expect(replicas()).toBe(2);
    expect(condition('ScalingLimited')).toMatchObject({ status: 'True', reason: 'ScaleUpLimit' });
    await pass(50);
    expect(replicas()).toBe(2);
    await pass(140);
    expect(replicas()).toBe(4);
    load = 0;
    await pass(75);
    expect(replicas()).toBe(2);
    expect(condition('ScalingLimited')).toMatchObject({ status: 'True', reason: 'ScaleDownLimit' });
  });

  it('brings what is out of its bounds back into them, without any metric', async () => {
    await start({ deployment: deployment(5), hpa: { minReplicas: 2, maxReplicas: 3 }, hasMetrics: false });
    await pass(16);
    expect(replicas()).toBe(3);
    expect(condition('AbleToScale')).toMatchObject({ status: 'True', reason: 'SucceededRescale', message: 'the HPA controller was able to update the target scale to 3' });
    expect(eventsOf('SuccessfulRescale').map(({ message }) => message)).toEqual(['New size: 3; reason: Current number of replicas above Spec.MaxReplicas']);
  });

  it('counts towards an amount for each pod, also of memory', async () => {
    const memory = { type: 'Resource', resource: { name: 'memory', target: { type: 'AverageValue', averageValue: '10Mi' } } };
    await start({ hpa: { metrics: [memory] }, deployment: deployment(1, {}) });
    while (replicas() === 1) await pass(1);
    expect(replicas()).toBe(2);
    expect(at(hpa(), 'status', 'currentMetrics')).toEqual([{ type: 'Resource', resource: { name: 'memory', current: { averageValue: '20971520' } } }]);
  });
});

describe('an autoscaler that cannot see', () => {
  const failed = (message: string): object => ({ status: 'False', reason: 'FailedGetResourceMetric', message: `the HPA was unable to compute the replica count: failed to get cpu utilization: ${message}` });

  it('says so where nobody serves metrics, once, and leaves everything as it is', async () => {
    await start({ deployment: deployment(2), hasMetrics: false });
    load = 900;
    await pass(300);
    expect(replicas()).toBe(2);
    expect(condition('ScalingActive')).toMatchObject(failed('unable to get metrics for resource cpu: unable to fetch metrics from resource metrics API: the server could not find the requested resource (get pods.metrics.k8s.io)'));
    expect(condition('AbleToScale')).toMatchObject({ status: 'True', reason: 'SucceededGetScale' });
    expect(eventsOf('FailedGetResourceMetric').map(({ count }) => count)).toEqual([1]);
    expect(eventsOf('FailedComputeMetricsReplicas')).toHaveLength(1);
  });

  it('says so of pods that are only pretended', async () => {
    await start({ isMeasured: false });
    await pass(60);
    expect(condition('ScalingActive')).toMatchObject(failed('unable to get metrics for resource cpu: no metrics returned from resource metrics API'));
  });

  it('names the container that requests nothing', async () => {
    await start({ deployment: deployment(1, {}) });
    await pass(60);
    expect(condition('ScalingActive')).toMatchObject({ status: 'False', reason: 'FailedGetResourceMetric', message: expect.stringMatching(/missing request for cpu in container main of Pod web-/) });
  });

  it('tells that its target is not there, or sleeps', async () => {
    await start({ deployment: deployment(0) });
    await pass(20);
    expect(condition('ScalingActive')).toMatchObject({ status: 'False', reason: 'ScalingDisabled' });
    expect(replicas()).toBe(0);
    await cluster.api.delete(WEB);
    await pass(20);
    expect(condition('AbleToScale')).toMatchObject({ status: 'False', reason: 'FailedGetScale', message: 'the HPA controller was unable to get the target\'s current scale: deployments.apps "web" not found' });
  });
});

describe('metrics.k8s.io', () => {
  const read = async (path: string): Promise<JsonObject> => (await (await fetch(`${cluster.server.url}${path}`)).json()) as JsonObject;
  const groups = async (): Promise<unknown> => ((await read('/apis'))['groups'] as readonly JsonObject[]).map(({ name }) => name);

  it('is not there before somebody serves it', async () => {
    await start({ hasMetrics: false });
    expect(await groups()).not.toContain('metrics.k8s.io');
    expect((await fetch(`${cluster.server.url}/apis/metrics.k8s.io/v1beta1/pods`)).status).toBe(404);
  });

  it('tells what pods and the node use, as kubectl top reads it', async () => {
    await start({ deployment: deployment(2), hpa: { minReplicas: 2 } });
    load = 80;
    await pass(60);
    expect(await groups()).toContain('metrics.k8s.io');
    expect(await read('/apis/metrics.k8s.io/v1beta1')).toMatchObject({ kind: 'APIResourceList', resources: [{ name: 'nodes' }, { name: 'pods', namespaced: true }] });
    const list = await read('/apis/metrics.k8s.io/v1beta1/namespaces/default/pods?labelSelector=app%3Dweb');
    const item = { kind: 'PodMetrics', window: '15s', containers: [{ name: 'main', usage: { cpu: '40m', memory: '20480Ki' } }] };
    expect(list).toMatchObject({ kind: 'PodMetricsList', items: [item, item] });
    expect(await read('/apis/metrics.k8s.io/v1beta1/namespaces/default/pods?labelSelector=app%3Dother')).toMatchObject({ items: [] });
    expect(await read('/apis/metrics.k8s.io/v1beta1/namespaces/elsewhere/pods')).toMatchObject({ items: [] });
    expect(await read('/apis/metrics.k8s.io/v1beta1/nodes')).toMatchObject({ items: [{ metadata: { name: 'devstack-rehearsal' }, usage: { cpu: '80m', memory: '40960Ki' } }] });
    expect(await read('/apis/metrics.k8s.io/v1beta1/namespaces/default/pods/none')).toMatchObject({ kind: 'Status', code: 404, reason: 'NotFound' });
  });
});
