// Every kind that a server can list, for the rare work that has to look everywhere.
import type { Json } from '../model/json.ts';
import { arrayAt, groupOf, type KubeObject, stringAt } from '../model/object.ts';
import type { ListOptions } from '../ports.ts';
import { mapLimited } from './batch.ts';
import { type DiscoveredKind, groupPath, kindsIn } from './resource.ts';
import { IN_FLIGHT, type Session } from './session.ts';

/** Computed on demand, never stored; and often broken, because pods serve them. */
const COMPUTED = /(^|\.)metrics\.k8s\.io$/;

async function ask({ client, signal }: Session, path: string): Promise<Json | undefined> {
  const { status, body } = await client.raw('GET', path, undefined, signal);
  return status === 200 ? (JSON.parse(body) as Json) : undefined;
}

/** Each kind once, in the version that its group prefers among those that have it. */
export async function listableKinds(session: Session): Promise<readonly DiscoveredKind[]> {
  const groups = arrayAt(await ask(session, '/apis'), 'groups');
  const versions = groups.flatMap((group) => arrayAt(group, 'versions').map((version) => stringAt(version, 'groupVersion') ?? ''));
  const wanted = ['v1', ...versions.filter((version) => version !== '' && !COMPUTED.test(groupOf(version)))];
  const lists = await mapLimited(wanted, IN_FLIGHT, session.signal, async (version) => kindsIn(version, await ask(session, groupPath(version))));
  const kinds = new Map<string, DiscoveredKind>();
  for (const kind of lists.flat()) {
    const key = `${groupOf(kind.apiVersion)}/${kind.kind}`;
    if (kind.verbs.includes('list') && !kinds.has(key)) kinds.set(key, kind);
  }
  return [...kinds.values()];
}

/** Metadata of all objects of these kinds that a selection holds. */
export async function listAll(session: Session, kinds: readonly DiscoveredKind[], options: ListOptions): Promise<readonly KubeObject[]> {
  const lists = await mapLimited(kinds, IN_FLIGHT, session.signal, (kind) => (
    session.client.list(kind, { ...options, metadataOnly: true }, session.signal)
  ));
  return lists.flatMap((list) => list.items);
}
