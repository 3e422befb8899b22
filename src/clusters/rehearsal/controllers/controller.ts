// What a controller is, and what it is given.
import type { JsonObject } from '../../../model/json.ts';
import type { Clock } from '../../../ports.ts';
import type { StoreEvent } from '../server/store.ts';
import type { Api, Ref } from './api.ts';
import type { Faults } from './faults.ts';
import type { Logs } from './logs.ts';

export interface World {
  readonly api: Api;
  readonly clock: Clock;
  readonly faults: Faults;
  readonly logs: Logs;
}

export interface Watch {
  /** Storage key; `*` for every kind. */
  readonly key: string;
  /** What to look at after an event; the object itself when absent. */
  readonly of?: (event: StoreEvent, world: World) => readonly Ref[];
}

export interface Controller {
  /** Its name in managedFields and events. */
  readonly name: string;
  readonly watches: readonly Watch[];
  /** Brings one object nearer to what is wanted. Called again after the milliseconds that it returns. */
  reconcile(ref: Ref, world: World): Promise<number | undefined>;
}

/** The object that controls another one, as what to look at. */
export function controllerOf(key: string, kind: string): (event: StoreEvent) => readonly Ref[] {
  return (event) => ownersOf(event.object).filter((owner) => owner['kind'] === kind && owner['controller'] === true)
    .map((owner) => ({ key, namespace: namespaceOf(event.object), name: String(owner['name']) }));
}

export function ownersOf(object: JsonObject): readonly JsonObject[] {
  const metadata = object['metadata'];
  const list = typeof metadata === 'object' && metadata !== null ? (metadata as JsonObject)['ownerReferences'] : undefined;
  return Array.isArray(list) ? list as readonly JsonObject[] : [];
}

function namespaceOf(object: JsonObject): string {
  return String((object['metadata'] as JsonObject)['namespace'] ?? '');
}
