// Which addons a stack needs, in which order: closes over needs and wants, refuses conflicts. Pure.
import { addons as allAddons, findAddon } from '../addons/index.ts';
import type { Addon } from '../addons/addon.ts';
import { usageError } from '../model/error.ts';
import type { StackSpec } from '../model/stack.ts';

function offers(addon: Addon, need: string): boolean {
  return addon.id === need || addon.provides.includes(need);
}

/** The addon that answers a need: the chosen ingress for Knative's ingress, else the only one there is. */
function provider(need: string, spec: StackSpec, chosen: readonly Addon[]): Addon {
  const present = chosen.find((addon) => offers(addon, need));
  if (present !== undefined) return present;
  const candidates = allAddons.filter((addon) => offers(addon, need));
  const picked = candidates.find((addon) => addon.ingress?.id === spec.ingress) ?? candidates[0];
  if (picked === undefined) {
    throw usageError({ code: 'addon-unknown', message: `no addon provides ${need}`, hints: [{ text: 'addons that exist', command: 'devstack help up' }] });
  }
  return picked;
}

function close(spec: StackSpec): readonly Addon[] {
  const chosen: Addon[] = [];
  const queue = spec.addons.map((id) => findAddon(id) ?? provider(id, spec, chosen));
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
    if (chosen.includes(next)) continue;
    chosen.push(next);
    for (const need of [...next.needs, ...next.wants]) queue.push(provider(need, spec, [...chosen, ...queue]));
  }
  return chosen;
}

function refuseConflicts(chosen: readonly Addon[]): void {
  for (const addon of chosen) {
    const rival = chosen.find((other) => other !== addon && addon.conflicts.some((conflict) => offers(other, conflict)));
    if (rival === undefined) continue;
    throw usageError({
      code: 'addon-conflict', message: `${addon.title} and ${rival.title} cannot be in one stack`,
      reason: `${addon.id} conflicts with ${addon.conflicts.find((conflict) => offers(rival, conflict)) ?? rival.id}`,
      hints: [{ text: `leave out ${addon.id} or ${rival.id}` }],
    });
  }
}

/** In install order: an addon comes after what it needs; otherwise in the order of the table, so the wish's order never matters. */
function order(chosen: readonly Addon[]): readonly Addon[] {
  const pending = allAddons.filter((addon) => chosen.includes(addon));
  const sorted: Addon[] = [];
  while (pending.length > 0) {
    const index = pending.findIndex((addon) => addon.needs.every((need) => sorted.some((done) => offers(done, need)) || !pending.some((other) => offers(other, need))));
    const [next] = pending.splice(Math.max(index, 0), 1);
    if (next !== undefined) sorted.push(next);
  }
  return sorted;
}

/** Addons of the stack with everything they need, in install order. Throws `addon-unknown`, `addon-conflict`. */
export function selectAddons(spec: StackSpec): readonly Addon[] {
  const chosen = close(spec);
  refuseConflicts(chosen);
  return order(chosen);
}

/** Steps that must be done before this addon's: those of the chosen addons that it needs. */
export function needsOf(addon: Addon, chosen: readonly Addon[]): readonly Addon[] {
  return chosen.filter((other) => other !== addon && addon.needs.some((need) => offers(other, need)));
}
