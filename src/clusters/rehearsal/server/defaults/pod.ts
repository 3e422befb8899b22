// What the server fills into pods and pod templates.
import { isJsonObject, type Json, type JsonObject } from '../../../../model/json.ts';
import { childOf, type Draft, objectAt, objectsAt, setDefault } from '../json.ts';

/** `:latest`, or no tag at all, means that the tag may move. */
export function pullPolicyOf(image: string): string {
  if (image.includes('@')) return 'IfNotPresent';
  const name = image.slice(image.lastIndexOf('/') + 1);
  const tag = name.includes(':') ? name.slice(name.lastIndexOf(':') + 1) : 'latest';
  return tag === 'latest' ? 'Always' : 'IfNotPresent';
}

function defaultHttpGet(action: Draft | undefined): void {
  if (action === undefined) return;
  setDefault(action, 'path', '/');
  setDefault(action, 'scheme', 'HTTP');
}

function defaultProbe(probe: Draft | undefined): void {
  if (probe === undefined) return;
  defaultHttpGet(objectAt(probe, 'httpGet'));
  const grpc = objectAt(probe, 'grpc');
  if (grpc !== undefined) setDefault(grpc, 'service', '');
  for (const [key, value] of [['timeoutSeconds', 1], ['periodSeconds', 10], ['successThreshold', 1], ['failureThreshold', 3]] as const) {
    if (probe[key] === undefined || probe[key] === 0) probe[key] = value;
  }
}

function defaultResources(container: Draft): void {
  const limits = objectAt(container, 'resources', 'limits');
  if (limits === undefined) return;
  const requests = childOf(childOf(container, 'resources'), 'requests');
  for (const [name, value] of Object.entries(limits)) setDefault(requests, name, value);
}

function defaultContainer(container: Draft, isPod: boolean): void {
  setDefault(container, 'imagePullPolicy', pullPolicyOf(String(container['image'] ?? '')));
  setDefault(container, 'terminationMessagePath', '/dev/termination-log');
  setDefault(container, 'terminationMessagePolicy', 'File');
  for (const port of objectsAt(container, 'ports')) setDefault(port, 'protocol', 'TCP');
  for (const name of ['livenessProbe', 'readinessProbe', 'startupProbe']) defaultProbe(objectAt(container, name));
  for (const name of ['postStart', 'preStop']) defaultHttpGet(objectAt(container, 'lifecycle', name, 'httpGet'));
  for (const variable of objectsAt(container, 'env')) {
    const reference = objectAt(variable, 'valueFrom', 'fieldRef');
    if (reference !== undefined) setDefault(reference, 'apiVersion', 'v1');
    const resource = objectAt(variable, 'valueFrom', 'resourceFieldRef');
    if (resource !== undefined) setDefault(resource, 'divisor', '0');
  }
  if (isPod) defaultResources(container);
}

function defaultDownward(source: Draft): void {
  for (const item of objectsAt(source, 'items')) {
    const reference = objectAt(item, 'fieldRef');
    if (reference !== undefined) setDefault(reference, 'apiVersion', 'v1');
    const resource = objectAt(item, 'resourceFieldRef');
    if (resource !== undefined) setDefault(resource, 'divisor', '0');
  }
}

function defaultVolume(volume: Draft): void {
  if (Object.keys(volume).filter((key) => key !== 'name').length === 0) volume['emptyDir'] = {};
  for (const key of ['configMap', 'secret', 'downwardAPI', 'projected']) {
    const source = objectAt(volume, key);
    if (source !== undefined) setDefault(source, 'defaultMode', 420);
  }
  const host = objectAt(volume, 'hostPath');
  if (host !== undefined) setDefault(host, 'type', '');
  const downward = objectAt(volume, 'downwardAPI');
  if (downward !== undefined) defaultDownward(downward);
  for (const source of objectsAt(volume, 'projected', 'sources')) {
    const token = objectAt(source, 'serviceAccountToken');
    if (token !== undefined) setDefault(token, 'expirationSeconds', 3600);
    const inner = objectAt(source, 'downwardAPI');
    if (inner !== undefined) defaultDownward(inner);
  }
  const claim = objectAt(volume, 'ephemeral', 'volumeClaimTemplate', 'spec');
  if (claim !== undefined) setDefault(claim, 'volumeMode', 'Filesystem');
}

/** The defaults of a pod spec, wherever it stands. `isPod` adds those that only real pods get. */
export function defaultPodSpec(spec: Draft | undefined, isPod = false): void {
  if (spec === undefined) return;
  setDefault(spec, 'dnsPolicy', 'ClusterFirst');
  setDefault(spec, 'restartPolicy', 'Always');
  setDefault(spec, 'terminationGracePeriodSeconds', 30);
  setDefault(spec, 'schedulerName', 'default-scheduler');
  setDefault(spec, 'securityContext', {});
  if (isPod) setDefault(spec, 'enableServiceLinks', true);
  // Both names of one field: each fills the other.
  if (typeof spec['serviceAccountName'] === 'string') spec['serviceAccount'] = spec['serviceAccountName'];
  else if (typeof spec['serviceAccount'] === 'string') spec['serviceAccountName'] = spec['serviceAccount'];
  for (const key of ['containers', 'initContainers', 'ephemeralContainers']) {
    for (const container of objectsAt(spec, key)) {
      defaultContainer(container, isPod);
      if (isPod && spec['hostNetwork'] === true) defaultHostPorts(container);
    }
  }
  for (const volume of objectsAt(spec, 'volumes')) defaultVolume(volume);
}

function defaultHostPorts(container: Draft): void {
  for (const port of objectsAt(container, 'ports')) if (port['containerPort'] !== undefined) setDefault(port, 'hostPort', port['containerPort']);
}

/** Tolerations that every pod gets, so that it survives a short absence of its node. */
export function addTolerations(spec: Draft): void {
  const list: readonly Json[] = Array.isArray(spec['tolerations']) ? spec['tolerations'] : [];
  const has = (key: string): boolean => list.some((item) => isJsonObject(item) && (item['key'] === key || item['key'] === undefined) && (item['effect'] === 'NoExecute' || item['effect'] === undefined));
  const missing = ['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable'].filter((key) => !has(key));
  spec['tolerations'] = [...list, ...missing.map((key) => ({ key, operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 300 }))];
}

/** Guaranteed, Burstable or BestEffort, by what the containers ask for. */
export function qosClass(spec: JsonObject): string {
  const containers = [...objectsAt(spec, 'containers'), ...objectsAt(spec, 'initContainers')];
  const amounts = containers.map((container) => [objectAt(container, 'resources', 'requests') ?? {}, objectAt(container, 'resources', 'limits') ?? {}] as const);
  if (amounts.every(([requests, limits]) => [requests, limits].every((amount) => amount['cpu'] === undefined && amount['memory'] === undefined))) return 'BestEffort';
  const isGuaranteed = amounts.every(([requests, limits]) => ['cpu', 'memory'].every((name) => limits[name] !== undefined && requests[name] === limits[name]));
  return isGuaranteed ? 'Guaranteed' : 'Burstable';
}
