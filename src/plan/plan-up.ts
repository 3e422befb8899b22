// (StackSpec, Facts) → Plan. Pure: what it returns is all that `up` will do.
import type { Addon, AddonContext } from '../addons/addon.ts';
import type { ClusterProvider } from '../clusters/provider.ts';
import { preconditionError } from '../model/error.ts';
import type { Facts } from '../model/fact.ts';
import { refOf } from '../model/object.ts';
import { type ClusterPlan, type Endpoint, INGRESS_NODE_PORT, type Plan, type Step } from '../model/plan.ts';
import type { StackSpec } from '../model/stack.ts';
import { findSample } from '../samples/index.ts';
import type { Sample } from '../samples/sample.ts';
import { type DomainChoice, chooseDomain, endpointOf } from './domain.ts';
import { requireFit } from './fit.ts';
import { choosePort } from './port.ts';
import { needsOf, selectAddons } from './select.ts';

const TIMEOUT = { fetch: 300_000, cluster: 300_000, apply: 180_000, wait: 600_000, probe: 60_000 } as const;

interface Choices {
  readonly cluster: ClusterPlan;
  readonly domain: DomainChoice;
  readonly port: number;
  readonly addons: readonly Addon[];
  readonly samples: readonly Sample[];
}

function addonVersion(addon: Addon, spec: StackSpec): string {
  return spec.versions[addon.id] ?? spec.versions[addon.component] ?? addon.version;
}

function contextOf(spec: StackSpec, choices: Choices): AddonContext {
  const ingress = choices.addons.find((addon) => addon.ingress !== undefined);
  return {
    stack: spec.name, domain: choices.domain.domain, ingressClass: ingress?.ingress?.className,
    ingressNodePort: INGRESS_NODE_PORT, nodes: spec.nodes, fit: spec.fit,
  };
}

function clusterSteps(spec: StackSpec, choices: Choices, provider: ClusterProvider): readonly Step[] {
  const artifacts = choices.addons.flatMap((addon) => addon.artifacts(addonVersion(addon, spec)));
  const steps: Step[] = [
    { kind: 'fetch', id: 'fetch', title: 'Fetch tools and manifests', lane: 'Cluster', needs: [], artifacts, tools: [...provider.tools],
      timeoutMs: TIMEOUT.fetch, why: 'everything is verified before anything is made' },
    { kind: 'cluster', id: 'cluster', title: `Create ${provider.title} cluster ${choices.cluster.cluster}`, lane: 'Cluster', needs: ['fetch'],
      cluster: choices.cluster, timeoutMs: TIMEOUT.cluster,
      why: `${choices.cluster.nodes} ${choices.cluster.nodes === 1 ? 'node' : 'nodes'}${choices.cluster.nodeImage === undefined ? '' : ` of ${choices.cluster.nodeImage}`}` },
    { kind: 'settle', id: 'settle', title: 'Finish the nodes', lane: 'Cluster', needs: ['cluster'], cluster: choices.cluster, timeoutMs: TIMEOUT.cluster },
  ];
  const images = choices.samples.map((sample) => sample.image);
  if (provider.images !== undefined && images.length > 0) {
    steps.push({ kind: 'images', id: 'images', title: 'Load local images', lane: 'Cluster', needs: ['cluster'], cluster: choices.cluster, images, timeoutMs: TIMEOUT.wait,
      why: 'what this engine already has is not pulled again' });
  }
  return steps;
}

function addonSteps(spec: StackSpec, choices: Choices): readonly Step[] {
  const context = contextOf(spec, choices);
  return choices.addons.flatMap((addon) => {
    const { sources, patches, waitFor, admits } = addon.install(context, addonVersion(addon, spec));
    const before = needsOf(addon, choices.addons).map((other) => `apply:${other.id}`);
    const common = { lane: addon.title } as const;
    const steps: Step[] = [
      { ...common, kind: 'apply', id: `apply:${addon.id}`, title: `Install ${addon.title} ${addonVersion(addon, spec)}`, needs: ['cluster', ...before],
        part: addon.id, sources, patches, imageRules: spec.images, timeoutMs: TIMEOUT.apply },
      { ...common, kind: 'wait', id: `wait:${addon.id}`, title: `Wait for ${addon.title}`, needs: [`apply:${addon.id}`], refs: waitFor, timeoutMs: TIMEOUT.wait },
    ];
    if (admits !== undefined) {
      steps.push({ ...common, kind: 'admit', id: `admit:${addon.id}`, title: `${addon.title} answers through the API server`, needs: [`apply:${addon.id}`],
        object: admits, timeoutMs: TIMEOUT.wait, why: 'a ready pod is not yet a webhook that answers' });
    }
    return steps;
  });
}

function sampleEndpoint(sample: Sample, choices: Choices): Endpoint {
  return endpointOf({
    name: sample.id, host: `${sample.id}.default.${choices.domain.domain}`, port: choices.port, path: sample.probe.path, resolves: choices.domain.resolves,
  });
}

function sampleSteps(spec: StackSpec, choices: Choices, before: readonly Step[]): readonly Step[] {
  const admitted = before.filter((step) => step.kind === 'admit').map((step) => step.id);
  const loaded = before.filter((step) => step.kind === 'images').map((step) => step.id);
  const ready = before.filter((step) => step.kind === 'wait' || step.kind === 'settle').map((step) => step.id);
  return choices.samples.flatMap((sample) => {
    const objects = sample.objects('knative', { name: sample.id, namespace: 'default', image: sample.image, env: sample.env });
    const lane = `Sample ${sample.id}`;
    const probe = { expectStatus: sample.probe.expectStatus, ...(sample.probe.expectBody === undefined ? {} : { expectBody: sample.probe.expectBody }) };
    return [
      { kind: 'apply', id: `apply:${sample.id}`, title: `Deploy ${sample.title}`, lane, needs: ['cluster', ...admitted, ...loaded], part: `sample-${sample.id}`,
        sources: [{ objects }], patches: [], imageRules: spec.images, timeoutMs: TIMEOUT.apply },
      { kind: 'wait', id: `wait:${sample.id}`, title: `Wait for ${sample.title}`, lane, needs: [`apply:${sample.id}`], refs: objects.map(refOf), timeoutMs: TIMEOUT.wait },
      { kind: 'probe', id: `probe:${sample.id}`, title: `Ask ${sample.title} through the ingress`, lane, needs: [`wait:${sample.id}`, ...ready],
        endpoint: sampleEndpoint(sample, choices), ...probe, timeoutMs: TIMEOUT.probe, why: 'ready means answered' },
    ] satisfies Step[];
  });
}

function compareVersions(a: string, b: string): number {
  const [left, right] = [a, b].map((text) => text.split('.').map(Number)) as [number[], number[]];
  for (let i = 0; i < 3; i += 1) {
    const difference = (left[i] ?? 0) - (right[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

function requireKubernetes(addons: readonly Addon[], kubernetes: string | undefined): void {
  if (kubernetes === undefined) return;
  const demanding = addons.find((addon) => compareVersions(kubernetes, addon.minKubernetes) < 0);
  if (demanding === undefined) return;
  throw preconditionError({
    code: 'kubernetes-too-old', message: `${demanding.title} ${demanding.version} needs Kubernetes ${demanding.minKubernetes} or newer, the nodes have ${kubernetes}`,
    hints: [{ text: `name a newer one (--kubernetes ${demanding.minKubernetes}), or an older ${demanding.title}` }],
  });
}

function samplesOf(spec: StackSpec): readonly Sample[] {
  return spec.samples.flatMap((id) => findSample(id) ?? []);
}

function notesOf(spec: StackSpec, choices: Choices, facts: Facts): readonly string[] {
  const notes: string[] = [];
  if (choices.port !== spec.port) notes.push(`port ${spec.port} is taken, so the ingress is at ${choices.port}`);
  if (choices.samples.length > 0) notes.push(`domain ${choices.domain.domain}: ${choices.domain.why}`);
  if (facts.cluster.state === 'partial') notes.push(`the cluster is half made (${facts.cluster.reason ?? 'an earlier run was cut off'}) and is finished`);
  if (facts.cluster.state === 'stopped') notes.push('the cluster is stopped and is started');
  return notes;
}

/** Throws every reason why it cannot be done: addons, fit, port, versions. */
export function planUp(spec: StackSpec, facts: Facts, provider: ClusterProvider): Plan {
  const addons = selectAddons(spec);
  requireFit(addons, spec, facts.engine);
  const port = choosePort(spec, facts);
  const kept = facts.cluster.settings?.['domain'];
  const domain = chooseDomain(spec.domain === 'auto' && kept !== undefined ? kept : spec.domain, facts.domains);
  const base = provider.plan(spec, port, facts.engine);
  const cluster = { ...base, settings: { ...base.settings, domain: domain.domain } };
  requireKubernetes(addons, facts.cluster.kubernetes ?? cluster.kubernetes);
  const choices: Choices = { cluster, domain, port, addons, samples: samplesOf(spec) };
  const before = [...clusterSteps(spec, choices, provider), ...addonSteps(spec, choices)];
  return {
    schema: 1, stack: spec.name, steps: [...before, ...sampleSteps(spec, choices, before)],
    notes: [...notesOf(spec, choices, facts), ...(facts.cluster.state === 'absent' ? provider.notes?.(spec, facts.engine) ?? [] : [])],
    endpoints: choices.samples.map((sample) => sampleEndpoint(sample, choices)),
  };
}
