// Brings CustomResourceDefinitions to life: accepts their names, establishes them, serves what they define, cleans up after them.
import type { JsonObject } from '../../../model/json.ts';
import { stringAt } from '../../../model/object.ts';
import { type Core, timestamp, type WriteOptions } from './core.ts';
import { objectType } from './custom/schema.ts';
import { childOf, cloneObject, type Draft, equal, objectAt, objectsAt } from './json.ts';
import { remove } from './remove.ts';
import type { CustomVersion, Resource, StorageKey, Subresource } from './resource.ts';
import { isStatus } from './status.ts';
import { update } from './write.ts';

const KEY = 'customresourcedefinitions.apiextensions.k8s.io';
const CLEANUP = 'customresourcecleanup.apiextensions.k8s.io';
const VERBS = ['delete', 'deletecollection', 'get', 'list', 'patch', 'create', 'update', 'watch'];
const MANAGER = 'kube-apiserver';

const texts = (value: unknown): readonly string[] => (Array.isArray(value) ? value.map(String) : []);

function subresourcesOf(version: JsonObject, kind: string, namespaced: boolean): ReadonlyMap<string, Subresource> {
  const verbs = ['get', 'patch', 'update'];
  const result = new Map<string, Subresource>();
  if (objectAt(version, 'subresources', 'status') !== undefined) result.set('status', { name: 'status', kind, verbs, namespaced });
  if (objectAt(version, 'subresources', 'scale') !== undefined) result.set('scale', { name: 'scale', kind: 'Scale', verbs, namespaced, group: 'autoscaling', version: 'v1' });
  return result;
}

function customVersion(definition: JsonObject, version: JsonObject): CustomVersion {
  return {
    crd: stringAt(definition, 'metadata', 'name') ?? '', schema: objectAt(version, 'schema', 'openAPIV3Schema'),
    preserveUnknownFields: objectAt(definition, 'spec')?.['preserveUnknownFields'] === true,
    hasStatus: objectAt(version, 'subresources', 'status') !== undefined, scale: objectAt(version, 'subresources', 'scale'),
    columns: objectsAt(version, 'additionalPrinterColumns'),
    deprecationWarning: version['deprecated'] === true ? stringAt(version, 'deprecationWarning') ?? `${stringAt(definition, 'spec', 'group') ?? ''}/${String(version['name'])} ${stringAt(definition, 'spec', 'names', 'kind') ?? ''} is deprecated` : undefined,
    selectableFields: objectsAt(version, 'selectableFields').map((field) => String(field['jsonPath'] ?? '').replace(/^\./, '')),
  };
}

/** The resources that a definition makes, one for each version that is served. */
export function resourcesOf(definition: JsonObject): readonly Resource[] {
  const names = objectAt(definition, 'status', 'acceptedNames') ?? {};
  const group = stringAt(definition, 'spec', 'group') ?? '';
  const namespaced = stringAt(definition, 'spec', 'scope') === 'Namespaced';
  const versions = objectsAt(definition, 'spec', 'versions');
  const kind = String(names['kind'] ?? '');
  const name = String(names['plural'] ?? '');
  const stored = String(versions.find((version) => version['storage'] === true)?.['name'] ?? 'v1');
  const storage: StorageKey = { key: `${name}.${group}`, apiVersion: `${group}/${stored}`, kind, namespaced };
  return versions.filter((version) => version['served'] === true).map((version) => {
    const custom = customVersion(definition, version);
    return {
      group, version: String(version['name']), name, singular: String(names['singular'] ?? ''), kind, listKind: String(names['listKind'] ?? `${kind}List`), namespaced, verbs: VERBS,
      shortNames: texts(names['shortNames']), categories: texts(names['categories']), subresources: subresourcesOf(version, kind, namespaced), storage,
      schema: objectType(custom.schema, custom.preserveUnknownFields), custom,
    };
  });
}

/** A name of the definition that another one of its group has already. */
function nameConflict(core: Core, definition: JsonObject): { readonly reason: string; readonly name: string } | undefined {
  const group = stringAt(definition, 'spec', 'group');
  const names = objectAt(definition, 'spec', 'names') ?? {};
  const others = core.store.list(KEY).filter((other) => stringAt(other, 'spec', 'group') === group && stringAt(other, 'metadata', 'name') !== stringAt(definition, 'metadata', 'name'))
    .map((other) => objectAt(other, 'status', 'acceptedNames') ?? {});
  const taken = new Set(others.flatMap((other) => [String(other['plural'] ?? ''), String(other['singular'] ?? ''), ...texts(other['shortNames'])]));
  const kinds = new Set(others.flatMap((other) => [other['kind'], other['listKind']]));
  const checks = [
    ['PluralConflict', names['plural'], taken], ['SingularConflict', names['singular'], taken],
    ...texts(names['shortNames']).map((short) => ['ShortNamesConflict', short, taken] as const), ['KindConflict', names['kind'], kinds], ['ListKindConflict', names['listKind'], kinds],
  ] as const;
  const found = checks.find(([, name, set]) => typeof name === 'string' && name !== '' && set.has(name));
  return found === undefined ? undefined : { reason: found[0], name: String(found[1]) };
}

function setCondition(core: Core, status: Draft, condition: { readonly type: string; readonly status: string; readonly reason: string; readonly message: string }): void {
  const list = objectsAt(status, 'conditions');
  const known = list.find((entry) => entry['type'] === condition.type);
  const lastTransitionTime = known?.['status'] === condition.status ? known['lastTransitionTime'] ?? timestamp(core) : timestamp(core);
  const made = { ...condition, lastTransitionTime };
  status['conditions'] = known === undefined ? [...list, made] : list.map((entry) => (entry === known ? made : entry));
}

function nextStatus(core: Core, definition: JsonObject): Draft {
  const next = cloneObject(definition);
  const status = childOf(next, 'status');
  const conflict = nameConflict(core, definition);
  if (conflict === undefined) {
    status['acceptedNames'] = cloneObject(objectAt(definition, 'spec', 'names') ?? {});
    setCondition(core, status, { type: 'NamesAccepted', status: 'True', reason: 'NoConflicts', message: 'no conflicts found' });
    setCondition(core, status, { type: 'Established', status: 'True', reason: 'InitialNamesAccepted', message: 'the initial names have been accepted' });
  } else {
    setCondition(core, status, { type: 'NamesAccepted', status: 'False', reason: conflict.reason, message: `${JSON.stringify(conflict.name)} is already in use` });
    if (!isEstablished(definition)) setCondition(core, status, { type: 'Established', status: 'False', reason: 'NotAccepted', message: 'not all names are accepted' });
  }
  return next;
}

function isEstablished(definition: JsonObject): boolean {
  return objectsAt(definition, 'status', 'conditions').some((condition) => condition['type'] === 'Established' && condition['status'] === 'True');
}

const OPTIONS: WriteOptions = { manager: MANAGER, dryRun: false, validation: 'Ignore', warnings: [] };

export class Definitions {
  readonly #core: Core;
  readonly #stop: () => void;
  readonly #busy = new Set<string>();

  constructor(core: Core) {
    this.#core = core;
    this.#stop = core.store.watch(KEY, (event) => {
      const name = stringAt(event.object, 'metadata', 'name') ?? '';
      if (event.type === 'DELETED') core.registry.removeCustom(name);
      else {
        this.#serve(event.object);
        this.#schedule(name);
      }
    });
  }

  /** Serves what a restored store defines. */
  restore(): void {
    for (const definition of this.#core.store.list(KEY)) this.#serve(definition);
  }

  close(): void {
    this.#stop();
  }

  #serve(definition: JsonObject): void {
    if (isEstablished(definition)) this.#core.registry.setCustom(stringAt(definition, 'metadata', 'name') ?? '', resourcesOf(definition));
  }

  /** After the write that caused it, as the real controllers do, and one at a time for each definition. */
  #schedule(name: string): void {
    if (this.#busy.has(name)) return;
    this.#busy.add(name);
    setImmediate(() => {
      this.#reconcile(name).catch((error: unknown) => {
        // Somebody was faster: the event of that write brings us back here.
        if (!isStatus(error, 409) && !isStatus(error, 404)) throw error;
      }).finally(() => this.#busy.delete(name));
    });
  }

  async #reconcile(name: string): Promise<void> {
    const definition = this.#core.store.get(KEY, '', name);
    if (definition === undefined) return;
    if (stringAt(definition, 'metadata', 'deletionTimestamp') !== undefined) return this.#cleanUp(definition);
    const next = nextStatus(this.#core, definition);
    if (!equal(next['status'], definition['status'])) await this.#write(definition, next, 'status');
  }

  async #write(old: JsonObject, next: Draft, subresource: string): Promise<void> {
    const resource = this.#core.registry.find('apiextensions.k8s.io', 'v1', 'customresourcedefinitions');
    if (resource === undefined) return;
    await update(this.#core, { resource, namespace: '', name: stringAt(old, 'metadata', 'name') ?? '', subresource }, next, OPTIONS);
  }

  /** Deletes what the definition defined; once nothing is left, lets the definition go. */
  async #cleanUp(definition: JsonObject): Promise<void> {
    const [resource] = resourcesOf(definition);
    const objects = resource === undefined ? [] : this.#core.store.list(resource.storage.key);
    for (const object of objects) {
      const [namespace, name] = [stringAt(object, 'metadata', 'namespace') ?? '', stringAt(object, 'metadata', 'name') ?? ''];
      if (resource !== undefined) await remove(this.#core, { resource, namespace, name, subresource: '' }, { dryRun: false, gracePeriodSeconds: undefined, propagationPolicy: undefined, uid: undefined, resourceVersion: undefined });
    }
    if (resource !== undefined && this.#core.store.list(resource.storage.key).length > 0) {
      const stop = this.#core.store.watch(resource.storage.key, (event) => {
        if (event.type !== 'DELETED') return;
        stop();
        this.#schedule(stringAt(definition, 'metadata', 'name') ?? '');
      });
      return;
    }
    const next = cloneObject(this.#core.store.get(KEY, '', stringAt(definition, 'metadata', 'name') ?? '') ?? definition);
    const metadata = childOf(next, 'metadata');
    metadata['finalizers'] = texts(metadata['finalizers']).filter((finalizer) => finalizer !== CLEANUP);
    if (texts(metadata['finalizers']).length === 0) delete metadata['finalizers'];
    await this.#write(definition, next, '');
  }
}
