// What is wrong with an object as a whole: its metadata, its kind or the schema of its definition.
import { isJsonObject, type JsonObject } from '../../../../model/json.ts';
import { duplicateErrors, schemaErrors } from '../custom/validate.ts';
import { objectAt, without } from '../json.ts';
import type { Resource } from '../resource.ts';
import { type FieldError, field } from '../status.ts';
import { toStorage } from '../stored-version.ts';
import { nameRuleOf } from '../strategy.ts';
import { kindErrors } from './kinds.ts';
import { metadataErrors } from './names.ts';

export function objectErrors(resource: Resource, object: JsonObject, subresource = ''): readonly FieldError[] {
  if (resource.custom !== undefined && subresource === 'status') return statusErrors(resource, object);
  const metadata = metadataErrors(objectAt(object, 'metadata') ?? {}, nameRuleOf(resource), resource);
  if (resource.custom === undefined) return [...metadata, ...kindErrors(resource.storage.key, toStorage(resource, object))];
  const schema = resource.custom.schema;
  const kind = object['kind'] === resource.kind ? [] : [field.invalid('kind', object['kind'] ?? '', `must be ${resource.kind}`)];
  if (schema === undefined) return [...metadata, ...kind];
  const body = without(object, 'apiVersion', 'kind', 'metadata');
  return [...kind, ...metadata, ...schemaErrors('', body, without(schema, 'type')), ...duplicateErrors('', body, schema), ...scaleErrors(resource, object)];
}

/** Of a custom resource's status alone: what else is wrong with the object is none of its business. */
function statusErrors(resource: Resource, object: JsonObject): readonly FieldError[] {
  const schema = objectAt(resource.custom?.schema, 'properties', 'status');
  const status = object['status'];
  if (schema === undefined || status === undefined) return [];
  return [...schemaErrors('', status, schema), ...duplicateErrors('', status, schema)].map((error) => ({ ...error, field: error.field === '' ? 'status' : `status.${error.field}` }));
}

/** A replica count that is no number cannot be scaled. */
function scaleErrors(resource: Resource, object: JsonObject): readonly FieldError[] {
  const path = resource.custom?.scale?.['specReplicasPath'];
  if (typeof path !== 'string') return [];
  let current: unknown = object;
  for (const part of path.split('.').slice(1)) {
    if (!isJsonObject(current)) return [field.invalid(path, 0, `${path} accessor error: ${String(current)} is of the type ${goType(current)}, expected map[string]interface{}`)];
    current = current[part];
    if (current === undefined) return [];
  }
  return Number.isInteger(current) ? [] : [field.invalid(path, 0, `${path} accessor error: ${String(current)} is of the type ${goType(current)}, expected int64`)];
}

function goType(value: unknown): string {
  return typeof value === 'number' ? 'float64' : typeof value === 'boolean' ? 'bool' : Array.isArray(value) ? '[]interface {}' : typeof value;
}

/** Nobody holds up what is being deleted. */
export function finalizerErrors(object: JsonObject, old: JsonObject): readonly FieldError[] {
  if (objectAt(old, 'metadata')?.['deletionTimestamp'] === undefined) return [];
  const list = (from: JsonObject): readonly string[] => {
    const finalizers = objectAt(from, 'metadata')?.['finalizers'];
    return Array.isArray(finalizers) ? finalizers.map(String) : [];
  };
  const added = list(object).filter((name) => !list(old).includes(name));
  return added.length === 0 ? []
    : [field.forbidden('metadata.finalizers', `no new finalizers can be added if the object is being deleted, found new finalizers []string{${added.map((name) => JSON.stringify(name)).join(', ')}}`)];
}
