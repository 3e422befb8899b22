// What an API server holds, in a form in which two moments or two servers can be compared.

import { listableKinds } from '../../src/kube/kinds.ts';
import type { Session } from '../../src/kube/session.ts';
import { isJsonObject, type Json, type JsonObject } from '../../src/model/json.ts';
import { APPLIED_ANNOTATION, PART_LABEL, STACK_LABEL } from '../../src/model/label.ts';
import { type KubeObject, refKey, refOf } from '../../src/model/object.ts';
import type { Clock, KubeClient } from '../../src/ports.ts';

/** Written by the server for itself, at any time. */
const RESTLESS = new Set(['Lease', 'Event', 'FlowSchema', 'PriorityLevelConfiguration', 'APIService', 'StorageVersion', 'ServiceCIDR', 'IPAddress', 'ControllerRevision']);

const SERVERS_OWN = ['uid', 'resourceVersion', 'creationTimestamp', 'generation', 'managedFields', 'selfLink'];

function without(object: JsonObject, keys: readonly string[]): JsonObject {
  return Object.fromEntries(Object.entries(object).filter(([key]) => !keys.includes(key)));
}

function unlessEmpty(key: string, value: JsonObject): JsonObject {
  return Object.keys(value).length === 0 ? {} : { [key]: value };
}

/** An object without what servers give differently each time, and without our marks. */
export function plain(object: KubeObject): Json {
  const metadata = object.metadata as unknown as JsonObject;
  // A job without labels gets those of its template; ours always has some.
  const marks = (name: string) => (isJsonObject(metadata[name]) ? without(metadata[name], [STACK_LABEL, PART_LABEL, APPLIED_ANNOTATION]) : {});
  const spec = isJsonObject(object['spec']) ? { spec: plainSpec(object.kind, object['spec']) } : {};
  return {
    ...without(object as unknown as JsonObject, ['status', 'metadata']), ...spec,
    metadata: {
      ...without(metadata, [...SERVERS_OWN, 'labels', 'annotations']), ...(object.kind === 'Job' ? {} : unlessEmpty('labels', marks('labels'))), ...unlessEmpty('annotations', marks('annotations')),
    },
  };
}

/** Addresses and node ports are given out in the order of the requests; a job's selector is its uid. */
function plainSpec(kind: string, spec: JsonObject): JsonObject {
  if (kind === 'Job') return without(spec, ['selector', 'template']);
  if (kind !== 'Service') return spec;
  const ports = Array.isArray(spec['ports']) ? spec['ports'].map((port: Json) => (isJsonObject(port) && spec['type'] !== 'ClusterIP' ? without(port, ['nodePort']) : port)) : [];
  return { ...without(spec, ['clusterIP', 'clusterIPs', 'healthCheckNodePort']), ports };
}

/** Everything in the server by refKey. */
export async function snapshot(client: KubeClient, clock: Clock): Promise<ReadonlyMap<string, Json>> {
  const session: Session = { client, clock, signal: new AbortController().signal, onProgress: () => undefined };
  const kinds = (await listableKinds(session)).filter((kind) => !RESTLESS.has(kind.kind));
  const lists = await Promise.all(kinds.map((kind) => client.list(kind)));
  return new Map(lists.flatMap((list) => list.items).map((object) => [refKey(refOf(object)), plain(object)]));
}
