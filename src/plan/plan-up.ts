// (StackSpec, Facts) → Plan. Pure: what it returns is all that `up` will do.
import type { AddonContext } from '../addons/addon.ts';
import { findAddon } from '../addons/index.ts';
import { type ClusterProvider, EXPOSE } from '../clusters/provider.ts';
import { preconditionError } from '../model/error.ts';
import type { ClusterFacts, EngineFacts, Facts } from '../model/fact.ts';
import { rewriteImage } from '../model/image-name.ts';
import { groupOf, refOf } from '../model/object.ts';
import { type ClusterPlan, type Endpoint, INGRESS_NODE_PORT, type Plan, REGISTRY_PORTS, type Step } from '../model/plan.ts';
import type { StackSpec } from '../model/stack.ts';
import { findSample } from '../samples/index.ts';
import type { Sample } from '../samples/sample.ts';
import { type AddonStepsInput, addonArtifacts, addonSteps } from './addon-steps.ts';
import { chooseDomain, type DomainChoice, endpointOf } from './domain.ts';
import { choosePort } from './port.ts';
import type { Selection } from './select.ts';
import { type SolveInput, solve } from './solve.ts';

const TIMEOUT = { fetch: 300_000, cluster: 300_000, apply: 180_000, wait: 600_000, probe: 60_000 } as const;

interface Choices {
  readonly spec: StackSpec;
  readonly cluster: ClusterPlan;
  readonly domain: DomainChoice;
  readonly port: number;
  readonly install: AddonStepsInput;
  readonly samples: readonly Sample[];
}

function installedIngress({ parts }: Facts): string | undefined {
  return (parts ?? []).flatMap(({ part }) => findAddon(part)?.ingress?.id ?? [])[0];
}

/** What holds for a cluster that exists: its nodes, its ingress and the size it was made for are chosen once. */
export function settled(spec: StackSpec, facts: Facts): StackSpec {
  const { cluster } = facts;
  if (cluster.state === 'absent') return spec;
  return {
    ...spec, ingress: installedIngress(facts) ?? spec.ingress, fit: spec.fit || cluster.settings?.['fit'] === 'true', nodes: cluster.nodes > 0 ? cluster.nodes : spec.nodes,
  };
}

export interface SolveFor extends Pick<SolveInput, 'droppable' | 'command'> {
  readonly facts: Facts;
  readonly provider: ClusterProvider;
}

/** A cluster that devstack does not make has the room that its nodes offer together, wherever they are. */
function roomOf({ engine, cluster: { capacity } }: Facts, { capabilities }: ClusterProvider): EngineFacts {
  if (capabilities.ownsCluster || capacity === undefined) return engine;
  return { ...engine, cpus: capacity.cpuMilli / 1000, memoryMi: capacity.memoryMi };
}

function registryUnsupported({ title }: ClusterProvider) {
  return preconditionError({
    code: 'registry-unsupported', message: `devstack keeps no registry beside the nodes of ${title}`, reason: 'images get into its nodes by devstack deploy and devstack images load',
    hints: [{ text: 'take kind', command: 'devstack up knative --provider kind --with registry' }],
  });
}

/** Addons of a spec, checked against the cluster that exists or will be made. Throws what `solve` throws. */
export function solveFor(spec: StackSpec, { facts, provider, ...asked }: SolveFor): Selection {
  const isNew = facts.cluster.state === 'absent';
  const selection = solve({
    spec: provider.capabilities.ownsCluster ? spec : { ...spec, nodes: 1 }, engine: roomOf(facts, provider),
    kubernetesOf: (wish) => facts.cluster.kubernetes ?? provider.plan(wish, wish.port, facts.engine).kubernetes,
    canChange: { kubernetes: isNew, nodes: isNew && provider.capabilities.multiNode, ingress: installedIngress(facts) === undefined }, ...asked,
  });
  const beside = provider.registry === undefined ? selection.addons.find((addon) => addon.beside !== undefined) : undefined;
  if (beside !== undefined) throw registryUnsupported(provider);
  return selection;
}

function loadBalancerOf({ settings, ingressPort }: ClusterFacts): Pick<AddonContext, 'ingressLoadBalancerPort'> {
  return settings?.[EXPOSE.setting] === EXPOSE.loadBalancer && ingressPort !== undefined ? { ingressLoadBalancerPort: ingressPort } : {};
}

/** Throws `registry-no-port` where a registry is wanted and has no place to listen. */
function registryPortOf({ addons }: Selection, { cluster, registryPorts }: Facts): number {
  const port = cluster.registry?.port ?? registryPorts[0];
  if (port !== undefined || !addons.some(({ beside }) => beside !== undefined)) return port ?? 0;
  throw preconditionError({
    code: 'registry-no-port', message: `the registry has no port: ${REGISTRY_PORTS.join(', ')} on 127.0.0.1 are all taken`, hints: [{ text: 'see what other stacks have', command: 'devstack status' }],
  });
}

export function addonContext(spec: StackSpec, domain: string, { selection, facts }: { readonly selection: Selection; readonly facts: Facts }): AddonContext {
  const ingress = selection.addons.find((addon) => addon.ingress !== undefined);
  return {
    stack: spec.name, domain, ingressClass: ingress?.ingress?.className, ingressNodePort: INGRESS_NODE_PORT,
    nodes: spec.nodes, fit: spec.fit, registryPort: registryPortOf(selection, facts), subnet: facts.cluster.subnet, ...loadBalancerOf(facts.cluster),
  };
}

function clusterSteps(choices: Choices, provider: ClusterProvider): readonly Step[] {
  const steps: Step[] = [
    { kind: 'fetch', id: 'fetch', title: 'Fetch tools and manifests', lane: 'Cluster', needs: [], artifacts: addonArtifacts(choices.install), tools: [...provider.tools],
      timeoutMs: TIMEOUT.fetch, why: 'everything is verified before anything is made' },
    { kind: 'cluster', id: 'cluster', title: provider.capabilities.ownsCluster ? `Create ${provider.title} cluster ${choices.cluster.cluster}` : `Use the cluster of context ${choices.cluster.cluster}`, lane: 'Cluster', needs: ['fetch'],
      cluster: choices.cluster, timeoutMs: TIMEOUT.cluster,
      why: `${choices.cluster.nodes} ${choices.cluster.nodes === 1 ? 'node' : 'nodes'}${choices.cluster.nodeImage === undefined ? '' : ` of ${choices.cluster.nodeImage}`}` },
    { kind: 'settle', id: 'settle', title: 'Finish the nodes', lane: 'Cluster', needs: ['cluster'], cluster: choices.cluster, timeoutMs: TIMEOUT.cluster },
  ];
  const images = choices.samples.map((sample) => rewriteImage(sample.image, choices.spec.images));
  if (provider.images !== undefined && images.length > 0) {
    steps.push({ kind: 'images', id: 'images', title: 'Load local images', lane: 'Cluster', needs: ['cluster'], cluster: choices.cluster, images, timeoutMs: TIMEOUT.wait,
      why: 'what this engine already has is not pulled again' });
  }
  return steps;
}

function sampleEndpoint(sample: Sample, choices: Choices): Endpoint {
  return endpointOf({
    name: sample.id, host: `${sample.id}.default.${choices.domain.domain}`, port: choices.port, path: sample.probe.path, resolves: choices.domain.resolves,
  });
}

function sampleSteps(choices: Choices, before: readonly Step[]): readonly Step[] {
  const admits = before.filter((step) => step.kind === 'admit');
  const loaded = before.filter((step) => step.kind === 'images').map((step) => step.id);
  const ready = before.filter((step) => step.kind === 'wait' || step.kind === 'settle').map((step) => step.id);
  return choices.samples.flatMap((sample) => {
    const objects = sample.objects('knative', { name: sample.id, namespace: 'default', image: sample.image, env: sample.env });
    // Only the webhooks of its own kinds have a say in it.
    const groups = objects.map((object) => groupOf(object.apiVersion));
    const admitted = admits.filter((step) => groups.includes(groupOf(step.object.apiVersion))).map((step) => step.id);
    const lane = `Sample ${sample.id}`;
    const probe = { expectStatus: sample.probe.expectStatus, ...(sample.probe.expectBody === undefined ? {} : { expectBody: sample.probe.expectBody }) };
    return [
      { kind: 'apply', id: `apply:${sample.id}`, title: `Deploy ${sample.title}`, lane, needs: ['cluster', ...admitted, ...loaded], part: `sample-${sample.id}`,
        sources: [{ objects }], patches: [], imageRules: choices.spec.images, timeoutMs: TIMEOUT.apply },
      { kind: 'wait', id: `wait:${sample.id}`, title: `Wait for ${sample.title}`, lane, needs: [`apply:${sample.id}`, ...choices.install.whole], refs: objects.map(refOf), timeoutMs: TIMEOUT.wait },
      { kind: 'probe', id: `probe:${sample.id}`, title: `Ask ${sample.title} through the ingress`, lane, needs: [`wait:${sample.id}`, ...ready],
        endpoint: sampleEndpoint(sample, choices), ...probe, timeoutMs: TIMEOUT.probe, why: 'ready means answered' },
    ] satisfies Step[];
  });
}

function samplesOf(spec: StackSpec): readonly Sample[] {
  return spec.samples.flatMap((id) => findSample(id) ?? []);
}

function notesOf(wish: StackSpec, choices: Choices, facts: Facts): readonly string[] {
  const notes: string[] = [];
  if (choices.port !== wish.port && facts.cluster.ingressPort === undefined) notes.push(`port ${wish.port} is taken, so the ingress is at ${choices.port}`);
  if (choices.spec.ingress !== wish.ingress) notes.push(`the stack has the ingress ${choices.spec.ingress}; another one needs a new stack`);
  if (choices.samples.length > 0) notes.push(`domain ${choices.domain.domain}: ${choices.domain.why}`);
  if (facts.cluster.state === 'partial') notes.push(`the cluster is half made (${facts.cluster.reason ?? 'an earlier run was cut off'}) and is finished`);
  if (facts.cluster.state === 'stopped') notes.push('the cluster is stopped and is started');
  return [...notes, ...choices.install.selection.notes];
}

/** Throws every reason why it cannot be done: addons, fit, port, versions. */
export function planUp(wish: StackSpec, facts: Facts, provider: ClusterProvider): Plan {
  const spec = settled(wish, facts);
  const selection = solveFor(spec, { facts, provider });
  const port = choosePort(spec, facts);
  const kept = facts.cluster.settings?.['domain'];
  const domain = chooseDomain(spec.domain === 'auto' && kept !== undefined ? kept : spec.domain, facts.domains);
  const base = provider.plan(spec, port, facts.engine);
  const cluster = { ...base, settings: { ...base.settings, domain: domain.domain, ...(spec.fit ? { fit: 'true' } : {}) } };
  // What will hold once the cluster is there.
  const coming: Facts = { ...facts, cluster: { ...facts.cluster, ingressPort: port, settings: cluster.settings } };
  const install: AddonStepsInput = {
    selection, context: addonContext(spec, domain.domain, { selection, facts: coming }), imageRules: spec.images, installed: new Set(),
    cluster: spec.cluster, after: ['cluster'],
    // Further nodes join after the API server has answered.
    whole: spec.nodes > 1 ? ['settle'] : [], podsAfter: ['settle'],
  };
  const choices: Choices = { spec, cluster, domain, port, install, samples: samplesOf(spec) };
  const before = [...clusterSteps(choices, provider), ...addonSteps(install)];
  return {
    schema: 1, stack: spec.name, steps: [...before, ...sampleSteps(choices, before)],
    notes: [...notesOf(wish, choices, facts), ...(facts.cluster.state === 'absent' ? provider.notes?.(spec, facts.engine) ?? [] : [])],
    endpoints: choices.samples.map((sample) => sampleEndpoint(sample, choices)),
  };
}
