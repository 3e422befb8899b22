// A provider of clusters that are somebody's: devstack puts a stack in and takes it out, and never makes, stops or removes the cluster.
import type { KubernetesAccess } from '../../model/access.ts';
import { isDevstackError, preconditionError } from '../../model/error.ts';
import type { ClusterFacts } from '../../model/fact.ts';
import { clusterName } from '../../model/label.ts';
import { stringAt } from '../../model/object.ts';
import { type ClusterPlan, INGRESS_NODE_PORT } from '../../model/plan.ts';
import type { StackRecord } from '../../model/record.ts';
import type { StackSpec } from '../../model/stack.ts';
import type { KubeClient } from '../../ports.ts';
import { type Availability, type ClusterProvider, EXPOSE, type ProviderContext } from '../provider.ts';
import { hasConsent, isCloudNode, isLocal, remote, requireConsent } from './consent.ts';
import { type ContextEntry, findContext, kubeconfigOf, requireContext } from './kubeconfig.ts';
import { makeMarker, readMarker, refuseForeign } from './marker.ts';
import { containerImages } from './node-images.ts';
import { missingRights, type Survey, surveyCluster, type WayIn, wayIn } from './survey.ts';

/** A dead entry of a kubeconfig must not hang a command. */
const ANSWER_MS = 5_000;

/** Keys of `settings` in the record of a stack. */
export const SETTINGS = { context: 'context', allowRemote: 'allow-remote', uid: 'cluster-uid' } as const;

export interface ExistingKind {
  readonly id: string;
  readonly title: string;
  /** The context that a spec means; undefined when it does not say. */
  contextOf(spec: StackSpec): string | undefined;
  /** The context of a stack that has no record yet, by the name of its cluster. */
  contextNamed(cluster: string): string;
  /** A Service of type LoadBalancer answers on localhost, at its own port: no port is published beforehand. */
  readonly hasLoadBalancer?: true;
  availability(context: ProviderContext): Promise<Availability>;
  /** Throws why the cluster cannot be used just now, where the provider knows better than a missing context or a refused connection. */
  explain?(context: ProviderContext): Promise<void>;
}

export function existingProvider(kind: ExistingKind): ClusterProvider {
  const recordOf = async (stack: string, { ports }: ProviderContext) => (await readMarker(ports.docker, stack, kind.id)).record;
  return {
    id: kind.id, title: kind.title, runtime: 'kubernetes', tools: [],
    capabilities: { portsAtCreation: true, ownsCluster: false, canStop: false, loadsImages: true, multiNode: false },
    plan: (spec, port) => planOf(kind, spec, port),
    problems: (spec) => problemsOf(kind, spec),
    notes: ({ nodeImage }) => (nodeImage === undefined ? [] : [`the node image ${nodeImage} is not used: the cluster has its nodes`]),
    admit: (spec, context) => admit(kind, spec, context),
    observe: (stack, cluster, context) => observe(kind, { stack, cluster }, context),
    create: (plan, context) => create(kind, plan, context),
    async access(stack, _cluster, context) {
      const record = await recordOf(stack, context);
      const entry = record === undefined ? undefined : await findContext(contextOfRecord(record), context.ports);
      // A context that is gone took the cluster with it, as far as anybody can tell from here.
      return record === undefined || entry === undefined ? undefined : await accessTo(kind, { stack, record, entry }, context);
    },
    destroy: (stack, _cluster, context) => destroy(kind, stack, context),
    availability: (context) => kind.availability(context),
    images: containerImages,
  };
}

function contextOfRecord({ settings, cluster }: Pick<StackRecord, 'settings' | 'cluster'>): string {
  return settings[SETTINGS.context] ?? cluster;
}

// ── what is wanted ──────────────────────────────────────────────────────────────────────────────────────────────────

function planOf(kind: ExistingKind, spec: StackSpec, port: number): ClusterPlan {
  const context = kind.contextOf(spec) ?? spec.cluster;
  const allowed = spec.settings?.[SETTINGS.allowRemote];
  return {
    stack: spec.name, cluster: context, provider: kind.id, nodeImage: undefined, kubernetes: undefined, nodes: spec.nodes, managers: 1,
    ports: [{ host: port, node: INGRESS_NODE_PORT }],
    settings: { ...(kind.hasLoadBalancer === true ? { [EXPOSE.setting]: EXPOSE.loadBalancer } : {}), [SETTINGS.context]: context, ...(allowed === undefined ? {} : { [SETTINGS.allowRemote]: allowed }) },
  };
}

function problemsOf(kind: ExistingKind, spec: StackSpec): readonly string[] {
  return [
    ...(kind.contextOf(spec) === undefined ? ['which cluster? name its context: --context NAME'] : []),
    ...(spec.kubernetes === undefined ? [] : ['the cluster exists already, so --kubernetes cannot choose its version']),
  ];
}

/** Throws every reason why the stack cannot go into this cluster; returns what is worth telling. Sends nothing to a cluster that was not allowed. */
async function admit(kind: ExistingKind, spec: StackSpec, context: ProviderContext): Promise<readonly string[]> {
  const { ports } = context;
  const marker = await readMarker(ports.docker, spec.name, kind.id);
  refuseForeign(marker, spec.name);
  const plan = planOf(kind, spec, spec.port);
  const entry = await entryOf(kind, plan.cluster, context);
  const allowed = allowedBy(plan.settings, marker.record);
  await requireConsent(entry, allowed, ports);
  return await withClient(kind, entry, context, async (client, signal) => {
    const survey = await surveyCluster(client, ports, signal);
    refuseCloud(entry, survey, allowed);
    if (marker.record !== undefined) requireSame(spec.name, survey, marker.record);
    const missing = await missingRights(client, signal);
    if (missing.length > 0) throw noRights(entry.name, missing);
    const way = wayOf(kind, survey, await isLocal(entry, ports));
    if (!way.isOpen && spec.addons.length > 0) throw noWayIn(spec, entry.name, way.why);
    return [
      `context ${entry.name}: Kubernetes ${survey.kubernetes}, ${survey.nodes.length} ${survey.nodes.length === 1 ? 'node' : 'nodes'}; ${way.why}`,
      ...(survey.defaultStorageClass === undefined ? ['the cluster has no default storage class: claims without one stay pending'] : []),
    ];
  });
}

/** Where a load balancer answers, the port is ours to choose. */
function wayOf({ hasLoadBalancer }: ExistingKind, survey: Survey, isHere: boolean): WayIn & { readonly isOpen: boolean } {
  if (hasLoadBalancer === true) return { port: undefined, isOpen: true, why: 'a Service of type LoadBalancer answers on localhost' };
  const way = wayIn(survey, isHere);
  return { ...way, isOpen: way.port !== undefined };
}

async function entryOf(kind: ExistingKind, name: string, context: ProviderContext): Promise<ContextEntry> {
  const found = await findContext(name, context.ports);
  if (found !== undefined) return found;
  await kind.explain?.(context);
  return await requireContext(name, context.ports);
}

function allowedBy(settings: ClusterPlan['settings'], record: StackRecord | undefined): string | undefined {
  return settings[SETTINGS.allowRemote] ?? record?.settings[SETTINGS.allowRemote];
}

// ── what is so ──────────────────────────────────────────────────────────────────────────────────────────────────────

async function observe(kind: ExistingKind, target: { readonly stack: string; readonly cluster: string }, context: ProviderContext): Promise<ClusterFacts> {
  const { ports } = context;
  const { record, foreign } = await readMarker(ports.docker, target.stack, kind.id);
  if (foreign !== undefined) return { state: 'foreign', nodes: 0, reason: foreign };
  const name = record === undefined ? kind.contextNamed(target.cluster) : contextOfRecord(record);
  const entry = await findContext(name, ports);
  const remembered = record === undefined ? {} : { settings: record.settings, ...portOf(record) };
  if (entry === undefined) return record === undefined ? { state: 'absent', nodes: 0 } : { state: 'partial', nodes: 0, reason: `no kubeconfig has a context ${name}`, ...remembered };
  // Nothing is sent to a cluster, and no program is run, that nobody has allowed.
  if (!(await hasConsent(entry, record?.settings[SETTINGS.allowRemote], ports))) return { state: record === undefined ? 'absent' : 'stopped', nodes: 0, ...remembered };
  try {
    return await withClient(kind, entry, context, async (client, signal) => {
      const survey = await surveyCluster(client, ports, signal);
      const common = { kubernetes: survey.kubernetes, capacity: survey.capacity };
      if (record === undefined) {
        const { port } = wayOf(kind, survey, true);
        return { state: 'absent', nodes: 0, ...common, ...(port === undefined ? {} : { ingressPort: port }) };
      }
      if (isAnother(survey, record)) return { state: 'partial', nodes: 0, reason: `the cluster of context ${name} is another one than before`, ...remembered };
      return { state: 'running', nodes: survey.nodes.length, ...common, ...remembered };
    });
  } catch (cause) {
    context.signal.throwIfAborted();
    if (!isDevstackError(cause)) throw cause;
    return { state: record === undefined ? 'absent' : 'stopped', nodes: 0, reason: cause.message, ...remembered };
  }
}

function portOf({ ports: [port] }: StackRecord): Pick<ClusterFacts, 'ingressPort'> {
  return port === undefined ? {} : { ingressPort: port.host };
}

// ── what is done ────────────────────────────────────────────────────────────────────────────────────────────────────

async function create(kind: ExistingKind, plan: ClusterPlan, context: ProviderContext): Promise<KubernetesAccess> {
  const { ports } = context;
  const marker = await readMarker(ports.docker, plan.stack, kind.id);
  refuseForeign(marker, plan.stack);
  const entry = await entryOf(kind, plan.cluster, context);
  const allowed = allowedBy(plan.settings, marker.record);
  await requireConsent(entry, allowed, ports);
  const { record } = marker;
  if (record !== undefined) return await accessTo(kind, { stack: plan.stack, record, entry }, context) ?? changed(plan.stack, entry.name);
  const uid = await withClient(kind, entry, context, async (client, signal) => {
    const survey = await surveyCluster(client, ports, signal);
    refuseCloud(entry, survey, allowed);
    return survey.uid;
  });
  // The record comes first: what is put into the cluster from now on is found by `down`.
  await makeMarker(ports.docker, { ...plan, settings: { ...plan.settings, [SETTINGS.uid]: uid } });
  return await writeAccess(plan.stack, entry, context);
}

interface Known {
  readonly stack: string;
  readonly record: StackRecord;
  readonly entry: ContextEntry;
}

/** Undefined when another cluster answers. Throws `context-unreachable`, and what consent throws. */
async function accessTo(kind: ExistingKind, { stack, record, entry }: Known, context: ProviderContext): Promise<KubernetesAccess | undefined> {
  await requireConsent(entry, record.settings[SETTINGS.allowRemote], context.ports);
  const uid = await withClient(kind, entry, context, async (client, signal) => (
    (await client.get({ apiVersion: 'v1', kind: 'Namespace', name: 'kube-system' }, signal))?.metadata.uid
  ));
  return uid === record.settings[SETTINGS.uid] ? await writeAccess(stack, entry, context) : undefined;
}

async function writeAccess(stack: string, entry: ContextEntry, { ports }: ProviderContext): Promise<KubernetesAccess> {
  const context = clusterName(stack);
  const kubeconfig = await ports.kubeconfigs.write(stack, kubeconfigOf(entry, context, ports));
  return { runtime: 'kubernetes', kubeconfig, context };
}

async function destroy(kind: ExistingKind, stack: string, { ports }: ProviderContext): Promise<readonly string[]> {
  const marker = await readMarker(ports.docker, stack, kind.id);
  const { network, record } = marker;
  if (network === undefined) refuseForeign(marker, stack);
  await ports.kubeconfigs.remove(stack);
  if (network === undefined || record === undefined) return [];
  await ports.docker.removeNetwork(network.id);
  return [`record ${network.name} (the cluster of context ${contextOfRecord(record)} stays)`];
}

// ── asking ──────────────────────────────────────────────────────────────────────────────────────────────────────────

/** Asks the cluster of a context, for a few seconds at most. Throws `context-unreachable`. */
async function withClient<T>(kind: ExistingKind, entry: ContextEntry, context: ProviderContext, ask: (client: KubeClient, signal: AbortSignal) => Promise<T>): Promise<T> {
  const { ports } = context;
  const limit = AbortSignal.timeout(ANSWER_MS);
  try {
    const client = await ports.kubeConnector.connect({ runtime: 'kubernetes', kubeconfig: entry.path, context: entry.name });
    try {
      return await ask(client, AbortSignal.any([context.signal, limit]));
    } finally {
      client.close();
    }
  } catch (cause) {
    context.signal.throwIfAborted();
    if (isDevstackError(cause) ? cause.code !== 'kube-unreachable' : !limit.aborted) throw cause;
    await kind.explain?.(context);
    throw unreachable(entry, cause);
  }
}

function unreachable({ name, server }: ContextEntry, cause: unknown) {
  return preconditionError({
    code: 'context-unreachable', message: `the cluster of context ${name} does not answer at ${server}`, cause,
    reason: isDevstackError(cause) ? cause.reason ?? cause.message : `no answer within ${ANSWER_MS / 1000} s`,
    hints: [{ text: 'start it, and see that it answers', command: `kubectl --context ${name} get nodes` },
      { text: 'if it is gone for good, forget its context: then `down` removes what is left here', command: `kubectl config delete-context ${name}` }],
  });
}

function refuseCloud({ name }: ContextEntry, { nodes }: Survey, allowed: string | undefined): void {
  const cloud = nodes.map((node) => stringAt(node, 'spec', 'providerID')).find(isCloudNode);
  if (cloud !== undefined && allowed !== name) throw remote(name, `its nodes are elsewhere (${cloud})`, allowed);
}

function isAnother({ uid }: Pick<Survey, 'uid'>, { settings }: StackRecord): boolean {
  return settings[SETTINGS.uid] !== uid;
}

function requireSame(stack: string, survey: Survey, record: StackRecord): void {
  if (isAnother(survey, record)) changed(stack, contextOfRecord(record));
}

function changed(stack: string, context: string): never {
  throw preconditionError({
    code: 'context-changed', message: `the cluster of context ${context} is another one than the stack ${stack} was put into`,
    reason: 'it was made anew, or the context leads elsewhere now',
    hints: [{ text: 'forget the stack; nothing in this cluster is touched', command: `devstack down ${stack}` }],
  });
}

function noRights(context: string, missing: readonly string[]) {
  return preconditionError({
    code: 'context-forbidden', message: `the user of context ${context} may not do what a stack needs`, reason: missing.join(', '),
    hints: [{ text: 'see what this user may do', command: `kubectl --context ${context} auth can-i --list` }],
  });
}

function noWayIn(spec: StackSpec, context: string, why: string) {
  return preconditionError({
    code: 'context-no-way-in', message: `no port of 127.0.0.1 leads into the cluster of context ${context}, so no request could prove the stack`, reason: why,
    hints: [{ text: 'let devstack make a cluster with a published port', command: `devstack up ${spec.preset} --provider kind` }],
  });
}
