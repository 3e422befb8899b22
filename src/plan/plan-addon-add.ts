// What `addon add` does on a running stack: the new addons and what they need, nothing else. Pure.
import type { Addon } from '../addons/addon.ts';
import { findAddon } from '../addons/index.ts';
import type { ClusterProvider } from '../clusters/provider.ts';
import { preconditionError } from '../model/error.ts';
import type { Facts } from '../model/fact.ts';
import type { Plan, Step } from '../model/plan.ts';
import type { StackSpec } from '../model/stack.ts';
import { type AddonStepsInput, addonArtifacts, addonSteps } from './addon-steps.ts';
import { commandOf } from './change.ts';
import { chooseDomain } from './domain.ts';
import { addonContext, settled, solveFor } from './plan-up.ts';
import type { Selection } from './select.ts';

/** Milliseconds. */
const FETCH_TIMEOUT_MS = 300_000;

export interface AddonAddFacts extends Facts {
  /** Versions that the cluster itself tells, by addon, whoever installed them. */
  readonly found: { readonly [addon: string]: string };
}

/** `devstack addon add eventing --name lab`, for hints. */
function addCommand(installed: ReadonlySet<string>): (spec: StackSpec) => string {
  return (spec) => {
    const names = spec.addons.filter((name) => !installed.has(findAddon(name)?.id ?? name));
    const flags = commandOf({ ...spec, addons: [], samples: [], nodes: 1, kubernetes: undefined, nodeImage: undefined, portIsFixed: false }).split(' ').slice(3);
    return ['devstack addon add', ...names, ...flags].join(' ');
  };
}

/** Throws `addon-version-fixed` where a cluster has one version of something for good, and another one is wanted. */
function requireFound({ addons, versions }: Selection, found: AddonAddFacts['found']): void {
  const other = addons.find((addon) => found[addon.id] !== undefined && found[addon.id] !== versions[addon.id]);
  if (other === undefined) return;
  throw preconditionError({
    code: 'addon-version-fixed', message: `the cluster has ${other.title} ${found[other.id]}, and ${versions[other.id]} is wanted`,
    reason: 'a cluster has one set of these definitions, and it does not go back to an older one',
    hints: [{ text: `take the one that is there: --version ${other.id}=${found[other.id]}` }, { text: 'or make a new stack with both' }],
  });
}

function notesOf(selection: Selection, wished: readonly Addon[], there: ReadonlySet<string>, foreign: readonly Addon[]): readonly string[] {
  return [
    ...wished.filter((addon) => there.has(addon.id)).map((addon) => `${addon.title} is installed already`),
    ...foreign.map((addon) => `${addon.title} is in the cluster already, installed by somebody else; it is used as it is`),
    ...selection.notes,
  ];
}

/** `spec` names what is to be added. Throws what `solve` throws, with commands of `addon add` as hints, and `addon-version-fixed`. */
export function planAddonAdd(spec: StackSpec, facts: AddonAddFacts, provider: ClusterProvider): Plan {
  const there = new Set((facts.parts ?? []).filter(({ complete }) => complete).map(({ part }) => part));
  const whole = settled({ ...spec, addons: [...[...there].filter((part) => findAddon(part) !== undefined), ...spec.addons] }, facts);
  const selection = solveFor(whole, { facts, provider, droppable: spec.addons, command: addCommand(there) });
  requireFound(selection, facts.found);
  const kept = facts.cluster.settings?.['domain'];
  const { domain } = chooseDomain(kept ?? spec.domain, facts.domains);
  const foreign = selection.addons.filter((addon) => facts.found[addon.id] !== undefined && !there.has(addon.id));
  const install: AddonStepsInput = {
    selection, context: addonContext(whole, domain, { selection, facts }), imageRules: spec.images, cluster: spec.cluster,
    installed: new Set([...there, ...foreign.map((addon) => addon.id)]), after: ['fetch'], whole: [],
  };
  const steps = addonSteps(install);
  const fetch: Step = {
    kind: 'fetch', id: 'fetch', title: 'Fetch manifests', lane: 'Cluster', needs: [], artifacts: addonArtifacts(install), tools: [], timeoutMs: FETCH_TIMEOUT_MS,
    why: 'everything is verified before anything is changed',
  };
  const wished = spec.addons.flatMap((name) => findAddon(name) ?? []);
  return {
    schema: 1, stack: spec.name, steps: steps.length === 0 ? [] : [fetch, ...steps], notes: notesOf(selection, wished, there, foreign), endpoints: [],
  };
}
