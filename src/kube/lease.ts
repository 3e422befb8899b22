// Leases of holders that are gone: after a cluster was asleep nobody renews them, and who comes next would wait for their whole term.
import { type GroupVersionKind, type KubeObject, refOf, stringAt } from '../model/object.ts';
import { mapLimited } from './batch.ts';
import { hasCode } from './failure.ts';
import { IN_FLIGHT, type Session } from './session.ts';

const LEASE: GroupVersionKind = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease' };

/** They say that a node or an API server lives; no one waits to take them over. */
function isHeartbeat({ metadata }: KubeObject): boolean {
  return metadata.namespace === 'kube-node-lease' || metadata.labels?.['apiserver.kubernetes.io/identity'] !== undefined;
}

/** See KubeSets.releaseLeases. */
export async function releaseLeases({ client, signal }: Session, before: number): Promise<void> {
  const { items } = await client.list(LEASE, {}, signal);
  const stale = items.filter((lease) => !isHeartbeat(lease) && Date.parse(stringAt(lease, 'spec', 'renewTime') ?? '') < before);
  await mapLimited(stale, IN_FLIGHT, signal, async (lease) => {
    try {
      await client.delete(refOf(lease), { ...(lease.metadata.uid === undefined ? {} : { uid: lease.metadata.uid }) }, signal);
    } catch (error) {
      // Somebody else was quicker.
      if (!hasCode(error, 'kube-conflict')) throw error;
    }
  });
}
