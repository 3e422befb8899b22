// Carries out a diff: namespaces and definitions, then all else as early as it can be, by server-side apply.
import { type DevstackError, failedError } from '../model/error.ts';
import type { JsonObject } from '../model/json.ts';
import { INVENTORY_NAMESPACE } from '../model/label.ts';
import { type KubeObject, type ObjectRef, refKey, refOf, refText } from '../model/object.ts';
import type { ApplyOptions, ApplyReport, ObjectSet } from '../ports.ts';
import { Batch } from './batch.ts';
import { type Decision, type Diff, diffOf, entriesOf, fieldsHash, isSettled } from './diff.ts';
import { type Conflict, conflictsIn, hasCode } from './failure.ts';
import { findField, withoutField } from './field-path.ts';
import { fetchInventory, INVENTORY_NAMESPACE_OBJECT, type InventoryEntry, type InventoryRecord, type KeptFields, type PartId, storeInventory } from './inventory.ts';
import { isController } from './manager.ts';
import { hasPods, inCoreOrder, type Wave, waveOf } from './order.ts';
import { removeOrphans } from './remove.ts';
import { IN_FLIGHT, kubectl, type Session } from './session.ts';
import { type Survey, survey } from './survey.ts';
import { untilEstablished, untilGone } from './until.ts';

type Doing = Extract<Decision, { action: 'create' | 'change' }>;

/** A webhook of the set itself may need its pods first; after this its silence is a failure. */
const WEBHOOK_PATIENCE_MS = 120_000;
const FIRST_DELAY_MS = 250;
const MAX_DELAY_MS = 2_000;

const AT_ONCE = async () => undefined;

interface Situation {
  readonly inventory: InventoryRecord | undefined;
  readonly diff: Diff;
  readonly world: Survey;
}

async function assess({ client, signal }: Session, set: ObjectSet, inventory: InventoryRecord | undefined, overwrite: boolean): Promise<Situation> {
  const refs = [...set.objects.map(refOf), ...(inventory?.entries ?? []).map((entry) => entry.ref)];
  const world = await survey(client, refs, signal);
  return { inventory, world, diff: diffOf(set, inventory, world.live, overwrite) };
}

/** See KubeSets.compare. Without an inventory one request is enough to know that there is work. */
export async function compareSet(session: Session, set: ObjectSet): Promise<'absent' | 'unchanged' | 'drifted'> {
  const inventory = await fetchInventory(session.client, set, session.signal);
  if (inventory === undefined) return 'absent';
  if (!inventory.complete) return 'drifted';
  const { diff } = await assess(session, set, inventory, false);
  return isSettled(diff, inventory) ? 'unchanged' : 'drifted';
}

function refuseForeign({ client }: Session, set: ObjectSet, diff: Diff): void {
  const foreign = diff.decisions.filter((decision) => decision.action === 'refuse');
  const [first] = foreign;
  if (first === undefined) return;
  const names = foreign.map(({ ref, owner }) => (owner === undefined ? refText(ref) : `${refText(ref)} (stack ${owner})`));
  throw failedError({
    code: 'not-ours',
    message: `part ${set.part} needs ${foreign.length === 1 ? 'an object' : `${foreign.length} objects`} that somebody else made`,
    reason: names.slice(0, 5).join(', ') + (names.length > 5 ? ` and ${names.length - 5} more` : ''),
    hints: [{ text: 'see whose it is', command: kubectl(client, 'get', first.ref.kind, first.ref.name, ...place(first.ref), '--show-labels') }],
    details: { objects: names },
  });
}

function place(ref: ObjectRef): readonly string[] {
  return ref.namespace === undefined ? [] : ['-n', ref.namespace];
}

/** Applies the objects of one set, each until it is accepted. */
class Applier {
  readonly done: InventoryEntry[] = [];
  readonly #session: Session;
  readonly #id: PartId;
  readonly #overwrite: boolean;
  #total = 0;

  constructor(session: Session, id: PartId, overwrite: boolean) {
    this.#session = session;
    this.#id = id;
    this.#overwrite = overwrite;
  }

  async run(doings: readonly Doing[], untilPods: () => Promise<void>): Promise<void> {
    this.#total = doings.length;
    const batch = new Batch(IN_FLIGHT, this.#session.signal);
    const wave = (name: Wave) => doings.filter(({ object }) => waveOf(object) === name);
    const applyAll = (list: readonly Doing[]) => batch.each(list, (doing) => this.#apply(doing));
    const namespaces = applyAll(wave('namespaces'));
    const definitions = applyAll(wave('definitions'));
    await namespaces;
    const core = inCoreOrder(wave('core'), ({ object }) => object.kind);
    const isWorkload = ({ object }: Doing) => hasPods(object);
    // Pods start while definitions settle; their controllers wait for them longer than that takes.
    const rest = applyAll(core.filter((doing) => !isWorkload(doing)));
    const workloads = core.some(isWorkload) ? batch.run(untilPods).then(() => applyAll(core.filter(isWorkload))) : undefined;
    await definitions;
    await batch.run(() => untilEstablished(this.#session, wave('definitions').map(({ object }) => object.metadata.name), this.#id));
    await applyAll(wave('custom'));
    await rest;
    await workloads;
    await applyAll(wave('gates'));
    await batch.finish();
  }

  async #apply(doing: Doing): Promise<void> {
    const ref = refOf(doing.object);
    if (doing.action === 'create' && doing.awaitsEnd) await untilGone(this.#session, [{ ref }]);
    const { result, kept } = await this.#accepted(doing.object);
    const { uid } = result.metadata;
    const fields = fieldsHash(result);
    this.done.push({
      ref, hash: doing.hash, ...(uid === undefined ? {} : { uid }), ...(fields === undefined ? {} : { fields }), ...(kept.length === 0 ? {} : { kept }),
    });
    this.#session.onProgress(`applied ${refText(ref)}`, this.done.length, this.#total);
  }

  /** Tries until the server takes it: without what others hold, and again while a webhook only starts. */
  async #accepted(wanted: KubeObject): Promise<{ readonly result: KubeObject; readonly kept: readonly KeptFields[] }> {
    const { client, clock, signal, onProgress } = this.#session;
    const yielded: Conflict[] = [];
    let object = wanted;
    let force = false;
    let delayMs = FIRST_DELAY_MS;
    const began = clock.monotonic();
    for (;;) {
      try {
        return { result: await client.apply(object, { force }, signal), kept: reportOf(yielded) };
      } catch (error) {
        if (hasCode(error, 'kube-conflict') && !force) {
          const conflicts = conflictsIn(error);
          const isTaken = (conflict: Conflict) => this.#overwrite && !isController(conflict.manager) && conflict.subresource === undefined;
          const yields = conflicts.filter((conflict) => !isTaken(conflict));
          object = yieldFields(object, yields, error);
          yielded.push(...yields);
          force = conflicts.some(isTaken);
        } else if (isPassing(error, wanted) && clock.monotonic() - began < WEBHOOK_PATIENCE_MS) {
          onProgress(`${refText(refOf(wanted))}: ${error.reason ?? error.message}`);
          await clock.sleep(delayMs, signal);
          delayMs = Math.min(delayMs * 2, MAX_DELAY_MS);
        } else if (isImmutableJob(error, wanted)) {
          // A job cannot be changed, only run anew.
          await client.delete(refOf(wanted), { propagation: 'Background' }, signal);
          await untilGone(this.#session, [{ ref: refOf(wanted) }]);
        } else throw error;
      }
    }
  }
}

/** What the next moment may mend: a webhook that starts, a definition that is served in a moment. */
function isPassing(error: unknown, object: KubeObject): error is DevstackError {
  return hasCode(error, 'kube-webhook') || (hasCode(error, 'kube-unknown-kind') && waveOf(object) === 'custom');
}

function isImmutableJob(error: unknown, object: KubeObject): boolean {
  return hasCode(error, 'kube-invalid') && object.kind === 'Job' && /immutable/.test(error.reason ?? '');
}

/** Leaves fields to those who hold them. Throws the conflict when one of them cannot be told apart. */
function yieldFields(object: KubeObject, conflicts: readonly Conflict[], error: DevstackError): KubeObject {
  return conflicts.reduce<KubeObject>((rest, { field }) => {
    const path = findField(rest as unknown as JsonObject, field);
    if (path === undefined || path.length === 0) throw error;
    return withoutField(rest as unknown as JsonObject, path) as unknown as KubeObject;
  }, object);
}

/** What is worth telling: fields held by somebody, not by a controller that does its work. */
function reportOf(conflicts: readonly Conflict[]): readonly KeptFields[] {
  const byManager = new Map<string, string[]>();
  for (const { manager, field, subresource } of conflicts) {
    if (isController(manager) || subresource !== undefined) continue;
    byManager.set(manager, [...byManager.get(manager) ?? [], field]);
  }
  return [...byManager].map(([manager, fields]) => ({ manager, fields }));
}

function reportedKept(entries: readonly InventoryEntry[]): ApplyReport['kept'] {
  return entries.flatMap(({ ref, kept }) => (kept ?? []).map(({ manager, fields }) => ({ ref, manager, fields })));
}

function requireObjects(set: ObjectSet): void {
  if (set.objects.length > 0) return;
  throw failedError({ code: 'empty-set', message: `part ${set.part} has no objects`, reason: 'applying nothing would remove all that the part has' });
}

/** See KubeSets.apply. Killed anywhere, the inventory names all that may exist, and the next apply goes on from there. */
export async function applySet(session: Session, set: ObjectSet, options: Pick<ApplyOptions, 'overwrite' | 'untilPods'>): Promise<ApplyReport> {
  requireObjects(set);
  const { client, signal } = session;
  const situation = await assess(session, set, await fetchInventory(client, set, signal), options.overwrite ?? false);
  const { diff, inventory, world } = situation;
  refuseForeign(session, set, diff);
  const unchanged = diff.decisions.filter(({ action }) => action !== 'create' && action !== 'change').length;
  const settled = entriesOf(diff);
  if (isSettled(diff, inventory)) return { created: [], changed: [], unchanged, pruned: [], kept: reportedKept(settled) };

  if (!world.namespaces.has(INVENTORY_NAMESPACE)) await client.apply(INVENTORY_NAMESPACE_OBJECT, {}, signal);
  await storeInventory(client, { stack: set.stack, part: set.part, complete: false, entries: [...settled, ...diff.orphans] }, signal);
  const doings = diff.decisions.filter((decision) => decision.action === 'create' || decision.action === 'change');
  const applier = new Applier(session, set, options.overwrite ?? false);
  await applier.run(doings, options.untilPods ?? AT_ONCE);
  const { removed: pruned, stay } = await removeOrphans(session, set, diff.orphans, world.live);

  const results = new Map(applier.done.map((entry) => [refKey(entry.ref), entry]));
  const entries = [...settled.map((entry) => results.get(refKey(entry.ref)) ?? entry), ...stay];
  await storeInventory(client, { stack: set.stack, part: set.part, complete: true, entries }, signal);
  const refs = (action: Doing['action']) => doings.filter((doing) => doing.action === action).map(({ object }) => refOf(object));
  return { created: refs('create'), changed: refs('change'), unchanged, pruned, kept: reportedKept(entries) };
}
