// Reads what was sent as the Go server does: checks every type, drops what is unknown, and writes the result in canonical form
// (empty optional values left out, structs always there, quantities and times normalised). The result shares nothing with the input.
import { isJsonObject, type Json } from '../../../model/json.ts';
import { cloneObject, type Draft, put } from './json.ts';
import { canonicalQuantity } from './quantity.ts';
import type { Field, ListSchema, MapSchema, ScalarType, Schema } from './schema.ts';
import { badRequest } from './status.ts';

/** A value of the wrong type: nothing of the object can be used. */
export class DecodeError extends Error {}

interface Place {
  /** `DeploymentSpec`: the struct in whose field we are. */
  readonly struct: string;
  /** `spec.replicas`, without indexes. */
  readonly fields: string;
  /** `spec.containers[0].name`, with indexes. */
  readonly path: string;
}

interface Decoding {
  /** `unknown field "spec.foo"`, in the order of the document. */
  readonly unknown: string[];
}

const GO_TYPES: { readonly [K in ScalarType]: string } = {
  string: 'string', int32: 'int32', int64: 'int64', double: 'float64', boolean: 'bool', time: 'v1.Time', microtime: 'v1.MicroTime',
  quantity: 'resource.Quantity', 'int-or-string': 'intstr.IntOrString', bytes: '[]uint8', scalar: 'interface {}',
};

function shortName(name: string): string {
  return name.slice(name.lastIndexOf('.') + 1);
}

/** `map[string]string`, `[]v1.Container`, `v1.PodSpec`. */
function goType(schema: Schema): string {
  if (schema.kind === 'list') return `[]${goType(schema.items)}`;
  if (schema.kind === 'scalar') return GO_TYPES[schema.type];
  if (schema.kind === 'any') return 'map[string]interface {}';
  return schema.name === '' ? `map[string]${schema.values === undefined ? 'interface {}' : goType(schema.values)}` : schema.name.split('.').slice(-2).join('.');
}

function jsonType(value: Json): string {
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'boolean') return 'bool';
  return typeof value === 'object' ? 'object' : typeof value;
}

function mismatch(value: Json, place: Place, type: string): DecodeError {
  return new DecodeError(`json: cannot unmarshal ${jsonType(value)} into Go struct field ${place.struct}.${place.fields} of type ${type}`);
}

function integer(value: Json, place: Place, type: 'int32' | 'int64'): number {
  if (typeof value !== 'number') throw mismatch(value, place, type);
  const limit = type === 'int32' ? 2 ** 31 : 2 ** 63;
  if (!Number.isInteger(value) || value >= limit || value < -limit) {
    throw new DecodeError(`json: cannot unmarshal number ${value} into Go struct field ${place.struct}.${place.fields} of type ${type}`);
  }
  return value;
}

function time(value: Json, place: Place, isMicro: boolean): string {
  if (typeof value !== 'string') throw mismatch(value, place, 'string');
  // As this server wrote it: most times come from there.
  if (!isMicro && /^\d{4}-[01]\d-[0-3]\dT[0-2]\d:[0-5]\d:[0-5]\dZ$/.test(value)) return value;
  const layout = isMicro ? '2006-01-02T15:04:05.000000Z07:00' : '2006-01-02T15:04:05Z07:00';
  const match = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/.exec(value);
  const instant = match === null ? Number.NaN : Date.parse(value);
  if (Number.isNaN(instant)) {
    throw new DecodeError(`parsing time ${JSON.stringify(JSON.stringify(value))} as ${JSON.stringify(JSON.stringify(layout))}: cannot parse ${JSON.stringify(value)} as "2006"`.replaceAll('\\"\\"', '\\"'));
  }
  const iso = new Date(instant).toISOString();
  return isMicro ? `${iso.slice(0, 19)}.${(match?.[1] ?? '.').slice(1).padEnd(6, '0').slice(0, 6)}Z` : `${iso.slice(0, 19)}Z`;
}

function scalar(type: ScalarType, value: Json, place: Place): Json {
  switch (type) {
    case 'string': case 'bytes':
      if (typeof value !== 'string') throw mismatch(value, place, GO_TYPES[type]);
      if (type === 'bytes' && !/^[A-Za-z0-9+/]*={0,2}$/.test(value.replace(/[\r\n]/g, ''))) {
        throw new DecodeError(`illegal base64 data at input byte ${Math.max(0, value.search(/[^A-Za-z0-9+/=]/))}`);
      }
      return value;
    case 'boolean':
      if (typeof value !== 'boolean') throw mismatch(value, place, 'bool');
      return value;
    case 'int32': case 'int64':
      return integer(value, place, type);
    case 'double':
      if (typeof value !== 'number') throw mismatch(value, place, 'float64');
      return value;
    case 'time': case 'microtime':
      return time(value, place, type === 'microtime');
    case 'int-or-string':
      return typeof value === 'string' ? value : integer(value, place, 'int32');
    case 'quantity':
      return quantity(value, place);
    default:
      return value;
  }
}

function quantity(value: Json, place: Place): string {
  if (typeof value !== 'string' && typeof value !== 'number') throw mismatch(value, place, GO_TYPES.quantity);
  const canonical = canonicalQuantity(String(value));
  if (canonical === undefined) throw new DecodeError("quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'");
  return canonical;
}

function zeroOf(schema: Schema): Json {
  if (schema.kind !== 'scalar') return null;
  switch (schema.type) {
    case 'int32': case 'int64': case 'double': return 0;
    case 'boolean': return false;
    case 'time': case 'microtime': return null;
    case 'quantity': return '0';
    case 'bytes': return null;
    default: return '';
  }
}

function isZero(value: Json, schema: Schema): boolean {
  if (Array.isArray(value)) return value.length === 0;
  if (isJsonObject(value)) return schema.kind === 'map' && schema.name === '' && Object.keys(value).length === 0;
  return value === '' || value === 0 || value === false;
}

function decodeValue(schema: Schema, value: Json, place: Place, decoding: Decoding): Json {
  if (schema.kind === 'any') return isJsonObject(value) ? cloneObject(value) : structuredClone(value) as Json;
  if (schema.kind === 'scalar') return scalar(schema.type, value, place);
  if (schema.kind === 'list') return decodeList(schema, value, place, decoding);
  if (!isJsonObject(value)) throw mismatch(value, place, goType(schema));
  return schema.name === '' ? decodeMap(schema, value, place, decoding) : decodeStruct(schema, value, place, decoding);
}

function decodeList(schema: ListSchema, value: Json, place: Place, decoding: Decoding): Json {
  if (!Array.isArray(value)) throw mismatch(value, place, goType(schema));
  return value.map((item: Json, index) => {
    if (item === null) return schema.items.kind === 'map' ? decodeValue(schema.items, {}, place, decoding) : zeroOf(schema.items);
    return decodeValue(schema.items, item, { ...place, path: `${place.path}[${index}]` }, decoding);
  });
}

function decodeMap(schema: MapSchema, value: { readonly [key: string]: Json }, place: Place, decoding: Decoding): Draft {
  const result: Draft = {};
  const values = schema.values;
  for (const key of Object.keys(value)) {
    const item = value[key] ?? null;
    if (values === undefined) continue;
    put(result, key, item === null ? zeroOf(values) : decodeValue(values, item, { ...place, path: `${place.path}[${key}]` }, decoding));
  }
  return result;
}

function emptyField(name: string, field: Field): Json | undefined {
  if (field.struct && field.schema.kind === 'map') return decodeStruct(field.schema, {}, { struct: '', fields: name, path: name }, { unknown: [] });
  return field.always ? zeroOf(field.schema) : undefined;
}

function decodeStruct(schema: MapSchema, value: { readonly [key: string]: Json }, place: Place, decoding: Decoding): Draft {
  const result: Draft = {};
  const struct = shortName(schema.name);
  const below = (name: string): Place => ({
    struct, fields: place.fields === '' ? name : `${place.fields}.${name}`, path: place.path === '' ? name : `${place.path}.${name}`,
  });
  for (const name of Object.keys(value)) {
    const field = schema.fields.get(name);
    const given = value[name] ?? null;
    if (field === undefined) {
      decoding.unknown.push(`unknown field ${JSON.stringify(below(name).path)}`);
      continue;
    }
    if (given === null) continue;
    const decoded = decodeValue(field.schema, given, below(name), decoding);
    if (field.pointer || field.always || !isZero(decoded, field.schema)) result[name] = decoded;
  }
  for (const [name, field] of schema.fields) {
    if (result[name] !== undefined) continue;
    const empty = emptyField(name, field);
    if (empty !== undefined) result[name] = empty;
  }
  return result;
}

export interface Decoded {
  readonly object: Draft;
  readonly unknown: readonly string[];
}

/** Throws DecodeError when a value has the wrong type. */
export function decode(schema: MapSchema, value: { readonly [key: string]: Json }): Decoded {
  const decoding: Decoding = { unknown: [] };
  const object = decodeStruct(schema, value, { struct: shortName(schema.name), fields: '', path: '' }, decoding);
  return { object, unknown: decoding.unknown };
}

/** The error of a body that could not be read as its kind. */
export function cannotHandle(kind: string, version: string, reason: string, as = kind): Error {
  return badRequest(`${kind} in version ${JSON.stringify(version)} cannot be handled as a ${as}: ${reason}`);
}
