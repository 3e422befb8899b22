// Documented changes to upstream's objects before they are applied. Pure.
import { type DevstackError, failedError } from '../model/error.ts';
import { isJsonObject, type Json, type JsonObject } from '../model/json.ts';
import { type KubeObject, refOf, refText } from '../model/object.ts';
import type { Patch, PathPart } from '../model/plan.ts';
import { isSame } from './manifest.ts';

function targetText({ kind, namespace, name }: Patch['target']): string {
  return [kind.toLowerCase(), [namespace, name].filter((part) => part !== undefined).join('/')].filter((part) => part !== '').join(' ');
}

function misses(patch: Patch, what: string): DevstackError {
  return failedError({
    code: 'patch-misses', message: `the patch of ${targetText(patch.target)} does not fit this version`, reason: `${what} (it is there to: ${patch.why})`,
    details: { target: targetText(patch.target) },
  });
}

function isTarget({ target }: Patch, { kind, metadata }: KubeObject): boolean {
  return kind === target.kind && (target.name === undefined || metadata.name === target.name)
    && (target.namespace === undefined || metadata.namespace === target.namespace);
}

/** Maps are merged and a null takes a key away; anything else is replaced. */
function merge(current: Json | undefined, value: Json): Json {
  if (!isJsonObject(value)) return value;
  const base = isJsonObject(current) ? current : {};
  const merged = new Map(Object.entries(base));
  for (const [key, item] of Object.entries(value)) {
    if (item === null) merged.delete(key);
    else merged.set(key, merge(merged.get(key), item));
  }
  return Object.fromEntries(merged);
}

function append(current: Json | undefined, value: Json): Json {
  const list = Array.isArray(current) ? current : [];
  const wanted: readonly Json[] = Array.isArray(value) ? value : [value];
  return [...list, ...wanted.filter((item) => !list.some((present: Json) => isSame(present, item)))];
}

/** Undefined when the words are not there just once. */
function replaceText(current: Json | undefined, { find = '', value }: Patch): string | undefined {
  if (typeof current !== 'string' || typeof value !== 'string') return undefined;
  const pieces = current.split(find);
  return pieces.length === 2 ? pieces.join(value) : undefined;
}

function partText(part: PathPart): string {
  return typeof part === 'string' ? part : `[${part.name}]`;
}

/** Rebuilds the way to the place; nothing of the original is changed. */
function change(current: Json | undefined, [part, ...rest]: readonly PathPart[], patch: Patch, way: string): Json {
  if (part === undefined) {
    if (patch.find !== undefined) {
      const text = replaceText(current, patch);
      if (text === undefined) throw misses(patch, `${way} does not say ${JSON.stringify(patch.find)} just once`);
      return text;
    }
    if (patch.mode !== 'append') return merge(current, patch.value);
    if (current !== undefined && !Array.isArray(current)) throw misses(patch, `${way} is no list`);
    return append(current, patch.value);
  }
  const next = `${way}.${partText(part)}`;
  if (typeof part === 'string') {
    if (current !== undefined && !isJsonObject(current)) throw misses(patch, `${way} is no map`);
    if (rest.length === 0 && patch.value === null && patch.mode !== 'append') {
      return Object.fromEntries(Object.entries(current ?? {}).filter(([key]) => key !== part));
    }
    const entries = new Map(Object.entries(current ?? {}));
    entries.set(part, change(entries.get(part), rest, patch, next));
    return Object.fromEntries(entries);
  }
  const list: readonly Json[] = Array.isArray(current) ? current : [];
  const isElement = (item: Json) => isJsonObject(item) && item['name'] === part.name;
  if (!list.some(isElement)) throw misses(patch, `${next} does not exist`);
  return list.map((item) => (isElement(item) ? change(item, rest, patch, next) : item));
}

function applyPatch(objects: readonly KubeObject[], patch: Patch): readonly KubeObject[] {
  if (!objects.some((object) => isTarget(patch, object))) throw misses(patch, 'no such object');
  if (patch.mode === 'remove-object') return objects.filter((object) => !isTarget(patch, object));
  return objects.map((object) => (
    isTarget(patch, object) ? change(object as unknown as JsonObject, patch.path, patch, refText(refOf(object))) as unknown as KubeObject : object
  ));
}

/** Patches in their order. Throws `patch-misses` for one whose object, or list element, is not there. */
export function applyPatches(objects: readonly KubeObject[], patches: readonly Patch[]): readonly KubeObject[] {
  return patches.reduce(applyPatch, objects);
}
