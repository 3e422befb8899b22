// How controllers reach objects: in this process, by storage key, with the same rules and the same traces as a client over HTTP.
import type { JsonObject } from '../../../model/json.ts';
import { stringAt } from '../../../model/object.ts';
import { type Core, randomSuffix, type Target, timestamp, type WriteOptions } from '../server/core.ts';
import { cloneObject, type Draft, objectAt } from '../server/json.ts';
import { readObject } from '../server/read-object.ts';
import { remove } from '../server/remove.ts';
import type { Resource } from '../server/resource.ts';
import { isStatus } from '../server/status.ts';
import { create, replace, retrying, update } from '../server/write.ts';

/** One object, by the key under which its kind is stored: `deployments.apps`, `pods`. */
export interface Ref {
  readonly key: string;
  readonly namespace: string;
  readonly name: string;
}

export function refOf(key: string, object: JsonObject): Ref {
  return { key, namespace: stringAt(object, 'metadata', 'namespace') ?? '', name: stringAt(object, 'metadata', 'name') ?? '' };
}

export interface EventText {
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  readonly message: string;
}

export class Api {
  readonly core: Core;
  /** The name under which it writes. */
  readonly #manager: string;

  constructor(core: Core, manager: string) {
    this.core = core;
    this.#manager = manager;
  }

  /** The same API under another name. */
  as(manager: string): Api {
    return new Api(this.core, manager);
  }

  #resource(key: string): Resource | undefined {
    return this.core.registry.ofStorage(key);
  }

  #options(): WriteOptions {
    return { manager: this.#manager, dryRun: false, validation: 'Ignore', warnings: [] };
  }

  now(): string {
    return timestamp(this.core);
  }

  get(ref: Ref): JsonObject | undefined {
    return this.core.store.get(ref.key, ref.namespace, ref.name);
  }

  list(key: string, namespace = ''): readonly JsonObject[] {
    return this.core.store.list(key, namespace);
  }

  /** Undefined when the kind is not served, the object is there already, or its namespace is gone. */
  async create(key: string, object: JsonObject): Promise<JsonObject | undefined> {
    const resource = this.#resource(key);
    if (resource === undefined) return undefined;
    const target: Target = { resource, namespace: resource.namespaced ? stringAt(object, 'metadata', 'namespace') ?? 'default' : '', name: '', subresource: '' };
    try {
      return await create(this.core, target, readObject(resource, object, this.#options()), this.#options());
    } catch (error) {
      if (isStatus(error, 409) || isStatus(error, 404) || isTerminating(error)) return undefined;
      throw error;
    }
  }

  /** Changes an object, or its status; undefined when it is not there (any more). Nothing is written when nothing changed. */
  async update(ref: Ref, change: (object: Draft) => void, subresource = ''): Promise<JsonObject | undefined> {
    const resource = this.#resource(ref.key);
    if (resource === undefined) return undefined;
    try {
      return await retrying(async () => {
        const current = this.get(ref);
        if (current === undefined) return undefined;
        const draft = cloneObject(current);
        change(draft);
        const target = { resource, namespace: ref.namespace, name: ref.name, subresource: resource.subresources.has(subresource) ? subresource : '' };
        return await update(this.core, target, readObject(resource, draft, this.#options()), this.#options());
      });
    } catch (error) {
      if (isStatus(error, 404)) return undefined;
      throw error;
    }
  }

  updateStatus(ref: Ref, change: (status: Draft) => void): Promise<JsonObject | undefined> {
    return this.update(ref, (object) => {
      const status = objectAt(object, 'status') ?? {};
      change(status);
      object['status'] = status;
    }, 'status');
  }

  /** As `update`, without a trace in managedFields: what the server's own machinery does. */
  async settle(ref: Ref, change: (object: Draft) => void): Promise<void> {
    const resource = this.#resource(ref.key);
    const old = this.get(ref);
    if (resource === undefined || old === undefined) return;
    const object = cloneObject(old);
    change(object);
    await replace(this.core, { resource, namespace: ref.namespace, name: ref.name, subresource: 'finalize' }, { object, old }, this.#options());
  }

  /** True when something was there to delete. */
  async delete(ref: Ref, options: { readonly policy?: 'Foreground' | 'Background'; readonly uid?: string; readonly grace?: number } = {}): Promise<boolean> {
    const resource = this.#resource(ref.key);
    if (resource === undefined) return false;
    try {
      await remove(this.core, { resource, namespace: ref.namespace, name: ref.name, subresource: '' }, {
        dryRun: false, gracePeriodSeconds: options.grace, propagationPolicy: options.policy, uid: options.uid, resourceVersion: undefined,
      });
      return true;
    } catch (error) {
      if (isStatus(error, 404) || isStatus(error, 409)) return false;
      throw error;
    }
  }

  /** Tells about an object; the same news again only counts. */
  async event(key: string, object: JsonObject, text: EventText): Promise<void> {
    const { namespace, name } = refOf(key, object);
    const uid = stringAt(object, 'metadata', 'uid') ?? '';
    const known = this.list('events', namespace).find((event) => stringAt(event, 'involvedObject', 'uid') === uid && event['reason'] === text.reason && event['message'] === text.message);
    if (known !== undefined) {
      await this.update(refOf('events', known), (event) => {
        event['count'] = Number(event['count'] ?? 1) + 1;
        event['lastTimestamp'] = this.now();
      });
      return;
    }
    const involvedObject = { apiVersion: object['apiVersion'] ?? '', kind: object['kind'] ?? '', name, namespace, uid, resourceVersion: stringAt(object, 'metadata', 'resourceVersion') ?? '' };
    await this.create('events', {
      apiVersion: 'v1', kind: 'Event', metadata: { name: `${name}.${randomSuffix(16)}`, namespace: namespace === '' ? 'default' : namespace }, involvedObject, ...text,
      source: { component: this.#manager }, reportingComponent: this.#manager, count: 1, firstTimestamp: this.now(), lastTimestamp: this.now(),
    });
  }
}

function isTerminating(error: unknown): boolean {
  return isStatus(error, 403) && error.details?.causes?.some((cause) => cause.reason === 'NamespaceTerminating') === true;
}

/** The reference with which a dependent names its controller. */
export function ownedBy(owner: JsonObject): JsonObject {
  return {
    apiVersion: owner['apiVersion'] ?? '', kind: owner['kind'] ?? '', name: stringAt(owner, 'metadata', 'name') ?? '', uid: stringAt(owner, 'metadata', 'uid') ?? '',
    controller: true, blockOwnerDeletion: true,
  };
}

export function isOwnedBy(object: JsonObject, owner: JsonObject): boolean {
  const references = objectAt(object, 'metadata')?.['ownerReferences'];
  return Array.isArray(references) && references.some((reference: JsonObject) => reference['uid'] === stringAt(owner, 'metadata', 'uid'));
}

export function isDeleting(object: JsonObject): boolean {
  return stringAt(object, 'metadata', 'deletionTimestamp') !== undefined;
}
