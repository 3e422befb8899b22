// The steps that install addons: apply, wait, admit, and what comes after. Pure.
import type { Addon, AddonContext, AddonInstall } from '../addons/addon.ts';
import { rewriteImage } from '../model/image-name.ts';
import { refOf } from '../model/object.ts';
import { type ArtifactRef, INGRESS_NODE_PORT, type ManifestSource, REGISTRY_PORTS, registryHost, type Step, type StepId } from '../model/plan.ts';
import type { ImageRule, StackSpec } from '../model/stack.ts';
import { needsOf, type Selection } from './select.ts';

/** Of no network: for reading what an addon consists of. */
const SOME_SUBNET = '192.0.2.0/24';

/** Milliseconds. */
const TIMEOUT = { registry: 180_000, apply: 180_000, wait: 600_000 } as const;

export interface AddonStepsInput {
  readonly selection: Selection;
  readonly context: AddonContext;
  readonly imageRules: readonly ImageRule[];
  /** Already there, as they should be: no steps for them. */
  readonly installed: ReadonlySet<string>;
  /** Steps that must be done before the first of them. */
  readonly after: readonly StepId[];
  /** Steps after which every node is there: before that, a pod that fits nowhere says nothing. */
  readonly whole: readonly StepId[];
  /** What the provider calls the cluster. */
  readonly cluster: string;
  /** Steps after which a pod finds what it looks for; what starts earlier ends, and is started again late. */
  readonly podsAfter?: readonly StepId[];
}

/** The part that `after` is applied as; it is removed before its addon. */
export function afterPart(addon: string): string {
  return `${addon}-after`;
}

function artifactsOf(sources: readonly ManifestSource[]): readonly ArtifactRef[] {
  return sources.flatMap((source) => ('artifact' in source ? [source.artifact] : []));
}

/** Files that these addons are installed from. */
export function addonArtifacts(input: AddonStepsInput): readonly ArtifactRef[] {
  return toInstall(input).flatMap((addon) => artifactsOf(installOf(addon, input).sources));
}

function toInstall({ selection, installed }: AddonStepsInput): readonly Addon[] {
  return selection.addons.filter((addon) => !installed.has(addon.id));
}

function installOf(addon: Addon, { context, selection }: AddonStepsInput): AddonInstall {
  return addon.install(context, selection.versions[addon.id] ?? addon.version);
}

/** What would be installed for a selection, wherever it would run: for reading, not for applying. */
export function addonInstalls(selection: Selection, { name, fit, nodes }: Pick<StackSpec, 'name' | 'fit' | 'nodes'>) {
  const ingressClass = selection.addons.find((addon) => addon.ingress !== undefined)?.ingress?.className;
  const context: AddonContext = { stack: name, domain: 'localhost', ingressClass, ingressNodePort: INGRESS_NODE_PORT, nodes, fit, registryPort: REGISTRY_PORTS[0] ?? 0, subnet: SOME_SUBNET };
  return selection.addons.map((addon) => {
    const version = selection.versions[addon.id] ?? addon.version;
    return { addon, beside: addon.beside?.(version), ...addon.install(context, version) };
  });
}

/** What of an addon runs beside the nodes: it must be there before the cluster is told of it. */
function besideSteps(addon: Addon, { selection, context, imageRules, cluster, after, whole }: AddonStepsInput): readonly Step[] {
  const image = addon.beside?.(selection.versions[addon.id] ?? addon.version);
  if (image === undefined) return [];
  const { stack, registryPort: port } = context;
  return [{
    kind: 'registry', id: addon.id, title: `Run a registry at ${registryHost(port)}`, lane: addon.title, needs: [...after, ...whole], stack, cluster, image: rewriteImage(image, imageRules), port,
    timeoutMs: TIMEOUT.registry, why: 'on 127.0.0.1 only, beside the nodes',
  }];
}

function stepsOf(addon: Addon, input: AddonStepsInput): readonly Step[] {
  const { id, title } = addon;
  const { sources, patches, waitFor, admits, defaulted, after } = installOf(addon, input);
  const before = needsOf(addon, toInstall(input)).map((other): StepId => `apply:${other.id}`);
  const common = { lane: title, imageRules: input.imageRules } as const;
  const beside = besideSteps(addon, input);
  const steps: Step[] = [
    ...beside,
    { ...common, kind: 'apply', id: `apply:${id}`, title: `Install ${title} ${input.selection.versions[id] ?? addon.version}`, needs: [...input.after, ...before, ...beside.map((step) => step.id)],
      part: id, sources, patches, ...(input.podsAfter === undefined ? {} : { podsAfter: input.podsAfter }), timeoutMs: TIMEOUT.apply },
    { kind: 'wait', id: `wait:${id}`, title: `Wait for ${title}`, lane: title, needs: [`apply:${id}`, ...input.whole], refs: waitFor, timeoutMs: TIMEOUT.wait },
  ];
  if (admits !== undefined) {
    steps.push({ kind: 'admit', id: `admit:${id}`, title: `${title} answers through the API server`, lane: title, needs: [`apply:${id}`],
      object: admits, ...(defaulted === undefined ? {} : { defaulted }), timeoutMs: TIMEOUT.wait, why: 'a ready pod is not yet a webhook that answers' });
  }
  if (after !== undefined) {
    const part = afterPart(id);
    const names = after.map((object) => `${object.kind} ${object.metadata.name}`).join(', ');
    steps.push(
      { ...common, kind: 'apply', id: `apply:${part}`, title: `Make ${names}`, needs: [admits === undefined ? `wait:${id}` : `admit:${id}`],
        part, sources: [{ objects: after }], patches: [], timeoutMs: TIMEOUT.apply },
      { kind: 'wait', id: `wait:${part}`, title: `Wait for ${names}`, lane: title, needs: [`apply:${part}`], refs: after.map(refOf), timeoutMs: TIMEOUT.wait },
    );
  }
  return steps;
}

/** Steps of all addons of the selection that are not installed, each after what it needs. */
export function addonSteps(input: AddonStepsInput): readonly Step[] {
  return toInstall(input).flatMap((addon) => stepsOf(addon, input));
}
