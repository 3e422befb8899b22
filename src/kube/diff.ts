// What an apply would do, decided from what is wanted, what the inventory says and what the server has. Pure.
import { createHash } from 'node:crypto';
import { canonicalJson, type JsonObject } from '../model/json.ts';
import { APPLIED_ANNOTATION, FIELD_MANAGER, PART_LABEL, STACK_LABEL } from '../model/label.ts';
import { type KubeObject, type ObjectRef, refKey, refOf } from '../model/object.ts';
import type { ObjectSet } from '../ports.ts';
import { appliedFields, findField, isHeldBy, ownersOf } from './field-path.ts';
import type { InventoryEntry, InventoryRecord, PartId } from './inventory.ts';
import { isController } from './manager.ts';
import { isKind, NAMESPACE } from './order.ts';

/** Metadata of what the server has, by refKey. */
export type LiveObjects = ReadonlyMap<string, KubeObject>;

export type Decision =
  /** `awaitsEnd`: an object of this name is on its way out and has to be gone first. */
  | { readonly action: 'create'; readonly object: KubeObject; readonly hash: string; readonly awaitsEnd: boolean }
  | { readonly action: 'change'; readonly object: KubeObject; readonly hash: string; readonly uid: string | undefined }
  | { readonly action: 'none'; readonly object: KubeObject; readonly entry: InventoryEntry }
  /** Another part of the stack made it and keeps it. */
  | { readonly action: 'share'; readonly object: KubeObject; readonly entry: InventoryEntry }
  /** A namespace that was there before: used, never owned. */
  | { readonly action: 'use'; readonly object: KubeObject }
  | { readonly action: 'refuse'; readonly ref: ObjectRef; readonly owner: string | undefined };

export interface Diff {
  readonly decisions: readonly Decision[];
  /** In the inventory, but no longer wanted. */
  readonly orphans: readonly InventoryEntry[];
  /** Orphans of before that could not go. */
  readonly leftovers: readonly InventoryEntry[];
}

export function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 32);
}

/** Hash of the fields that devstack holds of an object as the server returned it. */
export function fieldsHash(object: Pick<KubeObject, 'metadata'>): string | undefined {
  const fields = appliedFields(object, FIELD_MANAGER);
  return fields === undefined ? undefined : hashOf(fields);
}

/** The object as it is sent: with the labels by which it is found and the hash by which it is recognised. */
export function labelled(object: KubeObject, { stack, part }: PartId, hash: string): KubeObject {
  const { metadata } = object;
  return {
    ...object,
    metadata: {
      ...metadata,
      labels: { ...metadata.labels, [STACK_LABEL]: stack, [PART_LABEL]: part },
      annotations: { ...metadata.annotations, [APPLIED_ANNOTATION]: hash },
    },
  };
}

/** The label says so; or it was lost, and the inventory knows this very object. */
export function isOwned(live: KubeObject, stack: string, entry: InventoryEntry | undefined): boolean {
  const owner = live.metadata.labels?.[STACK_LABEL];
  return owner === stack || (owner === undefined && entry?.uid !== undefined && entry.uid === live.metadata.uid);
}

/** True when those who took fields still hold them: a field that was given back is taken again. */
function isKeptStillHeld(object: KubeObject, live: KubeObject, entry: InventoryEntry): boolean {
  const managed = live.metadata.managedFields as readonly JsonObject[] | undefined;
  return (entry.kept ?? []).every(({ fields }) => fields.every((field) => {
    const path = findField(object as unknown as JsonObject, field);
    return path === undefined || ownersOf(managed, path, FIELD_MANAGER).length > 0;
  }));
}

/** True when the fields are still ours, or were taken by programs whose work it is to fill them (a webhook that completes its own registration). */
function isStillHeld(object: KubeObject, live: KubeObject, entry: InventoryEntry): boolean {
  if (entry.fields !== undefined && entry.fields === fieldsHash(live)) return true;
  const managed = live.metadata.managedFields as readonly JsonObject[] | undefined;
  return isHeldBy(object as unknown as JsonObject, managed, (manager) => manager === FIELD_MANAGER || isController(manager));
}

function isUnchanged(object: KubeObject, live: KubeObject, entry: InventoryEntry | undefined, hash: string): boolean {
  return entry?.hash === hash && live.metadata.annotations?.[APPLIED_ANNOTATION] === hash
    && isStillHeld(object, live, entry) && isKeptStillHeld(object, live, entry);
}

function decide(object: KubeObject, id: PartId, live: KubeObject | undefined, entry: InventoryEntry | undefined): Decision {
  const hash = hashOf(canonicalJson(object as unknown as JsonObject));
  const wanted = labelled(object, id, hash);
  if (live === undefined) return { action: 'create', object: wanted, hash, awaitsEnd: false };
  if (!isOwned(live, id.stack, entry)) {
    return isKind(object, NAMESPACE) ? { action: 'use', object } : { action: 'refuse', ref: refOf(object), owner: live.metadata.labels?.[STACK_LABEL] };
  }
  if (live.metadata.deletionTimestamp !== undefined) return { action: 'create', object: wanted, hash, awaitsEnd: true };
  const { uid } = live.metadata;
  const livePart = live.metadata.labels?.[PART_LABEL];
  if (livePart !== undefined && livePart !== id.part && (isKind(object, NAMESPACE) || live.metadata.annotations?.[APPLIED_ANNOTATION] === hash)) {
    return { action: 'share', object, entry: { ref: refOf(object), hash, ...(uid === undefined ? {} : { uid }) } };
  }
  if (entry !== undefined && isUnchanged(object, live, entry, hash)) return { action: 'none', object, entry };
  return { action: 'change', object: wanted, hash, uid };
}

function withoutHash(entry: InventoryEntry | undefined): InventoryEntry | undefined {
  return entry === undefined ? undefined : { ref: entry.ref, ...(entry.uid === undefined ? {} : { uid: entry.uid }) };
}

/** @param overwrite take back the fields that were left to others. */
export function diffOf(set: ObjectSet, inventory: InventoryRecord | undefined, live: LiveObjects, overwrite: boolean): Diff {
  const entries = new Map((inventory?.entries ?? []).map((entry) => [refKey(entry.ref), entry]));
  const wanted = new Set(set.objects.map((object) => refKey(refOf(object))));
  const decisions = set.objects.map((object) => {
    const key = refKey(refOf(object));
    const entry = entries.get(key);
    // Without its hash an entry vouches for nothing, and the object is applied again.
    const trusted = overwrite && (entry?.kept ?? []).length > 0 ? withoutHash(entry) : entry;
    return decide(object, set, live.get(key), trusted);
  });
  const unwanted = [...entries.entries()].filter(([key]) => !wanted.has(key)).map(([, entry]) => entry);
  return { decisions, orphans: unwanted.filter((entry) => entry.isLeftover !== true), leftovers: unwanted.filter((entry) => entry.isLeftover === true) };
}

/** True when an apply would write nothing. */
export function isSettled(diff: Diff, inventory: InventoryRecord | undefined): boolean {
  return inventory?.complete === true && diff.orphans.length === 0
    && diff.decisions.every(({ action }) => action === 'none' || action === 'share' || action === 'use')
    && entriesOf(diff).length === inventory.entries.length;
}

/** What the inventory has to name while the decisions are carried out. Unchanged objects keep their entry. */
export function entriesOf(diff: Diff): readonly InventoryEntry[] {
  const entries = diff.decisions.flatMap((decision): readonly InventoryEntry[] => {
    switch (decision.action) {
      case 'none': case 'share': return [decision.entry];
      case 'create': return [{ ref: refOf(decision.object) }];
      case 'change': return [{ ref: refOf(decision.object), ...(decision.uid === undefined ? {} : { uid: decision.uid }) }];
      default: return [];
    }
  });
  return [...entries, ...diff.leftovers];
}
