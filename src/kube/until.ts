// Waits that applying and removing need: names served, definitions established, objects gone.
import { failedError, notReadyError } from '../model/error.ts';
import { PART_LABEL, STACK_LABEL } from '../model/label.ts';
import { arrayAt, at, type GroupVersionKind, groupOf, type KubeObject, type ObjectRef, refOf, refText } from '../model/object.ts';
import type { ListOptions } from '../ports.ts';
import type { PartId } from './inventory.ts';
import { DEFINITION, isKind, NAMESPACE } from './order.ts';
import { isOutOfTime, kubectl, type Session } from './session.ts';
import { conditionsOf, statusOf } from './status.ts';

/** For reading what hangs, when the time of the work itself is over. */
const LAST_WORD_MS = 5_000;

/** Ends when the definitions of a part are served. Throws `definition-refused` when the server does not take their names. */
export async function untilEstablished({ client, signal, onProgress }: Session, names: readonly string[], { stack, part }: PartId): Promise<void> {
  const left = new Set(names);
  if (left.size === 0) return;
  for await (const { type, object } of client.watch(DEFINITION, { labelSelector: `${STACK_LABEL}=${stack},${PART_LABEL}=${part}` }, signal)) {
    if (type === 'DELETED') continue;
    const { state, message, ref } = statusOf(object);
    if (state === 'failed') throw failedError({ code: 'definition-refused', message: `${refText(ref)} is refused`, reason: message });
    if (state === 'ready' && left.delete(object.metadata.name) && left.size > 0) onProgress(`waiting for ${left.size} definitions to be established`);
    if (left.size === 0) return;
  }
  if (!isOutOfTime(signal)) signal.throwIfAborted();
  throw notReadyError({ code: 'not-ready', message: 'definitions are not established', reason: [...left].join(', ') });
}

const DNS_SERVICE: ObjectRef = { apiVersion: 'v1', kind: 'Service', namespace: 'kube-system', name: 'kube-dns' };
const ENDPOINT_SLICE: GroupVersionKind = { apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice' };
const DNS_SLICES = { namespace: 'kube-system', labelSelector: 'kubernetes.io/service-name=kube-dns' };

/** See KubeSets.untilNames. */
export async function untilNames({ client, signal, onProgress }: Session): Promise<void> {
  // Every DNS addon keeps this name, whatever program serves it: kubelets are told its address.
  if (await client.get(DNS_SERVICE, signal) === undefined) return;
  onProgress('waiting for the cluster\'s DNS');
  for await (const { type, object } of client.watch(ENDPOINT_SLICE, DNS_SLICES, signal)) {
    if (type !== 'DELETED' && arrayAt(object, 'endpoints').some((endpoint) => at(endpoint, 'conditions', 'ready') === true)) return;
  }
  if (!isOutOfTime(signal)) signal.throwIfAborted();
  throw notReadyError({
    code: 'not-ready', message: 'the cluster\'s DNS does not become ready',
    hints: [{ text: 'see why', command: kubectl(client, '-n', 'kube-system', 'describe', 'pods', '-l', 'k8s-app=kube-dns') }],
  });
}

export interface Going {
  readonly ref: ObjectRef;
  /** With it, a successor of the same name counts as gone. */
  readonly uid?: string | undefined;
}

interface Group {
  readonly kind: GroupVersionKind;
  readonly options: ListOptions;
  /** uid by name and namespace. */
  readonly going: ReadonlyMap<string, string | undefined>;
}

const nameOf = (ref: { readonly name: string; readonly namespace?: string }) => `${ref.namespace ?? ''}/${ref.name}`;

function groupsOf(goings: readonly Going[]): readonly Group[] {
  const groups = new Map<string, Going[]>();
  for (const going of goings) {
    const key = `${groupOf(going.ref.apiVersion)}/${going.ref.kind}/${going.ref.namespace ?? ''}`;
    groups.set(key, [...groups.get(key) ?? [], going]);
  }
  return [...groups.values()].flatMap((members) => {
    const [first] = members;
    if (first === undefined) return [];
    const { apiVersion, kind, namespace, name } = first.ref;
    const options: ListOptions = {
      metadataOnly: true, ...(namespace === undefined ? {} : { namespace }), ...(members.length === 1 ? { fieldSelector: `metadata.name=${name}` } : {}),
    };
    return [{ kind: { apiVersion, kind }, options, going: new Map(members.map(({ ref, uid }) => [nameOf(ref), uid])) }];
  });
}

async function groupGone(session: Session, { kind, options, going }: Group): Promise<void> {
  const { client, onProgress } = session;
  const left = new Map<string, KubeObject>();
  const stop = new AbortController();
  let isListed = false;
  const tell = () => {
    const [first] = left.values();
    if (first === undefined) stop.abort();
    else onProgress(`waiting for ${refText(refOf(first))} to be gone${left.size > 1 ? ` and ${left.size - 1} more` : ''}`);
  };
  const onListed = () => {
    isListed = true;
    tell();
  };
  for await (const { type, object } of client.watch(kind, { ...options, onListed }, AbortSignal.any([session.signal, stop.signal]))) {
    const key = nameOf(object.metadata);
    const uid = going.get(key);
    if (type !== 'DELETED' && going.has(key) && (uid === undefined || uid === object.metadata.uid)) left.set(key, object);
    else if (left.delete(key) && isListed) tell();
  }
  if (stop.signal.aborted) return;
  if (!isOutOfTime(session.signal)) session.signal.throwIfAborted();
  throw await stuckError(session, [...left.values()].map(refOf));
}

/** Why an object hangs, in its own words. */
function reasonOf(object: KubeObject): string {
  if (isKind(object, NAMESPACE)) {
    const remaining = conditionsOf(object).filter((condition) => condition.status === 'True' && /Remaining|Failure/.test(condition.type));
    return remaining.map((condition) => condition.message).join('; ') || 'is being deleted';
  }
  const finalizers = object.metadata.finalizers ?? [];
  return finalizers.length === 0 ? 'is still there' : `waits for finalizer ${finalizers.join(', ')}`;
}

async function stuckError({ client }: Session, refs: readonly ObjectRef[]): Promise<Error> {
  const signal = AbortSignal.timeout(LAST_WORD_MS);
  const objects = await Promise.all(refs.slice(0, 10).map((ref) => client.get(ref, signal).catch(() => undefined)));
  const lines = objects.filter((object) => object !== undefined).map((object) => `${refText(refOf(object))} ${reasonOf(object)}`);
  const [first] = refs;
  const held = objects.find((object) => (object?.metadata.finalizers ?? []).length > 0);
  return notReadyError({
    code: 'remove-stuck', message: `${refs.length === 1 && first !== undefined ? refText(first) : `${refs.length} objects`} did not go away in time`,
    reason: lines.join('; '),
    hints: held === undefined ? [] : [{
      text: 'if nothing will ever run the finalizer again, take it off by force',
      command: kubectl(client, 'patch', held.kind, held.metadata.name, ...(held.metadata.namespace === undefined ? [] : ['-n', held.metadata.namespace]),
        '--type=merge', '-p', '{"metadata":{"finalizers":[]}}'),
    }],
    details: { objects: lines },
  });
}

/** Ends when none of these objects exists. Throws `remove-stuck` with what holds them when time is out. */
export async function untilGone(session: Session, goings: readonly Going[]): Promise<void> {
  const results = await Promise.allSettled(groupsOf(goings).map((group) => groupGone(session, group)));
  const failure = results.find((result) => result.status === 'rejected');
  if (failure !== undefined) throw failure.reason;
}
