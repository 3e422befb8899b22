// What clients ask first: which groups, versions and resources there are.
import type { JsonObject } from '../../../model/json.ts';
import type { Core } from './core.ts';
import { KUBERNETES } from './kinds.ts';
import type { Registry, ServedGroup } from './registry.ts';
import { json, type Reply, text } from './reply.ts';
import { apiVersionOf, type Resource } from './resource.ts';

export const VERSION: JsonObject = {
  major: KUBERNETES.major, minor: KUBERNETES.minor, emulationMajor: KUBERNETES.major, emulationMinor: KUBERNETES.minor,
  minCompatibilityMajor: KUBERNETES.major, minCompatibilityMinor: String(Number(KUBERNETES.minor) - 1), gitVersion: KUBERNETES.gitVersion,
  // Says plainly that no real Kubernetes answers here.
  gitCommit: 'devstack-rehearsal', gitTreeState: 'clean', buildDate: '1970-01-01T00:00:00Z', goVersion: 'none', compiler: 'none', platform: 'linux/amd64',
};

function groupBody(group: ServedGroup): JsonObject {
  const version = (name: string): JsonObject => ({ groupVersion: `${group.name}/${name}`, version: name });
  return { name: group.name, versions: group.versions.map(version), preferredVersion: version(group.preferred) };
}

function resourceEntries(resource: Resource): readonly JsonObject[] {
  const { name, singular, namespaced, kind, verbs, shortNames, categories } = resource;
  const own = {
    name, singularName: singular, namespaced, kind, verbs,
    ...(shortNames.length === 0 ? {} : { shortNames }), ...(categories.length === 0 ? {} : { categories }),
  };
  const subresources = [...resource.subresources.values()].map((sub) => ({
    name: `${name}/${sub.name}`, singularName: '', namespaced: sub.namespaced, kind: sub.kind, verbs: sub.verbs,
    ...(sub.group === undefined ? {} : { group: sub.group }), ...(sub.version === undefined ? {} : { version: sub.version }),
  }));
  return [own, ...subresources];
}

function resourceList(registry: Registry, group: string, version: string): JsonObject {
  const apiVersion = apiVersionOf({ group, version });
  const head = group === '' ? { kind: 'APIResourceList' } : { kind: 'APIResourceList', apiVersion: 'v1' };
  return { ...head, groupVersion: apiVersion, resources: registry.of(group, version).flatMap(resourceEntries) };
}

const HEALTH = new Set(['/healthz', '/readyz', '/livez', '/healthz/ping', '/readyz/ping', '/livez/ping']);

/** The answer to a discovery path, or undefined when the path is none. */
export function discover({ registry, aggregated }: Pick<Core, 'registry' | 'aggregated'>, path: string, address: string): Reply | undefined {
  const groups = (): readonly ServedGroup[] => [...registry.groups(), ...[...aggregated].flatMap((api) => api.group() ?? [])];
  if (HEALTH.has(path)) return text('ok');
  if (path === '/version') return json(VERSION);
  if (path === '/api') return json({ kind: 'APIVersions', versions: ['v1'], serverAddressByClientCIDRs: [{ clientCIDR: '0.0.0.0/0', serverAddress: address }] });
  if (path === '/api/v1') return json(resourceList(registry, '', 'v1'));
  if (path === '/apis') return json({ kind: 'APIGroupList', apiVersion: 'v1', groups: groups().map(groupBody) });
  const match = /^\/apis\/([^/]+)(?:\/([^/]+))?$/.exec(path);
  const group = match === null ? undefined : groups().find((candidate) => candidate.name === match[1]);
  if (match === null || group === undefined) return undefined;
  if (match[2] === undefined) return json({ kind: 'APIGroup', apiVersion: 'v1', ...groupBody(group) });
  const isOwn = registry.groups().some(({ name }) => name === group.name);
  return isOwn && group.versions.includes(match[2]) ? json(resourceList(registry, group.name, match[2])) : undefined;
}
