// The inventory of a part: one ConfigMap that says what devstack applied, before it does and after it did.
import { failedError } from '../model/error.ts';
import { isJsonObject, type Json, parseJson } from '../model/json.ts';
import { INVENTORY_NAMESPACE, PART_LABEL, STACK_LABEL } from '../model/label.ts';
import { arrayAt, at, type GroupVersionKind, type KubeObject, type ObjectRef, stringAt } from '../model/object.ts';
import type { KubeClient } from '../ports.ts';

/** Fields of an object that somebody else holds and that were left to them. */
export interface KeptFields {
  readonly manager: string;
  readonly fields: readonly string[];
}

export interface InventoryEntry {
  readonly ref: ObjectRef;
  /** Absent as long as the object may not exist yet. */
  readonly uid?: string;
  /** Hash of the object as it was wanted. */
  readonly hash?: string;
  /** Hash of the fields that devstack held right after the apply. */
  readonly fields?: string;
  readonly kept?: readonly KeptFields[];
  /** No longer wanted, but it could not go: a definition in use. It goes with the whole part. */
  readonly isLeftover?: true;
}

export interface InventoryRecord {
  readonly stack: string;
  readonly part: string;
  /** False while an apply is under way or was cut off. */
  readonly complete: boolean;
  readonly entries: readonly InventoryEntry[];
}

const SCHEMA = 1;
const KEY = 'inventory';
const CONFIG_MAP: GroupVersionKind = { apiVersion: 'v1', kind: 'ConfigMap' };

export interface PartId {
  readonly stack: string;
  readonly part: string;
}

/** A dot cannot stand in either name, so no two parts share one. */
export function inventoryRef({ stack, part }: PartId): ObjectRef {
  return { ...CONFIG_MAP, name: `inventory.${stack}.${part}`, namespace: INVENTORY_NAMESPACE };
}

function write(entry: InventoryEntry): Json {
  const { apiVersion, kind, name, namespace } = entry.ref;
  return {
    ref: namespace === undefined ? [apiVersion, kind, name] : [apiVersion, kind, name, namespace],
    ...(entry.uid === undefined ? {} : { uid: entry.uid }), ...(entry.hash === undefined ? {} : { hash: entry.hash }),
    ...(entry.fields === undefined ? {} : { fields: entry.fields }),
    ...(entry.isLeftover === true ? { leftover: true } : {}),
    ...(entry.kept === undefined || entry.kept.length === 0 ? {} : { kept: entry.kept.map(({ manager, fields }) => ({ manager, fields })) }),
  };
}

function readKept(value: Json): readonly KeptFields[] {
  return arrayAt(value, 'kept').map((kept) => ({
    manager: stringAt(kept, 'manager') ?? '', fields: arrayAt(kept, 'fields').filter((field) => typeof field === 'string'),
  }));
}

function readEntry(value: Json): InventoryEntry | undefined {
  const [apiVersion, kind, name, namespace] = arrayAt(value, 'ref');
  if (typeof apiVersion !== 'string' || typeof kind !== 'string' || typeof name !== 'string') return undefined;
  const [uid, hash, fields] = ['uid', 'hash', 'fields'].map((key) => stringAt(value, key));
  const kept = readKept(value);
  return {
    ref: typeof namespace === 'string' ? { apiVersion, kind, name, namespace } : { apiVersion, kind, name },
    ...(uid === undefined ? {} : { uid }), ...(hash === undefined ? {} : { hash }), ...(fields === undefined ? {} : { fields }),
    ...(kept.length === 0 ? {} : { kept }), ...(at(value, 'leftover') === true ? { isLeftover: true as const } : {}),
  };
}

/**
 * What a ConfigMap says; undefined when it is no inventory, or one that somebody broke: then labels are all there is to go by.
 * Throws `inventory-newer` for one written by a later devstack.
 */
function readInventory(object: KubeObject): InventoryRecord | undefined {
  const stack = object.metadata.labels?.[STACK_LABEL];
  const part = object.metadata.labels?.[PART_LABEL];
  const text = stringAt(object, 'data', KEY);
  if (stack === undefined || part === undefined || text === undefined) return undefined;
  const value = parseJson(text);
  if (!isJsonObject(value) || typeof value['schema'] !== 'number') return undefined;
  if (value['schema'] > SCHEMA) {
    throw failedError({
      code: 'inventory-newer', message: `part ${part} of stack ${stack} was applied by a newer devstack`, hints: [{ text: 'use that version, or a later one' }],
    });
  }
  const entries = arrayAt(value, 'objects').map(readEntry).filter((entry) => entry !== undefined);
  return { stack, part, complete: at(value, 'complete') === true, entries };
}

/** The ConfigMap of a record. */
function inventoryObject(record: InventoryRecord): KubeObject {
  const { apiVersion, kind, name, namespace } = inventoryRef(record);
  return {
    apiVersion, kind,
    metadata: {
      name, ...(namespace === undefined ? {} : { namespace }),
      labels: { [STACK_LABEL]: record.stack, [PART_LABEL]: record.part, 'app.kubernetes.io/managed-by': 'devstack' },
    },
    data: { [KEY]: JSON.stringify({ schema: SCHEMA, complete: record.complete, objects: record.entries.map(write) }) },
  };
}

/** The namespace of the inventories: of all stacks in a cluster, so it carries the label of none. */
export const INVENTORY_NAMESPACE_OBJECT: KubeObject = {
  apiVersion: 'v1', kind: 'Namespace', metadata: { name: INVENTORY_NAMESPACE, labels: { 'app.kubernetes.io/managed-by': 'devstack' } },
};

export async function fetchInventory(client: KubeClient, id: PartId, signal: AbortSignal): Promise<InventoryRecord | undefined> {
  const object = await client.get(inventoryRef(id), signal);
  return object === undefined ? undefined : readInventory(object);
}

/** All inventories of the cluster, or those of one stack. */
export async function fetchInventories(client: KubeClient, stack: string | undefined, signal: AbortSignal): Promise<readonly InventoryRecord[]> {
  const labelSelector = stack === undefined ? STACK_LABEL : `${STACK_LABEL}=${stack}`;
  const { items } = await client.list(CONFIG_MAP, { namespace: INVENTORY_NAMESPACE, labelSelector }, signal);
  return items.map(readInventory).filter((record) => record !== undefined);
}

/** The inventory is devstack's alone: whatever somebody wrote into it is overwritten. */
export async function storeInventory(client: KubeClient, record: InventoryRecord, signal: AbortSignal): Promise<void> {
  await client.apply(inventoryObject(record), { force: true }, signal);
}
