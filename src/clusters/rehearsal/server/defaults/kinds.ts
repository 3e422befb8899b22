// What the server fills into objects of each built-in kind, before anything else looks at them.
import { isJsonObject } from '../../../../model/json.ts';
import { childOf, type Draft, drop, objectAt, objectsAt, setDefault } from '../json.ts';
import { defaultPodSpec } from './pod.ts';

type Defaulter = (object: Draft) => void;

const spec = (object: Draft): Draft => childOf(object, 'spec');
const template = (object: Draft): Draft | undefined => objectAt(object, 'spec', 'template', 'spec');

function deployment(object: Draft): void {
  const own = spec(object);
  setDefault(own, 'replicas', 1);
  setDefault(own, 'revisionHistoryLimit', 10);
  setDefault(own, 'progressDeadlineSeconds', 600);
  const strategy = childOf(own, 'strategy');
  setDefault(strategy, 'type', 'RollingUpdate');
  if (strategy['type'] === 'RollingUpdate') {
    const rolling = childOf(strategy, 'rollingUpdate');
    setDefault(rolling, 'maxUnavailable', '25%');
    setDefault(rolling, 'maxSurge', '25%');
  }
  defaultPodSpec(template(object));
}

function replicaSet(object: Draft): void {
  setDefault(spec(object), 'replicas', 1);
  defaultPodSpec(template(object));
}

function statefulSet(object: Draft): void {
  const own = spec(object);
  setDefault(own, 'podManagementPolicy', 'OrderedReady');
  setDefault(own, 'replicas', 1);
  setDefault(own, 'revisionHistoryLimit', 10);
  const update = childOf(own, 'updateStrategy');
  setDefault(update, 'type', 'RollingUpdate');
  if (update['type'] === 'RollingUpdate') setDefault(childOf(update, 'rollingUpdate'), 'partition', 0);
  const retention = childOf(own, 'persistentVolumeClaimRetentionPolicy');
  setDefault(retention, 'whenDeleted', 'Retain');
  setDefault(retention, 'whenScaled', 'Retain');
  for (const claim of objectsAt(object, 'spec', 'volumeClaimTemplates')) {
    setDefault(claim, 'apiVersion', 'v1');
    setDefault(claim, 'kind', 'PersistentVolumeClaim');
    claimDefaults(claim);
  }
  defaultPodSpec(template(object));
}

function daemonSet(object: Draft): void {
  const own = spec(object);
  setDefault(own, 'revisionHistoryLimit', 10);
  const update = childOf(own, 'updateStrategy');
  setDefault(update, 'type', 'RollingUpdate');
  if (update['type'] === 'RollingUpdate') {
    setDefault(childOf(update, 'rollingUpdate'), 'maxUnavailable', 1);
    setDefault(childOf(update, 'rollingUpdate'), 'maxSurge', 0);
  }
  const annotations = childOf(childOf(object, 'metadata'), 'annotations');
  setDefault(annotations, 'deprecated.daemonset.template.generation', '1');
  defaultPodSpec(template(object));
}

function jobSpec(own: Draft): void {
  if (own['completions'] === undefined && own['parallelism'] === undefined) Object.assign(own, { completions: 1, parallelism: 1 });
  setDefault(own, 'parallelism', 1);
  setDefault(own, 'backoffLimit', own['backoffLimitPerIndex'] === undefined ? 6 : 2_147_483_647);
  setDefault(own, 'completionMode', 'NonIndexed');
  setDefault(own, 'suspend', false);
  setDefault(own, 'manualSelector', false);
  setDefault(own, 'podReplacementPolicy', own['podFailurePolicy'] === undefined ? 'TerminatingOrFailed' : 'Failed');
}

function job(object: Draft): void {
  jobSpec(spec(object));
  const labels = objectAt(object, 'spec', 'template', 'metadata', 'labels');
  const metadata = childOf(object, 'metadata');
  if (labels !== undefined && objectAt(metadata, 'labels') === undefined) metadata['labels'] = { ...labels };
  defaultPodSpec(template(object));
}

function cronJob(object: Draft): void {
  const own = spec(object);
  setDefault(own, 'concurrencyPolicy', 'Allow');
  setDefault(own, 'suspend', false);
  setDefault(own, 'successfulJobsHistoryLimit', 3);
  setDefault(own, 'failedJobsHistoryLimit', 1);
  // A template is no job yet: only its pod is filled in.
  defaultPodSpec(objectAt(object, 'spec', 'jobTemplate', 'spec', 'template', 'spec'));
}

function pod(object: Draft): void {
  defaultPodSpec(spec(object), true);
  const status = childOf(object, 'status');
  setDefault(status, 'phase', 'Pending');
}

function service(object: Draft): void {
  const own = spec(object);
  setDefault(own, 'sessionAffinity', 'None');
  if (own['sessionAffinity'] === 'ClientIP') setDefault(childOf(childOf(own, 'sessionAffinityConfig'), 'clientIP'), 'timeoutSeconds', 10_800);
  else delete own['sessionAffinityConfig'];
  setDefault(own, 'type', 'ClusterIP');
  for (const port of objectsAt(own, 'ports')) {
    setDefault(port, 'protocol', 'TCP');
    if (port['targetPort'] === undefined || port['targetPort'] === 0 || port['targetPort'] === '') port['targetPort'] = port['port'] ?? 0;
  }
  const isExternal = own['type'] === 'NodePort' || own['type'] === 'LoadBalancer';
  if (isExternal) setDefault(own, 'externalTrafficPolicy', 'Cluster');
  if (own['type'] !== 'ExternalName') setDefault(own, 'internalTrafficPolicy', 'Cluster');
  if (own['type'] === 'LoadBalancer') setDefault(own, 'allocateLoadBalancerNodePorts', true);
}

function endpoints(object: Draft): void {
  for (const subset of objectsAt(object, 'subsets')) for (const port of objectsAt(subset, 'ports')) setDefault(port, 'protocol', 'TCP');
}

function endpointSlice(object: Draft): void {
  for (const port of objectsAt(object, 'ports')) {
    setDefault(port, 'name', '');
    setDefault(port, 'protocol', 'TCP');
  }
}

function claimDefaults(object: Draft): void {
  setDefault(spec(object), 'volumeMode', 'Filesystem');
  setDefault(childOf(object, 'status'), 'phase', 'Pending');
}

function volume(object: Draft): void {
  setDefault(childOf(object, 'status'), 'phase', 'Pending');
  setDefault(spec(object), 'persistentVolumeReclaimPolicy', 'Retain');
  setDefault(spec(object), 'volumeMode', 'Filesystem');
  const host = objectAt(object, 'spec', 'hostPath');
  if (host !== undefined) setDefault(host, 'type', '');
}

function namespace(object: Draft): void {
  setDefault(childOf(object, 'status'), 'phase', 'Active');
  const name = String(childOf(object, 'metadata')['name'] ?? '');
  if (name !== '') childOf(childOf(object, 'metadata'), 'labels')['kubernetes.io/metadata.name'] = name;
}

function secret(object: Draft): void {
  const text = objectAt(object, 'stringData');
  if (text !== undefined) {
    const data = childOf(object, 'data');
    for (const [key, value] of Object.entries(text)) data[key] = Buffer.from(String(value)).toString('base64');
    delete object['stringData'];
  }
  setDefault(object, 'type', 'Opaque');
}

function binding(object: Draft): void {
  setDefault(childOf(object, 'roleRef'), 'apiGroup', 'rbac.authorization.k8s.io');
  for (const subject of objectsAt(object, 'subjects')) {
    if (subject['kind'] === 'User' || subject['kind'] === 'Group') setDefault(subject, 'apiGroup', 'rbac.authorization.k8s.io');
  }
}

function autoscaler(object: Draft): void {
  const own = spec(object);
  setDefault(own, 'minReplicas', 1);
  if (object['apiVersion'] !== 'autoscaling/v2') return;
  const metrics = own['metrics'];
  if (!Array.isArray(metrics) || metrics.length === 0) own['metrics'] = [{ type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 80 } } }];
  const behavior = objectAt(own, 'behavior');
  if (behavior !== undefined) scalingRules(behavior);
}

/** The rules of an HPA's behaviour, once any of them is given. */
function scalingRules(behavior: Draft): void {
  const up = childOf(behavior, 'scaleUp');
  setDefault(up, 'stabilizationWindowSeconds', 0);
  setDefault(up, 'selectPolicy', 'Max');
  setDefault(up, 'policies', [{ type: 'Pods', value: 4, periodSeconds: 15 }, { type: 'Percent', value: 100, periodSeconds: 15 }]);
  const down = childOf(behavior, 'scaleDown');
  setDefault(down, 'selectPolicy', 'Max');
  setDefault(down, 'policies', [{ type: 'Percent', value: 100, periodSeconds: 15 }]);
}

function networkPolicy(object: Draft): void {
  const own = spec(object);
  for (const rule of [...objectsAt(own, 'ingress'), ...objectsAt(own, 'egress')]) for (const port of objectsAt(rule, 'ports')) setDefault(port, 'protocol', 'TCP');
  const isEgress = Array.isArray(own['egress']) && own['egress'].length > 0;
  setDefault(own, 'policyTypes', isEgress ? ['Ingress', 'Egress'] : ['Ingress']);
}

function webhooks(object: Draft, isMutating: boolean): void {
  for (const webhook of objectsAt(object, 'webhooks')) {
    setDefault(webhook, 'failurePolicy', 'Fail');
    setDefault(webhook, 'matchPolicy', 'Equivalent');
    setDefault(webhook, 'namespaceSelector', {});
    setDefault(webhook, 'objectSelector', {});
    setDefault(webhook, 'timeoutSeconds', 10);
    if (isMutating) setDefault(webhook, 'reinvocationPolicy', 'Never');
    const reference = objectAt(webhook, 'clientConfig', 'service');
    if (reference !== undefined) setDefault(reference, 'port', 443);
    for (const rule of objectsAt(webhook, 'rules')) setDefault(rule, 'scope', '*');
  }
}

function admissionPolicy(object: Draft): void {
  const own = spec(object);
  setDefault(own, 'failurePolicy', 'Fail');
  const constraints = objectAt(own, 'matchConstraints');
  if (constraints === undefined) return;
  setDefault(constraints, 'matchPolicy', 'Equivalent');
  setDefault(constraints, 'namespaceSelector', {});
  setDefault(constraints, 'objectSelector', {});
  for (const rule of [...objectsAt(constraints, 'resourceRules'), ...objectsAt(constraints, 'excludeResourceRules')]) setDefault(rule, 'scope', '*');
}

function definition(object: Draft): void {
  const own = spec(object);
  const names = childOf(own, 'names');
  setDefault(names, 'singular', String(names['kind'] ?? '').toLowerCase());
  setDefault(names, 'listKind', `${String(names['kind'] ?? '')}List`);
  setDefault(own, 'conversion', { strategy: 'None' });
  const reference = objectAt(own, 'conversion', 'webhook', 'clientConfig', 'service');
  if (reference !== undefined) setDefault(reference, 'port', 443);
}

function apiService(object: Draft): void {
  const reference = objectAt(object, 'spec', 'service');
  if (reference !== undefined) setDefault(reference, 'port', 443);
}

function limitRange(object: Draft): void {
  for (const limit of objectsAt(object, 'spec', 'limits')) {
    if (limit['type'] !== 'Container') continue;
    for (const [key, value] of Object.entries(objectAt(limit, 'max') ?? {})) setDefault(childOf(limit, 'default'), key, value);
    for (const source of ['default', 'min']) {
      for (const [key, value] of Object.entries(objectAt(limit, source) ?? {})) setDefault(childOf(limit, 'defaultRequest'), key, value);
    }
  }
}

const DEFAULTERS: { readonly [storage: string]: Defaulter } = {
  'deployments.apps': deployment, 'replicasets.apps': replicaSet, 'statefulsets.apps': statefulSet, 'daemonsets.apps': daemonSet,
  'jobs.batch': job, 'cronjobs.batch': cronJob, pods: pod, services: service, endpoints, 'endpointslices.discovery.k8s.io': endpointSlice,
  persistentvolumeclaims: claimDefaults, persistentvolumes: volume, namespaces: namespace, secrets: secret,
  'rolebindings.rbac.authorization.k8s.io': binding, 'clusterrolebindings.rbac.authorization.k8s.io': binding,
  'horizontalpodautoscalers.autoscaling': autoscaler, 'networkpolicies.networking.k8s.io': networkPolicy,
  'validatingwebhookconfigurations.admissionregistration.k8s.io': (object) => webhooks(object, false),
  'mutatingwebhookconfigurations.admissionregistration.k8s.io': (object) => webhooks(object, true),
  'validatingadmissionpolicies.admissionregistration.k8s.io': admissionPolicy,
  'customresourcedefinitions.apiextensions.k8s.io': definition, 'apiservices.apiregistration.k8s.io': apiService, limitranges: limitRange,
  'storageclasses.storage.k8s.io': (object) => {
    setDefault(object, 'reclaimPolicy', 'Delete');
    setDefault(object, 'volumeBindingMode', 'Immediate');
  },
  'priorityclasses.scheduling.k8s.io': (object) => setDefault(object, 'preemptionPolicy', 'PreemptLowerPriority'),
  replicationcontrollers: (object) => {
    replicaSet(object);
    const labels = objectAt(object, 'spec', 'template', 'metadata', 'labels');
    if (labels !== undefined) setDefault(spec(object), 'selector', { ...labels });
  },
  podtemplates: (object) => defaultPodSpec(objectAt(object, 'template', 'spec')),
};

/** Fills in what was left out. An empty map that this made, and left empty, is taken out again. */
export function applyKindDefaults(storage: string, object: Draft): void {
  DEFAULTERS[storage]?.(object);
  const annotations = objectAt(object, 'metadata', 'annotations');
  if (isJsonObject(annotations) && Object.keys(annotations).length === 0) drop(childOf(object, 'metadata'), 'annotations');
}
