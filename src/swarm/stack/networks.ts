// Networks of a stack file and the places of its services in them. Pure.
import type { NetworkAttachment, NetworkSpec } from '../../model/swarm.ts';
import { externalName } from './blobs.ts';
import type { Value } from './findings.ts';
import type { DeclaredName, StackScope } from './scope.ts';

export interface DeclaredNetwork extends DeclaredName {
  readonly key: string;
  /** Absent for one that must exist already. */
  readonly spec?: NetworkSpec;
}

/** With `default`, which a file need not name. */
export function declaredNetworks(section: Value, { namespace, labels }: Pick<StackScope, 'namespace' | 'labels'>): ReadonlyMap<string, DeclaredNetwork> {
  const found = new Map<string, DeclaredNetwork>();
  const own = (key: string, place: Value): DeclaredNetwork => {
    const name = place.get('name').text() ?? `${namespace}_${key}`;
    return { key, name, isExternal: false, spec: networkSpec(name, place, labels) };
  };
  for (const [key, place] of section.entries()) {
    place.checkKeys(['name', 'driver', 'driver_opts', 'attachable', 'internal', 'labels', 'ipam', 'external'], { enable_ipv6: 'IPv6 is left out', enable_ipv4: '' });
    const external = externalName(key, place);
    found.set(key, external === undefined ? own(key, place) : { ...external, key });
  }
  if (!found.has('default')) found.set('default', own('default', section.get('default')));
  return found;
}

function networkSpec(name: string, place: Value, labels: StackScope['labels']): NetworkSpec {
  const driver = place.get('driver').text() ?? 'overlay';
  if (driver !== 'overlay') place.get('driver').difference(`${driver} is of one machine: overlay takes its place`);
  const options = place.get('driver_opts').pairs();
  const internal = place.get('internal').boolean();
  const config = place.get('ipam').get('config').items().map((item) => ({
    ...optional('Subnet', item.get('subnet').text()), ...optional('Gateway', item.get('gateway').text()),
  }));
  return {
    Name: name, Driver: 'overlay', Attachable: place.get('attachable').boolean() ?? false, Labels: { ...place.get('labels').pairs(), ...labels },
    ...(Object.keys(options).length === 0 ? {} : { Options: options }),
    ...(internal === undefined ? {} : { Internal: internal }),
    ...(config.length === 0 ? {} : { IPAM: { Driver: 'default', Config: config } }),
  };
}

function optional<K extends string>(key: K, value: string | undefined): { readonly [key in K]?: string } {
  return value === undefined ? {} : ({ [key]: value } as { readonly [key in K]?: string });
}

/** In every network a service also answers to its short name, as its neighbours in the file call it. */
export function attachments(service: Value, key: string, networks: ReadonlyMap<string, DeclaredName>): readonly NetworkAttachment[] {
  const place = service.get('networks');
  const named = Array.isArray(place.value) ? place.items().map((item) => [item.text() ?? '', undefined] as const) : place.entries();
  const wanted = named.length === 0 ? ([['default', undefined]] as const) : named;
  return wanted.flatMap(([name, options]) => {
    const known = networks.get(name);
    if (known === undefined) return place.problem(`the network ${name} is not declared under the networks of the file`) ?? [];
    options?.checkKeys(['aliases'], {
      ipv4_address: 'a fixed address is left out: Swarm gives them', ipv6_address: 'a fixed address is left out: Swarm gives them',
      priority: '', gw_priority: '', mac_address: '', link_local_ips: '', driver_opts: 'options of one service in a network are left out', interface_name: '',
    });
    return [{ Target: known.name, Aliases: [...new Set([key, ...(options?.get('aliases').texts() ?? [])])] }];
  });
}
