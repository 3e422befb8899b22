import { describe, expect, it } from 'vitest';
import { statusOf } from '../../src/kube/status.ts';
import type { KubeObject } from '../../src/model/object.ts';

const CONDITION = (type: string, status: string, reason = '', message = '') => ({ type, status, reason, message });

function object(apiVersion: string, kind: string, rest: object, metadata: object = {}): KubeObject {
  return { apiVersion, kind, metadata: { name: 'x', namespace: 'n', ...metadata }, ...rest } as KubeObject;
}

const deployment = (status: object | undefined, spec: object = {}, metadata: object = {}) => object('apps/v1', 'Deployment', { spec, ...(status === undefined ? {} : { status }) }, metadata);
const knative = (conditions: readonly object[], extra: object = {}, kind = 'Service', group = 'serving.knative.dev') => (
  object(`${group}/v1`, kind, { status: { observedGeneration: 2, conditions, ...extra } }, { generation: 2 })
);

describe('the status of', () => {
  it.each<readonly [string, KubeObject, string, string]>([
    ['a new deployment', deployment(undefined), 'pending', 'not looked at yet'],
    ['a changed deployment', deployment({ observedGeneration: 1, replicas: 1, updatedReplicas: 1, availableReplicas: 1 }, {}, { generation: 2 }), 'pending', 'change not looked at yet'],
    ['a deployment with old pods', deployment({ observedGeneration: 1, replicas: 2, updatedReplicas: 1, availableReplicas: 2 }), 'pending', '1 old pods remain'],
    ['a deployment whose pods are not up', deployment({ observedGeneration: 1, replicas: 3, updatedReplicas: 3, availableReplicas: 1 }, { replicas: 3 }), 'pending', '1/3 available'],
    ['a deployment that is up', deployment({ observedGeneration: 1, replicas: 1, updatedReplicas: 1, availableReplicas: 1 }), 'ready', '1/1 available'],
    ['a deployment of no pods', deployment({ observedGeneration: 1 }, { replicas: 0 }), 'ready', 'scaled to 0'],
    ['a deployment past its deadline', deployment({ observedGeneration: 1, conditions: [CONDITION('Progressing', 'False', 'ProgressDeadlineExceeded', 'has timed out.')] }), 'failed', 'ProgressDeadlineExceeded: has timed out'],
    ['a deployment over quota', deployment({ observedGeneration: 1, conditions: [CONDITION('ReplicaFailure', 'True', 'FailedCreate', 'pods "x" is forbidden: exceeded quota: q')] }), 'failed', 'no pods: FailedCreate: pods "x" is forbidden: exceeded quota: q'],
    ['a deployment whose webhook starts', deployment({ observedGeneration: 1, conditions: [CONDITION('ReplicaFailure', 'True', 'FailedCreate', 'failed calling webhook')] }), 'pending', 'no pods: FailedCreate: failed calling webhook'],
    ['a deployment that is going', deployment({ observedGeneration: 1, replicas: 1, updatedReplicas: 1, availableReplicas: 1 }, {}, { deletionTimestamp: 'now' }), 'pending', 'being deleted'],
    ['a stateful set in an update', object('apps/v1', 'StatefulSet', { spec: { replicas: 2 }, status: { observedGeneration: 1, readyReplicas: 2, updatedReplicas: 1, currentRevision: 'a', updateRevision: 'b' } }), 'pending', '1/2 updated'],
    ['a stateful set', object('apps/v1', 'StatefulSet', { spec: { replicas: 2 }, status: { observedGeneration: 1, readyReplicas: 2, currentRevision: 'a', updateRevision: 'a' } }), 'ready', '2/2 ready'],
    ['a new daemon set', object('apps/v1', 'DaemonSet', { status: { desiredNumberScheduled: 0 } }), 'pending', 'not looked at yet'],
    ['a daemon set', object('apps/v1', 'DaemonSet', { status: { observedGeneration: 1, desiredNumberScheduled: 2, updatedNumberScheduled: 2, numberAvailable: 1 } }), 'pending', '1/2 available'],
    ['a running job', object('batch/v1', 'Job', { status: { active: 1 } }), 'pending', '0/1 completed'],
    ['a done job', object('batch/v1', 'Job', { status: { conditions: [CONDITION('Complete', 'True')] } }), 'ready', 'completed'],
    ['a failed job', object('batch/v1', 'Job', { status: { conditions: [CONDITION('Failed', 'True', 'BackoffLimitExceeded', 'too often')] } }), 'failed', 'BackoffLimitExceeded: too often'],
    ['an evicted pod', object('v1', 'Pod', { status: { phase: 'Failed', reason: 'Evicted', message: 'low on memory' } }), 'failed', 'Evicted: low on memory'],
    ['a pod without a node', object('v1', 'Pod', { status: { phase: 'Pending', conditions: [CONDITION('PodScheduled', 'False', 'Unschedulable', '0/1 nodes')] } }), 'pending', 'Unschedulable: 0/1 nodes'],
    ['a claim', object('v1', 'PersistentVolumeClaim', { status: { phase: 'Pending' } }), 'pending', 'no volume is bound yet'],
    ['a service without an address', object('v1', 'Service', { spec: { type: 'LoadBalancer' }, status: { loadBalancer: {} } }), 'pending', 'no address yet'],
    ['a service with one', object('v1', 'Service', { spec: { type: 'LoadBalancer' }, status: { loadBalancer: { ingress: [{ ip: '10.0.0.1' }] } } }), 'ready', '10.0.0.1'],
    ['a service of the cluster', object('v1', 'Service', { spec: { type: 'ClusterIP' } }), 'ready', 'present'],
    ['a fresh definition', object('apiextensions.k8s.io/v1', 'CustomResourceDefinition', { status: { conditions: [CONDITION('NamesAccepted', 'True')] } }), 'pending', 'not established yet'],
    ['a definition whose name is taken', object('apiextensions.k8s.io/v1', 'CustomResourceDefinition', { status: { conditions: [CONDITION('NamesAccepted', 'False', 'PluralConflict', 'taken')] } }), 'failed', 'PluralConflict: taken'],
    ['an API without its server', object('apiregistration.k8s.io/v1', 'APIService', { status: { conditions: [CONDITION('Available', 'False', 'MissingEndpoints', 'no endpoints')] } }), 'pending', 'MissingEndpoints: no endpoints'],
    ['an autoscaler without metrics', object('autoscaling/v2', 'HorizontalPodAutoscaler', { status: { conditions: [CONDITION('ScalingActive', 'False', 'FailedGetResourceMetric', 'no metrics')] } }), 'pending', 'FailedGetResourceMetric: no metrics'],
    ['a namespace', object('v1', 'Namespace', { status: { phase: 'Active' } }), 'ready', 'active'],
    ['a plain object', object('v1', 'ConfigMap', {}), 'ready', 'present'],
    ['a new Knative service', knative([]), 'pending', 'not looked at yet'],
    ['a Knative service on its way', knative([CONDITION('Ready', 'Unknown', 'IngressNotConfigured', 'Ingress has not yet been reconciled.')]), 'pending', 'IngressNotConfigured: Ingress has not yet been reconciled'],
    ['a Knative service that gave up', knative([CONDITION('Ready', 'False', 'RevisionFailed'), CONDITION('ConfigurationsReady', 'False', 'RevisionFailed', 'no such image.')]), 'failed', 'RevisionFailed: no such image'],
    ['a Knative service of an older spec', knative([CONDITION('Ready', 'True')], { observedGeneration: 1 }), 'pending', 'change not looked at yet'],
    ['a broker whose parts start', knative([CONDITION('Ready', 'False', 'DeploymentUnavailable', 'not yet')], {}, 'Broker', 'eventing.knative.dev'), 'pending', 'DeploymentUnavailable: not yet'],
    ['a broker', knative([CONDITION('Ready', 'True')], {}, 'Broker', 'eventing.knative.dev'), 'ready', 'ready'],
    ['an internal image of Knative', object('caching.internal.knative.dev/v1alpha1', 'Image', { spec: {} }), 'ready', 'present'],
    ['a stalled object of anybody', object('example.com/v1', 'Thing', { status: { conditions: [CONDITION('Stalled', 'True', 'Broken', 'for good')] } }), 'failed', 'Broken: for good'],
    ['a gateway', object('gateway.networking.k8s.io/v1', 'Gateway', { status: { conditions: [CONDITION('Accepted', 'True'), CONDITION('Programmed', 'Unknown', 'Pending', 'Waiting for controller')] } }), 'pending', 'Pending: Waiting for controller'],
  ])('%s', (_name, given, state, message) => {
    expect(statusOf(given)).toMatchObject({ state, message });
  });
});
