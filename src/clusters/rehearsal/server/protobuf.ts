// Reads Kubernetes' protobuf bodies into JSON: kubectl sends them for the kinds that it knows (`create namespace`, `create deployment`).
import type { Json, JsonObject } from '../../../model/json.ts';
import { type Draft, put } from './json.ts';
import { TYPE_OF_KIND, TYPES } from './kinds.ts';
import type { Field, MapSchema, ScalarType, Schema } from './schema.ts';
import { badRequest } from './status.ts';

const MAGIC = Buffer.from('k8s\0');

type Wire = bigint | Buffer;

/** The fields of a message, in order. Throws 400 for what is cut off. */
function* fieldsOf(message: Buffer): Generator<{ readonly number: number; readonly value: Wire }> {
  let offset = 0;
  const varint = (): bigint => {
    let result = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = message[offset];
      if (byte === undefined || shift > 63n) throw badRequest('the protobuf body of the request cannot be read');
      offset += 1;
      result |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return result;
    }
  };
  const bytes = (length: number): Buffer => {
    if (offset + length > message.length) throw badRequest('the protobuf body of the request is cut off');
    offset += length;
    return message.subarray(offset - length, offset);
  };
  while (offset < message.length) {
    const tag = Number(varint());
    const wire = tag & 7;
    yield { number: tag >> 3, value: wire === 0 ? varint() : wire === 1 ? bytes(8) : wire === 5 ? bytes(4) : bytes(Number(varint())) };
  }
}

const asBytes = (value: Wire): Buffer => (typeof value === 'bigint' ? Buffer.alloc(0) : value);
const asNumber = (value: Wire): number => (typeof value === 'bigint' ? Number(BigInt.asIntN(64, value)) : value.length === 8 ? value.readDoubleLE() : 0);

/** The values of a small message by their numbers. */
function valuesOf(message: Buffer): ReadonlyMap<number, Wire> {
  return new Map([...fieldsOf(message)].map(({ number, value }) => [number, value]));
}

function time(message: Buffer): Json {
  const values = valuesOf(message);
  const seconds = values.get(1);
  if (seconds === undefined) return null;
  const nanos = asNumber(values.get(2) ?? 0n);
  const text = new Date(asNumber(seconds) * 1000).toISOString().slice(0, 19);
  return nanos === 0 ? `${text}Z` : `${text}.${String(Math.floor(nanos / 1000)).padStart(6, '0')}Z`;
}

function scalar(type: ScalarType, value: Wire): Json {
  switch (type) {
    case 'int32': case 'int64': case 'double': return asNumber(value);
    case 'boolean': return asNumber(value) !== 0;
    case 'bytes': return asBytes(value).toString('base64');
    case 'time': case 'microtime': return time(asBytes(value));
    case 'quantity': return asBytes(valuesOf(asBytes(value)).get(1) ?? Buffer.alloc(0)).toString('utf8');
    case 'int-or-string': {
      const values = valuesOf(asBytes(value));
      return asNumber(values.get(1) ?? 0n) === 0 ? asNumber(values.get(2) ?? 0n) : asBytes(values.get(3) ?? Buffer.alloc(0)).toString('utf8');
    }
    default: return asBytes(value).toString('utf8');
  }
}

/** RawExtension and its like carry JSON in their first field. */
function embedded(value: Wire): Json {
  const raw = valuesOf(asBytes(value)).get(1);
  try {
    return raw === undefined ? null : JSON.parse(asBytes(raw).toString('utf8')) as Json;
  } catch {
    return null;
  }
}

function single(schema: Schema, value: Wire): Json {
  if (schema.kind === 'scalar') return scalar(schema.type, value);
  if (schema.kind === 'any') return embedded(value);
  return schema.kind === 'map' ? decodeMessage(schema, asBytes(value)) : null;
}

/** Numbers may come packed: many in one field. */
function items(schema: Schema, value: Wire): readonly Json[] {
  if (schema.kind !== 'scalar' || !['int32', 'int64', 'boolean'].includes(schema.type) || typeof value === 'bigint') return [single(schema, value)];
  const result: Json[] = [];
  let current = 0n;
  let shift = 0n;
  for (const byte of value) {
    current |= BigInt(byte & 0x7f) << shift;
    shift += 7n;
    if (byte >= 0x80) continue;
    result.push(scalar(schema.type, current));
    [current, shift] = [0n, 0n];
  }
  return result;
}

function assign(target: Draft, name: string, field: Field, value: Wire): void {
  const { schema } = field;
  if (schema.kind === 'list') {
    const known = target[name];
    target[name] = [...Array.isArray(known) ? known : [], ...items(schema.items, value)];
  } else if (schema.kind === 'map' && schema.name === '') {
    const entry = valuesOf(asBytes(value));
    const known = target[name];
    const map: Draft = typeof known === 'object' && known !== null && !Array.isArray(known) ? { ...known as JsonObject } : {};
    const held = entry.get(2);
    put(map, asBytes(entry.get(1) ?? Buffer.alloc(0)).toString('utf8'), held === undefined || schema.values === undefined ? '' : single(schema.values, held));
    target[name] = map;
  } else target[name] = single(schema, value);
}

/** `prefix` is the number of the inlined message that this is. */
function decodeMessage(schema: MapSchema, message: Buffer, into: Draft = {}, prefix = ''): Draft {
  const byNumber = new Map([...schema.fields].flatMap(([name, field]) => (field.number === undefined ? [] : [[field.number, { name, field }] as const])));
  for (const { number, value } of fieldsOf(message)) {
    const place = `${prefix}${number}`;
    const known = byNumber.get(place);
    if (known !== undefined) assign(into, known.name, known.field, value);
    else if ([...byNumber.keys()].some((key) => key.startsWith(`${place}.`))) decodeMessage(schema, asBytes(value), into, `${place}.`);
  }
  return into;
}

/** The object in a protobuf body. Throws 400 for what is none, or of a kind whose numbers are not known. */
export function protobufBody(body: Buffer): JsonObject {
  if (!body.subarray(0, 4).equals(MAGIC)) throw badRequest('the protobuf body of the request does not start as Kubernetes writes them');
  const envelope = valuesOf(body.subarray(4));
  const meta = valuesOf(asBytes(envelope.get(1) ?? Buffer.alloc(0)));
  const [apiVersion, kind] = [asBytes(meta.get(1) ?? Buffer.alloc(0)).toString('utf8'), asBytes(meta.get(2) ?? Buffer.alloc(0)).toString('utf8')];
  const type = TYPE_OF_KIND.get(`${apiVersion.includes('/') ? apiVersion : `/${apiVersion}`}/${kind}`);
  if (type === undefined) throw badRequest(`the rehearsal server cannot read ${apiVersion} ${kind} as protobuf`);
  return { ...decodeMessage(TYPES.struct(type), asBytes(envelope.get(2) ?? Buffer.alloc(0))), apiVersion, kind };
}
