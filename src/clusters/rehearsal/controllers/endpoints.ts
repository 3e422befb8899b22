// Endpoints: which ready pods stand behind a Service.
import type { Json, JsonObject } from '../../../model/json.ts';
import { stringAt } from '../../../model/object.ts';
import { equal, objectAt, objectsAt } from '../server/json.ts';
import { isDeleting, ownedBy, type Ref, refOf } from './api.ts';
import type { Controller, World } from './controller.ts';
import { NODE_NAME } from './node.ts';
import { isReady } from './workloads/pods.ts';

function selects(selector: JsonObject | undefined, pod: JsonObject): boolean {
  const labels = objectAt(pod, 'metadata', 'labels') ?? {};
  return selector !== undefined && Object.entries(selector).every(([key, value]) => labels[key] === value);
}

function targetPort(port: JsonObject, pods: readonly JsonObject[]): Json {
  const target = port['targetPort'];
  if (typeof target === 'number') return target;
  const named = pods.flatMap((pod) => objectsAt(pod, 'spec', 'containers')).flatMap((container) => objectsAt(container, 'ports')).find((candidate) => candidate['name'] === target);
  return named?.['containerPort'] ?? port['port'] ?? 0;
}

function endpointOf(pod: JsonObject): JsonObject {
  const ready = isReady(pod);
  return {
    addresses: [stringAt(pod, 'status', 'podIP') ?? ''], conditions: { ready, serving: ready, terminating: isDeleting(pod) }, nodeName: NODE_NAME,
    targetRef: { kind: 'Pod', namespace: stringAt(pod, 'metadata', 'namespace') ?? '', name: stringAt(pod, 'metadata', 'name') ?? '', uid: stringAt(pod, 'metadata', 'uid') ?? '' },
  };
}

function servicesOf(pod: JsonObject, world: World): readonly Ref[] {
  return world.api.list('services', stringAt(pod, 'metadata', 'namespace') ?? '').filter((service) => selects(objectAt(service, 'spec', 'selector'), pod)).map((service) => refOf('services', service));
}

export const endpoints: Controller = {
  name: 'endpointslice-controller',
  watches: [{ key: 'services' }, { key: 'pods', of: (event, world) => servicesOf(event.object, world) }],
  async reconcile(ref, { api }) {
    const service = api.get(ref);
    const selector = objectAt(service, 'spec', 'selector');
    if (service === undefined || isDeleting(service) || selector === undefined) return undefined;
    const pods = api.list('pods', ref.namespace).filter((pod) => selects(selector, pod) && stringAt(pod, 'status', 'podIP') !== undefined && !['Succeeded', 'Failed'].includes(stringAt(pod, 'status', 'phase') ?? ''));
    const ports = objectsAt(service, 'spec', 'ports').map((port) => ({ name: String(port['name'] ?? ''), port: targetPort(port, pods), protocol: String(port['protocol'] ?? 'TCP') }));
    const slice = { addressType: 'IPv4', endpoints: pods.map(endpointOf), ports };
    const name = `${ref.name}-${(stringAt(service, 'metadata', 'uid') ?? '').slice(0, 5)}`;
    const known = api.get({ key: 'endpointslices.discovery.k8s.io', namespace: ref.namespace, name });
    const labels = { 'kubernetes.io/service-name': ref.name, 'endpointslice.kubernetes.io/managed-by': 'endpointslice-controller.k8s.io' };
    if (known === undefined) await api.create('endpointslices.discovery.k8s.io', { apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice', metadata: { name, namespace: ref.namespace, labels, ownerReferences: [ownedBy(service)] }, ...slice });
    else if (!equal(known['endpoints'] ?? [], slice.endpoints) || !equal(known['ports'], slice.ports)) await api.update({ key: 'endpointslices.discovery.k8s.io', namespace: ref.namespace, name }, (object) => { Object.assign(object, slice); });
    return undefined;
  },
};

/** True when somebody ready stands behind a Service. */
export function hasReadyEndpoint(world: Pick<World, 'api'>, namespace: string, service: string): boolean {
  return world.api.list('endpointslices.discovery.k8s.io', namespace)
    .some((slice) => stringAt(slice, 'metadata', 'labels', 'kubernetes.io/service-name') === service && objectsAt(slice, 'endpoints').some((endpoint) => objectAt(endpoint, 'conditions')?.['ready'] === true));
}

