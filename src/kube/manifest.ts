// Documents of a manifest → objects: checked, lists opened, repeats merged. Pure.
import { type DevstackError, failedError } from '../model/error.ts';
import { canonicalJson, isJsonObject, type Json, type JsonObject } from '../model/json.ts';
import { arrayAt, isKubeObject, type KubeObject, refKey, refOf, stringAt } from '../model/object.ts';

function invalid(source: string, place: string, reason: string): DevstackError {
  return failedError({ code: 'manifest-invalid', message: `${source}: ${place} is no Kubernetes object`, reason });
}

function missing(document: JsonObject): string {
  const kind = stringAt(document, 'kind');
  if (stringAt(document, 'apiVersion') === undefined) return 'apiVersion is missing';
  if (kind === undefined) return 'kind is missing';
  if (stringAt(document, 'metadata', 'generateName') !== undefined) return `${kind} has only a generateName: applying it again would make another one`;
  return `${kind} has no metadata.name`;
}

function objectsIn(document: Json, source: string, place: string): readonly KubeObject[] {
  if (!isJsonObject(document)) throw invalid(source, place, 'it is not a map');
  const kind = stringAt(document, 'kind') ?? '';
  // `List` and `ConfigMapList` hold objects; a kind that merely ends so has a name of its own.
  if (kind.endsWith('List') && Array.isArray(document['items']) && stringAt(document, 'metadata', 'name') === undefined) {
    return arrayAt(document, 'items').flatMap((item, index) => objectsIn(item, source, `${place}, item ${index + 1}`));
  }
  if (!isKubeObject(document)) throw invalid(source, place, missing(document));
  return [document];
}

/**
 * The objects of a stream of documents; namespaces are never made up.
 * @param source name of the manifest, for messages. Throws `manifest-invalid` with the number of the document.
 */
export function parseObjects(documents: readonly Json[], source: string): readonly KubeObject[] {
  return documents.flatMap((document, index) => (document === null ? [] : objectsIn(document, source, `document ${index + 1}`)));
}

/** One object for each name. Of different ones the later stands, as if they had been applied one after the other. */
export function mergeRepeats(objects: readonly KubeObject[]): readonly KubeObject[] {
  const merged = new Map<string, KubeObject>();
  for (const object of objects) merged.set(refKey(refOf(object)), object);
  return [...merged.values()];
}

/** True when both say the same, whatever the order of their keys. */
export function isSame(a: Json | undefined, b: Json | undefined): boolean {
  return canonicalJson(a) === canonicalJson(b);
}
