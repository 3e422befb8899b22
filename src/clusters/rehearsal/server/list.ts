// Lists: selected, in pages, of now or of an earlier version.
import type { JsonObject } from '../../../model/json.ts';
import { stringAt } from '../../../model/object.ts';
import type { Core, Target } from './core.ts';
import { objectAt } from './json.ts';
import { fitted } from './read-object.ts';
import { apiVersionOf, type Resource } from './resource.ts';
import { type FieldRequirement, type LabelSelector, matchesFields, matchesLabels, parseFieldSelector, parseLabelSelector } from './selectors.ts';
import { badRequest, field, invalid, StatusError } from './status.ts';
import { fromStorage } from './stored-version.ts';

export interface Selection {
  readonly labels: LabelSelector;
  readonly fields: readonly FieldRequirement[];
}

export function selectionOf(resource: Resource, query: URLSearchParams, name: string): Selection {
  const fields = parseFieldSelector(query.get('fieldSelector') ?? '', resource.storage.key, resource.custom?.selectableFields ?? []);
  return {
    labels: parseLabelSelector(query.get('labelSelector') ?? ''),
    fields: name === '' ? fields : [...fields, { path: 'metadata.name', value: name, isEqual: true }],
  };
}

export function selects(selection: Selection, object: JsonObject): boolean {
  return (selection.labels.length === 0 || matchesLabels(selection.labels, objectAt(object, 'metadata', 'labels'))) && matchesFields(selection.fields, object);
}

/** A stored object as a client of this version sees it. */
export function shown(core: Core, resource: Resource, object: JsonObject): JsonObject {
  if (resource.custom === undefined) return fromStorage(resource, object);
  const isStored = apiVersionOf(resource) === resource.storage.apiVersion;
  const stored = isStored ? resource : core.registry.ofStorage(resource.storage.key) ?? resource;
  // The defaults of a newer definition are seen at once, also in objects that are older than it.
  const current = fitted(stored, object, true);
  return isStored ? current : fitted(resource, fromStorage(resource, current), false);
}

interface Page {
  readonly revision: number;
  readonly after: string;
}

function encodePage(page: Page): string {
  return Buffer.from(JSON.stringify({ v: 'meta.k8s.io/v1', rv: page.revision, start: page.after })).toString('base64url');
}

function decodePage(token: string): Page {
  try {
    const value = JSON.parse(Buffer.from(token, 'base64url').toString('utf8')) as { readonly rv?: unknown; readonly start?: unknown };
    if (typeof value.rv === 'number' && typeof value.start === 'string') return { revision: value.rv, after: value.start };
  } catch {
    // Said below, like a token that is JSON but not ours.
  }
  throw badRequest('invalid continue token: continue key is not valid: invalid character \'\\u009e\' looking for beginning of value');
}

function integerOf(text: string | null): number {
  if (text === null || text === '') return 0;
  if (!/^-?\d+$/.test(text)) throw badRequest(`strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`);
  return Number(text);
}

/** The version that a list asks for: undefined for "now". */
function wantedRevision(core: Core, query: URLSearchParams): number | undefined {
  const [version, match] = [query.get('resourceVersion') ?? '', query.get('resourceVersionMatch') ?? ''];
  if (match !== '' && version === '') throw invalid('ListOptions', 'meta.k8s.io', '', [field.forbidden('resourceVersionMatch', 'resourceVersionMatch is forbidden unless resourceVersion is provided')]);
  if (version === '') return undefined;
  if (!/^\d+$/.test(version)) throw badRequest(`invalid resource version: resourceVersion: Invalid value: ${JSON.stringify(version)}: strconv.ParseUint: parsing ${JSON.stringify(version)}: invalid syntax`);
  if (Number(version) > core.store.revision) {
    throw new StatusError(504, 'Timeout', `Timeout: Too large resource version: ${version}, current: ${core.store.revision}`, { retryAfterSeconds: 1, causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }] });
  }
  return match === 'Exact' ? Number(version) : undefined;
}

export interface ListResult {
  readonly items: readonly JsonObject[];
  readonly metadata: JsonObject;
}

const keyOf = (object: JsonObject): string => `${stringAt(object, 'metadata', 'namespace') ?? ''}/${stringAt(object, 'metadata', 'name') ?? ''}`;

/** Throws 400 for selectors and numbers that are none, 410 for a page of a list that is forgotten. */
export function listObjects(core: Core, target: Target, query: URLSearchParams): ListResult {
  const { resource } = target;
  const selection = selectionOf(resource, query, '');
  const limit = integerOf(query.get('limit'));
  const token = query.get('continue') ?? '';
  const page = token === '' ? undefined : decodePage(token);
  const wanted = wantedRevision(core, query);
  const revision = page?.revision ?? wanted ?? core.store.revision;
  const message = (): string => (page === undefined ? `The resourceVersion for the provided list is too old.` : 'The provided continue parameter is too old to display a consistent list result. You must start a new list without the continue parameter.');
  const all = core.store.listAt(resource.storage.key, target.namespace, revision, message);
  const rest = page === undefined ? all : all.filter((object) => keyOf(object) > page.after);
  const selected = rest.filter((object) => selects(selection, object));
  const items = limit > 0 ? selected.slice(0, limit) : selected;
  const last = items[items.length - 1];
  if (last === undefined || items.length === selected.length) return { items: items.map((object) => shown(core, resource, object)), metadata: { resourceVersion: String(revision) } };
  const isFiltered = selection.labels.length > 0 || selection.fields.length > 0;
  return {
    items: items.map((object) => shown(core, resource, object)),
    metadata: {
      resourceVersion: String(revision), continue: encodePage({ revision, after: keyOf(last) }),
      // With a selector the real server does not know how many are left.
      ...(isFiltered ? {} : { remainingItemCount: selected.length - items.length }),
    },
  };
}

/** Items of built-in lists say neither their kind nor their version: the list does. */
export function listBody(resource: Resource, result: ListResult): JsonObject {
  const items = resource.custom === undefined ? result.items.map((item) => {
    const { apiVersion: _version, kind: _kind, ...rest } = item;
    return rest;
  }) : result.items;
  return { kind: resource.listKind, apiVersion: apiVersionOf(resource), metadata: result.metadata, items };
}

export function metadataOf(object: JsonObject): JsonObject {
  return { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata: object['metadata'] ?? {} };
}
