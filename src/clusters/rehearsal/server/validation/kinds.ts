// What makes an object of each built-in kind wrong, when it is new and when it changes.
import { isJsonObject, type Json, type JsonObject } from '../../../../model/json.ts';
import { equal, objectAt, objectsAt, without } from '../json.ts';
import { matchesLabels, selectorOf } from '../selectors.ts';
import { type FieldError, field } from '../status.ts';
import { definitionErrors, definitionUpdateErrors } from './definition.ts';
import { podSpecErrors, podTemplateErrors, portErrors, portOrNameErrors } from './pod.ts';

type Errors = readonly FieldError[];
type Check = (object: JsonObject) => Errors;
type UpdateCheck = (object: JsonObject, old: JsonObject) => Errors;

const spec = (object: JsonObject): JsonObject => objectAt(object, 'spec') ?? {};
const IMMUTABLE = 'field is immutable';

function nonNegative(path: string, value: Json | undefined): Errors {
  return typeof value === 'number' && value < 0 ? [field.invalid(path, value, 'must be greater than or equal to 0')] : [];
}

function oneOf(path: string, value: Json | undefined, allowed: readonly string[]): Errors {
  return allowed.includes(String(value ?? '')) ? [] : [field.unsupported(path, value ?? '', allowed)];
}

function selectorErrors(object: JsonObject): Errors {
  const { selector } = spec(object);
  const labels = objectAt(object, 'spec', 'template', 'metadata', 'labels');
  const empty = isJsonObject(selector) && Object.keys(selector).length === 0;
  const missing = selector === undefined ? [field.required('spec.selector')] : empty ? [field.invalid('spec.selector', {}, 'empty selector is invalid for deployment')] : [];
  const fits = selector !== undefined && matchesLabels(selectorOf(objectAt(object, 'spec', 'selector')), labels);
  return [...missing, ...fits ? [] : [field.invalid('spec.template.metadata.labels', labels ?? null, '`selector` does not match template `labels`')]];
}

/** Workloads that keep their pods running. */
function alwaysRestarts(object: JsonObject): Errors {
  const policy = objectAt(object, 'spec', 'template', 'spec')?.['restartPolicy'];
  return policy === 'Always' ? [] : [field.unsupported('spec.template.spec.restartPolicy', policy ?? '', ['Always'])];
}

function template(object: JsonObject): Errors {
  return podTemplateErrors('spec.template', objectAt(object, 'spec', 'template'));
}

function deployment(object: JsonObject): Errors {
  const { replicas, minReadySeconds, revisionHistoryLimit } = spec(object);
  const strategy = objectAt(object, 'spec', 'strategy') ?? {};
  const known = ['Recreate', 'RollingUpdate'].includes(String(strategy['type']));
  return [
    ...nonNegative('spec.replicas', replicas), ...selectorErrors(object), ...template(object), ...alwaysRestarts(object),
    ...known ? [] : [field.unsupported('spec.strategy', { Type: strategy['type'] ?? '', RollingUpdate: null }, ['Recreate', 'RollingUpdate'])],
    ...strategy['type'] === 'Recreate' && strategy['rollingUpdate'] !== undefined ? [field.forbidden('spec.strategy.rollingUpdate', "may not be specified when strategy `type` is 'Recreate'")] : [],
    ...nonNegative('spec.minReadySeconds', minReadySeconds), ...nonNegative('spec.revisionHistoryLimit', revisionHistoryLimit),
  ];
}

const replicated: Check = (object) => [...nonNegative('spec.replicas', spec(object)['replicas']), ...selectorErrors(object), ...template(object), ...alwaysRestarts(object)];
const daemonSet: Check = (object) => [...selectorErrors(object), ...template(object), ...alwaysRestarts(object)];

const immutableSelector: UpdateCheck = (object, old) => {
  const [now, before] = [spec(object)['selector'], spec(old)['selector']];
  return equal(now, before) ? [] : [field.invalid('spec.selector', now ?? null, IMMUTABLE)];
};

const STATEFUL_MUTABLE = ['replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy', 'minReadySeconds'];
const statefulUpdate: UpdateCheck = (object, old) => (equal(without(spec(object), ...STATEFUL_MUTABLE), without(spec(old), ...STATEFUL_MUTABLE)) ? []
  : [field.forbidden('spec', `updates to statefulset spec for fields other than ${STATEFUL_MUTABLE.slice(0, -1).map((name) => `'${name}'`).join(', ')} and 'minReadySeconds' are forbidden`)]);

function job(object: JsonObject): Errors {
  const policy = objectAt(object, 'spec', 'template', 'spec')?.['restartPolicy'];
  const wrong = policy === 'Always' ? [field.required('spec.template.spec.restartPolicy', 'valid values: "OnFailure", "Never"')] : [];
  return [...nonNegative('spec.parallelism', spec(object)['parallelism']), ...nonNegative('spec.completions', spec(object)['completions']), ...template(object), ...wrong];
}

const jobUpdate: UpdateCheck = (object, old) => ['completions', 'selector', 'template', 'completionMode', 'podFailurePolicy', 'backoffLimitPerIndex'].flatMap((name) => (
  equal(spec(object)[name], spec(old)[name]) ? [] : [field.invalid(`spec.${name}`, spec(object)[name] ?? null, IMMUTABLE)]));

function cronJob(object: JsonObject): Errors {
  const schedule = String(spec(object)['schedule'] ?? '');
  const parts = schedule.trim().split(/\s+/);
  const inner = objectAt(object, 'spec', 'jobTemplate', 'spec', 'template');
  const policy = objectAt(inner, 'spec')?.['restartPolicy'];
  return [
    ...schedule === '' ? [field.required('spec.schedule')]
      : parts.length === 5 || schedule.startsWith('@') ? [] : [field.invalid('spec.schedule', schedule, `expected exactly 5 fields, found ${parts.length}: [${parts.join(' ')}]`)],
    ...podTemplateErrors('spec.jobTemplate.spec.template', inner),
    ...policy === 'Always' ? [field.required('spec.jobTemplate.spec.template.spec.restartPolicy', 'valid values: "OnFailure", "Never"')] : [],
  ];
}

const POD_MUTABLE = ['activeDeadlineSeconds', 'tolerations', 'terminationGracePeriodSeconds', 'ephemeralContainers', 'schedulingGates', 'nodeName'];
const withoutImages = (list: readonly JsonObject[]): Json => list.map((container) => without(container, 'image'));
const podUpdate: UpdateCheck = (object, old) => {
  const fixed = (pod: JsonObject): Json => ({ ...without(spec(pod), ...POD_MUTABLE, 'containers', 'initContainers'), c: withoutImages(objectsAt(pod, 'spec', 'containers')), i: withoutImages(objectsAt(pod, 'spec', 'initContainers')) });
  return equal(fixed(object), fixed(old)) ? []
    : [field.forbidden('spec', 'pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)\n')];
};

const SERVICE_TYPES = ['ClusterIP', 'ExternalName', 'LoadBalancer', 'NodePort'];

function service(object: JsonObject): Errors {
  const own = spec(object);
  const ports = objectsAt(object, 'spec', 'ports');
  const isHeadless = own['clusterIP'] === 'None';
  const needsPorts = own['type'] !== 'ExternalName' && !isHeadless;
  return [
    ...needsPorts && ports.length === 0 ? [field.required('spec.ports')] : [],
    ...own['type'] === 'ExternalName' && typeof own['externalName'] !== 'string' ? [field.required('spec.externalName')] : [],
    ...ports.flatMap((port, index) => servicePort(`spec.ports[${index}]`, port, ports.length > 1)),
    ...oneOf('spec.type', own['type'], SERVICE_TYPES), ...oneOf('spec.sessionAffinity', own['sessionAffinity'], ['ClientIP', 'None']),
  ];
}

function servicePort(path: string, port: JsonObject, needsName: boolean): Errors {
  return [
    ...needsName && (port['name'] === undefined || port['name'] === '') ? [field.required(`${path}.name`)] : [],
    ...portErrors(`${path}.port`, port['port']), ...oneOf(`${path}.protocol`, port['protocol'], ['SCTP', 'TCP', 'UDP']),
    ...portOrNameErrors(`${path}.targetPort`, port['targetPort']),
  ];
}

const serviceUpdate: UpdateCheck = (object, old) => {
  const [now, before] = [spec(object), spec(old)];
  if (now['type'] === 'ExternalName' || before['type'] === 'ExternalName' || now['clusterIP'] === before['clusterIP']) return [];
  return [field.invalid('spec.clusterIPs[0]', now['clusterIPs'] ?? null, 'may not change once set')];
};

const KEY = /^[-._a-zA-Z0-9]+$/;
function dataKeyErrors(object: JsonObject): Errors {
  return ['data', 'binaryData'].flatMap((name) => Object.keys(objectAt(object, name) ?? {}).flatMap((key) => (KEY.test(key) ? []
    : [field.invalid(`${name}[${key}]`, key, "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')")])));
}

const SECRET_KEYS: { readonly [type: string]: readonly string[] } = {
  'kubernetes.io/tls': ['tls.crt', 'tls.key'], 'kubernetes.io/dockerconfigjson': ['.dockerconfigjson'], 'kubernetes.io/ssh-auth': ['ssh-privatekey'],
};
const secret: Check = (object) => [
  ...dataKeyErrors(object),
  ...(SECRET_KEYS[String(object['type'])] ?? []).filter((key) => objectAt(object, 'data')?.[key] === undefined).map((key) => field.required(`data[${key}]`)),
];

const frozenData: UpdateCheck = (object, old) => {
  if (old['immutable'] !== true) return [];
  return [
    ...object['immutable'] === true ? [] : [field.forbidden('immutable', 'field is immutable when `immutable` is set')],
    ...['data', 'binaryData'].filter((key) => !equal(object[key], old[key])).map((key) => field.forbidden(key, 'field is immutable when `immutable` is set')),
  ];
};
const secretUpdate: UpdateCheck = (object, old) => [
  ...equal(object['type'], old['type']) ? [] : [field.invalid('type', object['type'] ?? '', IMMUTABLE)], ...frozenData(object, old),
];

const rules: Check = (object) => objectsAt(object, 'rules').flatMap((rule, index) => {
  const has = (key: string): boolean => Array.isArray(rule[key]) && rule[key].length > 0;
  const path = `rules[${index}]`;
  if (!has('verbs')) return [field.required(`${path}.verbs`, 'verbs must contain at least one value')];
  if (has('nonResourceURLs')) return [];
  return [
    ...has('apiGroups') ? [] : [field.required(`${path}.apiGroups`, 'resource rules must supply at least one api group')],
    ...has('resources') ? [] : [field.required(`${path}.resources`, 'resource rules must supply at least one resource')],
  ];
});

const binding: Check = (object) => [
  ...oneOf('roleRef.kind', objectAt(object, 'roleRef')?.['kind'], ['ClusterRole', 'Role']),
  ...String(objectAt(object, 'roleRef')?.['name'] ?? '') === '' ? [field.required('roleRef.name')] : [],
  ...objectsAt(object, 'subjects').flatMap((subject, index) => [
    ...String(subject['name'] ?? '') === '' ? [field.required(`subjects[${index}].name`)] : [],
    ...subject['kind'] === 'ServiceAccount' && String(subject['namespace'] ?? '') === '' && objectAt(object, 'metadata')?.['namespace'] === undefined ? [field.required(`subjects[${index}].namespace`)] : [],
  ]),
];
const bindingUpdate: UpdateCheck = (object, old) => {
  const reference = objectAt(object, 'roleRef') ?? {};
  return equal(reference, old['roleRef']) ? [] : [field.invalid('roleRef', { APIGroup: reference['apiGroup'] ?? '', Kind: reference['kind'] ?? '', Name: reference['name'] ?? '' }, 'cannot change roleRef')];
};

function autoscaler(object: JsonObject): Errors {
  const { minReplicas, maxReplicas } = spec(object);
  const target = objectAt(object, 'spec', 'scaleTargetRef') ?? {};
  return [
    ...typeof minReplicas === 'number' && minReplicas < 1 ? [field.invalid('spec.minReplicas', minReplicas, 'must be greater than or equal to 1')] : [],
    ...typeof maxReplicas !== 'number' || maxReplicas < 1 ? [field.invalid('spec.maxReplicas', maxReplicas ?? 0, 'must be greater than 0')] : [],
    ...Number(maxReplicas) < Number(minReplicas) ? [field.invalid('spec.maxReplicas', maxReplicas ?? 0, 'must be greater than or equal to `minReplicas`')] : [],
    ...String(target['apiVersion'] ?? '') === '' ? [field.invalid('spec.scaleTargetRef.apiVersion', '', 'apiVersion must specify API group')] : [],
    ...String(target['kind'] ?? '') === '' ? [field.required('spec.scaleTargetRef.kind')] : [],
    ...String(target['name'] ?? '') === '' ? [field.required('spec.scaleTargetRef.name')] : [],
  ];
}

const ingress: Check = (object) => objectsAt(object, 'spec', 'rules').flatMap((rule, index) => objectsAt(rule, 'http', 'paths').flatMap((path, position) => {
  const place = `spec.rules[${index}].http.paths[${position}]`;
  if (path['pathType'] === undefined) return [field.required(`${place}.pathType`, 'pathType must be specified')];
  return oneOf(`${place}.pathType`, path['pathType'], ['Exact', 'ImplementationSpecific', 'Prefix']);
}));

const claim: Check = (object) => [
  ...Array.isArray(spec(object)['accessModes']) ? [] : [field.required('spec.accessModes', 'at least 1 access mode is required')],
  ...objectAt(object, 'spec', 'resources', 'requests')?.['storage'] === undefined ? [field.required('spec.resources[storage]')] : [],
];

const CHECKS: { readonly [storage: string]: Check } = {
  'deployments.apps': deployment, 'replicasets.apps': replicated, 'statefulsets.apps': replicated, 'daemonsets.apps': daemonSet,
  'jobs.batch': job, 'cronjobs.batch': cronJob, pods: (object) => podSpecErrors('spec', objectAt(object, 'spec')), services: service,
  configmaps: dataKeyErrors, secrets: secret, persistentvolumeclaims: claim, 'ingresses.networking.k8s.io': ingress,
  'roles.rbac.authorization.k8s.io': rules, 'clusterroles.rbac.authorization.k8s.io': rules,
  'rolebindings.rbac.authorization.k8s.io': binding, 'clusterrolebindings.rbac.authorization.k8s.io': binding,
  'horizontalpodautoscalers.autoscaling': autoscaler, 'customresourcedefinitions.apiextensions.k8s.io': definitionErrors,
};

const UPDATE_CHECKS: { readonly [storage: string]: UpdateCheck } = {
  'deployments.apps': immutableSelector, 'replicasets.apps': immutableSelector, 'daemonsets.apps': immutableSelector, 'statefulsets.apps': statefulUpdate,
  'jobs.batch': jobUpdate, pods: podUpdate, services: serviceUpdate, configmaps: frozenData, secrets: secretUpdate,
  'rolebindings.rbac.authorization.k8s.io': bindingUpdate, 'clusterrolebindings.rbac.authorization.k8s.io': bindingUpdate,
  'customresourcedefinitions.apiextensions.k8s.io': definitionUpdateErrors,
};

export function kindErrors(storage: string, object: JsonObject): Errors {
  return CHECKS[storage]?.(object) ?? [];
}

export function kindUpdateErrors(storage: string, object: JsonObject, old: JsonObject): Errors {
  return UPDATE_CHECKS[storage]?.(object, old) ?? [];
}
