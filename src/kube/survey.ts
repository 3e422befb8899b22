// Reads the metadata of many objects in few requests: one list for each kind, none for what cannot exist.
import { type GroupVersionKind, groupOf, type KubeObject, type ObjectRef, refKey, refOf } from '../model/object.ts';
import type { KubeClient, ListOptions } from '../ports.ts';
import { mapLimited } from './batch.ts';
import type { LiveObjects } from './diff.ts';
import { DEFINITION, isKind, NAMESPACE } from './order.ts';

const IN_FLIGHT = 12;

export interface Survey {
  readonly live: LiveObjects;
  readonly namespaces: ReadonlySet<string>;
}

interface Question {
  readonly kind: GroupVersionKind;
  readonly options: ListOptions;
}

function grouped(refs: readonly ObjectRef[]): readonly (readonly ObjectRef[])[] {
  const groups = new Map<string, ObjectRef[]>();
  for (const ref of refs) {
    const key = `${groupOf(ref.apiVersion)}/${ref.kind}`;
    groups.set(key, [...groups.get(key) ?? [], ref]);
  }
  return [...groups.values()];
}

/** One list that covers all objects of a kind, as narrow as it can be. */
function questionOf(refs: readonly ObjectRef[]): Question | undefined {
  const [first] = refs;
  if (first === undefined) return undefined;
  const namespaces = new Set(refs.map((ref) => ref.namespace));
  const names = new Set(refs.map((ref) => ref.name));
  return {
    kind: { apiVersion: first.apiVersion, kind: first.kind },
    options: {
      metadataOnly: true,
      ...(namespaces.size === 1 && first.namespace !== undefined ? { namespace: first.namespace } : {}),
      ...(names.size === 1 ? { fieldSelector: `metadata.name=${first.name}` } : {}),
    },
  };
}

async function ask(client: KubeClient, groups: readonly (readonly ObjectRef[])[], signal: AbortSignal): Promise<readonly KubeObject[]> {
  const questions = groups.map(questionOf).filter((question) => question !== undefined);
  const lists = await mapLimited(questions, IN_FLIGHT, signal, ({ kind, options }) => client.list(kind, options, signal));
  return lists.flatMap((list) => list.items);
}

/** `plural.group` is the name of a definition. */
function groupsOf(definitions: Iterable<string>): ReadonlySet<string> {
  return new Set([...definitions].map((name) => name.slice(name.indexOf('.') + 1)));
}

/**
 * What the server has of these objects. Objects in a namespace that does not exist, and custom resources of a group whose
 * definitions do not exist, are not asked for.
 */
export async function survey(client: KubeClient, refs: readonly ObjectRef[], signal: AbortSignal): Promise<Survey> {
  const definitions = refs.filter((ref) => isKind(ref, DEFINITION));
  const [namespaces, found] = await Promise.all([
    client.list(NAMESPACE, { metadataOnly: true }, signal), ask(client, grouped(definitions), signal),
  ]);
  const names = new Set(namespaces.items.map((item) => item.metadata.name));
  const defined = groupsOf(found.map((item) => item.metadata.name));
  const toDefine = groupsOf(definitions.map((ref) => ref.name));
  const canExist = (ref: ObjectRef) => {
    const group = groupOf(ref.apiVersion);
    return (ref.namespace === undefined || names.has(ref.namespace)) && (defined.has(group) || !toDefine.has(group));
  };
  const rest = refs.filter((ref) => !isKind(ref, DEFINITION) && !isKind(ref, NAMESPACE) && canExist(ref));
  const others = await ask(client, grouped(rest), signal);
  const live = new Map([...namespaces.items, ...found, ...others].map((object) => [refKey(refOf(object)), object]));
  return { live, namespaces: names };
}
