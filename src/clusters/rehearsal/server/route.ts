// From a path to what it names: a group, a version, a resource, an object of it, and a part of that object.

import type { Target } from './core.ts';
import type { Registry } from './registry.ts';
import { type Reply, text } from './reply.ts';
import { pathNotFound, StatusError } from './status.ts';

const decoded = (part: string): string => {
  try {
    return decodeURIComponent(part);
  } catch {
    throw new StatusError(400, 'BadRequest', 'the path of the request cannot be decoded');
  }
};

/** What no handler is for; the real server answers it before it looks for resources. */
export const NO_PAGE: Reply = text('404 page not found\n', 404);

export interface Route extends Target {
  /** The old spelling of a watch: `/api/v1/watch/pods`. */
  readonly watch: boolean;
}

interface Parts {
  readonly group: string;
  readonly version: string;
  readonly rest: readonly string[];
}

function partsOf(path: string): Parts | undefined {
  const parts = path.split('/').filter((part) => part !== '').map(decoded);
  const [root, first = '', second = '', ...rest] = parts;
  if (root === 'api') return { group: '', version: first, rest: parts.slice(2) };
  return root === 'apis' ? { group: first, version: second, rest } : undefined;
}

/** Throws 404 for a resource that is not served; undefined for a path that is no API's. */
export function routeOf(registry: Registry, path: string): Route | undefined {
  const parts = partsOf(path);
  if (parts === undefined) return undefined;
  const { group, version } = parts;
  const watch = parts.rest[0] === 'watch';
  const rest = watch ? parts.rest.slice(1) : parts.rest;
  // `namespaces/x/status` is about the namespace itself; `namespaces/x/pods` about what is in it.
  const isInNamespace = rest[0] === 'namespaces' && rest.length > 2 && !(group === '' && ['status', 'finalize'].includes(rest[2] ?? ''));
  const namespace = isInNamespace ? rest[1] ?? '' : '';
  const [name = '', object = '', ...sub] = isInNamespace ? rest.slice(2) : rest;
  const resource = registry.find(group, version, name);
  const isBuiltInGroup = group === '' || registry.groups().some((known) => known.name === group && registry.of(group, known.preferred).some((entry) => entry.custom === undefined));
  if (resource === undefined || (isInNamespace && !resource.namespaced) || (resource.namespaced && namespace === '' && object !== '')) {
    if (isBuiltInGroup) throw pathNotFound();
    return undefined;
  }
  const subresource = sub.join('/');
  if (subresource !== '' && !resource.subresources.has(subresource)) throw pathNotFound();
  return { resource, namespace, name: object, subresource, watch };
}
