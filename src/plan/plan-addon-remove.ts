// What `addon remove` does: the last installed first, each with its objects, and never what something else stands on. Pure.
import type { Addon } from '../addons/addon.ts';
import { addons as table } from '../addons/index.ts';
import { usageError } from '../model/error.ts';
import type { Plan } from '../model/plan.ts';
import { afterPart } from './addon-steps.ts';
import { inTurn, namedObjects, type RemovalFacts, removalSteps } from './removal-steps.ts';
import { leansOn } from './select.ts';

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

/** Objects of other parts keep their kinds: a sample, an ingress that stays. */
function refuseUsed(wished: readonly Addon[], facts: RemovalFacts): void {
  const leaving = new Set(wished.flatMap(({ id }) => [id, afterPart(id)]));
  for (const addon of wished) {
    const used = facts.objects.filter(({ definedBy, part }) => definedBy === addon.id && part !== undefined && !leaving.has(part));
    if (used.length === 0) continue;
    const parts = [...new Set(used.flatMap(({ part }) => part ?? []))];
    throw usageError({
      code: 'addon-in-use', message: `${addon.title} is in use by ${parts.join(', ')}`, reason: namedObjects(used),
      hints: [{ text: 'remove what uses it first; a sample goes with its stack', command: `devstack down ${facts.stack}` }], details: { addon: addon.id, usedBy: parts },
    });
  }
}

/** Names of addons that are not installed change nothing. Throws `addon-needed`, `addon-in-use`. */
export function planAddonRemove(wished: readonly Addon[], facts: RemovalFacts): Plan {
  const has = (part: string) => facts.parts.includes(part);
  const installed = table.filter(({ id }) => has(id));
  const leaving = wished.filter(({ id }) => has(id) || has(afterPart(id)));
  refuseNeeded(facts.stack, leaving, installed.filter((addon) => !leaving.includes(addon)));
  refuseUsed(leaving, facts);
  const absent = wished.filter((addon) => !leaving.includes(addon));
  return {
    schema: 1, stack: facts.stack, steps: inTurn(removalSteps(leaving, facts)), notes: absent.map((addon) => `${addon.title} is not installed`), endpoints: [],
  };
}
