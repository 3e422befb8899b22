// Sets of paths into an object, as managedFields writes them: `f:name`, `k:{"name":"x"}`, `v:"x"`, and `.` for the thing itself.
import { isJsonObject, type Json, type JsonObject } from '../../../model/json.ts';
import type { MapSchema, Schema } from './schema.ts';
import { ANY, childSchema } from './schema.ts';

/** A step into an object, written as in fieldsV1. */
export type Element = string;

export function fieldElement(name: string): Element {
  return `f:${name}`;
}

/** A trie. `self` of a child says that the path that ends there is a member. */
export interface FieldSet {
  readonly children: ReadonlyMap<Element, FieldNode>;
}

interface FieldNode extends FieldSet {
  readonly self: boolean;
}

export const EMPTY: FieldSet = { children: new Map() };
const LEAF: FieldNode = { self: true, children: new Map() };

/** A set in the making. */
export class FieldSetBuilder {
  readonly children = new Map<Element, FieldSetBuilder>();
  self = false;

  /** The node of a step, made when it is new. */
  child(element: Element): FieldSetBuilder {
    const known = this.children.get(element);
    if (known !== undefined) return known;
    const made = new FieldSetBuilder();
    this.children.set(element, made);
    return made;
  }

  add(path: readonly Element[]): void {
    let node: FieldSetBuilder = this;
    for (const element of path) node = node.child(element);
    node.self = true;
  }

  addStep(step: Step | undefined): void {
    this.#nodeOf(step).self = true;
  }

  #nodeOf(step: Step | undefined): FieldSetBuilder {
    return step === undefined ? this : this.#nodeOf(step.parent).child(step.element);
  }
}

/** A path while walking: only what turns out to be a member is ever copied. */
export interface Step {
  readonly parent: Step | undefined;
  readonly element: Element;
}

export function isEmpty(set: FieldSet): boolean {
  return set.children.size === 0;
}

/** Combines two nodes child by child; children that end up without members are left out. */
function combine(left: FieldSet, right: FieldSet, rule: (inLeft: boolean, inRight: boolean) => boolean): FieldSet {
  const children = new Map<Element, FieldNode>();
  for (const element of new Set([...left.children.keys(), ...right.children.keys()])) {
    const [one, other] = [left.children.get(element), right.children.get(element)];
    const self = rule(one?.self ?? false, other?.self ?? false);
    const below = combine(one ?? EMPTY, other ?? EMPTY, rule);
    if (self || !isEmpty(below)) children.set(element, { self, children: below.children });
  }
  return { children };
}

export const union = (left: FieldSet, right: FieldSet): FieldSet => combine(left, right, (one, other) => one || other);
export const intersection = (left: FieldSet, right: FieldSet): FieldSet => combine(left, right, (one, other) => one && other);
export const difference = (left: FieldSet, right: FieldSet): FieldSet => combine(left, right, (one, other) => one && !other);

/** Without the paths named and all that is below them. */
export function withoutBelow(set: FieldSet, paths: readonly (readonly Element[])[]): FieldSet {
  return paths.reduce(removePath, set);
}

function removePath(set: FieldSet, path: readonly Element[]): FieldSet {
  const [first, ...rest] = path;
  const child = first === undefined ? undefined : set.children.get(first);
  if (first === undefined || child === undefined) return set;
  const children = new Map(set.children);
  const below = rest.length === 0 ? EMPTY : removePath(child, rest);
  if (rest.length > 0 && (child.self || !isEmpty(below))) children.set(first, { self: child.self, children: below.children });
  else children.delete(first);
  return { children };
}

/** Only what is below one of the paths, or is one of them. */
export function onlyBelow(set: FieldSet, paths: readonly (readonly Element[])[]): FieldSet {
  return difference(set, withoutBelow(set, paths));
}

/** Without exactly these paths. */
export function withoutPaths(set: FieldSet, paths: readonly (readonly Element[])[]): FieldSet {
  const builder = new FieldSetBuilder();
  for (const path of paths) builder.add(path);
  return difference(set, builder);
}

/**
 * Adds the fields of structs on the way: whoever owns `spec.replicas` counts as owner of `spec`, so that removing the last
 * leaf removes the struct. Entries of plain maps and list elements are members only when they say so.
 */
export function withNamedFields(set: FieldSet, schema: Schema): FieldSet {
  const children = new Map<Element, FieldNode>();
  for (const [element, node] of set.children) {
    const isNamed = element.startsWith('f:') && schema.kind === 'map' && schema.fields.has(element.slice(2));
    children.set(element, { self: node.self || (isNamed && node.children.size > 0), children: withNamedFields(node, schemaBelow(schema, element)).children });
  }
  return { children };
}

function schemaBelow(schema: Schema, element: Element): Schema {
  if (schema.kind === 'map' && element.startsWith('f:')) return childSchema(schema as MapSchema, element.slice(2));
  return schema.kind === 'list' ? schema.items : ANY;
}

/** Every member, depth first, members before what is below them. */
export function paths(set: FieldSet, prefix: readonly Element[] = []): readonly (readonly Element[])[] {
  const sorted = [...set.children].sort(([left], [right]) => compareElements(left, right));
  const members = sorted.filter(([, node]) => node.self).map(([element]) => [...prefix, element]);
  return [...members, ...sorted.flatMap(([element, node]) => paths(node, [...prefix, element]))];
}

const KIND_ORDER = 'fkvi';

function compareElements(left: Element, right: Element): number {
  const kinds = KIND_ORDER.indexOf(left.charAt(0)) - KIND_ORDER.indexOf(right.charAt(0));
  return kinds !== 0 ? kinds : left < right ? -1 : left > right ? 1 : 0;
}

// ── fieldsV1 ────────────────────────────────────────────────────────────────────────────────────────────────────────

export function encodeFields(set: FieldSet): JsonObject {
  const result: { [key: string]: Json } = {};
  for (const [element, node] of [...set.children].sort(([left], [right]) => compareElements(left, right))) {
    const below = encodeFields(node);
    result[element] = node.self && node.children.size > 0 ? { '.': {}, ...below } : below;
  }
  return result;
}

export function decodeFields(fields: Json | undefined): FieldSet {
  if (!isJsonObject(fields)) return EMPTY;
  const children = new Map<Element, FieldNode>();
  for (const [element, value] of Object.entries(fields)) {
    if (element === '.' || !isJsonObject(value)) continue;
    const keys = Object.keys(value);
    if (keys.length === 0) children.set(element, LEAF);
    else children.set(element, { self: keys.includes('.'), children: decodeFields(value).children });
  }
  return { children };
}

/** `.spec.containers[name="x"].image`, as conflicts name a path. */
export function pathText(path: readonly Element[]): string {
  return path.map((element) => {
    const rest = element.slice(2);
    if (element.startsWith('f:')) return `.${rest}`;
    if (element.startsWith('v:')) return `[=${rest}]`;
    if (element.startsWith('i:')) return `[${rest}]`;
    const keys = JSON.parse(rest) as JsonObject;
    return `[${Object.keys(keys).sort().map((key) => `${key}=${JSON.stringify(keys[key])}`).join(',')}]`;
  }).join('');
}
