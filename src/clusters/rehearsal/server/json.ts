// JSON in the making: drafts that the server may still change, and the few operations on them that everything here shares.
import { isJsonObject, type Json, type JsonObject } from '../../../model/json.ts';

/** An object that belongs to whoever holds it. What is stored, or was sent, is a JsonObject and is never written to. */
export type Draft = { [key: string]: Json };

export function isDraft(value: unknown): value is Draft {
  return isJsonObject(value);
}

/** A copy that shares nothing with the original. */
export function clone<T extends Json | undefined>(value: T): T {
  if (Array.isArray(value)) return value.map((item: Json) => clone(item)) as unknown as T;
  if (isJsonObject(value)) return cloneObject(value) as unknown as T;
  return value;
}

export function cloneObject(value: JsonObject): Draft {
  const copy: Draft = {};
  for (const key of Object.keys(value)) put(copy, key, clone(value[key] ?? null));
  return copy;
}

/** Sets a key that may be hostile: `__proto__` becomes a plain key. */
export function put(target: Draft, key: string, value: Json): void {
  if (key === '__proto__') Object.defineProperty(target, key, { value, enumerable: true, configurable: true, writable: true });
  else target[key] = value;
}

/** The object under a key; made when it is absent or no object. */
export function childOf(target: Draft, key: string): Draft {
  const found = target[key];
  if (isDraft(found)) return found;
  const made: Draft = {};
  target[key] = made;
  return made;
}

/** The object under a key, or undefined. */
export function objectAt(target: JsonObject | undefined, ...path: readonly string[]): Draft | undefined {
  let current: Json | undefined = target;
  for (const part of path) current = isJsonObject(current) && Object.hasOwn(current, part) ? current[part] : undefined;
  return isDraft(current) ? current : undefined;
}

/** The objects of a list; whatever else the list holds is left out. */
export function objectsAt(target: JsonObject | undefined, ...path: readonly string[]): readonly Draft[] {
  const last = path[path.length - 1] ?? '';
  const list = objectAt(target, ...path.slice(0, -1))?.[last];
  return Array.isArray(list) ? list.filter((item: Json): item is Draft => isDraft(item)) : [];
}

/** As Go does it: an empty string counts as absent. */
export function setDefault(target: Draft, key: string, value: Json): void {
  if (target[key] === undefined || target[key] === null || target[key] === '') target[key] = value;
}

/** Equal as JSON, whatever the order of keys. */
export function equal(left: Json | undefined, right: Json | undefined): boolean {
  if (left === right) return true;
  if (Array.isArray(left)) {
    return Array.isArray(right) && left.length === right.length && left.every((item: Json, index) => equal(item, right[index]));
  }
  if (!isJsonObject(left) || !isJsonObject(right)) return false;
  const keys = Object.keys(left);
  return keys.length === Object.keys(right).length && keys.every((key) => Object.hasOwn(right, key) && equal(left[key], right[key]));
}

/** Without the keys named. */
export function without(value: JsonObject, ...keys: readonly string[]): Draft {
  const copy: Draft = {};
  for (const key of Object.keys(value)) if (!keys.includes(key)) put(copy, key, value[key] ?? null);
  return copy;
}

/** Deletes a key, also where a literal would need `delete`. */
export function drop(target: Draft, ...keys: readonly string[]): void {
  for (const key of keys) delete target[key];
}
