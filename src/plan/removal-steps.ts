// The steps that take addons out: what was made with them while everything still runs, then the last installed first. Pure.
import type { Addon } from '../addons/addon.ts';
import { type ObjectRef, refText } from '../model/object.ts';
import type { RemoveStep, StepId, UnregistryStep } from '../model/plan.ts';
import { afterPart } from './addon-steps.ts';
import { installOrder, needsOf } from './select.ts';

/** Milliseconds. */
const REMOVE_TIMEOUT_MS = 300_000;
const MAX_NAMED = 5;

/** An object of a kind that a part defines; it cannot outlive it. */
export interface MadeObject {
  readonly definedBy: string;
  readonly ref: ObjectRef;
  /** The part that applied it, else a person did. */
  readonly part?: string;
}

export type RemovalStep = RemoveStep | UnregistryStep;

export interface RemovalFacts {
  readonly stack: string;
  /** What the provider calls it. */
  readonly cluster: string;
  /** Parts that the stack has. */
  readonly parts: readonly string[];
  readonly objects: readonly MadeObject[];
}

export function namedObjects(objects: readonly MadeObject[]): string {
  const names = objects.map(({ ref }) => refText(ref));
  return names.slice(0, MAX_NAMED).join(', ') + (names.length > MAX_NAMED ? ` and ${names.length - MAX_NAMED} more` : '');
}

/** Each step after the one before. */
export function inTurn(steps: readonly RemovalStep[], after: readonly StepId[] = []): readonly RemovalStep[] {
  return steps.map((step, index) => ({ ...step, needs: steps.slice(Math.max(0, index - 1), index).map(({ id }) => id).concat(index === 0 ? after : []) }));
}

/**
 * Some objects are let go of by another addon, which leaves first: a Knative service by the controller of the ingress. So what was
 * made with an addon on which another one that leaves stands goes before both.
 */
function objectSteps(order: readonly Addon[], facts: RemovalFacts): readonly RemoveStep[] {
  const leaving = new Set(order.flatMap(({ id }) => [id, afterPart(id)]));
  return order.filter((addon) => order.some((other) => needsOf(other, order).includes(addon))).flatMap((addon) => {
    const made = facts.objects.filter(({ definedBy, part }) => definedBy === addon.id && (part === undefined || !leaving.has(part)));
    return made.length === 0 ? [] : [{
      kind: 'remove', id: `remove:${addon.id}-objects`, title: `Remove what was made with ${addon.title}: ${namedObjects(made)}`, lane: addon.title, needs: [],
      stack: facts.stack, part: addon.id, objectsOnly: true, destructive: true, timeoutMs: REMOVE_TIMEOUT_MS,
    }];
  });
}

function partSteps(addon: Addon, { stack, cluster, parts, objects }: RemovalFacts, isCleared: boolean): readonly RemovalStep[] {
  const own = isCleared ? [] : objects.filter(({ definedBy, part }) => definedBy === addon.id && part === undefined);
  const titles = {
    [afterPart(addon.id)]: `Remove what devstack made with ${addon.title}`,
    [addon.id]: own.length === 0 ? `Remove ${addon.title}` : `Remove ${addon.title}, and first what people made with it: ${namedObjects(own)}`,
  };
  const steps = Object.entries(titles).filter(([part]) => parts.includes(part)).map(([part, title]): RemovalStep => ({
    kind: 'remove', id: `remove:${part}`, title, lane: addon.title, needs: [], stack, part, destructive: true, timeoutMs: REMOVE_TIMEOUT_MS,
  }));
  if (addon.beside === undefined) return steps;
  return [...steps, { kind: 'unregistry', id: 'unregistry', title: 'Remove its container and the images in it', lane: addon.title, needs: [], stack, cluster, destructive: true, timeoutMs: REMOVE_TIMEOUT_MS }];
}

/** For addons that the stack has, in whatever order they are named. */
export function removalSteps(leaving: readonly Addon[], facts: RemovalFacts): readonly RemovalStep[] {
  const order = [...installOrder(leaving)].reverse();
  const first = objectSteps(order, facts);
  return [...first, ...order.flatMap((addon) => partSteps(addon, facts, first.some(({ part }) => part === addon.id)))];
}
