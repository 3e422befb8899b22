// A stack into a swarm: networks, secrets, configs, services, ports; then the proof that all of it works.
import { usageError } from '../model/error.ts';
import type { ServiceSpec } from '../model/swarm.ts';
import type { Swarm } from '../ports.ts';
import { encrypted, requireEncryption } from './encryption.ts';
import { ensureBlob, ensureNetwork, ensureService, missing, type Outcome } from './ensure.ts';
import { closePorts, openPorts } from './gateways.ts';
import { type PortAnswer, type PortProbe, provePorts } from './proof.ts';
import { chooseWay, hasIpvs, ingressName, ingressSpec, type Port, type Publication, publish, unnumbered, type Way } from './publish.ts';
import type { Finding } from './stack/findings.ts';
import { NAMESPACE_LABEL, type StackPlan } from './stack/normalise.ts';
import { connect, memberFilter, nodeContainers, type SwarmRun, type SwarmTarget } from './target.ts';
import { waitForServices } from './wait.ts';

export interface DeployOptions {
  /** Listen on every address of this machine, not only on 127.0.0.1. */
  readonly isPublic: boolean;
  /** What a good answer of its ports is. */
  readonly probe?: PortProbe;
}

export interface DeployReport {
  readonly name: string;
  /** Names of services. */
  readonly created: readonly string[];
  readonly changed: readonly string[];
  readonly unchanged: readonly string[];
  /** Services, secrets and configs that the file no longer has. */
  readonly removed: readonly string[];
  readonly ports: readonly PortAnswer[];
  readonly differences: readonly Finding[];
  readonly notes: readonly string[];
}

/** One that needs another must be allowed to fail until that one answers. */
const CRASHES_IN_COMPANY = 3;
/** A health check has said all there is to say: no need to watch a new task for Swarm's five seconds. */
const MONITOR_WITH_HEALTHCHECK = 250e6;

/**
 * Makes the swarm hold what the plan says, waits until every service has converged and every port has answered. Images must be in
 * the nodes, or at a registry. Killed anywhere and run again it comes to the same end.
 * Throws `stack-file-invalid` with all problems, before anything is done; what `waitForServices` and `provePorts` throw.
 */
export async function deployStack(target: SwarmTarget, plan: StackPlan, options: DeployOptions, run: SwarmRun): Promise<DeployReport> {
  requireValid(plan);
  const swarm = connect(target, run);
  if (target.isEncrypted) requireEncryption(await swarm.list('node', {}, run.signal));
  const { way, publication } = await publicationOf(target, plan, run);
  const ids = await prepare(swarm, target, plan, publication);
  const outcomes = new Map<string, Outcome>();
  for (const spec of publication.services) {
    run.onProgress(`deploying ${spec.Name}`);
    outcomes.set(spec.Name, (await ensureService(swarm, await finished(swarm, spec, ids, { target, run }))).outcome);
  }
  const removed = await prune(swarm, target, plan, run);
  const names = publication.services.map(({ Name }) => Name);
  const isWanted = (port: Port): boolean => publication.ports.some(({ service, published }) => service === port.service && published === port.published);
  await closePorts(target, (port) => port.namespace !== plan.name || isWanted(port), run);
  const nodes = target.nodes === 'containers' ? await nodeContainers(target, run.ports.docker) : [];
  const rules = { crashLimit: names.length > 1 ? CRASHES_IN_COMPANY : 1 };
  // Together: a gateway needs the network alone, and what goes wrong with a port should not wait for the services.
  await Promise.all([
    openPorts(target, publication.ports, { way, isPublic: options.isPublic, nodes: nodes.map(({ name }) => name) }, run),
    waitForServices(swarm, names, { ...rules, clock: run.ports.clock, onProgress: run.onProgress, signal: run.signal }),
  ]);
  const ports = await provePorts(publication.ports, run, options.probe);
  removed.push(...(await removeOldBlobs(swarm, plan)));
  const by = (outcome: Outcome): readonly string[] => names.filter((name) => outcomes.get(name) === outcome);
  return { name: plan.name, created: by('created'), changed: by('changed'), unchanged: by('unchanged'), removed, ports, differences: plan.differences, notes: publication.notes };
}

/** Images that the plan's services run. */
export function imagesOf(plan: Pick<StackPlan, 'services'>): readonly string[] {
  return [...new Set(plan.services.flatMap(({ TaskTemplate }) => TaskTemplate.ContainerSpec?.Image ?? []))];
}

async function publicationOf(target: SwarmTarget, plan: StackPlan, run: SwarmRun): Promise<{ readonly way: Way; readonly publication: Publication }> {
  const ipvs = target.nodes === 'existing' || (await hasIpvs(target, run));
  const way = chooseWay(target, ipvs);
  const freePorts: number[] = [];
  for (let count = unnumbered(plan.services); count > 0; count -= 1) freePorts.push(await run.ports.network.freePort());
  return { way, publication: publish(plan.services, { way, ipvs, network: ingressName(target), freePorts, host: target.host }) };
}

// ── what services stand on ──────────────────────────────────────────────────────────────────────────────────────────

/** Ids by name. */
interface Ids {
  readonly networks: ReadonlyMap<string, string>;
  readonly secrets: ReadonlyMap<string, string>;
  readonly configs: ReadonlyMap<string, string>;
}

async function prepare(swarm: Swarm, target: SwarmTarget, plan: StackPlan, { services }: Publication): Promise<Ids> {
  const usesIngress = services.some(({ TaskTemplate }) => (TaskTemplate.Networks ?? []).some(({ Target }) => Target === ingressName(target)));
  const networks = [...plan.networks, ...(usesIngress ? [{ key: '', name: ingressName(target), isExternal: false, spec: ingressSpec(target) }] : [])];
  const networkIds = networks.map(async ({ name, spec }): Promise<readonly [string, string]> => {
    if (spec !== undefined) return [name, (await ensureNetwork(swarm, target.isEncrypted ? encrypted(spec) : spec)).id];
    return [name, (await swarm.get('network', name))?.Id ?? missing('network', name)];
  });
  const blobIds = (blobs: StackPlan['secrets']) => Promise.all(blobs.map(async (blob) => [blob.name, await ensureBlob(swarm, blob)] as const));
  const [secrets, configs] = await Promise.all([blobIds(plan.secrets), blobIds(plan.configs)]);
  return { networks: new Map(await Promise.all(networkIds)), secrets: new Map(secrets), configs: new Map(configs) };
}

/** With ids for names, the image by its digest where a registry answers for it, and a short watch where health says enough. */
async function finished(swarm: Swarm, spec: ServiceSpec, ids: Ids, { target, run }: { readonly target: SwarmTarget; readonly run: SwarmRun }): Promise<ServiceSpec> {
  const { ContainerSpec: container, Networks = [], ...template } = spec.TaskTemplate;
  if (container === undefined) return spec;
  const { Secrets, Configs } = container;
  const image = await pinned(swarm, container.Image, { target, run });
  const TaskTemplate = {
    ...template,
    ContainerSpec: {
      ...container, Image: image,
      ...(Secrets === undefined ? {} : { Secrets: Secrets.map((secret) => ({ ...secret, SecretID: ids.secrets.get(secret.SecretName) ?? '' })) }),
      ...(Configs === undefined ? {} : { Configs: Configs.map((config) => ({ ...config, ConfigID: ids.configs.get(config.ConfigName) ?? '' })) }),
    },
    ...(Networks.length === 0 ? {} : { Networks: Networks.map((network) => ({ ...network, Target: ids.networks.get(network.Target) ?? network.Target })) }),
  };
  return { ...spec, TaskTemplate, ...watched(spec) };
}

/** Without a digest each node would take what its registry calls by that name at that moment. What is here already is meant as it is. */
async function pinned(swarm: Swarm, image: string, { target, run }: { readonly target: SwarmTarget; readonly run: SwarmRun }): Promise<string> {
  if (image.includes('@')) return image;
  if (target.nodes !== 'existing' && (await run.ports.docker.inspectImage(image)) !== undefined) return image;
  const digest = await swarm.digest(image, run.signal);
  return digest === undefined ? image : `${image}@${digest}`;
}

/** A shorter watch over updated tasks, unless the file names one. */
export function watched(spec: ServiceSpec): Pick<ServiceSpec, 'UpdateConfig'> | Record<string, never> {
  const test = spec.TaskTemplate.ContainerSpec?.Healthcheck?.Test ?? [];
  if (test.length === 0 || test[0] === 'NONE' || spec.UpdateConfig?.Monitor !== undefined) return {};
  return { UpdateConfig: { Parallelism: 1, ...spec.UpdateConfig, Monitor: MONITOR_WITH_HEALTHCHECK } };
}

// ── what the file no longer has ─────────────────────────────────────────────────────────────────────────────────────

async function prune(swarm: Swarm, target: SwarmTarget, plan: StackPlan, run: SwarmRun): Promise<string[]> {
  const wanted = new Set(plan.services.map(({ Name }) => Name));
  const found = await swarm.list('service', memberFilter(target), run.signal);
  const old = found.filter(({ Spec }) => Spec.Labels?.[NAMESPACE_LABEL] === plan.name && !wanted.has(Spec.Name));
  for (const { ID } of old) await swarm.remove('service', ID);
  return old.map(({ Spec }) => `service ${Spec.Name}`);
}

/** Contents that were replaced. One that a task still holds stays until the next time. */
async function removeOldBlobs(swarm: Swarm, plan: StackPlan): Promise<readonly string[]> {
  const removed: string[] = [];
  for (const [kind, wanted] of [['secret', plan.secrets], ['config', plan.configs]] as const) {
    const names = new Set(wanted.map(({ name }) => name));
    for (const { ID, Spec } of await swarm.list(kind, { label: [`${NAMESPACE_LABEL}=${plan.name}`] })) {
      if (names.has(Spec.Name)) continue;
      const isGone = await swarm.remove(kind, ID).catch(() => false);
      if (isGone) removed.push(`${kind} ${Spec.Name}`);
    }
  }
  return removed;
}

/** Throws `stack-file-invalid` with all problems of the file. */
export function requireValid({ name, problems }: Pick<StackPlan, 'name' | 'problems'>): void {
  if (problems.length === 0) return;
  throw usageError({
    code: 'stack-file-invalid', message: `the stack file of ${name} has ${problems.length} ${problems.length === 1 ? 'problem' : 'problems'}`,
    reason: problems.map(({ path, message }) => (path === '' ? message : `${path}: ${message}`)).join('\n'),
    hints: [{ text: 'See the file as Compose resolves it', command: 'docker compose config' }],
    details: { problems: problems.map(({ path, message }) => ({ path, message })) },
  });
}
