// Knative's Revision: a Deployment with its queue-proxy, an autoscaler, and conditions that tell how it goes.
import type { Json, JsonObject } from '../../../../model/json.ts';
import { stringAt } from '../../../../model/object.ts';
import { childOf, objectAt, objectsAt } from '../../server/json.ts';
import { type Api, isDeleting, ownedBy, type Ref, refOf } from '../api.ts';
import { conditionOf, isTrue } from '../conditions.ts';
import { type Controller, controllerOf, type World } from '../controller.ts';
import { isActive, isReady, numberAt } from '../workloads/pods.ts';
import { type Living, setLiving } from './living.ts';
import { onSettings, REVISIONS } from './service.ts';
import { isServingThere } from './settings.ts';

const DEPLOYMENTS = 'deployments.apps';
const AUTOSCALERS = 'podautoscalers.autoscaling.internal.knative.dev';
const QUEUE_IMAGE = 'gcr.io/knative-releases/knative.dev/serving/cmd/queue';

export const deploymentOf = (revision: Ref): Ref => ({ key: DEPLOYMENTS, namespace: revision.namespace, name: `${revision.name}-deployment` });

function labelsOf(revision: JsonObject): JsonObject {
  const name = stringAt(revision, 'metadata', 'name') ?? '';
  const own = objectAt(revision, 'metadata', 'labels') ?? {};
  const { 'serving.knative.dev/routingState': _state, ...labels } = own;
  return { ...labels, app: name, 'serving.knative.dev/revision': name, 'serving.knative.dev/revisionUID': stringAt(revision, 'metadata', 'uid') ?? '' };
}

function userContainer(container: JsonObject): JsonObject {
  const port = objectsAt(container, 'ports')[0]?.['containerPort'] ?? 8080;
  const { readinessProbe: _moved, ...rest } = container;
  return {
    ...rest, name: container['name'] ?? 'user-container', ports: [{ containerPort: port, name: 'user-port', protocol: 'TCP' }],
    env: [...objectsAt(container, 'env'), { name: 'PORT', value: String(port) }], lifecycle: { preStop: { httpGet: { path: '/wait-for-drain', port: 8022 } } }, terminationMessagePolicy: 'FallbackToLogsOnError',
  };
}

function podSpec(revision: JsonObject): JsonObject {
  const spec = objectAt(revision, 'spec') ?? {};
  const { containerConcurrency: _concurrency, timeoutSeconds, responseStartTimeoutSeconds: _start, idleTimeoutSeconds: _idle, ...pod } = spec;
  const queue: JsonObject = {
    name: 'queue-proxy', image: QUEUE_IMAGE, resources: { requests: { cpu: '25m' } }, ports: [{ containerPort: 8012, name: 'queue-port' }, { containerPort: 8022, name: 'http-queueadm' }, { containerPort: 9090, name: 'http-autometric' }, { containerPort: 9091, name: 'http-usermetric' }],
    readinessProbe: { httpGet: { path: '/', port: 8012, httpHeaders: [{ name: 'K-Network-Probe', value: 'queue' }] }, periodSeconds: 10 },
  };
  const environment = ['revision', 'configuration', 'service'].map((kind) => ({ name: `K_${kind.toUpperCase()}`, value: kind === 'revision' ? stringAt(revision, 'metadata', 'name') ?? '' : stringAt(revision, 'metadata', 'labels', `serving.knative.dev/${kind}`) ?? '' }));
  const containers = objectsAt(spec, 'containers').map((container, index) => (index === 0 ? userContainer({ ...container, env: [...objectsAt(container, 'env'), ...environment] }) : container));
  return { ...pod, containers: [...containers, queue], terminationGracePeriodSeconds: timeoutSeconds ?? 300, dnsPolicy: 'ClusterFirst' };
}

const annotationsOf = (revision: JsonObject): JsonObject => objectAt(revision, 'metadata', 'annotations') ?? {};

/** How many pods a revision starts with, and never goes below. */
export function scaleBounds(revision: JsonObject): { readonly initial: number; readonly min: number } {
  const number = (name: string, fallback: number): number => Number(annotationsOf(revision)[`autoscaling.knative.dev/${name}`] ?? fallback);
  return { initial: Math.max(number('initial-scale', 1), number('min-scale', 0)), min: number('min-scale', 0) };
}

async function createDeployment(api: Api, ref: Ref, revision: JsonObject): Promise<void> {
  const labels = labelsOf(revision);
  const deadline = /^(\d+)s$/.exec(String(annotationsOf(revision)['serving.knative.dev/progress-deadline'] ?? '600s'));
  await api.create(DEPLOYMENTS, {
    apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: `${ref.name}-deployment`, namespace: ref.namespace, labels, annotations: annotationsOf(revision), ownerReferences: [ownedBy(revision)] },
    spec: {
      replicas: scaleBounds(revision).initial, progressDeadlineSeconds: Number(deadline?.[1] ?? 600), revisionHistoryLimit: 0, strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 0, maxSurge: '25%' } },
      selector: { matchLabels: { 'serving.knative.dev/revisionUID': stringAt(revision, 'metadata', 'uid') ?? '' } }, template: { metadata: { labels, annotations: annotationsOf(revision) }, spec: podSpec(revision) },
    },
  });
}

async function createOthers(api: Api, ref: Ref, revision: JsonObject): Promise<void> {
  const metadata = { name: ref.name, namespace: ref.namespace, labels: labelsOf(revision), ownerReferences: [ownedBy(revision)] };
  const annotations = { 'autoscaling.knative.dev/class': 'kpa.autoscaling.knative.dev', 'autoscaling.knative.dev/metric': 'concurrency', ...annotationsOf(revision) };
  await api.create(AUTOSCALERS, {
    apiVersion: 'autoscaling.internal.knative.dev/v1alpha1', kind: 'PodAutoscaler', metadata: { ...metadata, annotations },
    spec: { protocolType: 'http1', reachability: 'Reachable', scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: `${ref.name}-deployment` } },
  });
  for (const [suffix, port] of [['', 8012], ['-private', 8012]] as const) {
    await api.create('services', {
      apiVersion: 'v1', kind: 'Service', metadata: { ...metadata, name: `${ref.name}${suffix}` },
      spec: { selector: { 'serving.knative.dev/revisionUID': stringAt(revision, 'metadata', 'uid') ?? '' }, ports: [{ name: 'http', port: 80, targetPort: port }] },
    });
  }
}

function podsOfRevision(api: Api, revision: JsonObject): readonly JsonObject[] {
  return api.list('pods', stringAt(revision, 'metadata', 'namespace') ?? '').filter((pod) => stringAt(pod, 'metadata', 'labels', 'serving.knative.dev/revisionUID') === stringAt(revision, 'metadata', 'uid'));
}

/** Why the container is not well, when it has ended badly. */
function exitOf(world: World, pods: readonly JsonObject[]): Living | undefined {
  for (const pod of pods) {
    const status = objectsAt(pod, 'status', 'containerStatuses').find((entry) => entry['name'] !== 'queue-proxy');
    const ended = objectAt(status, 'lastState', 'terminated') ?? objectAt(status, 'state', 'terminated');
    if (status === undefined || ended === undefined || Number(ended['exitCode'] ?? 0) === 0) continue;
    const lines = world.logs.source({ pod, container: String(status['name']), previous: true, tailLines: 5, follow: undefined }) ?? [];
    return { type: 'ContainerHealthy', status: 'False', reason: `ExitCode${String(ended['exitCode'])}`, message: `Container failed with: ${lines.join('\n')}` };
  }
  return undefined;
}

function conditionsOf(world: World, revision: JsonObject, deployment: JsonObject | undefined, pods: readonly JsonObject[]): readonly Living[] {
  const wasReady = isTrue(revision, 'ResourcesAvailable');
  const [progressing, refused] = [conditionOf(deployment, 'Progressing'), conditionOf(deployment, 'ReplicaFailure')];
  const unschedulable = pods.map((pod) => conditionOf(pod, 'PodScheduled')).find((condition) => condition?.['reason'] === 'Unschedulable');
  const exit = exitOf(world, pods);
  const deploying = { status: 'Unknown' as const, reason: 'Deploying' };
  const isZero = numberAt(deployment, 'spec', 'replicas') === 0;
  const active: Living = isZero ? { type: 'Active', status: 'False', reason: 'NoTraffic', message: 'The target is not receiving traffic.', severity: 'Info' }
    : pods.some(isReady) ? { type: 'Active', status: 'True', severity: 'Info' } : { type: 'Active', ...deploying, severity: 'Info' };
  if (pods.some(isReady) || (wasReady && exit === undefined)) return [active, { type: 'ContainerHealthy', status: 'True' }, { type: 'ResourcesAvailable', status: 'True' }];
  if (exit !== undefined) return [active, exit, { type: 'ResourcesAvailable', ...deploying }];
  if (refused?.['status'] === 'True') return [active, { type: 'ContainerHealthy', ...deploying }, { type: 'ResourcesAvailable', status: 'False', reason: String(refused['reason']), message: String(refused['message']) }];
  if (unschedulable !== undefined) return [active, { type: 'ContainerHealthy', ...deploying }, { type: 'ResourcesAvailable', status: 'False', reason: 'Unschedulable', message: String(unschedulable['message']) }];
  if (progressing?.['reason'] === 'ProgressDeadlineExceeded') return [active, { type: 'ContainerHealthy', ...deploying }, { type: 'ResourcesAvailable', status: 'False', reason: 'ProgressDeadlineExceeded', message: 'Initial scale was never achieved' }];
  return [active, { type: 'ContainerHealthy', ...deploying }, { type: 'ResourcesAvailable', ...deploying }];
}

export const knativeRevisions: Controller = {
  name: 'controller',
  watches: [
    { key: REVISIONS }, { key: DEPLOYMENTS, of: controllerOf(REVISIONS, 'Revision') }, ...onSettings(REVISIONS),
    { key: 'pods', of: (event) => {
      const name = stringAt(event.object, 'metadata', 'labels', 'serving.knative.dev/revision');
      return name === undefined ? [] : [{ key: REVISIONS, namespace: refOf('pods', event.object).namespace, name }];
    } },
  ],
  async reconcile(ref, world) {
    const { api } = world;
    const revision = api.get(ref);
    if (revision === undefined || isDeleting(revision) || !isServingThere(api)) return undefined;
    if (api.get(deploymentOf(ref)) === undefined) {
      await createDeployment(api, ref, revision);
      await createOthers(api, ref, revision);
    }
    const deployment = api.get(deploymentOf(ref));
    const pods = podsOfRevision(api, revision).filter(isActive);
    const conditions = conditionsOf(world, revision, deployment, pods);
    await api.updateStatus(ref, (status) => {
      const containers: readonly Json[] = objectsAt(revision, 'spec', 'containers').map((container) => ({ name: container['name'] ?? 'user-container' }));
      Object.assign(status, { observedGeneration: numberAt(revision, 'metadata', 'generation'), actualReplicas: pods.filter(isReady).length, desiredReplicas: numberAt(deployment, 'spec', 'replicas'), containerStatuses: containers });
      setLiving(status, api.now(), conditions);
    });
    await reportAutoscaler(api, ref, deployment, pods.filter(isReady).length, conditions[0]);
    return undefined;
  },
};

async function reportAutoscaler(api: Api, ref: Ref, deployment: JsonObject | undefined, actual: number, active: Living | undefined): Promise<void> {
  await api.updateStatus({ ...ref, key: AUTOSCALERS }, (status) => {
    const desired = numberAt(deployment, 'spec', 'replicas');
    Object.assign(status, { actualScale: actual, desiredScale: desired, serviceName: ref.name, metricsServiceName: `${ref.name}-private`, observedGeneration: 1 });
    const { severity: _severity, ...own } = active ?? { type: 'Active', status: 'Unknown' as const, severity: undefined };
    const initialized: Living = { type: 'ScaleTargetInitialized', status: actual > 0 || desired === 0 ? 'True' : 'Unknown' };
    setLiving(status, api.now(), [own, { type: 'SKSReady', status: actual > 0 ? 'True' : 'Unknown', ...(actual > 0 ? {} : { reason: 'NotReady', message: 'K8s Service is not ready' }) }, initialized]);
  });
}

/** Sets how many pods a revision has; what the activator and the autoscaler do between them. */
export async function scaleRevision(api: Api, revision: Ref, replicas: number): Promise<void> {
  await api.update(deploymentOf(revision), (deployment) => { childOf(deployment, 'spec')['replicas'] = replicas; });
}

