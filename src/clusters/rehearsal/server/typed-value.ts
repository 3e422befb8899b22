// Values with a schema: which paths they have, how two of them differ, what a merge gives, what is left without some paths.
// The rules are those of the real server's structured merge (github.com/kubernetes-sigs/structured-merge-diff).
import { isJsonObject, type Json, type JsonObject } from '../../../model/json.ts';
import { type Element, type FieldSet, FieldSetBuilder, fieldElement, type Step } from './field-set.ts';
import { type Draft, equal, put } from './json.ts';
import { childSchema, type ListSchema, type MapSchema, type Schema } from './schema.ts';
import { asList, asMap, isGranular, isNothing, listElement, resolve } from './typed-element.ts';

// ── paths of a value ────────────────────────────────────────────────────────────────────────────────────────────────

export function fieldSetOf(schema: Schema, value: Json): FieldSet {
  const builder = new FieldSetBuilder();
  collect(schema, value, builder);
  return builder;
}

/** Members of `value` go into `node`; a node that stays without any is taken out again by whoever made it. */
function collect(schema: Schema, value: Json, node: FieldSetBuilder): void {
  const type = resolve(schema, value);
  if (!isGranular(type)) node.self = true;
  else if (type.kind === 'list') collectList(type, asList(value), node);
  else if (type.kind === 'map') {
    for (const [key, item] of Object.entries(asMap(value))) {
      const child = node.child(fieldElement(key));
      collect(childSchema(type, key), item, child);
      const isEmptyMap = isJsonObject(item) && Object.keys(item).length === 0;
      if (item === null || isEmptyMap || !type.fields.has(key)) child.self = true;
      if (!child.self && child.children.size === 0) node.children.delete(fieldElement(key));
    }
  }
}

function collectList(schema: ListSchema, list: readonly Json[], node: FieldSetBuilder): void {
  const elements = list.map((item) => listElement(schema, item));
  list.forEach((item, index) => {
    const element = elements[index] ?? '';
    const child = node.child(element);
    // Elements with the same key are one thing: nobody can own a part of it.
    if (elements.indexOf(element) === elements.lastIndexOf(element)) collect(schema.items, item, child);
    child.self = true;
  });
}

// ── comparison ──────────────────────────────────────────────────────────────────────────────────────────────────────

export interface Comparison {
  readonly added: FieldSet;
  readonly modified: FieldSet;
  readonly removed: FieldSet;
}

class Comparing {
  readonly added = new FieldSetBuilder();
  readonly modified = new FieldSetBuilder();
  readonly removed = new FieldSetBuilder();

  compare(schema: Schema, left: Json | undefined, right: Json | undefined, path: Step | undefined): void {
    const [one, other] = [resolve(schema, left), resolve(schema, right)];
    const type = right === undefined || right === null ? one : other;
    // A map that became a list, say: both are looked at, each as what it is.
    if (left !== undefined && right !== undefined && one.kind !== other.kind) this.#descend(one, left, right, path);
    const isLeaf = this.#descend(type, left, right, path);
    if (isLeaf) return;
    if (left === undefined) this.added.addStep(path);
    else if (right === undefined) this.removed.addStep(path);
  }

  #leaf(left: Json | undefined, right: Json | undefined, path: Step | undefined): void {
    if (left === undefined) this.added.addStep(path);
    else if (right === undefined) this.removed.addStep(path);
    else if (!equal(left, right)) this.modified.addStep(path);
  }

  /** True when the two were compared as one value. */
  #descend(type: Schema, left: Json | undefined, right: Json | undefined, path: Step | undefined): boolean {
    if (!isGranular(type) || (isNothing(left) && isNothing(right))) {
      this.#leaf(left, right, path);
      return true;
    }
    if (type.kind === 'list') this.#lists(type, asList(left), asList(right), path);
    else if (type.kind === 'map') {
      const [one, other] = [asMap(left), asMap(right)];
      for (const key of new Set([...Object.keys(one), ...Object.keys(other)])) {
        this.compare(childSchema(type, key), one[key], other[key], { parent: path, element: fieldElement(key) });
      }
    }
    return false;
  }

  #lists(schema: ListSchema, left: readonly Json[], right: readonly Json[], path: Step | undefined): void {
    const [one, other] = [byElement(schema, left), byElement(schema, right)];
    for (const element of new Set([...one.keys(), ...other.keys()])) {
      const [before = [], after = []] = [one.get(element), other.get(element)];
      const place: Step = { parent: path, element };
      if (before.length <= 1 && after.length <= 1) this.compare(schema.items, before[0], after[0], place);
      else if (before.length > 1 && after.length > 1) this.#leaf(before, after, place);
      else this.#duplicates(schema, before, after, place);
    }
  }

  #duplicates(schema: ListSchema, before: readonly Json[], after: readonly Json[], place: Step | undefined): void {
    if (before.length > 1) {
      if (after[0] !== undefined) this.compare(schema.items, undefined, after[0], place);
      this.removed.addStep(place);
    } else {
      if (before[0] !== undefined) this.compare(schema.items, before[0], undefined, place);
      this.added.addStep(place);
    }
  }
}

function byElement(schema: ListSchema, list: readonly Json[]): Map<Element, Json[]> {
  const result = new Map<Element, Json[]>();
  for (const item of list) {
    const element = listElement(schema, item);
    const known = result.get(element);
    if (known === undefined) result.set(element, [item]);
    else known.push(item);
  }
  return result;
}

export function compareTyped(schema: Schema, left: Json, right: Json): Comparison {
  const comparing = new Comparing();
  comparing.compare(schema, left, right, undefined);
  return comparing;
}

// ── merge ───────────────────────────────────────────────────────────────────────────────────────────────────────────

/** The left value with everything that the right one says. Undefined when nothing is left. */
export function mergeTyped(schema: Schema, left: Json | undefined, right: Json | undefined): Json | undefined {
  const type = resolve(schema, right, left);
  if (!isGranular(type) || (isNothing(left) && isNothing(right))) return right ?? (right === null ? null : left);
  if (type.kind === 'list') {
    const merged = mergeLists(type, asList(left), asList(right));
    return merged.length > 0 ? merged : undefined;
  }
  if (type.kind !== 'map') return right;
  const result: Draft = {};
  const [one, other] = [asMap(left), asMap(right)];
  for (const key of new Set([...Object.keys(one), ...Object.keys(other)])) {
    const merged = mergeTyped(childSchema(type, key), one[key], other[key]);
    if (merged !== undefined) put(result, key, merged);
  }
  return Object.keys(result).length > 0 ? result : undefined;
}

/** The order of the right list wins for what it names; what only the left one has keeps its place. */
function mergeLists(schema: ListSchema, left: readonly Json[], right: readonly Json[]): Json[] {
  const [leftElements, rightElements] = [left.map((item) => listElement(schema, item)), right.map((item) => listElement(schema, item))];
  const [inLeft, inRight] = [new Set(leftElements), new Set(rightElements)];
  const shared = rightElements.filter((element) => inLeft.has(element));
  const merged = new Set<Element>();
  const result: Json[] = [];
  const emit = (element: Element): void => {
    const item = mergeTyped(schema.items, uniqueItem(left, leftElements, element), right[rightElements.indexOf(element)]);
    if (item !== undefined) result.push(item);
  };
  let [leftIndex, rightIndex, nextShared] = [0, 0, 0];
  while (leftIndex < left.length || rightIndex < right.length) {
    const [one, other] = [leftElements[leftIndex], rightElements[rightIndex]];
    if (one !== undefined && one === other) {
      merged.add(one);
      emit(one);
      leftIndex += 1;
      rightIndex += 1;
      nextShared += 1;
      continue;
    }
    if (one !== undefined && other !== undefined && inRight.has(one) && shared[nextShared] !== undefined && shared[nextShared] !== one) {
      leftIndex += 1;
      continue;
    }
    if (one !== undefined && !inRight.has(one)) {
      result.push(left[leftIndex] ?? null);
      leftIndex += 1;
      continue;
    }
    if (one !== undefined && merged.has(one)) leftIndex += 1;
    if (other !== undefined) {
      merged.add(other);
      emit(other);
      rightIndex += 1;
      if (shared[nextShared] === other) nextShared += 1;
    }
  }
  return result;
}

/** Undefined when the element is there twice: then the right one replaces both. */
function uniqueItem(list: readonly Json[], elements: readonly Element[], element: Element): Json | undefined {
  const index = elements.indexOf(element);
  return index >= 0 && index === elements.lastIndexOf(element) ? list[index] : undefined;
}

// ── removal ─────────────────────────────────────────────────────────────────────────────────────────────────────────

/** The value without the members of a set. Undefined when nothing is left of a map or list. */
export function removeFields(schema: Schema, value: Json, set: FieldSet): Json | undefined {
  const type = resolve(schema, value);
  if (type.kind === 'scalar') return value;
  if (isNothing(value)) return undefined;
  // An atomic value of which a part would go is gone as a whole.
  if (!isGranular(type)) return undefined;
  return type.kind === 'list' ? removeFromList(type, asList(value), set) : removeFromMap(type, asMap(value), set);
}

function removeFromList(schema: ListSchema, list: readonly Json[], set: FieldSet): Json | undefined {
  const result: Json[] = [];
  for (const item of list) {
    const node = set.children.get(listElement(schema, item));
    if (node?.self === true) continue;
    const rest = node === undefined || node.children.size === 0 ? item : removeFields(schema.items, item, node);
    if (rest !== undefined) result.push(rest);
  }
  return result.length > 0 ? result : undefined;
}

function removeFromMap(schema: MapSchema, map: JsonObject, set: FieldSet): Json | undefined {
  const result: Draft = {};
  for (const [key, item] of Object.entries(map)) {
    const node = set.children.get(fieldElement(key));
    if (node?.self === true) continue;
    const rest = node === undefined || node.children.size === 0 ? item : removeFields(childSchema(schema, key), item, node);
    // What lost all it had stays as null, which the decoder then drops.
    put(result, key, rest ?? null);
  }
  return Object.keys(result).length > 0 ? result : undefined;
}
