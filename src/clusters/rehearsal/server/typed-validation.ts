// Whether a value fits its schema, said as the real server says it.
import { isJsonObject, type Json, type JsonObject } from '../../../model/json.ts';
import type { Element } from './field-set.ts';
import { childSchema, type ListSchema, type MapSchema, type Schema } from './schema.ts';
import { listElement, resolve, TypedError } from './typed-element.ts';

/** Throws TypedError unless the value fits: no unknown fields of structs, no duplicate elements. */
export function checkTyped(schema: Schema, value: Json, path = ''): void {
  const type = resolve(schema, value);
  if (value === null) return;
  if (type.kind === 'scalar') checkScalar(type.type, value, path);
  else if (type.kind === 'list') checkList(type, value, path);
  else checkMap(type, value, path);
}

function checkScalar(type: string, value: Json, path: string): void {
  const isText = type === 'string' || type === 'bytes' || type === 'time' || type === 'microtime';
  const isNumber = type === 'int32' || type === 'int64' || type === 'double';
  if (isText && typeof value !== 'string') throw new TypedError(`${path}: expected string, got ${goValue(value)}`);
  if (isNumber && typeof value !== 'number') throw new TypedError(`${path}: expected numeric (int or float), got ${typeof value === 'object' ? 'map[string]interface {}' : typeof value === 'boolean' ? 'bool' : typeof value}`);
  if (type === 'boolean' && typeof value !== 'boolean') throw new TypedError(`${path}: expected boolean, got ${goValue(value)}`);
  if (typeof value === 'object') throw new TypedError(`${path}: expected any scalar, got ${goValue(value)}`);
}

function goValue(value: Json): string {
  return `&value.valueUnstructured{Value:${typeof value === 'string' ? JSON.stringify(value) : typeof value === 'object' ? 'map[string]interface {}' : String(value)}}`;
}

function checkList(schema: ListSchema, value: Json, path: string): void {
  if (!Array.isArray(value)) throw new TypedError(`${path}: expected list, got ${goValue(value)}`);
  const seen = new Set<Element>();
  for (const [index, item] of (value as readonly Json[]).entries()) {
    if (schema.listType === 'atomic') {
      checkTyped(schema.items, item, `${path}[${index}]`);
      continue;
    }
    const element = elementOrError(schema, item, `${path}: element ${index}: `);
    if (seen.has(element)) throw new TypedError(`${path}: duplicate entries for key ${elementText(element)}`);
    seen.add(element);
    checkTyped(schema.items, item, `${path}${elementText(element)}`);
  }
}

function elementOrError(schema: ListSchema, item: Json, prefix: string): Element {
  try {
    return listElement(schema, item);
  } catch (error) {
    throw error instanceof TypedError ? new TypedError(`${prefix}${error.message}`) : error;
  }
}

function elementText(element: Element): string {
  const rest = element.slice(2);
  if (element.startsWith('v:')) return `[=${rest}]`;
  return `[${Object.entries(JSON.parse(rest) as JsonObject).map(([key, value]) => `${key}=${JSON.stringify(value)}`).join(',')}]`;
}

function checkMap(schema: MapSchema, value: Json, path: string): void {
  if (!isJsonObject(value)) throw new TypedError(`${path}: expected map, got ${goValue(value)}`);
  for (const key of Object.keys(value).sort()) {
    if (!schema.fields.has(key) && schema.values === undefined) throw new TypedError(`${path}.${key}: field not declared in schema`);
    checkTyped(childSchema(schema, key), value[key] ?? null, `${path}.${key}`);
  }
}
