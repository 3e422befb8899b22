// Paths of fields as server-side apply writes them, in conflicts (`.spec.containers[name="app"].image`) and in managedFields. Pure.
import { canonicalJson, isJsonObject, type Json, type JsonObject } from '../model/json.ts';
import { arrayAt, at, stringAt } from '../model/object.ts';

type Element =
  | { readonly kind: 'field'; readonly name: string }
  /** The element of a list whose key fields have these values. */
  | { readonly kind: 'key'; readonly key: JsonObject }
  /** A member of a set. */
  | { readonly kind: 'value'; readonly value: Json }
  | { readonly kind: 'index'; readonly index: number };

export type FieldPath = readonly Element[];

const PAIR = /^([A-Za-z0-9_.-]+)=("(?:[^"\\]|\\.)*"|[^,\]]+)/;
const SCALAR = /^("(?:[^"\\]|\\.)*"|[^\]]+)/;

function scalar(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return text;
  }
}

/** Reads `[name="x",port=80]`, `[="member"]` or `[0]` at the start; gives the element and what follows. */
function bracket(text: string): { readonly element: Element; readonly rest: string } | undefined {
  let rest = text.slice(1);
  if (rest.startsWith('=')) {
    const value = SCALAR.exec(rest.slice(1))?.[0];
    if (value === undefined) return undefined;
    return { element: { kind: 'value', value: scalar(value) }, rest: rest.slice(value.length + 2) };
  }
  const index = /^(\d+)\]/.exec(rest);
  if (index !== null) return { element: { kind: 'index', index: Number(index[1]) }, rest: rest.slice(index[0].length) };
  const pairs: [string, Json][] = [];
  for (;;) {
    const pair = PAIR.exec(rest);
    if (pair === null) return undefined;
    pairs.push([pair[1] ?? '', scalar(pair[2] ?? '')]);
    rest = rest.slice(pair[0].length);
    if (rest.startsWith(']')) return { element: { kind: 'key', key: Object.fromEntries(pairs) }, rest: rest.slice(1) };
    if (!rest.startsWith(',')) return undefined;
    rest = rest.slice(1);
  }
}

function hasKey(item: Json, key: JsonObject): boolean {
  return Object.entries(key).every(([name, value]) => canonicalJson(at(item, name)) === canonicalJson(value));
}

function inList(list: readonly Json[], element: Element): { readonly index: number; readonly item: Json } | undefined {
  const index = element.kind === 'index' ? element.index : list.findIndex((item) => (
    element.kind === 'key' ? hasKey(item, element.key) : element.kind === 'value' && canonicalJson(item) === canonicalJson(element.value)
  ));
  const item = list[index];
  return item === undefined ? undefined : { index, item };
}

/**
 * Finds the field that a text names in an object; undefined when the object does not have it.
 * The text does not quote names (`.data.my.key`), so only the object can tell where one ends.
 */
export function findField(object: Json | undefined, text: string): FieldPath | undefined {
  if (text === '') return [];
  if (object === undefined) return undefined;
  if (text.startsWith('[') && Array.isArray(object)) {
    const read = bracket(text);
    const found = read === undefined ? undefined : inList(object, read.element);
    const below = read === undefined || found === undefined ? undefined : findField(found.item, read.rest);
    return read === undefined || below === undefined ? undefined : [read.element, ...below];
  }
  if (!text.startsWith('.') || !isJsonObject(object)) return undefined;
  const candidates = Object.keys(object).filter((name) => text.startsWith(name, 1) && ['', '.', '['].includes(text.charAt(1 + name.length)));
  for (const name of candidates.sort((a, b) => b.length - a.length)) {
    const below = findField(object[name], text.slice(1 + name.length));
    if (below !== undefined) return [{ kind: 'field', name }, ...below];
  }
  return undefined;
}

/** A copy of the object without one field. */
export function withoutField<T extends Json>(object: T, [first, ...rest]: FieldPath): T {
  if (first === undefined) return object;
  if (Array.isArray(object)) {
    const found = inList(object, first);
    if (found === undefined) return object;
    const replaced = rest.length === 0 ? [] : [withoutField(found.item, rest)];
    return [...object.slice(0, found.index), ...replaced, ...object.slice(found.index + 1)] as Json as T;
  }
  if (first.kind !== 'field' || !isJsonObject(object)) return object;
  const entries = Object.entries(object as JsonObject).flatMap(([name, value]): [string, Json][] => {
    if (name !== first.name) return [[name, value]];
    return rest.length === 0 ? [] : [[name, withoutField(value, rest)]];
  });
  return Object.fromEntries(entries) as Json as T;
}

function managedKey(element: Element): string {
  switch (element.kind) {
    case 'field': return `f:${element.name}`;
    case 'key': return `k:${canonicalJson(element.key)}`;
    case 'value': return `v:${canonicalJson(element.value)}`;
    case 'index': return `i:${element.index}`;
  }
}

function holds(fields: Json | undefined, path: FieldPath): boolean {
  let current = fields;
  for (const element of path) {
    current = at(current, managedKey(element));
    if (current === undefined) return false;
  }
  return true;
}

/** Names of those, other than `manager`, who own a field by the managedFields of an object. */
export function ownersOf(managedFields: readonly JsonObject[] | undefined, path: FieldPath, manager: string): readonly string[] {
  return (managedFields ?? []).filter((entry) => entry['manager'] !== manager && holds(entry['fieldsV1'], path))
    .map((entry) => stringAt(entry, 'manager') ?? '');
}

/** The fields that a manager holds by server-side apply, as one canonical text; undefined when it holds none. */
export function appliedFields(object: { readonly metadata: { readonly managedFields?: readonly JsonObject[] } }, manager: string): string | undefined {
  const entry = arrayAt(object, 'metadata', 'managedFields').find((item) => (
    stringAt(item, 'manager') === manager && stringAt(item, 'operation') === 'Apply' && (stringAt(item, 'subresource') ?? '') === ''
  ));
  return entry === undefined ? undefined : canonicalJson(at(entry, 'fieldsV1'));
}

/** Fields that an applied object names but that nobody manages: they say which object it is. */
const IDENTITY = ['apiVersion', 'kind'];
const META_IDENTITY = ['name', 'namespace'];

/** Keys of the tree for an item of a list: by its key fields, or by its value. */
function nodeOfItem(item: Json, nodes: readonly Json[]): readonly Json[] {
  return nodes.flatMap((node) => Object.entries(isJsonObject(node) ? node : {})).flatMap(([key, child]) => {
    if (key.startsWith('k:')) return hasKey(item, JSON.parse(key.slice(2)) as JsonObject) ? [child] : [];
    return key === `v:${canonicalJson(item)}` ? [child] : [];
  });
}

function isLeaf(node: Json): boolean {
  return isJsonObject(node) && Object.keys(node).every((key) => key === '.');
}

function covers(wanted: Json, nodes: readonly Json[]): boolean {
  if (nodes.length === 0) return false;
  if (Array.isArray(wanted)) return wanted.every((item: Json) => covers(item, nodeOfItem(item, nodes))) || nodes.some(isLeaf);
  if (!isJsonObject(wanted) || nodes.some(isLeaf)) return true;
  return Object.entries(wanted).every(([name, value]) => value === null || covers(value, nodes.flatMap((node) => at(node, `f:${name}`) ?? [])));
}

/** True when each field that `wanted` names is held by one of these managers of the live object. Shapes it does not understand count as not held. */
export function isHeldBy(wanted: Json, managedFields: readonly JsonObject[] | undefined, isHolder: (manager: string) => boolean): boolean {
  const nodes = (managedFields ?? []).filter((entry) => isHolder(stringAt(entry, 'manager') ?? '')).map((entry) => entry['fieldsV1'] ?? null);
  if (!isJsonObject(wanted)) return false;
  const { metadata, status: _, ...rest } = wanted;
  const fields = Object.fromEntries(Object.entries(rest).filter(([name]) => !IDENTITY.includes(name)));
  const named = Object.fromEntries(Object.entries(isJsonObject(metadata) ? metadata : {}).filter(([name]) => !META_IDENTITY.includes(name)));
  return covers({ ...fields, ...(Object.keys(named).length === 0 ? {} : { metadata: named }) }, nodes);
}
