// Use cases of `addon`: what there is, and adding to and removing from a running stack.
import { findAddon, addons as table } from '../../addons/index.ts';
import { findProvider } from '../../clusters/index.ts';
import type { ClusterProvider } from '../../clusters/provider.ts';
import { execute } from '../../engine/execute.ts';
import type { KubernetesAccess } from '../../model/access.ts';
import { preconditionError } from '../../model/error.ts';
import type { StackFacts } from '../../model/fact.ts';
import { rewriteImage } from '../../model/image-name.ts';
import { PART_LABEL } from '../../model/label.ts';
import { arrayAt, at, type GroupVersionKind, type KubeObject, refOf, refText, stringAt } from '../../model/object.ts';
import type { Plan } from '../../model/plan.ts';
import type { StackSpec } from '../../model/stack.ts';
import { addonInstalls } from '../../plan/addon-steps.ts';
import { observe } from '../../plan/observe.ts';
import { type AddonAddFacts, planAddonAdd } from '../../plan/plan-addon-add.ts';
import { planAddonRemove } from '../../plan/plan-addon-remove.ts';
import type { MadeObject } from '../../plan/removal-steps.ts';
import { selectAddons } from '../../plan/select.ts';
import type { Inventory, KubeClient, Ports } from '../../ports.ts';
import { findSample } from '../../samples/index.ts';
import { addonInfo } from '../addon-listing.ts';
import type { AddonChange, AddonListing, ImageUse, RunOptions } from '../use-cases.ts';
import { type Journals, journalled } from './journals.ts';
import { pickStack } from './status.ts';
import { outlined, providerContext } from './up.ts';

interface Target {
  readonly found: StackFacts;
  readonly provider: ClusterProvider;
  readonly access: KubernetesAccess;
}

async function targetOf(ports: Ports, stack: string | undefined, { signal }: RunOptions): Promise<Target> {
  const found = await pickStack(ports, stack);
  const provider = await findProvider(found.provider);
  const access = await provider.access(found.stack, found.cluster, providerContext(ports, signal));
  if (access?.runtime === 'kubernetes') return { found, provider, access };
  throw preconditionError({
    code: 'stack-not-running', message: `stack ${found.stack} is not running, or runs no Kubernetes`,
    hints: [{ text: 'bring it back', command: `devstack up --name ${found.stack}` }],
  });
}

async function withClient<T>(ports: Ports, access: KubernetesAccess, work: (client: KubeClient) => Promise<T>): Promise<T> {
  const client = await ports.kubeConnector.connect(access);
  return work(client).finally(() => client.close());
}

/** What there is, and what the stack has of it. */
export async function listAddons(ports: Ports, stack: string | undefined, options: RunOptions): Promise<AddonListing> {
  const { found, access } = await targetOf(ports, stack, options);
  const inventories = await withClient(ports, access, (client) => ports.kubeSets.inventories(client, found.stack, options.signal));
  return { stack: found.stack, addons: table.map((addon) => addonInfo(addon, inventories)) };
}

/** Versions that objects of the cluster tell, whoever installed them. */
async function foundVersions(client: KubeClient, signal: AbortSignal): Promise<AddonAddFacts['found']> {
  const entries = await Promise.all(table.map(async ({ id, found }) => {
    const object = found === undefined ? undefined : await client.get(found.ref, signal);
    const version = object === undefined ? undefined : found?.versionOf(object);
    return version === undefined ? [] : [[id, version] as const];
  }));
  return Object.fromEntries(entries.flat());
}

/** The plan that adds what `wish` names to a running stack; `stack` undefined: the only one there is. */
export async function planAddons(ports: Ports, wish: { readonly spec: StackSpec; readonly stack: string | undefined }, options: RunOptions): Promise<Plan> {
  const { found, provider, access } = await targetOf(ports, wish.stack, options);
  const spec: StackSpec = { ...wish.spec, name: found.stack, provider: found.provider, cluster: found.cluster, preset: 'base', samples: [] };
  const facts = await observe(spec, provider, providerContext(ports, options.signal));
  const samples = (facts.parts ?? []).flatMap(({ part }) => findSample(part.replace(/^sample-/, ''))?.id ?? []);
  const versions = await withClient(ports, access, (client) => foundVersions(client, options.signal));
  return outlined(ports, provider, planAddonAdd({ ...spec, samples }, { ...facts, found: versions }, provider));
}

/** The kind that a definition makes, in a version that the server serves. */
function kindOf(definition: KubeObject): GroupVersionKind | undefined {
  const served = arrayAt(definition, 'spec', 'versions').find((version) => at(version, 'served') === true);
  const [group, version, kind] = [stringAt(definition, 'spec', 'group'), stringAt(served, 'name'), stringAt(definition, 'spec', 'names', 'kind')];
  return group === undefined || version === undefined || kind === undefined ? undefined : { apiVersion: `${group}/${version}`, kind };
}

/** Objects of the kinds that a part defines. Those that a controller made of others go with them, and are not told. */
async function objectsOf(client: KubeClient, inventory: Inventory, signal: AbortSignal): Promise<readonly MadeObject[]> {
  const definitions = inventory.refs.filter(({ kind }) => kind === 'CustomResourceDefinition');
  const kinds = (await Promise.all(definitions.map((ref) => client.get(ref, signal)))).flatMap((definition) => (definition === undefined ? [] : kindOf(definition) ?? []));
  const lists = await Promise.all(kinds.map((kind) => client.list(kind, { metadataOnly: true }, signal)));
  const own = new Set(inventory.refs.map((ref) => `${ref.kind}/${ref.namespace ?? ''}/${ref.name}`));
  return lists.flatMap(({ items }) => items).flatMap((object) => {
    const { kind, metadata } = object;
    if ((metadata.ownerReferences ?? []).length > 0 || own.has(`${kind}/${metadata.namespace ?? ''}/${metadata.name}`)) return [];
    const part = metadata.labels?.[PART_LABEL];
    return [{ definedBy: inventory.part, ref: refOf(object), ...(part === undefined ? {} : { part }) }];
  });
}

/** Objects of the kinds that these parts define. */
export async function madeObjects(client: KubeClient, inventories: readonly Inventory[], signal: AbortSignal): Promise<readonly MadeObject[]> {
  return (await Promise.all(inventories.map((inventory) => objectsOf(client, inventory, signal)))).flat();
}

export async function planAddonRemoval(
  ports: Ports, wish: { readonly stack: string | undefined; readonly addons: readonly string[] }, options: RunOptions,
): Promise<Plan> {
  const { found, access } = await targetOf(ports, wish.stack, options);
  const addons = wish.addons.flatMap((name) => findAddon(name) ?? []);
  return withClient(ports, access, async (client) => {
    const inventories = await ports.kubeSets.inventories(client, found.stack, options.signal);
    const leaving = inventories.filter(({ part }) => addons.some(({ id }) => id === part));
    return planAddonRemove(addons, { stack: found.stack, cluster: found.cluster, parts: inventories.map(({ part }) => part), objects: await madeObjects(client, leaving, options.signal) });
  });
}

/** Carries out a plan of `planAddons` or `planAddonRemoval`. */
export async function changeAddons(ports: Ports, journals: Journals, plan: Plan, options: RunOptions): Promise<AddonChange> {
  const started = ports.clock.monotonic();
  const { provider, access } = await targetOf(ports, plan.stack, options);
  for (const note of plan.notes) options.emit({ type: 'note', message: note });
  const { run, changed } = await journalled(journals, { stack: plan.stack, command: 'addon' }, (journal) => execute(plan, {
    stack: plan.stack, ports, provider, access, emit: options.emit, overwrite: false, record: (entry) => journal.record(entry),
  }, options.signal));
  await run.close();
  return {
    stack: plan.stack, changed: changed.filter((id) => id !== 'fetch').length, removed: run.removed,
    kept: run.keptObjects.map(({ ref, reason }) => ({ what: refText(ref), reason })), notes: plan.notes,
    durationMs: Math.round(ports.clock.monotonic() - started),
  };
}

/** Every image that a stack may run, also those that its controllers name later. */
export async function addonImages(ports: Ports, spec: StackSpec, { signal }: RunOptions): Promise<readonly ImageUse[]> {
  const installs = addonInstalls(selectAddons(spec), spec);
  const lists = await Promise.all(installs.map(async ({ addon, beside, sources, patches }) => {
    const inside = await ports.manifests.images(sources, patches, spec.images, signal);
    return [...inside, ...(beside === undefined ? [] : [rewriteImage(beside, spec.images)])].map((image) => ({ image, part: addon.id }));
  }));
  const samples = await Promise.all(spec.samples.flatMap((id) => findSample(id) ?? []).map(async (sample) => {
    const objects = sample.objects('knative', { name: sample.id, namespace: 'default', image: sample.image, env: sample.env });
    return (await ports.manifests.images([{ objects }], [], spec.images, signal)).map((image) => ({ image, part: sample.id }));
  }));
  const uses = new Map<string, string[]>();
  for (const { image, part } of [...lists, ...samples].flat()) uses.set(image, [...uses.get(image) ?? [], part]);
  return [...uses].map(([image, parts]) => ({ image, parts })).sort((a, b) => a.image.localeCompare(b.image));
}
