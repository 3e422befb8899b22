// What `addon remove` does: the last installed first, each with its objects, and never what something else stands on. Pure.
import type { Addon } from '../addons/addon.ts';
import { addons as table } from '../addons/index.ts';
import { type DevstackError, usageError } from '../model/error.ts';
import { type ObjectRef, refText } from '../model/object.ts';
import type { Plan, RemoveStep, StepId } from '../model/plan.ts';
import { afterPart } from './addon-steps.ts';
import { installOrder, leansOn } from './select.ts';

/** Milliseconds. */
const REMOVE_TIMEOUT_MS = 300_000;
const MAX_NAMED = 5;

export interface AddonRemoveFacts {
  readonly stack: string;
  /** Parts that the stack has. */
  readonly parts: readonly string[];
  /** Objects of the kinds that a part defines, made by people or by other parts; they cannot outlive it. */
  readonly objects: readonly { readonly definedBy: string; readonly ref: ObjectRef; /** The part that applied it, else a person did. */ readonly part?: string }[];
}

function refuseNeeded(stack: string, wished: readonly Addon[], staying: readonly Addon[]): void {
  for (const addon of wished) {
    const others = staying.filter((other) => leansOn(other, addon, staying));
    if (others.length === 0) continue;
    throw usageError({
      code: 'addon-needed', message: `${addon.title} is needed by ${others.map(({ title }) => title).join(', ')}`,
      hints: [{ text: 'remove them together', command: `devstack addon remove ${[...new Set([...wished, ...others])].map(({ id }) => id).join(' ')} --name ${stack}` }],
      details: { addon: addon.id, neededBy: others.map(({ id }) => id) },
    });
  }
}

function inUse(addon: Addon, { stack, parts, objects }: { readonly stack: string; readonly parts: readonly string[]; readonly objects: readonly string[] }): DevstackError {
  return usageError({
    code: 'addon-in-use', message: `${addon.title} is in use by ${parts.join(', ')}`, reason: named(objects),
    hints: [{ text: 'remove what uses it first; a sample goes with its stack', command: `devstack down ${stack}` }], details: { addon: addon.id, usedBy: [...parts] },
  });
}

function named(names: readonly string[]): string {
  return names.slice(0, MAX_NAMED).join(', ') + (names.length > MAX_NAMED ? ` and ${names.length - MAX_NAMED} more` : '');
}

/** Objects of other parts keep their kinds: a sample, an ingress that stays. */
function refuseUsed(wished: readonly Addon[], facts: AddonRemoveFacts): void {
  const leaving = new Set(wished.flatMap(({ id }) => [id, afterPart(id)]));
  for (const addon of wished) {
    const used = facts.objects.filter(({ definedBy, part }) => definedBy === addon.id && part !== undefined && !leaving.has(part));
    if (used.length > 0) {
      throw inUse(addon, { stack: facts.stack, parts: [...new Set(used.flatMap(({ part }) => part ?? []))], objects: used.map(({ ref }) => refText(ref)) });
    }
  }
}

function titleOf(addon: Addon, facts: AddonRemoveFacts): string {
  const own = facts.objects.filter(({ definedBy, part }) => definedBy === addon.id && part === undefined).map(({ ref }) => refText(ref));
  return own.length === 0 ? `Remove ${addon.title}` : `Remove ${addon.title}, and first what people made with it: ${named(own)}`;
}

/** Names of addons that are not installed change nothing. Throws `addon-needed`, `addon-in-use`. */
export function planAddonRemove(wished: readonly Addon[], facts: AddonRemoveFacts): Plan {
  const has = (part: string) => facts.parts.includes(part);
  const installed = table.filter(({ id }) => has(id));
  const leaving = wished.filter(({ id }) => has(id) || has(afterPart(id)));
  refuseNeeded(facts.stack, leaving, installed.filter((addon) => !leaving.includes(addon)));
  refuseUsed(leaving, facts);
  const steps: RemoveStep[] = [];
  let before: readonly StepId[] = [];
  for (const addon of [...installOrder(leaving)].reverse()) {
    const common = { kind: 'remove', lane: addon.title, stack: facts.stack, destructive: true, timeoutMs: REMOVE_TIMEOUT_MS } as const;
    for (const part of [afterPart(addon.id), addon.id].filter(has)) {
      const title = part === addon.id ? titleOf(addon, facts) : `Remove what devstack made with ${addon.title}`;
      steps.push({ ...common, id: `remove:${part}`, title, needs: before, part });
      before = [`remove:${part}`];
    }
  }
  const absent = wished.filter((addon) => !leaving.includes(addon));
  return { schema: 1, stack: facts.stack, steps, notes: absent.map((addon) => `${addon.title} is not installed`), endpoints: [] };
}
