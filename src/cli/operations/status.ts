// Use cases `status` and `env`: what exists, what is ready, what answers right now.
import { discoverStacks, findProvider, providerIds } from '../../clusters/index.ts';
import { askEndpoint, type Expectation } from '../../engine/answer.ts';
import type { Access, KubernetesAccess } from '../../model/access.ts';
import { preconditionError, usageError } from '../../model/error.ts';
import type { ClusterFacts, StackFacts } from '../../model/fact.ts';
import { STACK_LABEL } from '../../model/label.ts';
import { type ObjectRef, refText, stringAt } from '../../model/object.ts';
import type { Endpoint } from '../../model/plan.ts';
import { endpointOf } from '../../plan/domain.ts';
import type { KubeClient, Ports } from '../../ports.ts';
import { findSample } from '../../samples/index.ts';
import type { EndpointResult, PartStatus, RunOptions, StackStatus } from '../use-cases.ts';
import { replicasOf } from './replicas.ts';
import { swarmInside } from './swarm-status.ts';
import { providerContext } from './up.ts';

export type Runtime = Access['runtime'];

const KNATIVE_SERVICE = { apiVersion: 'serving.knative.dev/v1', kind: 'Service' } as const;
/** A cold start included. */
const REQUEST_TIMEOUT_MS = 15_000;
const RESOLVE_TIMEOUT_MS = 1_500;

/** Normal on a local cluster: an autoscaler without metrics, a load balancer that nobody serves. Neither says that a part does not work. */
export function tells(ref: ObjectRef): boolean {
  return ref.kind !== 'HorizontalPodAutoscaler' && !(ref.kind === 'Service' && ref.apiVersion === 'v1');
}

async function partStatuses(ports: Ports, client: KubeClient, stack: string, signal: AbortSignal): Promise<readonly PartStatus[]> {
  const inventories = await ports.kubeSets.inventories(client, stack, signal);
  return Promise.all(inventories.map(async ({ part, refs, complete }): Promise<PartStatus> => {
    const [found, replicas] = await Promise.all([ports.kubeSets.status(client, refs.filter(tells), signal), replicasOf(client, { part, refs }, signal)]);
    const size = { objects: refs.length, ...(replicas === undefined ? {} : { replicas }) };
    const worst = found.find((item) => item.state === 'failed') ?? found.find((item) => item.state !== 'ready');
    if (worst === undefined) return { part, state: complete ? 'ready' : 'pending', message: complete ? '' : 'an apply was cut off', ...size };
    return { part, state: worst.state === 'failed' ? 'failed' : 'pending', message: `${refText(worst.ref)}: ${worst.message}`, ...size };
  }));
}

interface ServiceEndpoint {
  readonly endpoint: Endpoint;
  readonly probe: Expectation;
}

/** How each Knative service of the stack is reached, and what it should answer. */
export async function serviceEndpoints(
  ports: Ports, client: KubeClient, input: { readonly stack: string; readonly port: number }, signal: AbortSignal,
): Promise<readonly ServiceEndpoint[]> {
  const services = await client.list(KNATIVE_SERVICE, { labelSelector: `${STACK_LABEL}=${input.stack}` }, signal);
  return Promise.all(services.items.map(async (service) => {
    const name = service.metadata.name;
    const host = new URL(stringAt(service, 'status', 'url') ?? `http://${name}.invalid`).host;
    const { path, ...probe } = findSample(name)?.probe ?? { path: '/', expectStatus: 200 };
    const resolves = (await ports.network.resolve(host, RESOLVE_TIMEOUT_MS)).includes('127.0.0.1');
    return { endpoint: endpointOf({ name, host, port: input.port, path, resolves }), probe };
  }));
}

async function endpointResults(ports: Ports, client: KubeClient, input: { readonly stack: string; readonly port: number }, signal: AbortSignal): Promise<readonly EndpointResult[]> {
  const services = await serviceEndpoints(ports, client, input, signal);
  return Promise.all(services.map(async ({ endpoint, probe }) => {
    const answer = await askEndpoint(ports, endpoint, { ...probe, timeoutMs: REQUEST_TIMEOUT_MS, signal });
    return answer.ok
      ? { ...endpoint, status: answer.status, verified: true, durationMs: answer.durationMs }
      : { ...endpoint, status: answer.status, verified: false, reason: answer.reason };
  }));
}

async function inside(ports: Ports, access: KubernetesAccess, input: { readonly stack: string; readonly port: number | undefined }, signal: AbortSignal) {
  const client = await ports.kubeConnector.connect(access);
  try {
    // A request wakes what sleeps: what runs is counted before.
    const parts = await partStatuses(ports, client, input.stack, signal);
    const endpoints = input.port === undefined ? [] : await endpointResults(ports, client, { stack: input.stack, port: input.port }, signal);
    return { parts, endpoints };
  } finally {
    client.close();
  }
}

function hintsOf(facts: ClusterFacts, { stack, canStart }: { readonly stack: string; readonly canStart: boolean }) {
  if (facts.state === 'stopped' && !canStart) return [{ text: 'its cluster is not devstack’s: start it as you do, then look again', command: `devstack status ${stack}` }];
  if (facts.state === 'stopped' || facts.state === 'partial') return [{ text: 'bring it back', command: `devstack ${facts.state === 'stopped' ? 'start' : 'up --name'} ${stack}` }];
  if (facts.registry?.isRunning === false) return [{ text: 'start its registry', command: `devstack start ${stack}` }];
  return [];
}

/** A stack of a provider that this devstack does not have, made by another version: named, not touched. */
function unknownProvider(found: StackFacts): StackStatus {
  return {
    stack: found.stack, provider: found.provider, cluster: found.cluster, label: undefined, state: 'foreign', reason: undefined, context: undefined, kubeconfig: undefined, kubernetes: undefined,
    parts: [], endpoints: [], hints: [{ text: `this devstack has no provider ${found.provider}: use the one that made the stack` }],
  };
}

async function statusOf(ports: Ports, found: StackFacts, { signal }: RunOptions): Promise<StackStatus> {
  if (!providerIds.includes(found.provider)) return unknownProvider(found);
  const provider = await findProvider(found.provider);
  const context = providerContext(ports, signal);
  const facts = await provider.observe(found.stack, found.cluster, context);
  const access = facts.state === 'running' ? await provider.access(found.stack, found.cluster, context) : undefined;
  const kubernetes = access?.runtime === 'kubernetes' ? access : undefined;
  const { parts, endpoints } = access === undefined ? { parts: [], endpoints: [] }
    : access.runtime === 'swarm' ? await swarmInside(ports, { found, access, settings: facts.settings }, signal)
      : await inside(ports, access, { stack: found.stack, port: facts.ingressPort ?? found.port }, signal);
  return {
    stack: found.stack, provider: found.provider, cluster: found.cluster, label: provider.label, state: facts.state, reason: facts.reason,
    context: kubernetes?.context, kubeconfig: kubernetes?.kubeconfig, kubernetes: facts.kubernetes, registry: facts.registry, parts, endpoints, hints: hintsOf(facts, { stack: found.stack, canStart: provider.power !== undefined }),
  };
}

function unknownStack(name: string, stacks: readonly StackFacts[]) {
  const names = stacks.map((stack) => stack.stack);
  return usageError({
    code: 'stack-unknown', message: `there is no stack ${name}`,
    reason: names.length === 0 ? 'no stack exists on this engine' : `stacks here: ${names.join(', ')}`,
    hints: [names.length === 0 ? { text: 'make one', command: `devstack up knative --name ${name}` } : { text: 'see them', command: 'devstack status' }],
  });
}

export async function statusStacks(ports: Ports, stack: string | undefined, options: RunOptions): Promise<readonly StackStatus[]> {
  const stacks = await discoverStacks(ports);
  const wanted = stack === undefined ? stacks : stacks.filter((candidate) => candidate.stack === stack);
  if (stack !== undefined && wanted.length === 0) throw unknownStack(stack, stacks);
  return Promise.all(wanted.map((found) => statusOf(ports, found, options)));
}

/** Of a stack of a provider that this devstack does not have, nobody knows. */
export async function runtimeOf({ provider }: Pick<StackFacts, 'provider'>): Promise<Runtime | undefined> {
  return providerIds.includes(provider) ? (await findProvider(provider)).runtime : undefined;
}

/** What every screen about it must say. */
export async function labelOf({ provider }: Pick<StackFacts, 'provider'>): Promise<string | undefined> {
  return providerIds.includes(provider) ? (await findProvider(provider)).label : undefined;
}

/** The stack named, or the only one there is (of that runtime). Throws `stack-unknown`, `stack-ambiguous`. */
export async function pickStack(ports: Ports, stack: string | undefined, runtime?: Runtime): Promise<StackFacts> {
  const stacks = await discoverStacks(ports);
  const runtimes = stack !== undefined || runtime === undefined ? [] : await Promise.all(stacks.map(runtimeOf));
  const fitting = stack !== undefined ? stacks.filter((candidate) => candidate.stack === stack) : stacks.filter((_each, index) => runtime === undefined || runtimes[index] === runtime);
  const [first, second] = fitting;
  if (first === undefined) throw runtime === 'swarm' && stack === undefined ? noSwarm(stacks) : unknownStack(stack ?? 'yet', stacks);
  if (second === undefined) return first;
  throw usageError({
    code: 'stack-ambiguous', message: 'there are several stacks; name one', reason: fitting.map((found) => found.stack).join(', '),
    hints: [{ text: 'see them', command: 'devstack status' }],
  });
}

function noSwarm(stacks: readonly StackFacts[]) {
  return usageError({
    code: 'stack-unknown', message: 'there is no swarm yet', reason: stacks.length === 0 ? 'no stack exists on this engine' : `stacks here: ${stacks.map((each) => each.stack).join(', ')}`,
    hints: [{ text: 'make one', command: `devstack up swarm --nodes 3${stacks.length === 0 ? '' : ' --name swarm'}` }],
  });
}

export async function stackAccess(ports: Ports, stack: string | undefined, { signal }: RunOptions) {
  const found = await pickStack(ports, stack);
  const provider = await findProvider(found.provider);
  const access = await provider.access(found.stack, found.cluster, providerContext(ports, signal));
  if (access?.runtime !== 'kubernetes') {
    throw preconditionError({
      code: 'stack-not-running', message: `stack ${found.stack} is not running`,
      hints: [{ text: 'bring it back', command: `devstack up --name ${found.stack}` }],
    });
  }
  return { stack: found.stack, kubeconfig: access.kubeconfig, context: access.context };
}
