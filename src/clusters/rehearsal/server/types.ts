// Reads the type expressions of kinds.json (`core.v1.Container[] list=map:name patch=merge:name`) into schemas, each when it is first needed.
import { ANY, type Field, type MapSchema, type PatchStrategy, type ScalarType, type Schema } from './schema.ts';

export type TypeExpressions = { readonly [type: string]: { readonly [field: string]: string } };

const SCALARS: ReadonlySet<string> = new Set(['string', 'int32', 'int64', 'double', 'boolean', 'time', 'microtime', 'quantity', 'int-or-string', 'bytes']);

interface Flags {
  readonly words: ReadonlySet<string>;
  readonly values: ReadonlyMap<string, string>;
}

function flagsOf(words: readonly string[]): Flags {
  const pairs = words.filter((word) => word.includes('=')).map((word) => [word.slice(0, word.indexOf('=')), word.slice(word.indexOf('=') + 1)] as const);
  return { words: new Set(words), values: new Map(pairs) };
}

function patchOf(text: string | undefined): PatchStrategy | undefined {
  if (text === undefined) return undefined;
  const [strategies = '', key] = text.split(':');
  const names = strategies.split(',');
  return { merge: names.includes('merge'), retainKeys: names.includes('retainKeys'), key };
}

export class TypeTable {
  readonly #expressions: TypeExpressions;
  readonly #structs = new Map<string, MapSchema>();

  constructor(expressions: TypeExpressions) {
    this.#expressions = expressions;
  }

  names(): readonly string[] {
    return Object.keys(this.#expressions);
  }

  expressions(name: string): { readonly [field: string]: string } {
    const found = this.#expressions[name];
    if (found === undefined) throw new Error(`kinds.json has no type ${name}`);
    return found;
  }

  struct(name: string): MapSchema {
    const known = this.#structs.get(name);
    if (known !== undefined) return known;
    const expressions = this.expressions(name);
    const fields = new Map<string, Field>();
    const made: MapSchema = { kind: 'map', name, fields, values: undefined, atomic: expressions['$'] === 'atomic' };
    this.#structs.set(name, made);
    for (const [field, text] of Object.entries(expressions)) if (field !== '$') fields.set(field, this.#field(text));
    return made;
  }

  #field(text: string): Field {
    const [type = '', ...words] = text.split(' ');
    const { words: flags, values } = flagsOf(words);
    const read = (): Schema => this.#type(type, values);
    let schema: Schema | undefined;
    return {
      // Types refer to each other in circles, so a field's type is read when somebody asks.
      get schema(): Schema {
        schema ??= read();
        return schema;
      },
      required: flags.has('required'), pointer: flags.has('pointer'), always: flags.has('always'), struct: flags.has('struct'),
      patch: patchOf(values.get('patch')), allowed: values.get('enum')?.split('|'), default: values.get('default'),
      number: words.find((word) => word.startsWith('#'))?.slice(1),
    };
  }

  #type(type: string, values: ReadonlyMap<string, string>): Schema {
    if (type.endsWith('[]')) {
      const [listType = 'atomic', keys] = (values.get('list') ?? 'atomic').split(':');
      return { kind: 'list', items: this.#type(type.slice(0, -2), new Map()), listType: listType as 'atomic' | 'set' | 'map', keys: keys?.split(',') ?? [] };
    }
    if (type.endsWith('{}')) {
      return { kind: 'map', name: '', fields: new Map(), values: this.#type(type.slice(0, -2), new Map()), atomic: values.get('map') === 'atomic' };
    }
    if (type === 'json') return ANY;
    if (SCALARS.has(type)) return { kind: 'scalar', type: type as ScalarType };
    return this.struct(type);
  }
}
