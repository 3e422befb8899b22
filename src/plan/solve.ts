// The addons of a spec, checked against versions and room; an impossible wish names the smallest changes that make it possible. Pure.
import { lineOf } from '../addons/compatibility.ts';
import { findAddon, addons as table } from '../addons/index.ts';
import { DevstackError, type Hint, isDevstackError } from '../model/error.ts';
import type { EngineFacts } from '../model/fact.ts';
import type { StackSpec } from '../model/stack.ts';
import { findSample } from '../samples/index.ts';
import { applyChange, type Change, changeJson, changeText, commandOf } from './change.ts';
import { requireFit } from './fit.ts';
import { requireKubernetes, type Selection, selectAddons } from './select.ts';

export interface SolveInput {
  readonly spec: StackSpec;
  readonly engine: EngineFacts;
  /** Kubernetes version of the cluster that a spec will get or has; undefined when nobody knows it before it is there. */
  kubernetesOf(spec: StackSpec): string | undefined;
  /** What may still change: the nodes not once the cluster exists, the ingress not once it is installed. */
  readonly canChange: { readonly kubernetes: boolean; readonly nodes: boolean; readonly ingress: boolean };
  /** Names of addons that may be left out; without it all that the spec names. */
  readonly droppable?: readonly string[];
  /** The command that asks for a spec; without it `devstack up`. */
  command?(spec: StackSpec): string;
}

/** More than one machine of this size hardly has. */
const MAX_NODES = 4;
const MAX_HINTS = 3;
/** Problems that another wish may not have; the others name what to do themselves. */
const SOLVABLE = new Set(['addon-conflict', 'kubernetes-too-old', 'does-not-fit']);

function check(input: SolveInput, spec: StackSpec): Selection {
  const selection = selectAddons(spec);
  requireKubernetes(selection, input.kubernetesOf(spec));
  requireFit(selection.addons, spec, input.engine);
  return selection;
}

function isPossible(input: SolveInput, spec: StackSpec): boolean {
  try {
    check(input, spec);
    return true;
  } catch (error) {
    if (isDevstackError(error)) return false;
    throw error;
  }
}

/** Addons that somebody asked for, without those that a sample runs on. */
function leavable({ spec, droppable = spec.addons }: SolveInput): readonly string[] {
  const runsOnKnative = spec.samples.some((id) => findSample(id)?.kinds.includes('knative') === true);
  const asked = droppable.flatMap((name) => findAddon(name)?.id ?? []);
  return [...new Set(asked)].filter((id) => !(runsOnKnative && id === 'knative-serving')).sort();
}

/** Single changes, those first that take least away. */
function candidates(input: SolveInput, problem: DevstackError): readonly Change[] {
  const { spec, canChange } = input;
  const minimum = problem.details?.['minimum'];
  const ingresses = table.flatMap((addon) => addon.ingress?.id ?? []).filter((id) => id !== spec.ingress);
  return [
    ...(spec.fit ? [] : [{ kind: 'fit' } as const]),
    ...(canChange.kubernetes && typeof minimum === 'string' ? [{ kind: 'kubernetes', version: lineOf(minimum) } as const] : []),
    ...(canChange.nodes ? [1, 2, 3].map((more) => spec.nodes + more).filter((nodes) => nodes <= MAX_NODES).map((nodes) => ({ kind: 'nodes', nodes } as const)) : []),
    ...(canChange.ingress ? ingresses : []).map((ingress) => ({ kind: 'ingress', ingress } as const)),
    ...leavable(input).map((addon) => ({ kind: 'drop', addon } as const)),
  ];
}

/** The smallest sets of changes that make the wish possible: all single ones, else all pairs, else none. Of one kind of growth only the least. */
export function smallestChanges(input: SolveInput, problem: DevstackError): readonly (readonly Change[])[] {
  const singles = candidates(input, problem);
  const works = (changes: readonly Change[]) => isPossible(input, changes.reduce(applyChange, input.spec));
  const single = singles.filter((change) => works([change])).map((change) => [change]);
  const found = single.length > 0 ? single : singles.flatMap((first, index) => (
    singles.slice(index + 1).filter((second) => first.kind !== second.kind || first.kind === 'drop').map((second) => [first, second])
  )).filter(works);
  return found.filter((changes, index) => found.findIndex((other) => sameButNodes(other, changes)) === index);
}

function sameButNodes(a: readonly Change[], b: readonly Change[]): boolean {
  const text = (changes: readonly Change[]) => changes.map((change) => (change.kind === 'nodes' ? 'nodes' : changeText(change))).join();
  return text(a) === text(b);
}

function hintOf({ spec, command = commandOf }: SolveInput, changes: readonly Change[]): Hint {
  return { text: changes.map(changeText).join(', and '), command: command(changes.reduce(applyChange, spec)) };
}

/** Throws what selectAddons, requireKubernetes and requireFit throw, with the smallest changes as hints and in `details.changes`. */
export function solve(input: SolveInput): Selection {
  try {
    return check(input, input.spec);
  } catch (error) {
    if (!isDevstackError(error) || !SOLVABLE.has(error.code)) throw error;
    const changes = smallestChanges(input, error).slice(0, MAX_HINTS);
    if (changes.length === 0) throw error;
    throw new DevstackError({
      code: error.code, message: error.message, exit: error.exit, cause: error, ...(error.reason === undefined ? {} : { reason: error.reason }),
      hints: [...changes.map((set) => hintOf(input, set)), ...error.hints],
      details: { ...error.details, changes: changes.map((set) => set.map(changeJson)) },
    });
  }
}
