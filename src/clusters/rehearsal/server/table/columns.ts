// The rows that `kubectl get` prints of each built-in kind.
import { isJsonObject, type Json, type JsonObject } from '../../../../model/json.ts';
import { stringAt } from '../../../../model/object.ts';
import { objectAt, objectsAt } from '../json.ts';
import { selectorOf } from '../selectors.ts';
import { humanDuration } from './duration.ts';
import { podCells } from './pod.ts';

export interface Column {
  readonly name: string;
  readonly type?: 'integer' | 'boolean' | 'date';
  /** Shown only with `-o wide`. */
  readonly wide?: true;
}

export interface Printer {
  readonly columns: readonly Column[];
  cells(object: JsonObject, now: number): readonly Json[];
}

const NONE = '<none>';

/** `Ready`, `Desired#` for a number, `Suspend?` for a truth value, `*Images` for wide. */
function columnsOf(...texts: readonly string[]): readonly Column[] {
  return texts.map((text) => {
    const name = text.replace(/^\*/, '').replace(/[#?@]$/, '');
    const type = text.endsWith('#') ? 'integer' : text.endsWith('?') ? 'boolean' : text.endsWith('@') ? 'date' : undefined;
    return { name, ...(type === undefined ? {} : { type }), ...(text.startsWith('*') ? { wide: true as const } : {}) };
  });
}

export function age(object: JsonObject, now: number): string {
  return since(stringAt(object, 'metadata', 'creationTimestamp'), now);
}

function since(time: string | undefined, now: number): string {
  return time === undefined ? '<unknown>' : humanDuration(now - Date.parse(time));
}

const name = (object: JsonObject): string => stringAt(object, 'metadata', 'name') ?? '';
const text = (object: JsonObject, ...path: readonly string[]): string => stringAt(object, ...path) ?? '';
const count = (object: JsonObject, ...path: readonly string[]): number => Number(objectAt(object, ...path.slice(0, -1))?.[path[path.length - 1] ?? ''] ?? 0);
const orNone = (value: string): string => (value === '' ? NONE : value);
const join = (values: readonly string[]): string => values.join(',');

export function labelsText(labels: JsonObject | undefined): string {
  return orNone(join(Object.entries(labels ?? {}).map(([key, value]) => `${key}=${String(value)}`).sort()));
}

function selectorText(selector: JsonObject | undefined): string {
  return orNone(join(selectorOf(selector).map(({ key, operator, values }) => (operator === 'in' ? (values.length === 1 ? `${key}=${values[0]}` : `${key} in (${join(values)})`)
    : operator === 'notin' ? `${key} notin (${join(values)})` : operator === '!' ? `!${key}` : key)).sort()));
}

function templateOf(object: JsonObject, ...path: readonly string[]): readonly string[] {
  const containers = objectsAt(object, ...path, 'spec', 'containers');
  return [join(containers.map((container) => String(container['name']))), join(containers.map((container) => String(container['image'])))];
}
const template = (object: JsonObject): readonly string[] => templateOf(object, 'spec', 'template');

function externalAddresses(service: JsonObject): string {
  const type = text(service, 'spec', 'type');
  const ips = objectsAt(service, 'status', 'loadBalancer', 'ingress').map((entry) => String(entry['ip'] ?? entry['hostname']));
  const external = objectAt(service, 'spec')?.['externalIPs'];
  const fixed = Array.isArray(external) ? external.map(String) : [];
  if (type === 'ExternalName') return text(service, 'spec', 'externalName');
  if (type === 'LoadBalancer') return ips.length + fixed.length > 0 ? join([...ips, ...fixed]) : '<pending>';
  return fixed.length > 0 ? join(fixed) : NONE;
}

function servicePorts(service: JsonObject): string {
  return orNone(join(objectsAt(service, 'spec', 'ports').map((port) => `${String(port['port'])}${port['nodePort'] === undefined ? '' : `:${String(port['nodePort'])}`}/${String(port['protocol'])}`)));
}

function roleColumns(object: JsonObject, now: number): readonly Json[] {
  const subjects = objectsAt(object, 'subjects');
  const of = (kind: string): string => join(subjects.filter((subject) => subject['kind'] === kind).map((subject) => (kind === 'ServiceAccount' ? `${String(subject['namespace'])}/${String(subject['name'])}` : String(subject['name']))));
  return [name(object), `${text(object, 'roleRef', 'kind')}/${text(object, 'roleRef', 'name')}`, age(object, now), of('User'), of('Group'), of('ServiceAccount')];
}

function target(metric: JsonObject, current: JsonObject | undefined): string {
  const type = String(metric['type']);
  const source = objectAt(metric, `${type.charAt(0).toLowerCase()}${type.slice(1)}`) ?? {};
  const wanted = objectAt(source, 'target') ?? {};
  const now = objectAt(current, 'current') ?? {};
  const shown = (values: JsonObject): string | undefined => {
    if (values['averageUtilization'] !== undefined) return `${String(values['averageUtilization'])}%`;
    return values['averageValue'] === undefined ? stringAt(values, 'value') : String(values['averageValue']);
  };
  const prefix = type === 'Resource' ? `${String(source['name'])}: ` : '';
  return `${prefix}${shown(now) ?? '<unknown>'}/${shown(wanted) ?? '<auto>'}`;
}

function autoscalerCells(object: JsonObject, now: number): readonly Json[] {
  const current = objectsAt(object, 'status', 'currentMetrics');
  const targets = objectsAt(object, 'spec', 'metrics').map((metric, index) => target(metric, objectAt(current[index], String(metric['type']).toLowerCase())));
  return [
    name(object), `${text(object, 'spec', 'scaleTargetRef', 'kind')}/${text(object, 'spec', 'scaleTargetRef', 'name')}`, orNone(targets.join(', ')),
    String(count(object, 'spec', 'minReplicas')), count(object, 'spec', 'maxReplicas'), count(object, 'status', 'currentReplicas'), age(object, now),
  ];
}

function jobStatus(object: JsonObject): string {
  const is = (type: string): boolean => objectsAt(object, 'status', 'conditions').some((condition) => condition['type'] === type && condition['status'] === 'True');
  if (is('Complete')) return 'Complete';
  if (is('Failed')) return 'Failed';
  if (stringAt(object, 'metadata', 'deletionTimestamp') !== undefined) return 'Terminating';
  return is('Suspended') ? 'Suspended' : is('FailureTarget') ? 'FailureTarget' : is('SuccessCriteriaMet') ? 'SuccessCriteriaMet' : 'Running';
}

function jobCells(object: JsonObject, now: number): readonly Json[] {
  const [start, end] = [stringAt(object, 'status', 'startTime'), stringAt(object, 'status', 'completionTime')];
  const duration = start === undefined ? '' : humanDuration((end === undefined ? now : Date.parse(end)) - Date.parse(start));
  return [
    name(object), jobStatus(object), `${count(object, 'status', 'succeeded')}/${count(object, 'spec', 'completions')}`, duration, age(object, now),
    ...template(object), selectorText(objectAt(object, 'spec', 'selector')),
  ];
}

function nodeCells(object: JsonObject, now: number): readonly Json[] {
  const ready = objectsAt(object, 'status', 'conditions').find((condition) => condition['type'] === 'Ready');
  const roles = Object.keys(objectAt(object, 'metadata', 'labels') ?? {}).filter((key) => key.startsWith('node-role.kubernetes.io/')).map((key) => key.slice(24)).sort();
  const address = (type: string): string => String(objectsAt(object, 'status', 'addresses').find((entry) => entry['type'] === type)?.['address'] ?? NONE);
  const info = (key: string): string => text(object, 'status', 'nodeInfo', key);
  const state = ready === undefined ? 'Unknown' : ready['status'] === 'True' ? 'Ready' : 'NotReady';
  return [
    name(object), objectAt(object, 'spec')?.['unschedulable'] === true ? `${state},SchedulingDisabled` : state, orNone(join(roles)), age(object, now), info('kubeletVersion'),
    address('InternalIP'), address('ExternalIP'), info('osImage') || '<unknown>', info('kernelVersion') || '<unknown>', info('containerRuntimeVersion') || '<unknown>',
  ];
}

function eventCells(object: JsonObject, now: number): readonly Json[] {
  const at = (key: string): string => { const time = stringAt(object, key) ?? stringAt(object, 'eventTime'); return time === undefined ? '<unknown>' : humanDuration(now - Date.parse(time)); };
  const reference = objectAt(object, 'involvedObject') ?? objectAt(object, 'regarding') ?? {};
  return [
    at('lastTimestamp'), text(object, 'type'), text(object, 'reason'), `${String(reference['kind'] ?? '').toLowerCase()}/${String(reference['name'] ?? '')}`, String(reference['fieldPath'] ?? ''),
    join([text(object, 'source', 'component'), text(object, 'source', 'host')].filter((part) => part !== '')).replace(',', ', '), text(object, 'message').trim(), at('firstTimestamp'), Number(object['count'] ?? 1), name(object),
  ];
}

function addressList(list: readonly string[]): string {
  if (list.length === 0) return NONE;
  return list.length <= 3 ? join(list) : `${join(list.slice(0, 3))} + ${list.length - 3} more...`;
}

function endpointCells(object: JsonObject, now: number): readonly Json[] {
  const all = objectsAt(object, 'subsets').flatMap((subset) => objectsAt(subset, 'addresses').flatMap((address) => objectsAt(subset, 'ports').map((port) => `${String(address['ip'])}:${String(port['port'])}`)));
  return [name(object), addressList(all), age(object, now)];
}

function sliceCells(object: JsonObject, now: number): readonly Json[] {
  const addresses = objectsAt(object, 'endpoints').flatMap((endpoint) => (Array.isArray(endpoint['addresses']) ? endpoint['addresses'].map(String) : []));
  const ports = objectsAt(object, 'ports').map((port) => String(port['port'] ?? '*'));
  return [name(object), text(object, 'addressType'), ports.length === 0 ? '<unset>' : addressList(ports), addresses.length === 0 ? '<unset>' : addressList(addresses), age(object, now)];
}

function ingressCells(object: JsonObject, now: number): readonly Json[] {
  const hosts = objectsAt(object, 'spec', 'rules').map((rule) => String(rule['host'] ?? '*'));
  const addresses = objectsAt(object, 'status', 'loadBalancer', 'ingress').map((entry) => String(entry['ip'] ?? entry['hostname']));
  const tls = objectsAt(object, 'spec', 'tls').length > 0;
  return [name(object), orNone(text(object, 'spec', 'ingressClassName')), hosts.length === 0 ? '*' : addressList(hosts), join(addresses), tls ? '80, 443' : '80', age(object, now)];
}

const ACCESS: { readonly [mode: string]: string } = { ReadWriteOnce: 'RWO', ReadOnlyMany: 'ROX', ReadWriteMany: 'RWX', ReadWriteOncePod: 'RWOP' };
const modes = (list: Json | undefined): string => (Array.isArray(list) ? join(list.map((mode: Json) => ACCESS[String(mode)] ?? '')) : '');

function claimCells(object: JsonObject, now: number): readonly Json[] {
  const bound = stringAt(object, 'spec', 'volumeName') !== undefined;
  return [
    name(object), stringAt(object, 'metadata', 'deletionTimestamp') === undefined ? text(object, 'status', 'phase') : 'Terminating', text(object, 'spec', 'volumeName'),
    bound ? text(object, 'status', 'capacity', 'storage') : '', bound ? modes(objectAt(object, 'status')?.['accessModes']) : '', text(object, 'spec', 'storageClassName'),
    stringAt(object, 'spec', 'volumeAttributesClassName') ?? '<unset>', age(object, now), stringAt(object, 'spec', 'volumeMode') ?? '<unset>',
  ];
}

function apiServiceCells(object: JsonObject, now: number): readonly Json[] {
  const service = objectAt(object, 'spec', 'service');
  const available = objectsAt(object, 'status', 'conditions').find((condition) => condition['type'] === 'Available');
  const state = available === undefined ? 'Unknown' : available['status'] === 'True' ? 'True' : `${String(available['status'])} (${String(available['reason'])})`;
  return [name(object), service === undefined ? 'Local' : `${String(service['namespace'])}/${String(service['name'])}`, state, age(object, now)];
}

const CREATED: Printer = { columns: columnsOf('Name', 'Created At@'), cells: (object) => [name(object), text(object, 'metadata', 'creationTimestamp')] };
export const NAME_AND_AGE: Printer = { columns: columnsOf('Name', 'Age'), cells: (object, now) => [name(object), age(object, now)] };
const WEBHOOKS: Printer = { columns: columnsOf('Name', 'Webhooks#', 'Age'), cells: (object, now) => [name(object), objectsAt(object, 'webhooks').length, age(object, now)] };
const ROLES: Printer = { columns: columnsOf('Name', 'Role', 'Age', '*Users', '*Groups', '*ServiceAccounts'), cells: roleColumns };
const WIDE = ['*Containers', '*Images', '*Selector'];

const PRINTERS: { readonly [storage: string]: Printer } = {
  pods: { columns: columnsOf('Name', 'Ready', 'Status', 'Restarts', 'Age', '*IP', '*Node', '*Nominated Node', '*Readiness Gates'), cells: (object, now) => podCells(object, now, age(object, now)) },
  'deployments.apps': { columns: columnsOf('Name', 'Ready', 'Up-to-date', 'Available', 'Age', ...WIDE), cells: (object, now) => [name(object), `${count(object, 'status', 'readyReplicas')}/${count(object, 'spec', 'replicas')}`, count(object, 'status', 'updatedReplicas'), count(object, 'status', 'availableReplicas'), age(object, now), ...template(object), selectorText(objectAt(object, 'spec', 'selector'))] },
  'replicasets.apps': { columns: columnsOf('Name', 'Desired#', 'Current#', 'Ready#', 'Age', ...WIDE), cells: (object, now) => [name(object), count(object, 'spec', 'replicas'), count(object, 'status', 'replicas'), count(object, 'status', 'readyReplicas'), age(object, now), ...template(object), selectorText(objectAt(object, 'spec', 'selector'))] },
  'statefulsets.apps': { columns: columnsOf('Name', 'Ready', 'Age', '*Containers', '*Images'), cells: (object, now) => [name(object), `${count(object, 'status', 'readyReplicas')}/${count(object, 'spec', 'replicas')}`, age(object, now), ...template(object)] },
  'daemonsets.apps': { columns: columnsOf('Name', 'Desired#', 'Current#', 'Ready#', 'Up-to-date#', 'Available#', 'Node Selector', 'Age', ...WIDE), cells: (object, now) => [name(object), ...['desiredNumberScheduled', 'currentNumberScheduled', 'numberReady', 'updatedNumberScheduled', 'numberAvailable'].map((key) => count(object, 'status', key)), labelsText(objectAt(object, 'spec', 'template', 'spec', 'nodeSelector')), age(object, now), ...template(object), selectorText(objectAt(object, 'spec', 'selector'))] },
  'jobs.batch': { columns: columnsOf('Name', 'Status', 'Completions', 'Duration', 'Age', ...WIDE), cells: jobCells },
  'cronjobs.batch': { columns: columnsOf('Name', 'Schedule', 'Timezone', 'Suspend?', 'Active#', 'Last Schedule', 'Age', ...WIDE), cells: (object, now) => [name(object), text(object, 'spec', 'schedule'), orNone(text(object, 'spec', 'timeZone')), objectAt(object, 'spec')?.['suspend'] === true ? 'True' : 'False', objectsAt(object, 'status', 'active').length, stringAt(object, 'status', 'lastScheduleTime') === undefined ? NONE : since(stringAt(object, 'status', 'lastScheduleTime'), now), age(object, now), ...templateOf(object, 'spec', 'jobTemplate', 'spec', 'template'), selectorText(objectAt(object, 'spec', 'jobTemplate', 'spec', 'selector'))] },
  services: { columns: columnsOf('Name', 'Type', 'Cluster-IP', 'External-IP', 'Port(s)', 'Age', '*Selector'), cells: (object, now) => [name(object), text(object, 'spec', 'type'), orNone(text(object, 'spec', 'clusterIP')), externalAddresses(object), servicePorts(object), age(object, now), labelsText(objectAt(object, 'spec', 'selector'))] },
  endpoints: { columns: columnsOf('Name', 'Endpoints', 'Age'), cells: endpointCells },
  'endpointslices.discovery.k8s.io': { columns: columnsOf('Name', 'AddressType', 'Ports', 'Endpoints', 'Age'), cells: sliceCells },
  'ingresses.networking.k8s.io': { columns: columnsOf('Name', 'Class', 'Hosts', 'Address', 'Ports', 'Age'), cells: ingressCells },
  'ingressclasses.networking.k8s.io': { columns: columnsOf('Name', 'Controller', 'Parameters', 'Age'), cells: (object, now) => [name(object), text(object, 'spec', 'controller'), objectAt(object, 'spec', 'parameters') === undefined ? NONE : `${text(object, 'spec', 'parameters', 'kind')}/${text(object, 'spec', 'parameters', 'name')}`, age(object, now)] },
  'networkpolicies.networking.k8s.io': { columns: columnsOf('Name', 'Pod-Selector', 'Age'), cells: (object, now) => [name(object), selectorText(objectAt(object, 'spec', 'podSelector')), age(object, now)] },
  configmaps: { columns: columnsOf('Name', 'Data', 'Age'), cells: (object, now) => [name(object), Object.keys(objectAt(object, 'data') ?? {}).length + Object.keys(objectAt(object, 'binaryData') ?? {}).length, age(object, now)] },
  secrets: { columns: columnsOf('Name', 'Type', 'Data', 'Age'), cells: (object, now) => [name(object), text(object, 'type'), Object.keys(objectAt(object, 'data') ?? {}).length, age(object, now)] },
  serviceaccounts: { columns: columnsOf('Name', 'Secrets', 'Age'), cells: (object, now) => [name(object), objectsAt(object, 'secrets').length, age(object, now)] },
  namespaces: { columns: columnsOf('Name', 'Status', 'Age'), cells: (object, now) => [name(object), text(object, 'status', 'phase'), age(object, now)] },
  nodes: { columns: columnsOf('Name', 'Status', 'Roles', 'Age', 'Version', '*Internal-IP', '*External-IP', '*OS-Image', '*Kernel-Version', '*Container-Runtime'), cells: nodeCells },
  events: { columns: [...columnsOf('Last Seen', 'Type', 'Reason', 'Object', '*Subobject', '*Source', 'Message', '*First Seen', '*Count'), { name: 'Name', wide: true }], cells: eventCells },
  persistentvolumeclaims: { columns: columnsOf('Name', 'Status', 'Volume', 'Capacity', 'Access Modes', 'StorageClass', 'VolumeAttributesClass', 'Age', '*VolumeMode'), cells: claimCells },
  'storageclasses.storage.k8s.io': { columns: columnsOf('Name', 'Provisioner', 'ReclaimPolicy', 'VolumeBindingMode', 'AllowVolumeExpansion', 'Age'), cells: (object, now) => [objectAt(object, 'metadata', 'annotations')?.['storageclass.kubernetes.io/is-default-class'] === 'true' ? `${name(object)} (default)` : name(object), text(object, 'provisioner'), text(object, 'reclaimPolicy'), text(object, 'volumeBindingMode'), object['allowVolumeExpansion'] === true, age(object, now)] },
  'poddisruptionbudgets.policy': { columns: columnsOf('Name', 'Min Available', 'Max Unavailable', 'Allowed Disruptions#', 'Age'), cells: (object, now) => [name(object), shownOr(objectAt(object, 'spec')?.['minAvailable']), shownOr(objectAt(object, 'spec')?.['maxUnavailable']), count(object, 'status', 'disruptionsAllowed'), age(object, now)] },
  'horizontalpodautoscalers.autoscaling': { columns: columnsOf('Name', 'Reference', 'Targets', 'MinPods', 'MaxPods', 'Replicas', 'Age'), cells: autoscalerCells },
  'rolebindings.rbac.authorization.k8s.io': ROLES, 'clusterrolebindings.rbac.authorization.k8s.io': ROLES,
  'roles.rbac.authorization.k8s.io': CREATED, 'clusterroles.rbac.authorization.k8s.io': CREATED, 'customresourcedefinitions.apiextensions.k8s.io': CREATED,
  'leases.coordination.k8s.io': { columns: columnsOf('Name', 'Holder', 'Age'), cells: (object, now) => [name(object), text(object, 'spec', 'holderIdentity'), age(object, now)] },
  'validatingwebhookconfigurations.admissionregistration.k8s.io': WEBHOOKS, 'mutatingwebhookconfigurations.admissionregistration.k8s.io': WEBHOOKS,
  'runtimeclasses.node.k8s.io': { columns: columnsOf('Name', 'Handler', 'Age'), cells: (object, now) => [name(object), text(object, 'handler'), age(object, now)] },
  'priorityclasses.scheduling.k8s.io': { columns: columnsOf('Name', 'Value#', 'Global-Default?', 'Age', 'PreemptionPolicy'), cells: (object, now) => [name(object), Number(object['value'] ?? 0), object['globalDefault'] === true, age(object, now), text(object, 'preemptionPolicy')] },
  'apiservices.apiregistration.k8s.io': { columns: columnsOf('Name', 'Service', 'Available', 'Age'), cells: apiServiceCells },
};

function shownOr(value: Json | undefined): string {
  return value === undefined || isJsonObject(value) ? 'N/A' : String(value);
}

export function printerOf(storage: string): Printer {
  return PRINTERS[storage] ?? NAME_AND_AGE;
}
