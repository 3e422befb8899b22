// KubeSets: work on sets of objects above a client.
import { type GroupVersionKind, groupOf, type KubeObject, type ObjectRef, refKey, refOf } from '../model/object.ts';
import type { Clock, KubeClient, KubeSets, OnProgress, Readiness } from '../ports.ts';
import { admitObject } from './admit.ts';
import { applySet, compareSet } from './apply.ts';
import { mapLimited } from './batch.ts';
import { fetchInventories } from './inventory.ts';
import { releaseLeases } from './lease.ts';
import { type Backdrop, observe, standsOnPods } from './observation.ts';
import { removePart } from './remove.ts';
import { IN_FLIGHT, type Session } from './session.ts';
import { untilNames } from './until.ts';
import { waitUntilReady } from './wait.ts';

const quiet: OnProgress = () => undefined;

/** Objects by refKey: one list where several of a kind are in a namespace, else one request each. */
async function fetchObjects({ client, signal }: Session, refs: readonly ObjectRef[]): Promise<ReadonlyMap<string, KubeObject>> {
  const groups = new Map<string, ObjectRef[]>();
  for (const ref of refs) {
    const key = `${groupOf(ref.apiVersion)}/${ref.kind}/${ref.namespace ?? ''}`;
    groups.set(key, [...groups.get(key) ?? [], ref]);
  }
  const found = await mapLimited([...groups.values()], IN_FLIGHT, signal, async (group) => {
    const [first] = group;
    if (first === undefined) return [];
    if (group.length > 2) return (await client.list(first, first.namespace === undefined ? {} : { namespace: first.namespace }, signal)).items;
    return (await Promise.all(group.map((ref) => client.get(ref, signal)))).filter((object) => object !== undefined);
  });
  return new Map(found.flat().map((object) => [refKey(refOf(object)), object]));
}

async function fetchBackdrop({ client, signal }: Session, namespaces: readonly string[]): Promise<Backdrop> {
  const of = async (kind: GroupVersionKind, options = {}) => (
    (await Promise.all(namespaces.map((namespace) => client.list(kind, { ...options, namespace }, signal)))).flatMap((list) => list.items)
  );
  const [pods, replicaSets, events] = await Promise.all([
    of({ apiVersion: 'v1', kind: 'Pod' }), of({ apiVersion: 'apps/v1', kind: 'ReplicaSet' }, { metadataOnly: true }),
    of({ apiVersion: 'v1', kind: 'Event' }, { fieldSelector: 'involvedObject.kind=Pod' }),
  ]);
  return { pods, replicaSets, events };
}

async function statusOfAll(session: Session, refs: readonly ObjectRef[]): Promise<readonly Readiness[]> {
  const objects = await fetchObjects(session, refs);
  const none: Backdrop = { pods: [], replicaSets: [], events: [] };
  const first = refs.map((ref) => observe(ref, objects.get(refKey(ref)), none));
  // Pods are only worth reading where something is amiss.
  const open = first.filter(({ state, ref }) => state !== 'ready' && state !== 'gone' && standsOnPods(ref));
  const namespaces = [...new Set(open.map(({ ref }) => ref.namespace ?? ''))];
  const backdrop = namespaces.length === 0 ? none : await fetchBackdrop(session, namespaces);
  return refs.map((ref) => {
    const { state, message } = observe(ref, objects.get(refKey(ref)), backdrop);
    return { ref, state, message };
  });
}

export function createKubeSets(clock: Clock): KubeSets {
  const session = (client: KubeClient, signal: AbortSignal, onProgress: OnProgress = quiet): Session => ({ client, clock, signal, onProgress });
  return {
    compare: (client, set, signal) => compareSet(session(client, signal), set),
    apply: (client, set, options) => applySet(session(client, options.signal, options.onProgress), set, options),
    releaseLeases: (client, { before, signal }) => releaseLeases(session(client, signal), before),
    untilNames: (client, options) => untilNames(session(client, options.signal, options.onProgress)),
    remove: (client, target, options) => removePart(session(client, options.signal, options.onProgress), target),
    wait: (client, refs, options) => waitUntilReady(session(client, options.signal, options.onProgress), refs),
    admit: (client, object, options) => admitObject(session(client, options.signal, options.onProgress), object, options.defaulted),
    status: (client, refs, signal) => statusOfAll(session(client, signal), refs),
    inventories: async (client, stack, signal) => (await fetchInventories(client, stack, signal)).map(({ part, complete, entries }) => ({
      stack, part, complete, refs: entries.map((entry) => entry.ref),
    })),
  };
}
