// Creates and updates: ownership, what only the server writes, validation, admission, and only then the store.
import { isJsonObject, type JsonObject } from '../../../model/json.ts';
import { stringAt } from '../../../model/object.ts';
import { allocate } from './addresses.ts';
import { convert } from './conversion.ts';
import { type Core, newUid, randomSuffix, type Target, timestamp, type WriteOptions } from './core.ts';
import { recordUpdate, type Typing, type Writer } from './field-manager.ts';
import { type FieldSet, onlyBelow, withoutBelow } from './field-set.ts';
import { childOf, cloneObject, type Draft, equal, objectAt, without } from './json.ts';
import { clearServerFields, emptyObject } from './read-object.ts';
import { apiVersionOf, type Resource } from './resource.ts';
import { alreadyExists, badRequest, conflict, type FieldError, field, forbidden, invalid, notFound, StaleWrite, StatusError } from './status.ts';
import { fromStorage, stored, toStorage } from './stored-version.ts';
import { allowsUnconditionalUpdate, hasGeneration, hasStatus, isDesiredChanged, prepareCreate, settle } from './strategy.ts';
import { kindUpdateErrors } from './validation/kinds.ts';
import { finalizerErrors, objectErrors } from './validation/objects.ts';
import { objectWarnings } from './warnings.ts';

const MODIFIED = 'the object has been modified; please apply your changes to the latest version and try again';

export function typingOf(core: Core, resource: Resource): Typing {
  return {
    schema: resource.schema,
    empty: () => emptyObject(resource),
    inVersion: (object, apiVersion) => {
      const version = apiVersion.slice(apiVersion.indexOf('/') + 1);
      const group = apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : '';
      const other = apiVersion === apiVersionOf(resource) ? resource : core.registry.find(group, version, resource.name);
      return other === undefined ? undefined : { object: convert(resource.storage.key, object, apiVersion), schema: other.schema };
    },
  };
}

/** Paths that a write of the status may not own, beside the spec. */
const STATUS_ONLY: readonly string[] = ['status'];

export function writerOf(core: Core, target: Target, manager: string): Writer {
  const { resource, subresource } = target;
  const owned = (set: FieldSet): FieldSet => {
    if (subresource === 'status') return resource.custom === undefined ? withoutBelow(set, [['f:spec']]) : onlyBelow(set, STATUS_ONLY.map((name) => [`f:${name}`]));
    return subresource === '' && hasStatus(resource) ? withoutBelow(set, [['f:status']]) : set;
  };
  return { manager, apiVersion: apiVersionOf(resource), subresource, now: subresource === 'scale' ? undefined : timestamp(core), owned };
}

// ── namespaces ──────────────────────────────────────────────────────────────────────────────────────────────────────

const NAMESPACES = { group: '', name: 'namespaces' };

/** Nothing new goes into a namespace that is not there or is going away. */
export function checkNamespace(core: Core, target: Target): void {
  if (target.namespace === '') return;
  const namespace = core.store.get('namespaces', '', target.namespace);
  if (namespace === undefined) throw notFound(NAMESPACES, target.namespace);
  if (stringAt(namespace, 'metadata', 'deletionTimestamp') === undefined) return;
  throw forbidden(target.resource, target.name, `unable to create new content in namespace ${target.namespace} because it is being terminated`, [
    { reason: 'NamespaceTerminating', message: `namespace ${target.namespace} is being terminated`, field: 'metadata.namespace' },
  ]);
}

function placeInNamespace(target: Target, object: Draft): void {
  const metadata = childOf(object, 'metadata');
  const given = metadata['namespace'];
  if (!target.resource.namespaced) return;
  if (given !== undefined && given !== '' && given !== target.namespace) throw badRequest('the namespace of the provided object does not match the namespace sent on the request');
  metadata['namespace'] = target.namespace;
}

// ── create ──────────────────────────────────────────────────────────────────────────────────────────────────────────

/** `object` is in the version of the target and becomes the server's. Returns it as stored, in that version. */
export async function create(core: Core, target: Target, object: Draft, options: WriteOptions): Promise<JsonObject> {
  placeInNamespace(target, object);
  checkNamespace(core, { ...target, name: stringAt(object, 'metadata', 'name') ?? '' });
  if ((stringAt(object, 'metadata', 'resourceVersion') ?? '') !== '') throw new StatusError(500, undefined, 'resourceVersion should not be set on objects to be created');
  clearServerFields(object);
  recordUpdate(typingOf(core, target.resource), writerOf(core, target, options.manager), emptyObject(target.resource), object);
  return insert(core, target, object, options);
}

/** The part of a create after ownership; also the end of an apply that made something new. */
export async function insert(core: Core, target: Target, object: Draft, options: WriteOptions): Promise<JsonObject> {
  const { resource } = target;
  const metadata = childOf(object, 'metadata');
  if ((metadata['name'] === undefined || metadata['name'] === '') && typeof metadata['generateName'] === 'string') metadata['name'] = `${metadata['generateName'].slice(0, 58)}${randomSuffix()}`;
  Object.assign(metadata, { uid: newUid(), creationTimestamp: timestamp(core) });
  if (hasGeneration(resource)) metadata['generation'] = 1;
  await admit(core, 'CREATE', { ...target, name: String(metadata['name'] ?? '') }, object, options);
  prepareCreate(core, resource, object);
  assertValid(resource, object, objectErrors(resource, object));
  if (resource.storage.key === 'services') allocate(core.store, object, undefined);
  const name = String(metadata['name']);
  options.warnings.push(...objectWarnings(object));
  if (core.store.get(resource.storage.key, target.namespace, name) !== undefined) throw alreadyExists(resource, name);
  if (options.dryRun) return object;
  return fromStorage(resource, core.store.put(resource.storage.key, stored(core, resource, object)));
}

function assertValid(resource: Resource, object: JsonObject, errors: readonly FieldError[]): void {
  if (errors.length === 0) return;
  throw invalid(String(object['kind'] ?? resource.kind), resource.group, stringAt(object, 'metadata', 'name') ?? '', errors);
}

async function admit(core: Core, operation: 'CREATE' | 'UPDATE' | 'DELETE', target: Target, object: Draft, options: Pick<WriteOptions, 'dryRun'>): Promise<void> {
  for (const admission of core.admissions) await admission({ operation, ...target, object, dryRun: options.dryRun });
}

// ── update ──────────────────────────────────────────────────────────────────────────────────────────────────────────

const TRIES = 5;

/** Does a write again when the object moved under it, as the real server does for patches and for updates without a version. */
export async function retrying<T>(work: () => Promise<T>): Promise<T> {
  for (let left = TRIES; ; left -= 1) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof StaleWrite) || left === 0) throw error;
    }
  }
}

/** What an update starts from: throws 404. */
export function current(core: Core, target: Target): JsonObject {
  const stored = core.store.get(target.resource.storage.key, target.namespace, target.name);
  if (stored === undefined) throw notFound(target.resource, target.name);
  return fromStorage(target.resource, stored);
}

function checkIdentity(target: Target, object: JsonObject, old: JsonObject): void {
  const { resource, name } = target;
  const metadata = objectAt(object, 'metadata') ?? {};
  if (metadata['name'] === undefined || metadata['name'] === '') throw badRequest(`the name of the object (${name} based on URL) was undeterminable: name must be provided`);
  if (metadata['name'] !== name) throw badRequest(`the name of the object (${String(metadata['name'])}) does not match the name on the URL (${name})`);
  const version = String(metadata['resourceVersion'] ?? '');
  if (version !== '' && !/^\d+$/.test(version)) throw new StatusError(500, undefined, `strconv.ParseUint: parsing ${JSON.stringify(version)}: invalid syntax`);
  const uid = metadata['uid'];
  const oldUid = String(objectAt(old, 'metadata')?.['uid'] ?? '');
  if (typeof uid === 'string' && uid !== '' && uid !== oldUid) {
    const key = `/registry/${resource.storage.key}/${target.namespace === '' ? '' : `${target.namespace}/`}${name}`;
    throw conflict(resource, name, `StorageError: invalid object, Code: 4, Key: ${key}, ResourceVersion: 0, AdditionalErrorMsg: Precondition failed: UID in precondition: ${uid}, UID in object meta: ${oldUid}`);
  }
  if (version === '' || version === '0') {
    if (!allowsUnconditionalUpdate(resource)) throw invalid(resource.name, resource.group, name, [field.invalid('metadata.resourceVersion', 0, 'must be specified for an update')]);
  } else if (version !== stringAt(old, 'metadata', 'resourceVersion')) throw conflict(resource, name, MODIFIED);
}

/** Replaces an object (or its status) by what a client sent; ownership is recorded. */
export async function update(core: Core, target: Target, object: Draft, options: WriteOptions): Promise<JsonObject> {
  const old = current(core, target);
  placeInNamespace(target, object);
  checkIdentity(target, object, old);
  recordUpdate(typingOf(core, target.resource), writerOf(core, target, options.manager), old, object);
  return replace(core, target, { object, old }, options);
}

/** The part of an update after ownership. Nothing is stored when nothing would change. */
export async function replace(core: Core, target: Target, change: { readonly object: Draft; readonly old: JsonObject }, options: WriteOptions): Promise<JsonObject> {
  const { resource } = target;
  const { object, old } = change;
  keepServerFields(object, old);
  keepOtherPart(target, object, old);
  settle(resource, object);
  await admit(core, 'UPDATE', target, object, options);
  if (resource.storage.key === 'services' && target.subresource === '') prepareService(object, old);
  if (target.subresource !== 'status' && hasGeneration(resource) && isDesiredChanged(resource, object, old)) childOf(object, 'metadata')['generation'] = Number(objectAt(old, 'metadata')?.['generation'] ?? 0) + 1;
  assertValid(resource, object, [...finalizerErrors(object, old), ...objectErrors(resource, object, target.subresource), ...kindUpdateErrors(resource.storage.key, toStorage(resource, object), toStorage(resource, old))]);
  if (resource.storage.key === 'services' && target.subresource === '') allocate(core.store, object, old);
  options.warnings.push(...objectWarnings(object));
  if (isUnchanged(object, old)) return old;
  if (options.dryRun) return object;
  return save(core, target, object, old);
}

/** The store may have moved on while admission took its time. */
function save(core: Core, target: Target, object: Draft, old: JsonObject): JsonObject {
  const { resource, namespace, name } = target;
  const now = core.store.get(resource.storage.key, namespace, name);
  if (now === undefined) throw notFound(resource, name);
  if (stringAt(now, 'metadata', 'resourceVersion') !== stringAt(old, 'metadata', 'resourceVersion')) throw new StaleWrite(conflict(resource, name, MODIFIED));
  const metadata = objectAt(object, 'metadata') ?? {};
  const isDone = metadata['deletionTimestamp'] !== undefined && metadata['finalizers'] === undefined && (metadata['deletionGracePeriodSeconds'] ?? 0) === 0 && !hasNamespaceFinalizer(resource, object);
  if (isDone) {
    core.store.delete(resource.storage.key, namespace, name);
    return object;
  }
  return fromStorage(resource, core.store.put(resource.storage.key, stored(core, resource, object)));
}

function hasNamespaceFinalizer(resource: Resource, object: JsonObject): boolean {
  const finalizers = resource.storage.key === 'namespaces' ? objectAt(object, 'spec')?.['finalizers'] : undefined;
  return Array.isArray(finalizers) && finalizers.length > 0;
}

const SERVER_FIELDS = ['uid', 'creationTimestamp', 'deletionTimestamp', 'deletionGracePeriodSeconds', 'generation', 'resourceVersion', 'selfLink'];

function keepServerFields(object: Draft, old: JsonObject): void {
  const metadata = childOf(object, 'metadata');
  const before = objectAt(old, 'metadata') ?? {};
  for (const key of SERVER_FIELDS) {
    if (before[key] === undefined) delete metadata[key];
    else metadata[key] = before[key] ?? null;
  }
}

/** A write of the object leaves its status alone, and the other way round. */
function keepOtherPart(target: Target, object: Draft, old: JsonObject): void {
  const { resource, subresource } = target;
  if (subresource === 'status') {
    const [status, metadata] = [object['status'], objectAt(object, 'metadata') ?? {}];
    const kept = objectAt(old, 'metadata') ?? {};
    for (const key of Object.keys(object)) delete object[key];
    Object.assign(object, cloneObject(old));
    // The status of a custom resource is all that goes in; built-in kinds also take labels and annotations.
    object['metadata'] = resource.custom === undefined ? { ...metadata } : { ...kept, ...(metadata['managedFields'] === undefined ? {} : { managedFields: metadata['managedFields'] }) };
    if (status === undefined) delete object['status'];
    else object['status'] = status;
  } else if (hasStatus(resource) && subresource === '') {
    if (old['status'] === undefined) delete object['status'];
    else object['status'] = old['status'];
  }
}

/** A Service that does not mention its address keeps it. */
function prepareService(object: Draft, old: JsonObject): void {
  const [spec, before] = [childOf(object, 'spec'), objectAt(old, 'spec') ?? {}];
  if (spec['type'] === 'ExternalName' || before['type'] === 'ExternalName') return;
  for (const key of ['clusterIP', 'clusterIPs', 'ipFamilies', 'ipFamilyPolicy'] as const) {
    if ((spec[key] === undefined || spec[key] === '') && before[key] !== undefined && (key !== 'clusterIPs' || spec['clusterIP'] === before['clusterIP'])) spec[key] = before[key] ?? null;
  }
}

/** True when nothing but the times in managedFields would change. */
function isUnchanged(object: JsonObject, old: JsonObject): boolean {
  const plain = (from: JsonObject): JsonObject => {
    const metadata = objectAt(from, 'metadata') ?? {};
    const managed = metadata['managedFields'];
    const timeless = Array.isArray(managed) ? managed.filter(isJsonObject).map((entry) => without(entry, 'time')) : null;
    return { ...from, metadata: { ...metadata, managedFields: timeless } };
  };
  return equal(plain(object), plain(old));
}
