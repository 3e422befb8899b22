// Deletes: preconditions, grace, finalizers and propagation. What really goes away here is only what nobody holds any more.
import type { JsonObject } from '../../../model/json.ts';
import { stringAt } from '../../../model/object.ts';
import { type Core, type Target, timestamp } from './core.ts';
import { childOf, cloneObject, type Draft, objectAt, objectsAt } from './json.ts';
import type { Resource } from './resource.ts';
import { conflict, field, forbidden, invalid, StatusError } from './status.ts';
import { fromStorage, toStorage } from './stored-version.ts';
import { hasGeneration, returnsDeletedObject } from './strategy.ts';
import { current } from './write.ts';

export interface DeleteOptions {
  readonly dryRun: boolean;
  readonly gracePeriodSeconds: number | undefined;
  readonly propagationPolicy: string | undefined;
  readonly uid: string | undefined;
  readonly resourceVersion: string | undefined;
}

export interface Removed {
  /** True when nothing of it is left. */
  readonly gone: boolean;
  readonly object: JsonObject;
  /** The answer is the object, not a Status. */
  readonly returnsObject: boolean;
}

const POLICIES = ['Foreground', 'Background', 'Orphan', 'nil'];
const KEPT_NAMESPACES = new Set(['default', 'kube-system', 'kube-public']);
const CRD_CLEANUP = 'customresourcecleanup.apiextensions.k8s.io';

function checkPreconditions(resource: Resource, object: JsonObject, options: DeleteOptions): void {
  const metadata = objectAt(object, 'metadata') ?? {};
  const name = String(metadata['name']);
  const kind = { group: '', name: resource.kind };
  if (options.uid !== undefined && options.uid !== metadata['uid']) {
    throw conflict(kind, name, `the UID in the precondition (${options.uid}) does not match the UID in record (${String(metadata['uid'])}). The object might have been deleted and then recreated`);
  }
  if (options.resourceVersion !== undefined && options.resourceVersion !== metadata['resourceVersion']) {
    throw conflict(kind, name, `the ResourceVersion in the precondition (${options.resourceVersion}) does not match the ResourceVersion in record (${String(metadata['resourceVersion'])}). The object might have been modified`);
  }
}

function finalizersOf(object: JsonObject): readonly string[] {
  const list = objectAt(object, 'metadata')?.['finalizers'];
  return Array.isArray(list) ? list.map(String) : [];
}

/** The finalizers with which the garbage collector is told what to do with the dependents. */
function withPropagation(finalizers: readonly string[], policy: string | undefined): readonly string[] {
  const others = finalizers.filter((name) => name !== 'orphan' && name !== 'foregroundDeletion');
  if (policy === 'Foreground') return [...others, 'foregroundDeletion'];
  if (policy === 'Orphan') return [...others, 'orphan'];
  return policy === 'Background' ? others : finalizers;
}

/** Seconds that a pod has to end; others have none. */
function graceOf(resource: Resource, object: JsonObject, options: DeleteOptions): number {
  if (resource.storage.key !== 'pods') return 0;
  const isRunning = stringAt(object, 'spec', 'nodeName') !== undefined && !['Succeeded', 'Failed'].includes(stringAt(object, 'status', 'phase') ?? '');
  if (!isRunning) return 0;
  return options.gracePeriodSeconds ?? Number(objectAt(object, 'spec')?.['terminationGracePeriodSeconds'] ?? 30);
}

function markDeleted(core: Core, resource: Resource, object: Draft, grace: number): void {
  const metadata = childOf(object, 'metadata');
  const isFirst = metadata['deletionTimestamp'] === undefined;
  metadata['deletionTimestamp'] = isFirst || grace > 0 ? `${new Date(core.clock.now() + grace * 1000).toISOString().slice(0, 19)}Z` : metadata['deletionTimestamp'] ?? timestamp(core);
  if (resource.storage.key === 'namespaces' || resource.storage.key === 'customresourcedefinitions.apiextensions.k8s.io') return;
  metadata['deletionGracePeriodSeconds'] = grace;
  if (isFirst && hasGeneration(resource)) metadata['generation'] = Number(metadata['generation'] ?? 0) + 1;
}

/** Namespaces and definitions go in steps of their own, and say so in their status. */
function prepare(core: Core, resource: Resource, object: Draft): void {
  if (resource.storage.key === 'namespaces') childOf(object, 'status')['phase'] = 'Terminating';
  if (resource.storage.key !== 'customresourcedefinitions.apiextensions.k8s.io') return;
  childOf(object, 'metadata')['finalizers'] = [...new Set([...finalizersOf(object), CRD_CLEANUP])];
  const conditions = objectsAt(object, 'status', 'conditions').filter((condition) => condition['type'] !== 'Terminating');
  childOf(object, 'status')['conditions'] = [...conditions, {
    type: 'Terminating', status: 'True', lastTransitionTime: timestamp(core), reason: 'InstanceDeletionPending', message: 'CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon',
  }];
}

function isHeld(resource: Resource, object: JsonObject): boolean {
  if (finalizersOf(object).length > 0) return true;
  return resource.storage.key === 'namespaces' && Array.isArray(objectAt(object, 'spec')?.['finalizers']);
}

/** Throws 404, 409 for preconditions that do not hold, 403 for the namespaces that must stay. */
export async function remove(core: Core, target: Target, options: DeleteOptions): Promise<Removed> {
  const { resource, namespace, name } = target;
  if (options.propagationPolicy !== undefined && !POLICIES.includes(options.propagationPolicy)) {
    throw invalid('DeleteOptions', 'meta.k8s.io', '', [field.unsupported('propagationPolicy', options.propagationPolicy, POLICIES)]);
  }
  if (resource.storage.key === 'namespaces' && KEPT_NAMESPACES.has(name)) throw forbidden(resource, name, 'this namespace may not be deleted');
  const old = current(core, target);
  checkPreconditions(resource, old, options);
  for (const admission of core.admissions) await admission({ operation: 'DELETE', ...target, object: cloneObject(old), dryRun: options.dryRun });
  const object = cloneObject(old);
  const finalizers = withPropagation(finalizersOf(object), options.propagationPolicy);
  if (finalizers.length > 0) childOf(object, 'metadata')['finalizers'] = [...finalizers];
  else delete childOf(object, 'metadata')['finalizers'];
  if (isDeleting(object) && isHeld(resource, object) && resource.storage.key !== 'pods') return { gone: false, object: old, returnsObject: true };
  prepare(core, resource, object);
  const grace = graceOf(resource, object, options);
  if (isHeld(resource, object) || grace > 0) return hold(core, target, object, { grace, dryRun: options.dryRun });
  if (resource.storage.key === 'pods') markDeleted(core, resource, object, 0);
  if (!options.dryRun) core.store.delete(resource.storage.key, namespace, name);
  return { gone: true, object, returnsObject: returnsDeletedObject(resource) };
}

const isDeleting = (object: JsonObject): boolean => objectAt(object, 'metadata')?.['deletionTimestamp'] !== undefined;

/** Marked as going: somebody still has to do something. */
function hold(core: Core, target: Target, object: Draft, options: { readonly grace: number; readonly dryRun: boolean }): Removed {
  const remaining = objectAt(object, 'metadata')?.['deletionGracePeriodSeconds'];
  // A second delete can only shorten the wait.
  if (isDeleting(object) && typeof remaining === 'number' && remaining <= options.grace) return { gone: false, object, returnsObject: true };
  markDeleted(core, target.resource, object, options.grace);
  const stored = options.dryRun ? object : fromStorage(target.resource, core.store.put(target.resource.storage.key, toStorage(target.resource, object) as Draft));
  return { gone: false, object: stored, returnsObject: true };
}

/** The numbers and names of DeleteOptions; throws what the real server says to a body that is none. */
export function deleteOptions(body: JsonObject | undefined, query: URLSearchParams): DeleteOptions {
  const kind = body?.['kind'];
  if (kind !== undefined && kind !== 'DeleteOptions') throw new StatusError(500, undefined, `no kind ${JSON.stringify(kind)} is registered for version ${JSON.stringify(body?.['apiVersion'] ?? '')} in scheme "pkg/runtime/scheme.go:110"`);
  const grace = body?.['gracePeriodSeconds'] ?? query.get('gracePeriodSeconds');
  const orphan = body?.['orphanDependents'] ?? query.get('orphanDependents');
  const policy = body?.['propagationPolicy'] ?? query.get('propagationPolicy') ?? (orphan === true || orphan === 'true' ? 'Orphan' : undefined);
  const dryRun = body?.['dryRun'];
  const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);
  return {
    dryRun: Array.isArray(dryRun) ? dryRun.includes('All') : query.get('dryRun') === 'All',
    gracePeriodSeconds: grace === null || grace === undefined ? undefined : Number(grace),
    propagationPolicy: text(policy), uid: text(objectAt(body, 'preconditions')?.['uid']), resourceVersion: text(objectAt(body, 'preconditions')?.['resourceVersion']),
  };
}
