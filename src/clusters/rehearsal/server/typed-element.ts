// What a schema says of a value at one place: its type there, and the path element of each item of a list.
import { isJsonObject, type Json, type JsonObject } from '../../../model/json.ts';
import type { Element } from './field-set.ts';
import { ANY_LIST, ANY_MAP, type ListSchema, SCALAR, type Schema } from './schema.ts';

/** A value that does not fit its schema, said with its path: `.spec.foo: field not declared in schema`. */
export class TypedError extends Error {}

/** Arbitrary JSON is a granular map, an atomic list or a scalar, by what the value is. */
export function resolve(schema: Schema, ...values: readonly (Json | undefined)[]): Exclude<Schema, { kind: 'any' }> {
  if (schema.kind !== 'any') return schema;
  const value = values.find((item) => item !== undefined && item !== null);
  if (Array.isArray(value)) return ANY_LIST;
  return isJsonObject(value) ? ANY_MAP : SCALAR;
}

/** The value of a scalar as a path element writes it. */
function valueElement(item: Json): Element {
  return `v:${JSON.stringify(item)}`;
}

/** What an absent key of an element stands for: its default, or the zero that Go would write. */
function keyDefault(items: Schema, key: string): Json | undefined {
  const field = items.kind === 'map' ? items.fields.get(key) : undefined;
  if (field === undefined || field.default !== undefined || !field.always || field.schema.kind !== 'scalar') return field?.default;
  return field.schema.type === 'string' ? '' : 0;
}

export function listElement(schema: ListSchema, item: Json): Element {
  if (schema.listType === 'set') {
    if (typeof item === 'object') throw new TypedError(item === null ? "associative list without keys has an element that's an explicit null" : "associative list without keys has an element that's a map type");
    return valueElement(item);
  }
  if (!isJsonObject(item)) throw new TypedError(item === null ? 'associative list with keys may not have a null element' : 'associative list with keys may not have non-map elements');
  const keys: { [key: string]: Json } = {};
  for (const key of [...schema.keys].sort()) {
    const value = item[key] ?? keyDefault(schema.items, key);
    if (value !== undefined) keys[key] = value;
  }
  if (Object.keys(keys).length === 0) {
    throw new TypedError(`associative list with keys has an element that omits all key fields [${schema.keys.map((key) => JSON.stringify(key)).join(' ')}] (and doesn't have default values for any key fields)`);
  }
  return `k:${JSON.stringify(keys)}`;
}

export const isGranular = (schema: Schema): boolean => (schema.kind === 'map' && !schema.atomic) || (schema.kind === 'list' && schema.listType !== 'atomic');
export const isNothing = (value: Json | undefined): boolean => value === undefined || value === null
  || (Array.isArray(value) ? value.length === 0 : isJsonObject(value) && Object.keys(value).length === 0);
export const asList = (value: Json | undefined): readonly Json[] => (Array.isArray(value) ? value : []);
export const asMap = (value: Json | undefined): JsonObject => (isJsonObject(value) ? value : {});
