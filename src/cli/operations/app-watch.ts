// Use cases of `logs`, `open` and `load`: looking at an app that runs.
import { askEndpoint, type Expectation } from '../../engine/answer.ts';
import type { LoadResult } from '../../load/run-load.ts';
import { failedError, isAbortError, preconditionError } from '../../model/error.ts';
import { isJsonObject, type Json } from '../../model/json.ts';
import { PROBE_ANNOTATION } from '../../model/label.ts';
import { arrayAt, at, type KubeObject, refOf, stringAt } from '../../model/object.ts';
import { endpointOf } from '../../plan/domain.ts';
import type { KubeClient, LoadHttp, Ports } from '../../ports.ts';
import type { AppLoadRequest, AppRef, LogLine } from '../app-use-cases.ts';
import type { EndpointResult, RunOptions } from '../use-cases.ts';
import { loadSpecOf, runCountedLoad } from './app-load.ts';
import { type AppTarget, withTarget } from './app-target.ts';
import { isReadyPod } from './replicas.ts';

const POD = { apiVersion: 'v1', kind: 'Pod' } as const;
const RESOLVE_TIMEOUT_MS = 1_500;
/** A cold start included. */
const REQUEST_TIMEOUT_MS = 30_000;
const KNATIVE_CONTAINERS = ['queue-proxy'];

function workloadRef({ app, kind, namespace }: AppRef) {
  return kind === 'knative' ? { apiVersion: 'serving.knative.dev/v1', kind: 'Service', name: app, namespace } : { apiVersion: 'apps/v1', kind: 'Deployment', name: app, namespace };
}

async function workloadOf(ref: AppRef, client: KubeClient, signal: AbortSignal): Promise<KubeObject> {
  const found = await client.get(workloadRef(ref), signal);
  if (found !== undefined) return found;
  throw failedError({ code: 'app-incomplete', message: `${ref.app} has lost its ${ref.kind === 'knative' ? 'Knative service' : 'Deployment'}`, hints: [{ text: 'deploy it again', command: 'devstack deploy' }] });
}

/** The labels by which the pods of the app are found. */
async function podSelector(ref: AppRef, client: KubeClient, signal: AbortSignal): Promise<string> {
  if (ref.kind === 'knative') return `serving.knative.dev/service=${ref.app}`;
  const labels = at(await workloadOf(ref, client, signal), 'spec', 'selector', 'matchLabels');
  return Object.entries(isJsonObject(labels) ? labels : {}).map(([name, value]) => `${name}=${String(value)}`).join(',');
}

/** Lines from many sources, in the order in which they come. */
function createQueue<T>() {
  const items: T[] = [];
  let wake: () => void = () => undefined;
  let isOver = false;
  return {
    push(item: T) {
      items.push(item);
      wake();
    },
    end() {
      isOver = true;
      wake();
    },
    async *read(): AsyncGenerator<T> {
      for (;;) {
        yield* items.splice(0);
        if (isOver && items.length === 0) return;
        if (items.length === 0) await new Promise<void>((resolve) => { wake = resolve; });
      }
    },
  };
}

export async function* appLogs(
  ports: Ports, ref: AppRef, choice: { readonly tailLines: number; readonly follow: boolean }, options: RunOptions,
): AsyncGenerator<LogLine> {
  const queue = createQueue<LogLine>();
  const stop = new AbortController();
  const inner = { ...options, signal: AbortSignal.any([options.signal, stop.signal]) };
  const reading = withTarget(ports, ref.stack, inner, async (_target, client) => {
    const labelSelector = await podSelector(ref, client, inner.signal);
    const onLine = (pod: string) => (line: string) => queue.push({ pod, line });
    await (choice.follow ? followPods : readPods)(client, { namespace: ref.namespace, labelSelector, tailLines: choice.tailLines, onLine }, inner.signal);
  }).catch((thrown: unknown) => (isAbortError(thrown) && stop.signal.aborted ? undefined : Promise.reject(thrown))).finally(() => queue.end());
  // Told when the reader comes to it; without this it would be an unhandled rejection until then.
  reading.catch(() => undefined);
  try {
    yield* queue.read();
    await reading;
  } finally {
    stop.abort();
    await reading.catch(() => undefined);
  }
}

interface PodLogs {
  readonly namespace: string;
  readonly labelSelector: string;
  readonly tailLines: number;
  onLine(pod: string): (line: string) => void;
}

/** The container whose log is the app's own. */
function containerOf(pod: KubeObject): string | undefined {
  return arrayAt(pod, 'spec', 'containers').map((container) => stringAt(container, 'name')).find((name) => name !== undefined && !KNATIVE_CONTAINERS.includes(name));
}

async function readPods(client: KubeClient, { namespace, labelSelector, tailLines, onLine }: PodLogs, signal: AbortSignal): Promise<void> {
  const { items } = await client.list(POD, { namespace, labelSelector }, signal);
  for (const pod of items) {
    const container = containerOf(pod);
    const text = await client.logs(refOf(pod), { tailLines, ...(container === undefined ? {} : { container }) }, signal);
    for (const line of text.split('\n').filter((each) => each !== '')) onLine(pod.metadata.name)(line);
  }
}

async function followPods(client: KubeClient, { namespace, labelSelector, tailLines, onLine }: PodLogs, signal: AbortSignal): Promise<void> {
  const followed = new Set<string>();
  const following: Promise<void>[] = [];
  const follow = async (pod: KubeObject) => {
    const container = containerOf(pod);
    try {
      for await (const line of client.followLogs(refOf(pod), { tailLines, ...(container === undefined ? {} : { container }) }, signal)) onLine(pod.metadata.name)(line);
    } catch (thrown) {
      // A pod that goes away takes its log with it: that ends this log, not the others.
      if (signal.aborted) throw thrown;
    }
  };
  for await (const { object } of client.watch(POD, { namespace, labelSelector }, signal)) {
    const hasStarted = ['Running', 'Succeeded', 'Failed'].includes(stringAt(object, 'status', 'phase') ?? '');
    if (!hasStarted || followed.has(object.metadata.name)) continue;
    followed.add(object.metadata.name);
    following.push(follow(object));
  }
  await Promise.all(following);
}

function probeOf(workload: KubeObject): { readonly path: string } & Expectation {
  const text = workload.metadata.annotations?.[PROBE_ANNOTATION];
  const value: Json = text === undefined ? null : JSON.parse(text) as Json;
  const { path, expectStatus, expectBody } = isJsonObject(value) ? value : {};
  return {
    path: typeof path === 'string' ? path : '/', expectStatus: typeof expectStatus === 'number' ? expectStatus : 200,
    ...(typeof expectBody === 'string' ? { expectBody } : {}),
  };
}

/** How the app is reached from this machine. Throws `app-unreachable` when it is not. */
export async function locateApp(ports: Ports, ref: AppRef, { target, client }: { readonly target: AppTarget; readonly client: KubeClient }, signal: AbortSignal) {
  const workload = await workloadOf(ref, client, signal);
  const { path, ...expected } = probeOf(workload);
  const host = await hostOf(ref, workload, client, signal);
  if (target.port === undefined || host === undefined) {
    throw preconditionError({ code: 'app-unreachable', message: `${ref.app} has no way in from this machine`, reason: target.port === undefined ? 'its stack has no port here' : 'nothing leads to it from outside of the cluster' });
  }
  const resolves = host === 'localhost' || (await ports.network.resolve(host, RESOLVE_TIMEOUT_MS)).includes('127.0.0.1');
  return { endpoint: endpointOf({ name: ref.app, host, port: target.port, path, resolves }), expected };
}

async function hostOf(ref: AppRef, workload: KubeObject, client: KubeClient, signal: AbortSignal): Promise<string | undefined> {
  if (ref.kind === 'knative') {
    const url = stringAt(workload, 'status', 'url');
    return url === undefined ? undefined : new URL(url).host;
  }
  const mappings = await client.list({ apiVersion: 'serving.knative.dev/v1beta1', kind: 'DomainMapping' }, { namespace: ref.namespace }, signal);
  const mapped = mappings.items.find((mapping) => stringAt(mapping, 'spec', 'ref', 'name') === ref.app && stringAt(mapping, 'spec', 'ref', 'apiVersion') === 'v1');
  if (mapped !== undefined) return mapped.metadata.name;
  const service = await client.get({ apiVersion: 'v1', kind: 'Service', name: ref.app, namespace: ref.namespace }, signal);
  return stringAt(service, 'spec', 'type') === 'NodePort' ? 'localhost' : undefined;
}

export async function appEndpoint(ports: Ports, ref: AppRef, options: RunOptions): Promise<EndpointResult> {
  return withTarget(ports, ref.stack, options, async (target, client) => {
    const { endpoint, expected } = await locateApp(ports, ref, { target, client }, options.signal);
    const answer = await askEndpoint(ports, endpoint, { ...expected, timeoutMs: REQUEST_TIMEOUT_MS, signal: options.signal });
    return answer.ok
      ? { ...endpoint, status: answer.status, verified: true, durationMs: answer.durationMs }
      : { ...endpoint, status: answer.status, verified: false, reason: answer.reason };
  });
}

/** Counts the ready pods of the app, by watch, until the signal aborts. */
async function watchReplicas(client: KubeClient, input: { readonly namespace: string; readonly labelSelector: string; onCount(count: number): void }, signal: AbortSignal): Promise<void> {
  const ready = new Set<string>();
  try {
    for await (const { type, object } of client.watch(POD, { namespace: input.namespace, labelSelector: input.labelSelector }, signal)) {
      if (type !== 'DELETED' && isReadyPod(object)) ready.add(object.metadata.name);
      else ready.delete(object.metadata.name);
      input.onCount(ready.size);
    }
  } catch (thrown) {
    if (!signal.aborted) throw thrown;
  }
}

/** Counts every pod that is not gone, ready or not: while one ends, it still is one. */
export async function untilReplicas(ports: Ports, wish: { readonly ref: AppRef; readonly timeoutMs: number; isReached(count: number): boolean }, options: RunOptions): Promise<boolean> {
  const { ref, timeoutMs, isReached } = wish;
  return withTarget(ports, ref.stack, options, async (_target, client) => {
    const labelSelector = await podSelector(ref, client, options.signal);
    const done = new AbortController();
    const timeout = AbortSignal.timeout(timeoutMs);
    const signal = AbortSignal.any([options.signal, timeout, done.signal]);
    const pods = new Set<string>();
    let isReachedNow = false;
    const look = () => {
      if (!isReached(pods.size)) return;
      isReachedNow = true;
      done.abort();
    };
    try {
      const { items } = await client.list(POD, { namespace: ref.namespace, labelSelector, metadataOnly: true }, signal);
      for (const { metadata } of items) pods.add(metadata.name);
      look();
      for await (const { type, object } of client.watch(POD, { namespace: ref.namespace, labelSelector, metadataOnly: true }, signal)) {
        if (type === 'DELETED') pods.delete(object.metadata.name);
        else pods.add(object.metadata.name);
        look();
      }
    } catch (thrown) {
      if (options.signal.aborted || !signal.aborted) throw thrown;
    }
    options.signal.throwIfAborted();
    return isReachedNow;
  });
}

/** Asks for so many pods, and waits for none. */
export async function scaleDeployment(ports: Ports, ref: AppRef, replicas: number, options: RunOptions): Promise<void> {
  await withTarget(ports, ref.stack, options, async (_target, client) => { await client.patch(workloadRef(ref), { spec: { replicas } }, {}, options.signal); });
}

export async function loadApp(ports: Ports, loadHttp: LoadHttp, request: AppLoadRequest, options: RunOptions): Promise<LoadResult> {
  const { ref } = request;
  return withTarget(ports, ref.stack, options, async (target, client) => {
    const { endpoint } = await locateApp(ports, ref, { target, client }, options.signal);
    const spec = loadSpecOf(request, endpoint);
    const labelSelector = await podSelector(ref, client, options.signal);
    return runCountedLoad({ clock: ports.clock, http: loadHttp }, {
      spec, request, watch: (onCount, signal) => watchReplicas(client, { namespace: ref.namespace, labelSelector, onCount }, signal),
    }, options.signal);
  });
}
