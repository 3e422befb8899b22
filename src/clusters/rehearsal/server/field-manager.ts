// Who owns which field: keeps metadata.managedFields over creates, updates and server-side applies, and finds conflicts.
import { isJsonObject, type Json, type JsonObject, parseJson } from '../../../model/json.ts';
import { difference, type Element, EMPTY, type FieldSet, intersection, isEmpty, paths, pathText, union, withNamedFields, withoutPaths } from './field-set.ts';
import { cloneObject, type Draft, equal, objectAt } from './json.ts';
import { decodeManaged, type Entry, idOf, type Managers, withoutManaged, writeManaged } from './managed-fields.ts';
import type { MapSchema } from './schema.ts';
import { applyConflict, badRequest, type Cause } from './status.ts';
import { TypedError } from './typed-element.ts';
import { checkTyped } from './typed-validation.ts';
import { compareTyped, fieldSetOf, mergeTyped, removeFields } from './typed-value.ts';

export interface Writer {
  readonly manager: string;
  readonly apiVersion: string;
  readonly subresource: string;
  /** RFC 3339; a scale has none. */
  readonly now: string | undefined;
  /** What this request cannot own: `status` on the object itself, all else on its status. */
  owned(set: FieldSet): FieldSet;
}

/** The kind of the object, and the object as another of its versions would show it (undefined when that is served no more). */
export interface Typing {
  readonly schema: MapSchema;
  /** What an object of the kind is before anybody has set anything. */
  empty(): JsonObject;
  inVersion(object: JsonObject, apiVersion: string): { readonly object: JsonObject; readonly schema: MapSchema } | undefined;
}

const MAX_UPDATERS = 10;
const CURRENT = '\u0000current';
const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';
const NEVER_OWNED: readonly (readonly Element[])[] = [
  ['f:apiVersion'], ['f:kind'], ['f:metadata'],
  ...['name', 'namespace', 'creationTimestamp', 'selfLink', 'uid', 'clusterName', 'generation', 'managedFields', 'resourceVersion'].map((name) => ['f:metadata', `f:${name}`]),
];

// ── the common part ─────────────────────────────────────────────────────────────────────────────────────────────────

class Conflicts extends Error {
  readonly entries: readonly { readonly entry: Entry; readonly path: readonly Element[] }[];
  constructor(entries: readonly { readonly entry: Entry; readonly path: readonly Element[] }[]) {
    super('conflicts');
    this.entries = entries;
  }
}

interface Change {
  readonly typing: Typing;
  readonly writer: Writer;
  readonly live: JsonObject;
  readonly next: JsonObject;
}

/** Takes from everybody else what the change touches. Throws Conflicts when it may not. */
function takeOver(managers: Managers, self: string, change: Change, force: boolean): ReturnType<typeof compareTyped> {
  const { typing, writer, live, next } = change;
  const own = (comparison: ReturnType<typeof compareTyped>) => ({
    added: writer.owned(comparison.added), modified: writer.owned(comparison.modified), removed: writer.owned(comparison.removed),
  });
  const comparison = own(compareTyped(typing.schema, live, next));
  const byVersion = new Map([[writer.apiVersion, comparison]]);
  const conflicts: { entry: Entry; path: readonly Element[] }[] = [];
  for (const [id, entry] of [...managers]) {
    if (id === self) continue;
    const seen = byVersion.get(entry.apiVersion) ?? own(compareInVersion(typing, live, next, entry.apiVersion) ?? { added: EMPTY, modified: EMPTY, removed: EMPTY });
    byVersion.set(entry.apiVersion, seen);
    const touched = intersection(entry.fields, union(seen.modified, seen.added));
    conflicts.push(...paths(touched).map((path) => ({ entry, path })));
    const fields = difference(difference(entry.fields, touched), seen.removed);
    if (isEmpty(fields)) managers.delete(id);
    else managers.set(id, { ...entry, fields });
  }
  if (!force && conflicts.length > 0) throw new Conflicts(conflicts);
  return comparison;
}

function compareInVersion(typing: Typing, live: JsonObject, next: JsonObject, apiVersion: string): ReturnType<typeof compareTyped> | undefined {
  const [before, after] = [typing.inVersion(live, apiVersion), typing.inVersion(next, apiVersion)];
  return before === undefined || after === undefined ? undefined : compareTyped(after.schema, before.object, after.object);
}

/** Drops the managers of versions that are served no more. */
function dropUnserved(managers: Managers, typing: Typing, live: JsonObject): void {
  for (const [id, entry] of [...managers]) if (typing.inVersion(live, entry.apiVersion) === undefined) managers.delete(id);
}

// ── create and update ───────────────────────────────────────────────────────────────────────────────────────────────

function isReset(list: Json | undefined): boolean {
  if (!Array.isArray(list)) return false;
  return list.length === 0 || (list.length === 1 && isJsonObject(list[0]) && Object.keys(list[0]).length === 0);
}

function managersFor(live: JsonObject, next: JsonObject, isSubresource: boolean): Managers {
  const ofLive = (): Managers => decodeManaged(objectAt(live, 'metadata')?.['managedFields']) ?? new Map();
  if (isSubresource) return ofLive();
  const given = objectAt(next, 'metadata')?.['managedFields'];
  if (isReset(given)) return new Map();
  const managers = decodeManaged(given);
  return managers === undefined || managers.size === 0 ? ofLive() : managers;
}

/** Records in `next` that the writer wrote what differs from `live` (an object without uid when it is new). */
export function recordUpdate(typing: Typing, writer: Writer, live: JsonObject, next: Draft): void {
  const managers = managersFor(live, next, writer.subresource !== '');
  delete objectAt(next, 'metadata')?.['managedFields'];
  const isNew = objectAt(live, 'metadata')?.['uid'] === undefined;
  if (managers.size > 0 || isNew) {
    try {
      update(managers, { typing, writer, live: withoutManaged(live), next });
    } catch (error) {
      // An object that does not fit its schema has no owners; validation tells what is wrong with it.
      if (error instanceof TypedError) return;
      throw error;
    }
    capUpdaters(managers);
  }
  writeManaged(next, managers);
}

function update(managers: Managers, change: Change): void {
  const { writer } = change;
  dropUnserved(managers, change.typing, change.live);
  // The writer's own earlier entry is treated as anybody's: its time only moves when something really changed.
  const comparison = takeOver(managers, CURRENT, change, true);
  const fields = withoutPaths(writer.owned(union(comparison.modified, comparison.added)), NEVER_OWNED);
  if (isEmpty(fields)) return;
  const entry: Entry = { manager: writer.manager, operation: 'Update', apiVersion: writer.apiVersion, subresource: writer.subresource, time: writer.now, fields };
  const previous = managers.get(idOf(entry));
  managers.set(idOf(entry), previous === undefined ? entry : { ...entry, fields: union(fields, previous.fields) });
}

/** Keeps the list short: the oldest updaters become one. */
function capUpdaters(managers: Managers): void {
  const updaters = [...managers].filter(([, entry]) => entry.operation === 'Update')
    .sort(([, left], [, right]) => ((left.time ?? '') < (right.time ?? '') ? -1 : 1));
  const excess = updaters.slice(0, Math.max(0, updaters.length - MAX_UPDATERS + 1));
  if (excess.length < 2) return;
  for (const [id, entry] of excess) {
    managers.delete(id);
    const bucket: Entry = { ...entry, manager: 'ancient-changes', subresource: '' };
    const known = managers.get(idOf(bucket));
    managers.set(idOf(bucket), known === undefined ? bucket : { ...bucket, fields: union(known.fields, entry.fields) });
  }
}

// ── server-side apply ───────────────────────────────────────────────────────────────────────────────────────────────

export interface Applied {
  readonly object: Draft;
  /** False when the object is as it was (who owns what may have changed). */
  readonly changed: boolean;
}

/** Throws StatusError 409 with a cause for each field that somebody else owns, 400 for what cannot be applied. */
export function applyConfiguration(typing: Typing, writer: Writer, request: { readonly live: JsonObject; readonly applied: JsonObject; readonly force: boolean; readonly place: string }): Applied {
  const { live, applied, force, place } = request;
  if (objectAt(applied, 'metadata')?.['managedFields'] !== undefined) throw badRequest('metadata.managedFields must be nil');
  try {
    checkTyped(typing.schema, applied);
  } catch (error) {
    throw error instanceof TypedError ? new TypedError(`failed to create typed patch object (${place}): ${error.message}`) : error;
  }
  const managers = decodeManaged(objectAt(live, 'metadata')?.['managedFields']) ?? new Map<string, Entry>();
  const plain = withoutManaged(live);
  if (managers.size === 0) update(managers, { typing, live: typing.empty(), next: plain, writer: { ...writer, manager: 'before-first-apply' } });
  const apply = (isForced: boolean): Applied => finish(new Map(managers), { typing, writer, live: plain, next: applied }, isForced);
  try {
    return apply(force);
  } catch (error) {
    if (!(error instanceof Conflicts)) throw error;
    const entries = writer.manager === 'kubectl' ? notLastApplied(error, typing, writer, plain) : error.entries;
    if (entries.length === 0) return apply(true);
    throw conflictError(entries);
  }
}

function finish(managers: Managers, change: Change, force: boolean): Applied {
  const { typing, writer, live, next: applied } = change;
  dropUnserved(managers, typing, live);
  const entry: Entry = {
    manager: writer.manager, operation: 'Apply', apiVersion: writer.apiVersion, subresource: writer.subresource, time: undefined,
    fields: writer.owned(fieldSetOf(typing.schema, applied)),
  };
  const id = idOf(entry);
  const last = managers.get(id);
  const merged = asObject(mergeTyped(typing.schema, live, applied));
  managers.set(id, { ...entry, time: last?.time });
  // Whoever applies at least what it applied before, takes nothing away.
  const pruned = last === undefined || isEmpty(difference(last.fields, entry.fields)) ? merged : prune(typing, merged, managers, last);
  takeOver(managers, id, { ...change, next: pruned }, force);
  const changed = !equal(live, pruned);
  strip(managers, id, changed ? writer.now : last?.time);
  const object = cloneObject(changed ? pruned : live);
  writeManaged(object, managers);
  if (writer.manager === 'kubectl') refreshLastApplied(object, applied);
  return { object, changed };
}

const asObject = (value: Json | undefined): JsonObject => (isJsonObject(value) ? value : {});

function strip(managers: Managers, id: string, time: string | undefined): void {
  const entry = managers.get(id);
  if (entry === undefined) return;
  const fields = withoutPaths(entry.fields, NEVER_OWNED);
  if (isEmpty(fields)) managers.delete(id);
  else managers.set(id, { ...entry, fields, time });
}

/** Removes what the applier applied last time, applies no more, and nobody else owns. */
function prune(typing: Typing, merged: JsonObject, managers: Managers, last: Entry): JsonObject {
  const converted = typing.inVersion(merged, last.apiVersion);
  if (converted === undefined) return merged;
  const { schema, object } = converted;
  const named = (set: FieldSet): FieldSet => withNamedFields(set, schema);
  const lastSet = named(last.fields);
  const stripped = asObject(removeFields(schema, object, lastSet));
  const all = named(fieldSetOf(schema, object));
  const owned = named([...managers.values()].filter((entry) => typing.inVersion(object, entry.apiVersion) !== undefined).map((entry) => entry.fields).reduce(union, EMPTY));
  const withOwned = asObject(removeFields(schema, object, difference(all, union(named(fieldSetOf(schema, stripped)), owned))));
  // Only what the last apply owned may go: parents that became empty by it stay when others had set them.
  const gone = intersection(difference(all, named(fieldSetOf(schema, withOwned))), lastSet);
  const result = asObject(removeFields(schema, object, gone));
  return typing.inVersion(result, String(merged['apiVersion']))?.object ?? result;
}

// ── conflicts ───────────────────────────────────────────────────────────────────────────────────────────────────────

function managerText(entry: Entry): string {
  const name = `${JSON.stringify(entry.manager)}${entry.subresource === '' ? '' : ` with subresource ${JSON.stringify(entry.subresource)}`}`;
  return entry.operation === 'Update' ? `${name} using ${entry.apiVersion}` : name;
}

function conflictError(entries: readonly { readonly entry: Entry; readonly path: readonly Element[] }[]): Error {
  const causes = entries.map(({ entry, path }): Cause => ({ reason: 'FieldManagerConflict', message: `conflict with ${managerText(entry)}`, field: pathText(path) }));
  const [first] = entries;
  if (entries.length === 1 && first !== undefined) {
    return applyConflict(`Apply failed with 1 conflict: conflict with ${managerText(first.entry)}: ${pathText(first.path)}`, causes);
  }
  const lines = [...new Map(entries.map(({ entry }) => [idOf(entry), entry])).entries()].sort(([left], [right]) => (left < right ? -1 : 1)).flatMap(([id, entry]) => [
    `conflicts with ${managerText(entry)}:`, ...entries.filter((other) => idOf(other.entry) === id).map(({ path }) => `- ${pathText(path)}`),
  ]);
  return applyConflict(`Apply failed with ${entries.length} conflicts: ${lines.join('\n')}`, causes);
}

// ── kubectl's way from client-side to server-side apply ─────────────────────────────────────────────────────────────

/** The conflicts that kubectl's own client-side apply does not explain. */
function notLastApplied(conflicts: Conflicts, typing: Typing, writer: Writer, live: JsonObject): readonly { readonly entry: Entry; readonly path: readonly Element[] }[] {
  const text = objectAt(live, 'metadata', 'annotations')?.[LAST_APPLIED];
  if (typeof text !== 'string' || text === '') return conflicts.entries;
  const last = parseObject(text);
  if (last?.['apiVersion'] !== writer.apiVersion) return conflicts.entries;
  const { added, modified, removed } = compareTyped(typing.schema, last, live);
  const allowed = [added, modified, removed].reduce(difference, fieldSetOf(typing.schema, last));
  const allowedPaths = new Set(paths(allowed).map(pathText));
  return conflicts.entries.filter(({ path }) => !allowedPaths.has(pathText(path)));
}

function parseObject(text: string): JsonObject | undefined {
  const value = parseJson(text);
  return isJsonObject(value) ? value : undefined;
}

function refreshLastApplied(object: Draft, applied: JsonObject): void {
  const annotations = objectAt(object, 'metadata', 'annotations');
  if (typeof annotations?.[LAST_APPLIED] !== 'string' || annotations[LAST_APPLIED] === '') return;
  const copy = cloneObject(applied);
  delete objectAt(copy, 'metadata', 'annotations')?.[LAST_APPLIED];
  annotations[LAST_APPLIED] = `${JSON.stringify(copy)}\n`;
}
