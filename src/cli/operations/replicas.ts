// How many pods of people's programs answer right now.
import { at, groupOf, hasCondition, type KubeObject, type ObjectRef } from '../../model/object.ts';
import type { KubeClient } from '../../ports.ts';

const POD = { apiVersion: 'v1', kind: 'Pod' } as const;
/** Parts that people put there; what addons consist of is not counted. */
const PROGRAMS = /^(app|sample)-/;

export function isReadyPod(pod: KubeObject): boolean {
  return pod.metadata.deletionTimestamp === undefined && hasCondition(pod, 'Ready');
}

async function countOf(client: KubeClient, ref: ObjectRef, signal: AbortSignal): Promise<readonly number[]> {
  const group = groupOf(ref.apiVersion);
  if (ref.kind === 'Service' && group === 'serving.knative.dev') {
    const { items } = await client.list(POD, { ...(ref.namespace === undefined ? {} : { namespace: ref.namespace }), labelSelector: `serving.knative.dev/service=${ref.name}` }, signal);
    return [items.filter(isReadyPod).length];
  }
  if (group !== 'apps' || (ref.kind !== 'Deployment' && ref.kind !== 'StatefulSet')) return [];
  const ready = at(await client.get(ref, signal), 'status', 'readyReplicas');
  return [typeof ready === 'number' ? ready : 0];
}

/** Undefined for a part that runs nothing of a person's. */
export async function replicasOf(client: KubeClient, { part, refs }: { readonly part: string; readonly refs: readonly ObjectRef[] }, signal: AbortSignal): Promise<number | undefined> {
  if (!PROGRAMS.test(part)) return undefined;
  const counts = (await Promise.all(refs.map((ref) => countOf(client, ref, signal)))).flat();
  return counts.length === 0 ? undefined : counts.reduce((sum, count) => sum + count, 0);
}
