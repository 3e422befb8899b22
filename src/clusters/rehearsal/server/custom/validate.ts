// Checks custom resources against their schema, with the words of the real server's validator.
import { isJsonObject, type Json, type JsonObject } from '../../../../model/json.ts';
import { equal, objectAt } from '../json.ts';
import { type FieldError, field } from '../status.ts';
import { isIntOrString } from './schema.ts';

function typeName(value: Json): string {
  if (Array.isArray(value)) return 'array';
  if (value === null) return 'null';
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number';
  return typeof value === 'object' ? 'object' : typeof value;
}

function hasType(value: Json, type: string): boolean {
  const actual = typeName(value);
  return actual === type || (type === 'number' && actual === 'integer');
}

const wrongType = (path: string, value: Json, type: string): FieldError =>
  field.typeInvalid(path, typeName(value), `${path} in body must be of type ${type}: ${JSON.stringify(typeName(value))}`);

function numberErrors(path: string, value: number, schema: JsonObject): readonly FieldError[] {
  const { minimum, maximum, multipleOf } = schema;
  const errors: FieldError[] = [];
  const say = (text: string): void => { errors.push(field.invalid(path, value, `${path} in body ${text}`)); };
  if (typeof maximum === 'number' && schema['exclusiveMaximum'] === true && value >= maximum) say(`should be less than ${maximum}`);
  else if (typeof maximum === 'number' && value > maximum) say(`should be less than or equal to ${maximum}`);
  if (typeof minimum === 'number' && schema['exclusiveMinimum'] === true && value <= minimum) say(`should be greater than ${minimum}`);
  else if (typeof minimum === 'number' && value < minimum) say(`should be greater than or equal to ${minimum}`);
  if (typeof multipleOf === 'number' && value % multipleOf !== 0) say(`should be a multiple of ${multipleOf}`);
  return errors;
}

const FORMATS: { readonly [format: string]: RegExp } = {
  'date-time': /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)$/, date: /^\d{4}-\d\d-\d\d$/,
  ipv4: /^(\d{1,3}\.){3}\d{1,3}$/, uuid: /^[0-9a-f]{8}-?([0-9a-f]{4}-?){3}[0-9a-f]{12}$/i, byte: /^[A-Za-z0-9+/]*={0,2}$/,
  duration: /^([+-]?(\d+(\.\d*)?|\.\d+)(ns|us|µs|ms|s|m|h|d|w| ?days?| ?hours?| ?minutes?| ?seconds?))+$/, uri: /^[a-zA-Z][\w+.-]*:.*$/,
};

function textErrors(path: string, value: string, schema: JsonObject): readonly FieldError[] {
  const { minLength, maxLength, pattern, format } = schema;
  const length = [...value].length;
  if (typeof maxLength === 'number' && length > maxLength) return [field.tooLong(path, maxLength)];
  if (typeof minLength === 'number' && length < minLength) return [field.invalid(path, value, `${path} in body should be at least ${minLength} chars long`)];
  if (typeof pattern === 'string' && !matchesGo(pattern, value)) return [field.invalid(path, value, `${path} in body should match '${pattern}'`)];
  const known = typeof format === 'string' ? FORMATS[format] : undefined;
  if (known !== undefined && !known.test(value)) return [{ ...field.invalid(path, value, `${path} in body must be of type ${String(format)}: ${JSON.stringify(value)}`), reason: 'FieldValueTypeInvalid' }];
  return [];
}

/** Go's regular expressions, as far as JavaScript's can stand in; one that JavaScript cannot read lets everything pass. */
function matchesGo(pattern: string, value: string): boolean {
  try {
    return new RegExp(pattern.replace(/^\(\?i\)/, ''), pattern.startsWith('(?i)') ? 'iu' : 'u').test(value);
  } catch {
    return true;
  }
}

function listErrors(path: string, value: readonly Json[], schema: JsonObject): readonly FieldError[] {
  const { maxItems, minItems } = schema;
  if (typeof maxItems === 'number' && value.length > maxItems) return [field.tooMany(path, value.length, maxItems)];
  const errors: FieldError[] = [];
  if (typeof minItems === 'number' && value.length < minItems) errors.push(field.invalid(path, value.length, `${path} in body should have at least ${minItems} items`));
  const items = objectAt(schema, 'items');
  if (items !== undefined) value.forEach((item, index) => { errors.push(...schemaErrors(`${path}[${index}]`, item, items)); });
  return errors;
}

function mapErrors(path: string, value: JsonObject, schema: JsonObject): readonly FieldError[] {
  const errors: FieldError[] = [];
  const below = (key: string): string => (path === '' ? key : `${path}.${key}`);
  const { required, maxProperties, minProperties } = schema;
  const count = Object.keys(value).length;
  if (typeof maxProperties === 'number' && count > maxProperties) errors.push(field.tooMany(path, count, maxProperties));
  if (typeof minProperties === 'number' && count < minProperties) errors.push(field.invalid(path, count, `${path} in body should have at least ${minProperties} properties`));
  for (const key of Array.isArray(required) ? required.map(String) : []) if (!Object.hasOwn(value, key)) errors.push(field.required(below(key)));
  const properties = objectAt(schema, 'properties') ?? {};
  const additional = objectAt(schema, 'additionalProperties');
  for (const [key, item] of Object.entries(value)) {
    const property = Object.hasOwn(properties, key) ? properties[key] : additional;
    if (isJsonObject(property)) errors.push(...schemaErrors(below(key), item, property));
  }
  return errors;
}

function combinedErrors(path: string, value: Json, schema: JsonObject): readonly FieldError[] {
  const list = (key: string): readonly JsonObject[] => (Array.isArray(schema[key]) ? (schema[key] as readonly Json[]).filter(isJsonObject) : []);
  const holds = (part: JsonObject): boolean => schemaErrors(path, value, part).length === 0;
  const errors: FieldError[] = list('allOf').flatMap((part) => schemaErrors(path, value, part));
  const shown = typeof value === 'object' ? typeName(value) : value;
  if (list('anyOf').length > 0 && !list('anyOf').some(holds)) errors.push(field.invalid(path, shown, `${path} in body must validate at least one schema (anyOf)`));
  if (list('oneOf').length > 0 && list('oneOf').filter(holds).length !== 1) {
    const found = list('oneOf').filter(holds).length;
    errors.push(field.invalid(path, shown, `${path} in body must validate one and only one schema (oneOf). Found ${found === 0 ? 'none valid' : `${found} valid alternatives`}`));
  }
  const not = objectAt(schema, 'not');
  if (not !== undefined && Object.keys(not).length > 0 && holds(not)) errors.push(field.invalid(path, shown, `${path} in body must not validate the schema (not)`));
  return errors;
}

/** Every way in which a value breaks its schema. */
export function schemaErrors(path: string, value: Json, schema: JsonObject): readonly FieldError[] {
  if (value === null) return nullErrors(path, schema);
  if (isIntOrString(schema)) {
    if (typeName(value) !== 'integer' && typeof value !== 'string') return [wrongType(path, value, 'integer,string')];
  } else if (typeof schema['type'] === 'string' && schema['type'] !== '' && !hasType(value, schema['type'])) return [wrongType(path, value, schema['type'])];
  const allowed = schema['enum'];
  if (Array.isArray(allowed) && !allowed.some((item: Json) => equal(item, value))) {
    return [field.unsupported(path, value, allowed.map((item: Json) => (typeof item === 'string' ? item : JSON.stringify(item))))];
  }
  const own = typeof value === 'number' ? numberErrors(path, value, schema)
    : typeof value === 'string' ? textErrors(path, value, schema)
      : Array.isArray(value) ? listErrors(path, value, schema)
        : isJsonObject(value) ? mapErrors(path, value, schema) : [];
  return [...own, ...combinedErrors(path, value, schema)];
}

function nullErrors(path: string, schema: JsonObject): readonly FieldError[] {
  const type = schema['type'];
  if (schema['nullable'] === true || typeof type !== 'string' || type === '') return [];
  return [field.typeInvalid(path, 'null', `${path} in body must be of type ${type}: "null"`)];
}

/** Duplicates in lists that are sets or maps. */
export function duplicateErrors(path: string, value: Json, schema: JsonObject): readonly FieldError[] {
  if (Array.isArray(value)) {
    const items = objectAt(schema, 'items') ?? {};
    const own = schema['x-kubernetes-list-type'] === 'set' || schema['x-kubernetes-list-type'] === 'map' ? repeated(path, value, schema) : [];
    return [...own, ...value.flatMap((item: Json, index) => duplicateErrors(`${path}[${index}]`, item, items))];
  }
  if (!isJsonObject(value)) return [];
  const properties = objectAt(schema, 'properties') ?? {};
  const additional = objectAt(schema, 'additionalProperties');
  return Object.entries(value).flatMap(([key, item]) => {
    const property = Object.hasOwn(properties, key) ? properties[key] : additional;
    return isJsonObject(property) ? duplicateErrors(path === '' ? key : `${path}.${key}`, item, property) : [];
  });
}

function repeated(path: string, list: readonly Json[], schema: JsonObject): readonly FieldError[] {
  const keys = Array.isArray(schema['x-kubernetes-list-map-keys']) ? schema['x-kubernetes-list-map-keys'].map(String) : undefined;
  const nameOf = (item: Json): Json => (keys === undefined || !isJsonObject(item) ? item
    : Object.fromEntries(keys.filter((key) => item[key] !== undefined).map((key) => [key, item[key] ?? null])));
  const names = list.map(nameOf);
  return names.flatMap((name, index) => (names.slice(0, index).some((other) => equal(other, name)) ? [field.duplicate(`${path}[${index}]`, name)] : []));
}
