// PATCH: turns a patch of any kind into the object that it makes of the current one, and writes that.
import { isJsonObject, type Json, type JsonObject } from '../../../model/json.ts';
import { stringAt } from '../../../model/object.ts';
import type { Core, Target, WriteOptions } from './core.ts';
import { applyConfiguration } from './field-manager.ts';
import { childOf } from './json.ts';
import { jsonPatch, mergePatch, strategicPatch } from './patches.ts';
import { clearServerFields, emptyObject, readObject } from './read-object.ts';
import { apiVersionOf } from './resource.ts';
import { badRequest, conflict, notFound, StatusError, unsupportedMediaType } from './status.ts';
import { fromStorage } from './stored-version.ts';
import { TypedError } from './typed-element.ts';
import { checkNamespace, current, insert, replace, typingOf, update, writerOf } from './write.ts';

export type PatchType = 'json' | 'merge' | 'strategic' | 'apply';

const TYPES: { readonly [contentType: string]: PatchType } = {
  'application/json-patch+json': 'json', 'application/merge-patch+json': 'merge',
  'application/strategic-merge-patch+json': 'strategic', 'application/apply-patch+yaml': 'apply', 'application/apply-patch+cbor': 'apply',
};

/** Throws 415 for a type that the kind does not take. */
export function patchTypeOf(contentType: string, isCustom: boolean): PatchType {
  const type = TYPES[contentType];
  if (type === undefined) throw new StatusError(415, 'UnsupportedMediaType', '415: Unsupported Media Type', {});
  if (type === 'strategic' && isCustom) {
    throw unsupportedMediaType('the body of the request was in an unknown format - accepted media types include: application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml');
  }
  return type;
}

/** The object after a patch of one of the first three types. */
export function patched(target: Target, type: Exclude<PatchType, 'apply'>, object: JsonObject, patch: Json): JsonObject {
  if (type === 'json') return jsonPatch(object, patch);
  if (!isJsonObject(patch)) throw badRequest(`error decoding patch: json: cannot unmarshal ${Array.isArray(patch) ? 'array' : typeof patch} into Go value of type map[string]interface {}`);
  const result = type === 'merge' ? mergePatch(object, patch) : strategicPatch(target.resource.schema, object, patch);
  return isJsonObject(result) ? result : {};
}

/** A patch that makes an object that cannot be read is the patch's fault. */
function readPatched(target: Target, object: JsonObject, options: WriteOptions): ReturnType<typeof readObject> {
  try {
    return readObject(target.resource, object, options);
  } catch (error) {
    if (!(error instanceof StatusError) || error.code !== 400) throw error;
    const reason = error.message.slice(error.message.indexOf('cannot be handled as a ')).replace(/^cannot be handled as a \w+: /, '');
    const message = `Invalid value: ${JSON.stringify(JSON.stringify(object))}: ${reason}`;
    throw new StatusError(422, 'Invalid', ` "" is invalid: patch: ${message}`, { causes: [{ reason: 'FieldValueInvalid', message, field: 'patch' }] });
  }
}

export async function patchObject(core: Core, target: Target, patch: { readonly type: Exclude<PatchType, 'apply'>; readonly body: Json }, options: WriteOptions): Promise<JsonObject> {
  const result = patched(target, patch.type, current(core, target), patch.body);
  return update(core, target, readPatched(target, result, options), options);
}

// ── server-side apply ───────────────────────────────────────────────────────────────────────────────────────────────

function gvkText(apiVersion: string, kind: string): string {
  return `${apiVersion.includes('/') ? apiVersion : `/${apiVersion}`}, Kind=${kind}`;
}

function checkApplied(target: Target, applied: JsonObject): void {
  const [apiVersion, kind] = [String(applied['apiVersion'] ?? ''), String(applied['kind'] ?? '')];
  if (apiVersion !== apiVersionOf(target.resource) || kind !== target.resource.kind) throw badRequest(`invalid object type: ${gvkText(apiVersion, kind)}`);
  const [name, namespace] = [stringAt(applied, 'metadata', 'name'), stringAt(applied, 'metadata', 'namespace')];
  if (name !== undefined && name !== '' && name !== target.name) throw badRequest(`the name of the object (${name}) does not match the name on the URL (${target.name})`);
  if (target.resource.namespaced && namespace !== undefined && namespace !== '' && namespace !== target.namespace) throw badRequest('the namespace of the provided object does not match the namespace sent on the request');
}

/** Makes the object when it is not there. Returns whether it did. */
export async function applyObject(core: Core, target: Target, apply: { readonly body: JsonObject; readonly force: boolean }, options: WriteOptions): Promise<{ readonly object: JsonObject; readonly created: boolean }> {
  checkApplied(target, apply.body);
  const { resource, namespace, name } = target;
  const stored = core.store.get(resource.storage.key, namespace, name);
  if (stored === undefined && target.subresource !== '') throw notFound(resource, name);
  const old = stored === undefined ? undefined : fromStorage(resource, stored);
  const uid = stringAt(apply.body, 'metadata', 'uid');
  if (old === undefined && uid !== undefined && uid !== '') throw conflict(resource, name, `uid mismatch: the provided object specified uid ${uid}, and no existing object was found`);
  const merged = merge(core, target, { live: old ?? newObject(target), applied: apply.body, force: apply.force }, options);
  const object = readObject(resource, merged, options);
  if (old === undefined) {
    checkNamespace(core, target);
    clearServerFields(object);
    return { object: await insert(core, target, object, options), created: true };
  }
  const version = stringAt(apply.body, 'metadata', 'resourceVersion');
  if (version !== undefined && version !== '' && version !== stringAt(old, 'metadata', 'resourceVersion')) {
    throw conflict(resource, name, 'the object has been modified; please apply your changes to the latest version and try again');
  }
  return { object: await replace(core, target, { object, old }, options), created: false };
}

function newObject(target: Target): JsonObject {
  const object = { ...emptyObject(target.resource), metadata: { name: target.name, ...(target.namespace === '' ? {} : { namespace: target.namespace }) } };
  return object;
}

function merge(core: Core, target: Target, request: { readonly live: JsonObject; readonly applied: JsonObject; readonly force: boolean }, options: WriteOptions): JsonObject {
  const { resource } = target;
  const place = `${stringAt(request.applied, 'metadata', 'namespace') ?? ''}/${stringAt(request.applied, 'metadata', 'name') ?? ''}; ${gvkText(apiVersionOf(resource), resource.kind)}`;
  try {
    const { object } = applyConfiguration(typingOf(core, resource), writerOf(core, target, options.manager), { ...request, place });
    childOf(object, 'metadata')['name'] = target.name;
    return object;
  } catch (error) {
    throw error instanceof TypedError ? new StatusError(500, undefined, error.message) : error;
  }
}
