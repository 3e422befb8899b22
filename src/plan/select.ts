// Which addons a stack needs, in which versions and order: closes over needs and wants, refuses conflicts. Pure.
import type { Addon, AddonId } from '../addons/addon.ts';
import { compareVersions, hasFiles, lineOf, minKubernetes, pairsOf } from '../addons/compatibility.ts';
import { findAddon, findKnownName, refusal, addons as table } from '../addons/index.ts';
import { preconditionError, usageError } from '../model/error.ts';
import type { StackSpec } from '../model/stack.ts';

export interface Selection {
  /** In install order. */
  readonly addons: readonly Addon[];
  readonly versions: { readonly [id: AddonId]: string };
  /** What is worth telling: versions that nobody tested together. */
  readonly notes: readonly string[];
}

/** The parts of a spec that choose addons. */
export type Wish = Pick<StackSpec, 'addons' | 'ingress' | 'versions'>;

function offers(addon: Addon, need: string): boolean {
  return addon.id === need || addon.provides.includes(need);
}

function requireAddon(name: string): Addon {
  const addon = findAddon(name);
  if (addon !== undefined) return addon;
  const known = findKnownName(name);
  if (known !== undefined) throw refusal(known);
  throw usageError({
    code: 'addon-unknown', message: `there is no addon ${name}`, reason: `there is ${table.map(({ id }) => id).join(', ')}`,
    hints: [{ text: 'see what there is', command: 'devstack addon list' }],
  });
}

function ingressIds(): readonly string[] {
  return table.flatMap((addon) => addon.ingress?.id ?? []);
}

function requireIngress(id: string): void {
  if (ingressIds().includes(id)) return;
  const known = findKnownName(id);
  if (known !== undefined) throw refusal(known);
  throw usageError({
    code: 'ingress-unknown', message: `there is no ingress ${id}`, reason: `there is ${ingressIds().join(', ')}`,
    hints: [{ text: 'take the default', command: 'devstack up knative --ingress kourier' }],
  });
}

/** The addon that answers a need: the chosen ingress for Knative's ingress, else the first of the table. */
function answerOf(need: string, ingress: string): Addon {
  const candidates = table.filter((addon) => offers(addon, need));
  const answer = candidates.find((addon) => addon.ingress?.id === ingress) ?? candidates[0];
  if (answer === undefined) throw new Error(`no addon offers ${need}`);
  return answer;
}

/**
 * Adds what is needed and wanted until nothing is open. Addons named by id come first, for what they bring may answer an
 * ability; the rest goes by name. So the result depends on the set of wishes alone, never on their order.
 */
function close(wished: ReadonlySet<Addon>, ingress: string): ReadonlySet<Addon> {
  const chosen = new Set(wished);
  for (;;) {
    const wants = [...chosen].flatMap((addon) => [...addon.needs, ...addon.wants]);
    const open = wants.filter((need) => ![...chosen].some((addon) => offers(addon, need))).sort();
    const next = open.find((need) => findAddon(need)?.id === need) ?? open[0];
    if (next === undefined) return chosen;
    chosen.add(answerOf(next, ingress));
  }
}

function refuseConflicts(chosen: readonly Addon[]): void {
  for (const addon of chosen) {
    const rival = chosen.find((other) => other !== addon && addon.conflicts.some((conflict) => offers(other, conflict)));
    if (rival === undefined) continue;
    throw usageError({
      code: 'addon-conflict', message: `${addon.title} and ${rival.title} cannot be in one stack`,
      reason: addon.ingress === undefined ? `${addon.id} conflicts with ${rival.id}` : 'Knative has one ingress',
      details: { addons: [addon.id, rival.id] },
    });
  }
}

/** What must be installed before an addon, among those chosen. */
export function needsOf(addon: Addon, chosen: readonly Addon[]): readonly Addon[] {
  const before = [...addon.needs, ...addon.follows ?? []];
  return chosen.filter((other) => other !== addon && before.some((need) => offers(other, need)));
}

/** True when an addon needs or wants another, and nothing else of these offers the same. */
export function leansOn(addon: Addon, other: Addon, rest: readonly Addon[]): boolean {
  return [...addon.needs, ...addon.wants].some((need) => offers(other, need) && !rest.some((third) => third !== other && offers(third, need)));
}

/** An addon comes after what it needs; otherwise in the order of the table. */
export function installOrder(chosen: Iterable<Addon>): readonly Addon[] {
  const wanted = new Set(chosen);
  const pending = table.filter((addon) => wanted.has(addon));
  const sorted: Addon[] = [];
  while (pending.length > 0) {
    const index = pending.findIndex((addon) => needsOf(addon, pending).length === 0);
    const [next] = pending.splice(index, 1);
    if (index < 0 || next === undefined) throw new Error(`addons need each other: ${pending.map(({ id }) => id).join(', ')}`);
    sorted.push(next);
  }
  return sorted;
}

/** What the spec names for an addon: by its id, one of its shorter names or its component. */
function namedVersion(addon: Addon, versions: Wish['versions']): string | undefined {
  return [addon.id, ...addon.aliases ?? [], addon.component].map((name) => versions[name]).find((version) => version !== undefined);
}

function versionOf(addon: Addon, chosen: readonly Addon[], named: Wish['versions']): string {
  const own = namedVersion(addon, named);
  if (own !== undefined) return own;
  const tested = chosen
    .flatMap((other) => pairsOf(other, namedVersion(other, named) ?? other.version))
    .filter((pair) => pair.with === addon.id).flatMap((pair) => pair.versions);
  return tested.find((version) => hasFiles(addon, version)) ?? addon.version;
}

function requireFiles(addon: Addon, version: string): void {
  // A version becomes part of an address: it must not be able to lead elsewhere.
  if (!/^\d{1,4}\.\d{1,4}\.\d{1,4}(-[a-z]{1,20})?$/.test(version)) {
    throw usageError({ code: 'version-invalid', message: `${JSON.stringify(version)} is not a version of ${addon.title} such as ${addon.version}` });
  }
  if (hasFiles(addon, version)) return;
  throw usageError({
    code: 'version-unavailable', message: `${addon.title} ${version} has no manifest at a known address`,
    reason: `there is ${[addon.version, ...addon.otherVersions ?? []].join(', ')}`,
  });
}

function untested(addon: Addon, chosen: readonly Addon[], versions: Selection['versions']): readonly string[] {
  const version = versions[addon.id] ?? addon.version;
  const notes = pairsOf(addon, version).flatMap((pair) => {
    const other = chosen.find(({ id }) => id === pair.with);
    const taken = other === undefined ? undefined : versions[other.id];
    if (other === undefined || taken === undefined || pair.versions.includes(taken)) return [];
    return [`${addon.title} ${version} was tested with ${other.title} ${pair.versions.join(', ')}; with ${taken} nobody tested it`];
  });
  const isOther = version !== addon.version && !chosen.some((other) => pairsOf(other, versions[other.id] ?? '').some((pair) => pair.with === addon.id && pair.versions.includes(version)));
  const pins = addon.artifacts(version).length === 0 ? '' : '; its files are pinned on first use';
  return isOther ? [`nobody tested ${addon.title} ${version} with this devstack (it knows ${addon.version})${pins}`, ...notes] : notes;
}

/** Parts of one component are released together: a mixture of release lines is worth a word. */
function mixedLines(chosen: readonly Addon[], versions: Selection['versions']): readonly string[] {
  return [...new Set(chosen.map((addon) => addon.component))].flatMap((component) => {
    const parts = chosen.filter((addon) => addon.component === component);
    const lines = new Set(parts.map((addon) => lineOf(versions[addon.id] ?? '')));
    return lines.size < 2 ? [] : [`${parts.map((addon) => `${addon.title} ${versions[addon.id]}`).join(', ')} are of different releases; nobody tested that`];
  });
}

/** Throws `addon-unknown`, `ingress-unknown`, `addon-conflict`, `version-invalid`, `version-unavailable`, and the codes of known-name.ts. */
export function selectAddons(wish: Wish): Selection {
  requireIngress(wish.ingress);
  const addons = installOrder(close(new Set([...wish.addons].sort().map(requireAddon)), wish.ingress));
  refuseConflicts(addons);
  const versions = Object.fromEntries(addons.map((addon) => [addon.id, versionOf(addon, addons, wish.versions)]));
  for (const addon of addons) requireFiles(addon, versions[addon.id] ?? '');
  return { addons, versions, notes: [...addons.flatMap((addon) => untested(addon, addons, versions)), ...mixedLines(addons, versions)] };
}

/** Throws `kubernetes-too-old`, with the lowest version that all of them run on in `details.minimum`. */
export function requireKubernetes({ addons, versions }: Selection, kubernetes: string | undefined): void {
  if (kubernetes === undefined) return;
  const demands = addons.flatMap((addon) => {
    const version = versions[addon.id] ?? addon.version;
    const minimum = minKubernetes(addon, version);
    return minimum !== undefined && compareVersions(kubernetes, minimum) < 0 ? [{ addon, version, minimum }] : [];
  });
  const [highest] = [...demands].sort((a, b) => compareVersions(b.minimum, a.minimum));
  if (highest === undefined) return;
  throw preconditionError({
    code: 'kubernetes-too-old',
    message: `${highest.addon.title} ${highest.version} needs Kubernetes ${highest.minimum} or newer, the nodes have ${kubernetes}`,
    details: { addons: demands.map(({ addon }) => addon.id), minimum: highest.minimum },
  });
}
