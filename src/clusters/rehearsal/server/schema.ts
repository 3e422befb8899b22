// The shape of values: what merging, comparing, pruning and ownership need to know of a type, built in or custom.

export type ScalarType =
  | 'string' | 'int32' | 'int64' | 'double' | 'boolean' | 'time' | 'microtime' | 'quantity' | 'int-or-string' | 'bytes' | 'scalar';

export interface ScalarSchema {
  readonly kind: 'scalar';
  readonly type: ScalarType;
}

/** Arbitrary JSON: maps inside are granular, lists atomic. */
export interface AnySchema {
  readonly kind: 'any';
}

export interface ListSchema {
  readonly kind: 'list';
  readonly items: Schema;
  readonly listType: 'atomic' | 'set' | 'map';
  /** Of `map`: the fields that name an element. */
  readonly keys: readonly string[];
}

export interface MapSchema {
  readonly kind: 'map';
  /** Name of the type as errors say it, `core.v1.PodSpec`; empty for a plain map. */
  readonly name: string;
  readonly fields: ReadonlyMap<string, Field>;
  /** Type of the entries that are no fields; undefined when there can be none. */
  readonly values: Schema | undefined;
  readonly atomic: boolean;
}

export type Schema = ScalarSchema | AnySchema | ListSchema | MapSchema;

/** How strategic merge patch treats a field. */
export interface PatchStrategy {
  readonly merge: boolean;
  readonly retainKeys: boolean;
  /** Of a merged list of objects. */
  readonly key: string | undefined;
}

export interface Field {
  readonly schema: Schema;
  readonly required: boolean;
  /** A given zero is kept: the field is a pointer in Go. */
  readonly pointer: boolean;
  /** Written even when empty. */
  readonly always: boolean;
  /** A struct in Go: written as `{}` even when it was not given. */
  readonly struct: boolean;
  readonly patch: PatchStrategy | undefined;
  readonly allowed: readonly string[] | undefined;
  /** What an absent field of a list's key stands for. */
  readonly default: string | undefined;
  /** Where protobuf has it: `5`, or `2.5` inside an inlined message; undefined when it has not. */
  readonly number: string | undefined;
}

export const ANY: AnySchema = { kind: 'any' };
export const SCALAR: ScalarSchema = { kind: 'scalar', type: 'scalar' };
/** Below untyped maps: lists and what they hold are one value. */
export const ANY_LIST: ListSchema = { kind: 'list', items: ANY, listType: 'atomic', keys: [] };
export const ANY_MAP: MapSchema = { kind: 'map', name: '', fields: new Map(), values: ANY, atomic: false };

/** The schema of a child of a map. */
export function childSchema(schema: MapSchema, key: string): Schema {
  return schema.fields.get(key)?.schema ?? schema.values ?? ANY;
}
