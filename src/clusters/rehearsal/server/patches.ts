// The three patches that are not apply: JSON patch (RFC 6902), merge patch (RFC 7386), and Kubernetes' strategic merge patch.
import { isJsonObject, type Json, type JsonObject } from '../../../model/json.ts';
import { clone, cloneObject, type Draft, equal, put } from './json.ts';
import type { Field, MapSchema, Schema } from './schema.ts';
import { badRequest, StatusError } from './status.ts';

// ── merge patch ─────────────────────────────────────────────────────────────────────────────────────────────────────

export function mergePatch(target: Json | undefined, patch: Json): Json {
  if (!isJsonObject(patch)) return clone(patch);
  const result: Draft = isJsonObject(target) ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key];
    else put(result, key, mergePatch(result[key], value));
  }
  return result;
}

// ── JSON patch ──────────────────────────────────────────────────────────────────────────────────────────────────────

/** The server does not say what was wrong with a patch that does not apply. */
function inapplicable(): StatusError {
  return new StatusError(422, 'Invalid', 'the server rejected our request due to an error in our request', {});
}

function pointer(text: Json | undefined): readonly string[] {
  if (typeof text !== 'string') throw inapplicable();
  return text.split('/').slice(1).map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
}

interface Location {
  readonly parent: Draft | Json[];
  readonly last: string;
}

function locate(root: Json, path: readonly string[]): Location {
  let current: Json | undefined = root;
  for (const part of path.slice(0, -1)) current = Array.isArray(current) ? current[Number(part)] : isJsonObject(current) ? current[part] : undefined;
  const last = path[path.length - 1] ?? '';
  if (Array.isArray(current)) return { parent: current as Json[], last };
  if (isJsonObject(current)) return { parent: current as Draft, last };
  throw inapplicable();
}

function indexOf(last: string, limit: number): number {
  const index = /^\d+$/.test(last) ? Number(last) : -1;
  if (index < 0 || index > limit) throw inapplicable();
  return index;
}

function read(root: Json, path: readonly string[]): Json | undefined {
  if (path.length === 0) return root;
  const { parent, last } = locate(root, path);
  return Array.isArray(parent) ? parent[indexOf(last, parent.length - 1)] : parent[last];
}

function add(root: Json, path: readonly string[], value: Json): Json {
  if (path.length === 0) return value;
  const { parent, last } = locate(root, path);
  if (Array.isArray(parent)) parent.splice(last === '-' ? parent.length : indexOf(last, parent.length), 0, value);
  else put(parent, last, value);
  return root;
}

function remove(root: Json, path: readonly string[]): Json {
  const { parent, last } = locate(root, path);
  if (Array.isArray(parent)) parent.splice(indexOf(last, parent.length - 1), 1);
  else if (Object.hasOwn(parent, last)) delete parent[last];
  else throw inapplicable();
  return root;
}

function replace(root: Json, path: readonly string[], value: Json): Json {
  if (path.length === 0) return value;
  const { parent, last } = locate(root, path);
  if (Array.isArray(parent)) parent[indexOf(last, parent.length - 1)] = value;
  else put(parent, last, value);
  return root;
}

function copied(root: Json, from: readonly string[]): Json {
  const value = read(root, from);
  if (value === undefined) throw inapplicable();
  return clone(value);
}

function step(root: Json, operation: JsonObject): Json {
  const path = pointer(operation['path']);
  const value = clone(operation['value'] ?? null);
  switch (operation['op']) {
    case 'add': return add(root, path, value);
    case 'remove': return remove(root, path);
    case 'replace': return replace(root, path, value);
    case 'copy': return add(root, path, copied(root, pointer(operation['from'])));
    case 'move': {
      const moved = copied(root, pointer(operation['from']));
      return add(remove(root, pointer(operation['from'])), path, moved);
    }
    case 'test': {
      if (!equal(read(root, path) ?? null, value)) throw inapplicable();
      return root;
    }
    default: throw inapplicable();
  }
}

/** Throws 400 for what is no patch and 422 for one that does not apply. */
export function jsonPatch(target: JsonObject, patch: Json): JsonObject {
  if (!Array.isArray(patch)) throw badRequest('error decoding patch: json: cannot unmarshal object into Go value of type []handlers.jsonPatchOp');
  let result: Json = cloneObject(target);
  for (const operation of patch as readonly Json[]) result = step(result, isJsonObject(operation) ? operation : {});
  if (!isJsonObject(result)) throw inapplicable();
  return result;
}

// ── strategic merge patch ───────────────────────────────────────────────────────────────────────────────────────────

const DIRECTIVE = '$patch';
const RETAIN = '$retainKeys';
const DELETE_PRIMITIVES = '$deleteFromPrimitiveList/';
const ORDER = '$setElementOrder/';

/** Throws 400 for directives that make no sense. */
export function strategicPatch(schema: MapSchema, target: JsonObject, patch: JsonObject): JsonObject {
  return mergeObject(schema, target, patch);
}

/** A map as Go prints it. */
function goMap(value: JsonObject): string {
  return `map[${Object.keys(value).sort().map((key) => `${key}:${String(value[key])}`).join(' ')}]`;
}

function fieldOf(schema: Schema, key: string): Field | undefined {
  return schema.kind === 'map' ? schema.fields.get(key) : undefined;
}

function valuesOf(schema: Schema, key: string): Schema {
  return fieldOf(schema, key)?.schema ?? (schema.kind === 'map' && schema.values !== undefined ? schema.values : { kind: 'any' });
}

function mergeObject(schema: Schema, target: JsonObject, patch: JsonObject): Draft {
  const directive = patch[DIRECTIVE];
  if (directive === 'replace') return cleaned(patch);
  if (directive === 'delete') return {};
  if (directive !== undefined && directive !== 'merge') throw new StatusError(500, undefined, `unknown patch type: ${String(directive)} in map: ${goMap(patch)}`);
  const result: Draft = retained(target, patch[RETAIN]);
  for (const [key, value] of Object.entries(patch)) {
    if (key === DIRECTIVE || key === RETAIN || key.startsWith(ORDER)) continue;
    if (key.startsWith(DELETE_PRIMITIVES)) deletePrimitives(result, key.slice(DELETE_PRIMITIVES.length), value);
    else if (value === null) delete result[key];
    else mergeField(result, key, value, { field: fieldOf(schema, key), schema: valuesOf(schema, key), order: patch[`${ORDER}${key}`] });
  }
  for (const key of Object.keys(patch)) {
    const name = key.slice(ORDER.length);
    // An order alone, without a change of the list itself, also counts.
    if (key.startsWith(ORDER) && patch[name] === undefined) reorderField(result, name, patch[key], fieldOf(schema, name));
  }
  return result;
}

function cleaned(patch: JsonObject): Draft {
  return Object.fromEntries(Object.entries(patch).filter(([key, value]) => !key.startsWith('$') && value !== null).map(([key, value]) => [key, clone(value)]));
}

function retained(target: JsonObject, keys: Json | undefined): Draft {
  if (!Array.isArray(keys)) return { ...target };
  return Object.fromEntries(Object.entries(target).filter(([key]) => keys.includes(key)));
}

function deletePrimitives(result: Draft, name: string, values: Json): void {
  const list = result[name];
  if (Array.isArray(list) && Array.isArray(values)) result[name] = list.filter((item: Json) => !values.some((value: Json) => equal(item, value)));
}

interface MergeTarget {
  readonly field: Field | undefined;
  readonly schema: Schema;
  readonly order: Json | undefined;
}

function mergeField(result: Draft, key: string, value: Json, target: MergeTarget): void {
  const { field, schema, order } = target;
  const current = result[key];
  if (isJsonObject(value)) {
    put(result, key, mergeObject(schema, isJsonObject(current) ? current : {}, value));
  } else if (Array.isArray(value) && field?.patch?.merge === true) {
    put(result, key, mergeList(field, schema, Array.isArray(current) ? current : [], { patch: value, order }));
  } else {
    put(result, key, clone(value));
  }
}

function itemsOf(schema: Schema): Schema {
  return schema.kind === 'list' ? schema.items : { kind: 'any' };
}

function mergeList(field: Field, schema: Schema, current: readonly Json[], change: { readonly patch: readonly Json[]; readonly order: Json | undefined }): readonly Json[] {
  const key = field.patch?.key;
  const names = namesOf(change.order ?? change.patch, key);
  if (key === undefined) return ordered([...current, ...change.patch.filter((item) => !current.some((known) => equal(known, item)))], current, names, undefined);
  const items = change.patch.filter(isJsonObject);
  if (items.some((item) => item[DIRECTIVE] === 'replace')) return items.filter((item) => item[DIRECTIVE] === undefined).map((item) => clone(item));
  const result = current.filter(isJsonObject).map((item) => ({ ...item }));
  for (const item of items) {
    const name = item[key];
    if (name === undefined) throw new StatusError(500, undefined, `map: ${goMap(item)} does not contain declared merge key: ${key}`);
    const index = result.findIndex((known) => equal(known[key], name));
    if (item[DIRECTIVE] === 'delete') {
      if (index >= 0) result.splice(index, 1);
    } else if (index >= 0) result[index] = mergeObject(itemsOf(schema), result[index] ?? {}, item);
    else result.push(mergeObject(itemsOf(schema), {}, item));
  }
  return ordered(result, current, names, key);
}

function reorderField(result: Draft, name: string, order: Json | undefined, field: Field | undefined): void {
  const list = result[name];
  if (Array.isArray(list) && Array.isArray(order)) result[name] = ordered(list, list, namesOf(order, field?.patch?.key), field?.patch?.key);
}

function namesOf(order: Json, key: string | undefined): readonly (Json | undefined)[] {
  return Array.isArray(order) ? order.map((item: Json) => (key !== undefined && isJsonObject(item) ? item[key] : item)) : [];
}

/**
 * What the patch names comes in the order that it asks for (its own, when it says none); what only the server has keeps its place
 * before whatever came after it there.
 */
function ordered(merged: readonly Json[], live: readonly Json[], names: readonly (Json | undefined)[], key: string | undefined): readonly Json[] {
  const nameOf = (item: Json): Json | undefined => (key !== undefined && isJsonObject(item) ? item[key] : item);
  const rank = (item: Json): number => names.findIndex((name) => equal(name, nameOf(item)));
  const place = (item: Json): number => live.findIndex((other) => equal(nameOf(other), nameOf(item)));
  const named = merged.filter((item) => rank(item) >= 0).sort((left, right) => rank(left) - rank(right));
  const others = merged.filter((item) => rank(item) < 0);
  const result: Json[] = [];
  let next = 0;
  for (const item of others) {
    for (let candidate = named[next]; candidate !== undefined && !(place(candidate) >= 0 && place(item) < place(candidate)); candidate = named[next]) {
      result.push(candidate);
      next += 1;
    }
    result.push(item);
  }
  return [...result, ...named.slice(next)];
}
