// Whose an object in a namespace is: whether removing the namespace would take something from somebody. Pure.
import { PART_LABEL, STACK_LABEL } from '../model/label.ts';
import { groupOf, type KubeObject, refKey, refOf, refText, stringAt } from '../model/object.ts';
import type { PartId } from './inventory.ts';
import { isController } from './manager.ts';

/** Written by the cluster about other objects, and gone with them. */
const ECHOES = new Set(['/Endpoints', '/Event', 'events.k8s.io/Event', 'discovery.k8s.io/EndpointSlice', 'coordination.k8s.io/Lease', 'apps/ControllerRevision']);
/** What every namespace gets by itself. */
const GIVEN = new Set(['/ServiceAccount/default', '/ConfigMap/kube-root-ca.crt', '/ConfigMap/istio-ca-root-cert']);

function isWrittenByControllers(object: KubeObject): boolean {
  const managers = (object.metadata.managedFields ?? []).map((entry) => stringAt(entry, 'manager') ?? '');
  return managers.length > 0 && managers.every(isController);
}

/**
 * Why an object must not go with its namespace, in words; undefined when it may.
 * @param leaving keys of the objects that are being removed.
 * @param staying keys of the objects of the part that stay.
 */
export function tenantOf(object: KubeObject, id: PartId, leaving: ReadonlySet<string>, staying: ReadonlySet<string>): string | undefined {
  const ref = refOf(object);
  const key = refKey(ref);
  const kind = `${groupOf(object.apiVersion)}/${object.kind}`;
  if (staying.has(key)) return refText(ref);
  if (leaving.has(key) || ECHOES.has(kind) || GIVEN.has(`${kind}/${ref.name}`) || (object.metadata.ownerReferences ?? []).length > 0) return undefined;
  const part = object.metadata.labels?.[PART_LABEL];
  if (object.metadata.labels?.[STACK_LABEL] === id.stack) return part === id.part ? undefined : `${refText(ref)} of part ${part ?? '?'}`;
  return isWrittenByControllers(object) ? undefined : refText(ref);
}
