// Removes objects in the order that lets their controllers finish: users' objects, webhooks, workloads, definitions, namespaces.
import { INVENTORY_NAMESPACE, ON_REMOVE_ANNOTATION, PART_LABEL, STACK_LABEL } from '../model/label.ts';
import { groupOf, type KubeObject, type ObjectRef, refKey, refOf, refText } from '../model/object.ts';
import type { RemoveReport } from '../ports.ts';
import { mapLimited } from './batch.ts';
import { isOwned, type LiveObjects } from './diff.ts';
import { hasCode } from './failure.ts';
import { fetchInventories, type InventoryEntry, type InventoryRecord, inventoryRef, type PartId } from './inventory.ts';
import { listAll, listableKinds } from './kinds.ts';
import { DEFINITION, hasPods, isKind, NAMESPACE, removalStep, type Wave, WEBHOOK_CONFIGURATIONS, waveOf } from './order.ts';
import type { DiscoveredKind } from './resource.ts';
import { IN_FLIGHT, type Session } from './session.ts';
import { survey } from './survey.ts';
import { tenantOf } from './tenant.ts';
import { type Going, untilGone } from './until.ts';

type Kept = RemoveReport['kept'][number];

/** How long a webhook that stands in the way of a deletion gets to answer, before its configuration is taken away. */
const WEBHOOK_PATIENCE_MS = 15_000;
const DELAY_MS = 500;

interface Sorted {
  readonly leaving: readonly Going[];
  readonly kept: readonly Kept[];
}

/** Which of the entries may go. Never what is not ours, what somebody marked, what another part needs. */
function sortOut(id: PartId, entries: readonly InventoryEntry[], live: LiveObjects, others: readonly InventoryRecord[]): Sorted {
  const sharedWith = new Map(others.flatMap((other) => other.entries.map((entry) => [refKey(entry.ref), other.part] as const)));
  const leaving: Going[] = [];
  const kept: Kept[] = [];
  for (const entry of entries) {
    const { ref } = entry;
    const object = live.get(refKey(ref));
    const other = sharedWith.get(refKey(ref));
    if (object === undefined) continue;
    if (!isOwned(object, id.stack, entry)) kept.push({ ref, reason: 'it is not devstack’s any more' });
    else if (object.metadata.annotations?.[ON_REMOVE_ANNOTATION] === 'keep') kept.push({ ref, reason: `marked ${ON_REMOVE_ANNOTATION}: keep` });
    else if (other !== undefined) kept.push({ ref, reason: `shared with part ${other}` });
    else leaving.push({ ref, uid: object.metadata.uid });
  }
  return { leaving, kept };
}

class Removal {
  readonly removed: ObjectRef[] = [];
  readonly kept: Kept[];
  readonly #session: Session;
  readonly #id: PartId;
  readonly #leaving: Going[];
  #kinds: Promise<readonly DiscoveredKind[]> | undefined;

  constructor(session: Session, id: PartId, { leaving, kept }: Sorted) {
    this.#session = session;
    this.#id = id;
    this.#leaving = [...leaving];
    this.kept = [...kept];
  }

  /** @param takesUserObjects also remove the custom resources that users made of our definitions; else the definition stays. */
  async run(takesUserObjects: boolean): Promise<void> {
    const instances = await this.#instances();
    if (!takesUserObjects) this.#keepDefinitionsInUse(instances);
    await this.#removeCustom(takesUserObjects ? instances : [], this.#wave('custom'));
    await this.#removeAll(this.#wave('gates'));
    const namespaces = await this.#emptyNamespaces();
    const goesWithNamespace = ({ ref }: Going) => ref.namespace !== undefined && namespaces.has(ref.namespace);
    const core = this.#wave('core');
    await this.#removeAll(core.filter((going) => !goesWithNamespace(going)));
    await Promise.all([
      this.#removeAll(this.#wave('definitions')), this.#removeAll(this.#wave('namespaces').filter(({ ref }) => namespaces.has(ref.name))),
    ]);
    this.removed.push(...core.filter(goesWithNamespace).map(({ ref }) => ref));
  }

  /** What was made of the kinds that the part defines, gone with all that belongs to it: those who must let go of it still run. */
  async takeInstances(): Promise<void> {
    await this.#removeCustom(await this.#instances(), []);
  }

  #wave(wave: Wave): readonly Going[] {
    return this.#leaving.filter(({ ref }) => waveOf(ref) === wave);
  }

  #allKinds(): Promise<readonly DiscoveredKind[]> {
    this.#kinds ??= listableKinds(this.#session);
    return this.#kinds;
  }

  /** Custom resources of the definitions that leave, other than our own. */
  async #instances(): Promise<readonly KubeObject[]> {
    const names = new Set(this.#wave('definitions').map(({ ref }) => ref.name));
    if (names.size === 0) return [];
    const kinds = (await this.#allKinds()).filter((kind) => names.has(`${kind.plural}.${groupOf(kind.apiVersion)}`));
    const own = new Set(this.#leaving.map(({ ref }) => refKey(ref)));
    return (await listAll(this.#session, kinds, {})).filter((object) => !own.has(refKey(refOf(object))));
  }

  #keepDefinitionsInUse(instances: readonly KubeObject[]): void {
    const used = new Set(instances.map((object) => `${groupOf(object.apiVersion)}/${object.kind}`));
    if (used.size === 0) return;
    for (const going of this.#wave('definitions')) {
      const group = going.ref.name.slice(going.ref.name.indexOf('.') + 1);
      if (![...used].some((kind) => kind.startsWith(`${group}/`))) continue;
      this.#leaving.splice(this.#leaving.indexOf(going), 1);
      this.kept.push({ ref: going.ref, reason: 'objects of this kind exist' });
    }
  }

  /** Ours and the users', step by step, each gone before the next: their controllers still run. */
  async #removeCustom(instances: readonly KubeObject[], own: readonly Going[]): Promise<void> {
    const kinds = new Set(instances.map((object) => `${groupOf(object.apiVersion)}/${object.kind}`));
    const isOwnedByInstance = (object: KubeObject) => (object.metadata.ownerReferences ?? []).some((owner) => (
      owner['controller'] === true && kinds.has(`${groupOf(String(owner['apiVersion']))}/${String(owner['kind'])}`)
    ));
    const users = instances.filter((object) => !isOwnedByInstance(object)).map((object): Going => ({ ref: refOf(object), uid: object.metadata.uid }));
    const all = [...users, ...own];
    const steps = [...new Set(all.map(({ ref }) => removalStep(ref.kind)))].sort((a, b) => a - b);
    for (const step of steps) await this.#removeAll(all.filter(({ ref }) => removalStep(ref.kind) === step));
    // What belonged to them (an ingress of a route) follows, as long as its controller lives: wait for it.
    await untilGone(this.#session, instances.filter(isOwnedByInstance).map((object) => ({ ref: refOf(object), uid: object.metadata.uid })));
  }

  /** Namespaces that leave and hold nothing of anybody else. */
  async #emptyNamespaces(): Promise<ReadonlySet<string>> {
    const candidates = this.#wave('namespaces');
    if (candidates.length === 0) return new Set();
    const kinds = (await this.#allKinds()).filter((kind) => kind.namespaced);
    const leaving = new Set(this.#leaving.map(({ ref }) => refKey(ref)));
    const staying = new Set(this.kept.map(({ ref }) => refKey(ref)));
    const empty = new Set<string>();
    for (const { ref } of candidates) {
      const objects = await listAll(this.#session, kinds, { namespace: ref.name });
      const tenants = objects.map((object) => tenantOf(object, this.#id, leaving, staying)).filter((tenant) => tenant !== undefined);
      if (tenants.length === 0) empty.add(ref.name);
      else this.kept.push({ ref, reason: `it holds ${tenants.slice(0, 3).join(', ')}${tenants.length > 3 ? ` and ${tenants.length - 3} more` : ''}` });
    }
    return empty;
  }

  async #removeAll(goings: readonly Going[]): Promise<void> {
    const { signal } = this.#session;
    await mapLimited(goings, IN_FLIGHT, signal, (going) => this.#delete(going));
    await untilGone(this.#session, goings);
    this.removed.push(...goings.map(({ ref }) => ref));
  }

  async #delete({ ref, uid }: Going): Promise<void> {
    const { client, clock, signal, onProgress } = this.#session;
    const began = clock.monotonic();
    for (let isOpen = false; ;) {
      try {
        onProgress(`removing ${refText(ref)}`);
        const propagation = hasPods(ref) ? 'Foreground' : 'Background';
        await client.delete(ref, { propagation, ...(uid === undefined ? {} : { uid }) }, signal);
        return;
      } catch (error) {
        if (!hasCode(error, 'kube-webhook') || isOpen) throw error;
        if (clock.monotonic() - began > WEBHOOK_PATIENCE_MS) {
          await this.#openGates();
          isOpen = true;
        } else await clock.sleep(DELAY_MS, signal);
      }
    }
  }

  /** The webhooks of this part guard deletions, and nothing answers behind them: they would leave in a moment anyway. */
  async #openGates(): Promise<void> {
    const gates = this.#wave('gates').filter(({ ref }) => WEBHOOK_CONFIGURATIONS.some((kind) => isKind(ref, kind)));
    await Promise.all(gates.map(({ ref }) => this.#session.client.delete(ref, {}, this.#session.signal)));
  }
}

/** Objects that carry the labels of a part, when its inventory is lost. What belongs to another object goes with that one. */
async function searchLabelled(session: Session, { stack, part }: PartId): Promise<readonly InventoryEntry[]> {
  const objects = await listAll(session, await listableKinds(session), { labelSelector: `${STACK_LABEL}=${stack},${PART_LABEL}=${part}` });
  const inventory = refKey(inventoryRef({ stack, part }));
  const seen = new Map<string, InventoryEntry>();
  for (const object of objects) {
    const ref = refOf(object);
    // The cluster copies a service's labels to its endpoints.
    const isCopy = (object.metadata.ownerReferences ?? []).length > 0 || object.kind === 'Endpoints';
    if (!isCopy && refKey(ref) !== inventory) seen.set(refKey(ref), { ref, ...(object.metadata.uid === undefined ? {} : { uid: object.metadata.uid }) });
  }
  return [...seen.values()];
}

/** Namespaces of parts that are gone, which had to stay because others still were in them: perhaps now nobody is. */
function heirless(live: LiveObjects, id: PartId, others: readonly InventoryRecord[]): readonly InventoryEntry[] {
  const parts = new Set([id.part, ...others.map(({ part }) => part)]);
  return [...live.values()].filter((object) => {
    const { [STACK_LABEL]: stack, [PART_LABEL]: part } = object.metadata.labels ?? {};
    return isKind(object, NAMESPACE) && stack === id.stack && part !== undefined && !parts.has(part);
  }).map((object) => ({ ref: refOf(object) }));
}

/** The namespace of the inventories goes with the last of them. */
async function removeInventory(session: Session, id: PartId): Promise<void> {
  const { client, signal } = session;
  await client.delete(inventoryRef(id), {}, signal);
  if ((await fetchInventories(client, undefined, signal)).length > 0) return;
  const ref: ObjectRef = { ...NAMESPACE, name: INVENTORY_NAMESPACE };
  const namespace = await client.get(ref, signal);
  if (namespace?.metadata.labels?.['app.kubernetes.io/managed-by'] !== 'devstack') return;
  const { uid } = namespace.metadata;
  await client.delete(ref, uid === undefined ? {} : { uid }, signal);
  await untilGone(session, [{ ref, uid }]);
}

/** See KubeSets.remove. Killed anywhere, the inventory stays until all is gone, and the next remove goes on from there. */
export async function removePart(session: Session, target: PartId & { readonly objectsOnly?: boolean }): Promise<RemoveReport> {
  const { client, signal } = session;
  const id: PartId = { stack: target.stack, part: target.part };
  const inventories = await fetchInventories(client, id.stack, signal);
  const own = inventories.find((inventory) => inventory.part === id.part);
  const entries = own?.entries ?? await searchLabelled(session, id);
  const { live } = await survey(client, entries.map((entry) => entry.ref), signal);
  const others = inventories.filter((inventory) => inventory !== own);
  const removal = new Removal(session, id, sortOut(id, [...entries, ...heirless(live, id, others)], live, others));
  if (target.objectsOnly === true) {
    await removal.takeInstances();
    return { removed: removal.removed, kept: [] };
  }
  await removal.run(true);
  await removeInventory(session, id);
  return { removed: removal.removed, kept: removal.kept };
}

/** Removes what an apply no longer wants. A successor of the same name is left alone. `stay`: what could not go yet and only goes with the part. */
export async function removeOrphans(
  session: Session, id: PartId, orphans: readonly InventoryEntry[], live: LiveObjects,
): Promise<{ readonly removed: readonly ObjectRef[]; readonly stay: readonly InventoryEntry[] }> {
  if (orphans.length === 0) return { removed: [], stay: [] };
  const inventories = await fetchInventories(session.client, id.stack, session.signal);
  const isSame = (entry: InventoryEntry) => entry.uid === undefined || entry.uid === live.get(refKey(entry.ref))?.metadata.uid;
  const others = inventories.filter((inventory) => inventory.part !== id.part);
  const removal = new Removal(session, id, sortOut(id, orphans.filter(isSame), live, others));
  await removal.run(false);
  const staying = new Set(removal.kept.filter(({ ref }) => isKind(ref, DEFINITION) || isKind(ref, NAMESPACE)).map(({ ref }) => refKey(ref)));
  const stay = orphans.filter((entry) => staying.has(refKey(entry.ref))).map((entry) => ({ ...entry, isLeftover: true as const }));
  return { removed: removal.removed, stay };
}
