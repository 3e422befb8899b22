// Objects in the version in which their kind is stored, and in the one that was asked for.
import type { JsonObject } from '../../../model/json.ts';
import { convert } from './conversion.ts';
import type { Core } from './core.ts';
import type { Draft } from './json.ts';
import { fitted } from './read-object.ts';
import { apiVersionOf, type Resource } from './resource.ts';

/** The object in the version in which its kind is stored. */
export function toStorage(resource: Resource, object: JsonObject): JsonObject {
  return convert(resource.storage.key, object, resource.storage.apiVersion);
}

/** What goes into the store: no more than the stored version knows. */
export function stored(core: Core, resource: Resource, object: JsonObject): Draft {
  const converted = toStorage(resource, object);
  const storage = resource.custom === undefined || converted === object ? undefined : core.registry.ofStorage(resource.storage.key);
  return (storage === undefined ? converted : fitted(storage, converted, true)) as Draft;
}

export function fromStorage(resource: Resource, object: JsonObject): JsonObject {
  return convert(resource.storage.key, object, apiVersionOf(resource));
}
