// Waits by watch until objects are ready; ends at once, with cause, event and log, when one cannot become ready.
import { setMaxListeners } from 'node:events';
import { type DevstackError, failedError, isAbortError, notReadyError } from '../model/error.ts';
import type { Json } from '../model/json.ts';
import { type GroupVersionKind, groupOf, type KubeObject, type ObjectRef, refKey, refText, stringAt } from '../model/object.ts';
import type { ListOptions } from '../ports.ts';
import type { Cause } from './cause.ts';
import { oneLine } from './failure.ts';
import { type Backdrop, type Observation, observe, standsOnPods } from './observation.ts';
import { type Placement, placementOf } from './placement.ts';
import { isOutOfTime, kubectl, type Session } from './session.ts';
import { Watched } from './watched.ts';

/** Knative takes a False back within moments while its parts find each other; what stands longer is meant. */
const SETTLE_MS = 2_000;
const LOG_LINES = 10;
/** For reading logs once the outcome is known. */
const LAST_WORD_MS = 5_000;

const POD: GroupVersionKind = { apiVersion: 'v1', kind: 'Pod' };
const NODE: GroupVersionKind = { apiVersion: 'v1', kind: 'Node' };
const EVENT: GroupVersionKind = { apiVersion: 'v1', kind: 'Event' };
const REPLICA_SET: GroupVersionKind = { apiVersion: 'apps/v1', kind: 'ReplicaSet' };

function watchGroups(refs: readonly ObjectRef[]): readonly { readonly kind: GroupVersionKind; readonly options: ListOptions }[] {
  const groups = new Map<string, readonly ObjectRef[]>();
  for (const ref of refs) {
    const key = `${groupOf(ref.apiVersion)}/${ref.kind}/${ref.namespace ?? ''}`;
    groups.set(key, [...groups.get(key) ?? [], ref]);
  }
  return [...groups.values()].flatMap(([first, ...rest]) => (first === undefined ? [] : [{
    kind: { apiVersion: first.apiVersion, kind: first.kind },
    options: {
      ...(first.namespace === undefined ? {} : { namespace: first.namespace }), ...(rest.length === 0 ? { fieldSelector: `metadata.name=${first.name}` } : {}),
    },
  }]));
}

/** What is seen of an object now; `unsettledMs`: how much longer it has to last to count. */
interface Sight extends Observation {
  readonly unsettledMs: number;
}

function stateKey({ ref, state }: Observation): string {
  return `${refKey(ref)} ${state}`;
}

class Waiting {
  readonly #session: Session;
  readonly #refs: readonly ObjectRef[];
  readonly #watched: Watched;
  readonly #stop = new AbortController();
  /** Since when an object is in a state that has to last to be believed, by refKey and state. */
  readonly #since = new Map<string, number>();
  /** What was found for an unschedulable pod, by what its scheduler said then. */
  readonly #placements = new Map<string, Placement>();
  #told = '';

  constructor(session: Session, refs: readonly ObjectRef[]) {
    this.#session = session;
    this.#refs = refs;
    // Each look ahead listens to it.
    setMaxListeners(0, this.#stop.signal);
    this.#watched = new Watched(session.client, AbortSignal.any([session.signal, this.#stop.signal]));
  }

  async run(): Promise<void> {
    this.#watch();
    try {
      for (;;) {
        // A verdict on half of the picture would be one on workloads without their pods.
        while (!this.#watched.isComplete) await this.#watched.changed();
        const seen = await this.#look();
        if (seen.every(({ state }) => state === 'ready')) return;
        this.#tell(seen);
        const failed = seen.find(({ state, unsettledMs }) => state === 'failed' && unsettledMs === 0);
        if (failed !== undefined) throw await this.#failure(failed, seen);
        await this.#watched.changed(this.#nextLook(seen));
      }
    } catch (error) {
      if (!isAbortError(error) || !isOutOfTime(this.#session.signal)) throw error;
      throw this.#timeout(this.#observe());
    } finally {
      this.#stop.abort();
    }
  }

  #watch(): void {
    for (const { kind, options } of watchGroups(this.#refs)) this.#watched.watch(kind, options, true);
    const namespaces = new Set(this.#refs.filter(standsOnPods).map((ref) => ref.namespace ?? ''));
    for (const namespace of namespaces) {
      this.#watched.watch(POD, { namespace }, false);
      this.#watched.watch(EVENT, { namespace, fieldSelector: 'involvedObject.kind=Pod' }, false);
    }
    for (const { namespace } of this.#refs.filter((ref) => ref.kind === 'Deployment')) {
      this.#watched.watch(REPLICA_SET, { ...(namespace === undefined ? {} : { namespace }), metadataOnly: true }, false);
    }
  }

  #backdrop(): Backdrop {
    return { pods: this.#watched.all('Pod'), replicaSets: this.#watched.all('ReplicaSet'), events: this.#watched.all('Event') };
  }

  #observe(): readonly Observation[] {
    const backdrop = this.#backdrop();
    return this.#refs.map((ref) => observe(ref, this.#watched.get(ref), backdrop));
  }

  async #look(): Promise<readonly Sight[]> {
    const seen = await Promise.all(this.#observe().map((observation) => this.#withPlacement(observation)));
    const sights = seen.map((observation) => this.#settled(observation));
    const current = new Set(seen.map(stateKey));
    for (const key of this.#since.keys()) if (!current.has(key)) this.#since.delete(key);
    return sights;
  }

  /** Takes a state that may pass for what it says only after it lasted. */
  #settled(observation: Observation): Sight {
    const { state, steadyMs, mayRecover } = observation;
    const neededMs = state === 'ready' ? steadyMs ?? 0 : state === 'failed' && mayRecover ? SETTLE_MS : 0;
    if (neededMs === 0) return { ...observation, unsettledMs: 0 };
    const key = stateKey(observation);
    const since = this.#since.get(key) ?? this.#session.clock.monotonic();
    this.#since.set(key, since);
    const unsettledMs = Math.max(0, neededMs - (this.#session.clock.monotonic() - since));
    return unsettledMs > 0 && state === 'ready'
      ? { ...observation, state: 'pending', message: 'started again after a crash', unsettledMs } : { ...observation, unsettledMs };
  }

  /** The scheduler's "unschedulable" is final when no node could ever take the pod as things stand. */
  async #withPlacement(observation: Observation): Promise<Observation> {
    const { cause } = observation;
    if (cause?.code !== 'unschedulable') return observation;
    const placement = await this.#place(cause);
    if (placement.kind === 'open') return observation;
    const message = placement.kind === 'full' ? placement.message : cause.message;
    // A claim that is bound later lets the pod go on.
    if (placement.kind === 'other' && /persistentvolumeclaim|volume/i.test(message)) return observation;
    return { ...observation, state: 'failed', message: `unschedulable: ${message}`, cause: { ...cause, message: `no node has room for its pod: ${message}`, isFinal: true } };
  }

  /** Reads nodes and pods anew, once for each time that the scheduler tried. */
  async #place(cause: Cause): Promise<Placement> {
    const { client, signal } = this.#session;
    const tries = this.#watched.all('Event').filter((event) => stringAt(event, 'involvedObject', 'name') === cause.pod.name);
    const key = [refKey(cause.pod), cause.message, ...tries.map((event) => event.metadata.resourceVersion ?? '')].join(' ');
    const known = this.#placements.get(key);
    if (known !== undefined) return known;
    const [nodes, pods] = await Promise.all([client.list(NODE, {}, signal), client.list(POD, {}, signal)]);
    const pod = pods.items.find((item) => item.metadata.name === cause.pod.name && item.metadata.namespace === cause.pod.namespace);
    const isPlaced = pod === undefined || stringAt(pod, 'spec', 'nodeName') !== undefined;
    const placement: Placement = isPlaced ? { kind: 'open' } : placementOf(pod, nodes.items, pods.items);
    this.#placements.set(key, placement);
    return placement;
  }

  /** When to look again though nothing changes: as soon as a state has lasted long enough. */
  #nextLook(seen: readonly Sight[]): Promise<void> | undefined {
    const open = seen.map(({ unsettledMs }) => unsettledMs).filter((ms) => ms > 0);
    return open.length === 0 ? undefined : this.#session.clock.sleep(Math.min(...open), this.#stop.signal).catch(() => undefined);
  }

  #tell(seen: readonly Observation[]): void {
    const open = seen.filter(({ state }) => state !== 'ready');
    const first = open.find(({ cause }) => cause !== undefined) ?? open[0];
    if (first === undefined) return;
    const done = seen.length - open.length;
    const text = `${refText(first.ref)}: ${first.message}${open.length > 1 ? ` (and ${open.length - 1} more)` : ''}`;
    if (text === this.#told) return;
    this.#told = text;
    this.#session.onProgress(text, done, seen.length);
  }

  async #failure(failed: Observation, seen: readonly Observation[]): Promise<DevstackError> {
    const { client } = this.#session;
    const { cause, ref } = failed;
    const place = ref.namespace === undefined ? [] : ['-n', ref.namespace];
    const pending = pendingOf(seen.filter((observation) => observation !== failed));
    if (cause === undefined) {
      return failedError({
        code: 'workload-failed', message: `${refText(ref)} cannot become ready`, reason: failed.message,
        hints: [{ text: 'see what it says', command: kubectl(client, 'describe', kindArgument(ref), ref.name, ...place) }], details: { object: refText(ref), pending },
      });
    }
    const log = cause.code === 'container-crashed' || cause.code === 'out-of-memory' ? await logTail(this.#session, cause) : [];
    const event = this.#lastWarning(cause);
    const reason = log.findLast((line) => line !== '') ?? event;
    const crashed = cause.container !== undefined && log.length > 0;
    return failedError({
      code: cause.code, message: `${refText(ref)} cannot become ready: ${cause.message}`, ...(reason === undefined ? {} : { reason }),
      hints: [crashed
        ? { text: 'read its log', command: kubectl(client, 'logs', cause.pod.name, '-c', cause.container ?? '', ...place) }
        : { text: 'see its pod', command: kubectl(client, 'describe', 'pod', cause.pod.name, ...place) }],
      details: { object: refText(ref), pod: cause.pod.name, ...(event === undefined ? {} : { event }), log, pending },
    });
  }

  #lastWarning(cause: Cause): string | undefined {
    const warnings = this.#watched.all('Event')
      .filter((event) => stringAt(event, 'type') === 'Warning' && stringAt(event, 'involvedObject', 'name') === cause.pod.name)
      .toSorted((a, b) => lastSeen(a).localeCompare(lastSeen(b)));
    const message = stringAt(warnings.at(-1), 'message');
    return message === undefined ? undefined : oneLine(message, 300);
  }

  #timeout(seen: readonly Observation[]): DevstackError {
    const { client } = this.#session;
    const open = seen.filter(({ state }) => state !== 'ready');
    const [first] = open;
    const namespace = first?.ref.namespace;
    return notReadyError({
      code: 'not-ready',
      message: open.length === 1 && first !== undefined ? `${refText(first.ref)} is not ready` : `${open.length} of ${seen.length} objects are not ready`,
      reason: open.slice(0, 5).map(({ ref, message }) => `${refText(ref)}: ${message}`).join('; '),
      hints: [{ text: 'see the pods', command: kubectl(client, 'get', 'pods', ...(namespace === undefined ? ['-A'] : ['-n', namespace])) }],
      details: { pending: pendingOf(seen) },
    });
  }
}

function lastSeen(event: KubeObject): string {
  return stringAt(event, 'lastTimestamp') ?? stringAt(event, 'eventTime') ?? event.metadata.creationTimestamp ?? '';
}

/** Tells kinds of one name apart: `service.v1.serving.knative.dev`. */
function kindArgument({ apiVersion, kind }: ObjectRef): string {
  const group = groupOf(apiVersion);
  return group === '' ? kind.toLowerCase() : `${kind.toLowerCase()}.${apiVersion.slice(group.length + 1)}.${group}`;
}

function pendingOf(seen: readonly Observation[]): Json {
  return seen.filter(({ state }) => state !== 'ready').map(({ ref, state, message }) => ({ object: refText(ref), state, message }));
}

/** What the node answers, as a log, when it has already thrown the container away. */
const NO_LOG = /^unable to retrieve container logs/;

/** The last lines before the end: of the run that ended, or of the one before when it has been started again. */
async function logTail({ client }: Session, { pod, container }: Cause): Promise<readonly string[]> {
  const signal = AbortSignal.timeout(LAST_WORD_MS);
  const options = { tailLines: LOG_LINES, ...(container === undefined ? {} : { container }) };
  for (const previous of [false, true]) {
    const text = await client.logs(pod, { ...options, previous }, signal).catch(() => '');
    const lines = text.split('\n').map((line) => oneLine(line, 300)).filter((line) => line !== '' && !NO_LOG.test(line));
    if (lines.length > 0) return lines;
  }
  return [];
}

/**
 * Ends when all are ready. An image that cannot be pulled, a container that keeps crashing, a pod that fits on no node end it
 * at once with a DevstackError of that code; `not-ready` with the last observations when the signal's time is out.
 */
export async function waitUntilReady(session: Session, refs: readonly ObjectRef[]): Promise<void> {
  if (refs.length > 0) await new Waiting(session, refs).run();
}
