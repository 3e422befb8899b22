// The schemas of CustomResourceDefinitions: as types for ownership and merging, and as rules for pruning and defaults.
import { isJsonObject, type Json, type JsonObject } from '../../../../model/json.ts';
import { clone, type Draft, isDraft, objectAt, put } from '../json.ts';
import { TYPES } from '../kinds.ts';
import { ANY, type Field, type MapSchema, SCALAR, type ScalarType, type Schema } from '../schema.ts';

const SCALARS: { readonly [type: string]: ScalarType } = { string: 'string', integer: 'int64', number: 'double', boolean: 'boolean' };

function fieldOf(schema: Schema, required: boolean, fallback: Json | undefined): Field {
  return { schema, required, pointer: true, always: false, struct: false, patch: undefined, allowed: undefined, default: typeof fallback === 'string' ? fallback : undefined, number: undefined };
}

const isOpen = (schema: JsonObject): boolean => schema['x-kubernetes-preserve-unknown-fields'] === true;
export const isIntOrString = (schema: JsonObject): boolean => schema['x-kubernetes-int-or-string'] === true;
const isEmbedded = (schema: JsonObject): boolean => schema['x-kubernetes-embedded-resource'] === true;

function typeFields(): readonly (readonly [string, Field])[] {
  const text: Schema = { kind: 'scalar', type: 'string' };
  return [['apiVersion', fieldOf(text, false, undefined)], ['kind', fieldOf(text, false, undefined)], ['metadata', fieldOf(TYPES.struct('meta.v1.ObjectMeta'), false, undefined)]];
}

/** What ownership and merging know of a schema. */
export function typeOf(schema: JsonObject | undefined): Schema {
  if (schema === undefined) return ANY;
  if (isIntOrString(schema)) return SCALAR;
  switch (schema['type']) {
    case 'array': return listType(schema);
    case 'object': return mapType(schema);
    case undefined: case '': return ANY;
    default: return { kind: 'scalar', type: SCALARS[String(schema['type'])] ?? 'scalar' };
  }
}

function listType(schema: JsonObject): Schema {
  const listTypeName = schema['x-kubernetes-list-type'];
  const keys = schema['x-kubernetes-list-map-keys'];
  return {
    kind: 'list', items: typeOf(objectAt(schema, 'items')), keys: Array.isArray(keys) ? keys.map(String) : [],
    listType: listTypeName === 'set' || listTypeName === 'map' ? listTypeName : 'atomic',
  };
}

function mapType(schema: JsonObject): Schema {
  const properties = objectAt(schema, 'properties');
  const required = Array.isArray(schema['required']) ? schema['required'] : [];
  const fields = new Map<string, Field>(isEmbedded(schema) ? typeFields() : []);
  for (const [name, property] of Object.entries(properties ?? {})) {
    if (isJsonObject(property)) fields.set(name, fieldOf(typeOf(property), required.includes(name), property['default']));
  }
  const additional = schema['additionalProperties'];
  const values = isJsonObject(additional) ? typeOf(additional) : isOpen(schema) || additional === true ? ANY : undefined;
  if (fields.size === 0 && values === undefined) return ANY;
  return { kind: 'map', name: '', fields, values, atomic: schema['x-kubernetes-map-type'] === 'atomic' };
}

/** The type of whole objects: the schema's fields, and the three that every object has. */
export function objectType(schema: JsonObject | undefined, preserve: boolean): MapSchema {
  const root = schema === undefined ? ANY : mapType(schema);
  const own = root.kind === 'map' ? root : { fields: new Map<string, Field>(), values: ANY };
  return {
    kind: 'map', name: 'object', fields: new Map([...own.fields, ...typeFields()]),
    values: preserve || schema === undefined || root.kind === 'any' ? ANY : own.values, atomic: false,
  };
}

// ── pruning ─────────────────────────────────────────────────────────────────────────────────────────────────────────

interface Pruning {
  readonly unknown: string[];
}

/** Removes what the schema does not know; returns the paths of what went, sorted. */
export function prune(object: Draft, schema: JsonObject | undefined, preserve: boolean): readonly string[] {
  if (schema === undefined || preserve) return [];
  const pruning: Pruning = { unknown: [] };
  pruneMap(object, schema, { path: '', isRoot: true }, pruning);
  return pruning.unknown.sort();
}

function pruneValue(value: Json, schema: JsonObject, path: string, pruning: Pruning): void {
  if (Array.isArray(value)) {
    const items = objectAt(schema, 'items');
    if (items !== undefined) value.forEach((item: Json, index) => { pruneValue(item, items, `${path}[${index}]`, pruning); });
  } else if (isDraft(value)) pruneMap(value, schema, { path, isRoot: false }, pruning);
}

function pruneMap(value: Draft, schema: JsonObject, place: { readonly path: string; readonly isRoot: boolean }, pruning: Pruning): void {
  const properties = objectAt(schema, 'properties') ?? {};
  const additional = schema['additionalProperties'];
  const open = isOpen(schema) || additional === true;
  for (const key of Object.keys(value)) {
    if ((place.isRoot || isEmbedded(schema)) && (key === 'apiVersion' || key === 'kind' || key === 'metadata')) continue;
    const path = place.path === '' ? key : `${place.path}.${key}`;
    const property = Object.hasOwn(properties, key) ? properties[key] : isJsonObject(additional) ? additional : undefined;
    if (isJsonObject(property)) pruneValue(value[key] ?? null, property, isJsonObject(additional) && property === additional ? `${place.path}[${key}]` : path, pruning);
    else if (!open) {
      pruning.unknown.push(path);
      delete value[key];
    }
  }
}

// ── defaults ────────────────────────────────────────────────────────────────────────────────────────────────────────

/** Writes the schema's defaults where nothing was given; a null where none may be, counts as nothing. */
export function applyDefaults(value: Json, schema: JsonObject | undefined): void {
  if (schema === undefined) return;
  if (Array.isArray(value)) {
    for (const item of value) applyDefaults(item, objectAt(schema, 'items'));
  } else if (isDraft(value)) {
    const properties = objectAt(schema, 'properties') ?? {};
    const additional = objectAt(schema, 'additionalProperties');
    for (const [name, property] of Object.entries(properties)) if (isJsonObject(property)) defaultField(value, name, property);
    for (const key of Object.keys(value)) if (!Object.hasOwn(properties, key)) applyDefaults(value[key] ?? null, additional);
  }
}

function defaultField(value: Draft, name: string, property: JsonObject): void {
  const fallback = property['default'];
  if (value[name] === null && property['nullable'] !== true) delete value[name];
  if (value[name] === undefined && fallback !== undefined) put(value, name, clone(fallback));
  if (value[name] !== undefined) applyDefaults(value[name] ?? null, property);
}
