// `ports:` of a service, short and long, as Swarm's port configurations. Pure.
import type { PortConfig } from '../../model/swarm.ts';
import type { Value } from './findings.ts';

const PROTOCOLS = ['tcp', 'udp', 'sctp'] as const;
const MAX_RANGE = 128;

export function portConfigs(ports: Value): readonly PortConfig[] {
  return ports.items().flatMap((port) => (port.object() === undefined ? shortPort(port) : longPort(port)));
}

/** `80`, `8080:80`, `127.0.0.1:8080:80/tcp`, `8080-8082:80-82`. */
function shortPort(port: Value): readonly PortConfig[] {
  const text = port.text() ?? '';
  const [, host, published, target, protocol = 'tcp'] = /^(?:(?:(\[[^\]]*\]|[\d.]*):)?(\d*(?:-\d+)?):)?(\d+(?:-\d+)?)(?:\/(\w+))?$/.exec(text) ?? [];
  const known = PROTOCOLS.find((name) => name === protocol);
  if (target === undefined || known === undefined) {
    port.problem(`"${text}" should look like "8080:80", "127.0.0.1:8080:80" or "8080:80/udp"`);
    return [];
  }
  tellAddress(port, host);
  return pair(port, { target, published: published ?? '', protocol: known, mode: 'ingress' });
}

const LONG_KEYS = ['target', 'published', 'protocol', 'mode', 'host_ip', 'name'];

function longPort(port: Value): readonly PortConfig[] {
  port.checkKeys(LONG_KEYS, { app_protocol: '' });
  const target = port.get('target').text();
  if (target === undefined) {
    port.problem('needs a target: the port inside the container');
    return [];
  }
  tellAddress(port.get('host_ip'), port.get('host_ip').text());
  const published = port.get('published').text() ?? '';
  const mode = port.get('mode').word(['ingress', 'host']) ?? 'ingress';
  return pair(port, { target, published, protocol: port.get('protocol').word(PROTOCOLS) ?? 'tcp', mode });
}

interface Range {
  readonly target: string;
  readonly published: string;
  readonly protocol: string;
  readonly mode: string;
}

function pair(port: Value, { target, published, protocol, mode }: Range): readonly PortConfig[] {
  const targets = range(target);
  const publisheds = published === '' ? undefined : range(published);
  if (targets === undefined || (published !== '' && publisheds === undefined)) {
    port.problem(`ports are between 1 and 65535, and at most ${MAX_RANGE} at once`);
    return [];
  }
  if (publisheds !== undefined && publisheds.length !== targets.length) {
    port.problem(`${publisheds.length} published ports for ${targets.length} in the container`);
    return [];
  }
  return targets.map((TargetPort, index) => {
    const PublishedPort = publisheds?.[index];
    return { Protocol: protocol, TargetPort, ...(PublishedPort === undefined ? {} : { PublishedPort }), PublishMode: mode };
  });
}

function range(text: string): readonly number[] | undefined {
  const [first = '', last = first] = text.split('-');
  const from = Number(first);
  const to = Number(last);
  if (!Number.isInteger(from) || !Number.isInteger(to) || from < 1 || to > 65_535 || to < from || to - from >= MAX_RANGE) return undefined;
  return Array.from({ length: to - from + 1 }, (_none, index) => from + index);
}

function tellAddress(place: Value, host: string | undefined): void {
  if (host === undefined || host === '' || host.startsWith('127.') || host === '[::1]' || host === '::1') return;
  place.difference(`published ports of devstack listen on 127.0.0.1, not on ${host}; --public opens them to the network`);
}
