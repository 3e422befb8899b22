// From what a client sent to an object in the making: right kind, right types, nothing unknown, defaults filled in.
import { isJsonObject, type JsonObject } from '../../../model/json.ts';
import type { WriteOptions } from './core.ts';
import { applyDefaults, prune } from './custom/schema.ts';
import { cannotHandle, DecodeError, decode } from './decode.ts';
import { applyKindDefaults } from './defaults/kinds.ts';
import { cloneObject, type Draft, drop, objectAt } from './json.ts';
import { TYPE_OF_KIND, TYPES } from './kinds.ts';
import { apiVersionOf, type Resource } from './resource.ts';
import { badRequest } from './status.ts';

/** What the body of a create or update says it is; throws 400 when that is not what the path is for. */
export function checkKind(resource: Resource, body: JsonObject): void {
  const [kind, apiVersion] = [String(body['kind'] ?? ''), String(body['apiVersion'] ?? '')];
  const expected = apiVersionOf(resource);
  if (resource.custom !== undefined) {
    if (kind === '') {
      const text = JSON.stringify(body);
      throw badRequest(`the object provided is unrecognized (must be of type ${resource.kind}): Object 'Kind' is missing in '${text}' (${text.slice(0, 30)} ...)`);
    }
    if (apiVersion !== expected) throw badRequest(`the API version in the data (${apiVersion}) does not match the expected API version (${expected})`);
    return;
  }
  if ((kind === '' || kind === resource.kind) && (apiVersion === '' || apiVersion === expected)) return;
  const version = resource.version;
  const known = TYPE_OF_KIND.get(`${apiVersion.includes('/') ? apiVersion : `/${apiVersion === '' ? version : apiVersion}`}/${kind}`);
  if (known !== undefined && kind !== resource.kind) {
    throw cannotHandle(kind, version, `converting (${known.split('.').slice(-2).join('.')}) to (${groupPackage(resource)}.${resource.kind}): unknown conversion`, resource.kind);
  }
  throw cannotHandle(kind === '' ? resource.kind : kind, version, `no kind ${JSON.stringify(kind)} is registered for version ${JSON.stringify(apiVersion)} in scheme "pkg/runtime/scheme.go:110"`, resource.kind);
}

function groupPackage(resource: Resource): string {
  return resource.group === '' ? 'core' : resource.group.split('.')[0] ?? '';
}

function report(resource: Resource, unknown: readonly string[], options: Pick<WriteOptions, 'validation' | 'warnings'>): void {
  if (unknown.length === 0 || options.validation === 'Ignore') return;
  if (options.validation === 'Strict') throw cannotHandle(resource.kind, resource.version, `strict decoding error: ${unknown.join(', ')}`);
  options.warnings.push(...unknown);
}

/** The object in its canonical form, owned by the caller. Throws 400 for wrong types and, when strict, for unknown fields. */
export function readObject(resource: Resource, body: JsonObject, options: Pick<WriteOptions, 'validation' | 'warnings'>): Draft {
  try {
    const object = resource.custom === undefined ? readBuiltIn(resource, body, options) : readCustom(resource, body, options);
    return Object.assign(object, { apiVersion: apiVersionOf(resource), kind: resource.custom === undefined ? resource.kind : object['kind'] ?? resource.kind });
  } catch (error) {
    throw error instanceof DecodeError ? cannotHandle(resource.kind, resource.version, error.message) : error;
  }
}

function readBuiltIn(resource: Resource, body: JsonObject, options: Pick<WriteOptions, 'validation' | 'warnings'>): Draft {
  const { object, unknown } = decode(resource.schema, body);
  report(resource, unknown, options);
  object['apiVersion'] = apiVersionOf(resource);
  applyKindDefaults(resource.storage.key, object);
  return object;
}

function readCustom(resource: Resource, body: JsonObject, options: Pick<WriteOptions, 'validation' | 'warnings'>): Draft {
  const object = cloneObject(body);
  const schema = resource.custom?.schema;
  const unknown = prune(object, schema, resource.custom?.preserveUnknownFields ?? false);
  const metadata = decode(TYPES.struct('meta.v1.ObjectMeta'), isJsonObject(body['metadata']) ? body['metadata'] : {});
  object['metadata'] = metadata.object;
  report(resource, [...metadata.unknown.map((text) => text.replace('"', '"metadata.')), ...unknown.map((path) => `unknown field ${JSON.stringify(path)}`)], options);
  applyDefaults(object, schema);
  return object;
}

/** Without what the schema of a version does not know; with its defaults too when asked. */
export function fitted(resource: Resource, object: JsonObject, defaults: boolean): JsonObject {
  if (resource.custom?.schema === undefined) return object;
  const copy = cloneObject(object);
  prune(copy, resource.custom.schema, resource.custom.preserveUnknownFields);
  if (defaults) applyDefaults(copy, resource.custom.schema);
  return copy;
}

/** The empty object of a kind: what a create is compared with to find out which fields it sets. */
export function emptyObject(resource: Resource): JsonObject {
  const type = { apiVersion: apiVersionOf(resource), kind: resource.kind };
  return resource.custom === undefined ? { ...decode(resource.schema, {}).object, ...type } : type;
}

/** Removes what only the server may say of a new object. */
export function clearServerFields(object: Draft): void {
  const metadata = objectAt(object, 'metadata');
  if (metadata !== undefined) drop(metadata, 'uid', 'creationTimestamp', 'deletionTimestamp', 'deletionGracePeriodSeconds', 'selfLink', 'resourceVersion');
}
