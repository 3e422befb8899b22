// Cluster addresses and node ports of Services: given out in order, held as long as a Service has them.
import type { JsonObject } from '../../../model/json.ts';
import { stringAt } from '../../../model/object.ts';
import { childOf, type Draft, objectsAt } from './json.ts';
import { field, invalid } from './status.ts';
import type { Store } from './store.ts';

const FIRST_PORT = 30_000;
const LAST_PORT = 32_767;

function takenAddresses(store: Store): ReadonlySet<unknown> {
  return new Set(store.list('services').map((service) => stringAt(service, 'spec', 'clusterIP')));
}

function takenPorts(store: Store, except: string): ReadonlySet<unknown> {
  return new Set(store.list('services').filter((service) => stringAt(service, 'metadata', 'uid') !== except)
    .flatMap((service) => objectsAt(service, 'spec', 'ports').map((port) => port['nodePort'])));
}

/** 10.96.0.10 and up: the first ten are for the cluster's own. */
function freeAddress(store: Store): string {
  const taken = takenAddresses(store);
  for (let index = 10; index < 65_534; index += 1) {
    const address = `10.96.${Math.floor(index / 256)}.${index % 256}`;
    if (!taken.has(address)) return address;
  }
  throw new Error('no cluster address is left');
}

function clearAddress(spec: Draft): void {
  for (const key of ['clusterIP', 'clusterIPs', 'ipFamilies', 'ipFamilyPolicy', 'internalTrafficPolicy']) delete spec[key];
}

/** Gives a Service what its type asks for. `old` is what it had. Throws 422 for a port that is taken or out of range. */
export function allocate(store: Store, service: Draft, old: JsonObject | undefined): void {
  const spec = childOf(service, 'spec');
  if (spec['type'] === 'ExternalName') {
    clearAddress(spec);
    return;
  }
  const before = old === undefined ? undefined : stringAt(old, 'spec', 'clusterIP');
  if (spec['clusterIP'] === undefined || spec['clusterIP'] === '') spec['clusterIP'] = before ?? freeAddress(store);
  spec['clusterIPs'] = Array.isArray(spec['clusterIPs']) && spec['clusterIPs'][0] === spec['clusterIP'] ? spec['clusterIPs'] : [spec['clusterIP']];
  spec['ipFamilies'] ??= ['IPv4'];
  spec['ipFamilyPolicy'] ??= 'SingleStack';
  allocatePorts(store, service, old);
}

function allocatePorts(store: Store, service: Draft, old: JsonObject | undefined): void {
  const spec = childOf(service, 'spec');
  const ports = objectsAt(service, 'spec', 'ports');
  if (spec['type'] === 'ClusterIP') {
    const wasExternal = old !== undefined && stringAt(old, 'spec', 'type') !== 'ClusterIP';
    if (wasExternal) {
      for (const port of ports) delete port['nodePort'];
      for (const key of ['externalTrafficPolicy', 'allocateLoadBalancerNodePorts', 'healthCheckNodePort']) delete spec[key];
    }
    return;
  }
  const taken = new Set(takenPorts(store, stringAt(service, 'metadata', 'uid') ?? ''));
  const earlier = old === undefined ? [] : objectsAt(old, 'spec', 'ports');
  for (const [index, port] of ports.entries()) {
    if (typeof port['nodePort'] === 'number' && port['nodePort'] !== 0) check(service, port['nodePort'], { index, taken });
    else port['nodePort'] = earlier.find((other) => other['port'] === port['port'] && other['protocol'] === port['protocol'])?.['nodePort'] ?? freePort(taken);
    taken.add(port['nodePort']);
  }
}

function check(service: JsonObject, port: number, place: { readonly index: number; readonly taken: ReadonlySet<unknown> }): void {
  const path = `spec.ports[${place.index}].nodePort`;
  const name = stringAt(service, 'metadata', 'name') ?? '';
  if (port < FIRST_PORT || port > LAST_PORT) {
    throw invalid('Service', '', name, [field.invalid(path, port, `provided port is not in the valid range. The range of valid ports is ${FIRST_PORT}-${LAST_PORT}`)]);
  }
  if (place.taken.has(port)) throw invalid('Service', '', name, [field.invalid(path, port, 'provided port is already allocated')]);
}

function freePort(taken: ReadonlySet<unknown>): number {
  for (let port = FIRST_PORT + 1000; port <= LAST_PORT; port += 1) if (!taken.has(port)) return port;
  throw new Error('no node port is left');
}
