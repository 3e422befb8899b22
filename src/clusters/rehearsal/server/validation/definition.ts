// What makes a CustomResourceDefinition wrong.
import { isJsonObject, type JsonObject } from '../../../../model/json.ts';
import { equal, objectAt, objectsAt } from '../json.ts';
import { type FieldError, field } from '../status.ts';

type Errors = readonly FieldError[];

const NO_TYPE = 'must not be empty for specified object fields';

/** A structural schema says the type of everything. */
function structuralErrors(path: string, schema: JsonObject, isRoot: boolean): Errors {
  const isOpen = schema['x-kubernetes-preserve-unknown-fields'] === true || schema['x-kubernetes-int-or-string'] === true;
  const errors: FieldError[] = [];
  if (isRoot && schema['type'] !== 'object') {
    errors.push(schema['type'] === undefined ? field.required(`${path}.type`, 'must not be empty at the root') : field.invalid(`${path}.type`, schema['type'] ?? '', 'must be object at the root'));
  }
  for (const [name, property] of Object.entries(objectAt(schema, 'properties') ?? {})) {
    if (isJsonObject(property)) errors.push(...structuralErrors(`${path}.properties[${name}]`, property, false));
  }
  const items = objectAt(schema, 'items');
  if (items !== undefined) errors.push(...structuralErrors(`${path}.items`, items, false));
  const additional = objectAt(schema, 'additionalProperties');
  if (additional !== undefined) errors.push(...structuralErrors(`${path}.additionalProperties`, additional, false));
  if (!isRoot && !isOpen && (schema['type'] === undefined || schema['type'] === '')) errors.push(field.required(`${path}.type`, path.endsWith('.items') ? 'must not be empty for specified array items' : NO_TYPE));
  return errors;
}

function versionErrors(object: JsonObject): Errors {
  const versions = objectsAt(object, 'spec', 'versions');
  const storage = versions.filter((version) => version['storage'] === true);
  const errors: FieldError[] = versions.length === 0 ? [field.required('spec.versions', 'must have at least one version')] : [];
  versions.forEach((version, index) => {
    const schema = objectAt(version, 'schema', 'openAPIV3Schema');
    if (schema === undefined) errors.push(field.required(`spec.versions[${index}].schema.openAPIV3Schema`, objectAt(version, 'schema') === undefined ? '' : 'schemas are required'));
    // With one version the server looks at its schema as if it stood for all.
    const path = versions.length === 1 ? 'spec.validation.openAPIV3Schema' : `spec.versions[${index}].schema.openAPIV3Schema`;
    if (schema !== undefined) errors.push(...structuralErrors(path, schema, true));
  });
  if (storage.length === 1) return errors;
  return [
    ...errors, field.invalid('spec.versions', versions.map((version) => ({ Name: version['name'] ?? '' })), 'must have exactly one version marked as storage version'),
    ...storage.length === 0 ? [field.invalid('status.storedVersions', null, 'must have at least one stored version')]
      : [field.invalid('status.storedVersions', [storage[0]?.['name'] ?? ''], `must have the storage version ${String(storage[storage.length - 1]?.['name'])}`)],
  ];
}

export function definitionErrors(object: JsonObject): Errors {
  const spec = objectAt(object, 'spec') ?? {};
  const names = objectAt(spec, 'names') ?? {};
  const [name, group, plural] = [String(objectAt(object, 'metadata')?.['name'] ?? ''), String(spec['group'] ?? ''), String(names['plural'] ?? '')];
  return [
    ...name === `${plural}.${group}` ? [] : [field.invalid('metadata.name', name, 'must be spec.names.plural+"."+spec.group')],
    ...group === '' ? [field.required('spec.group')] : group.includes('.') ? [] : [field.invalid('spec.group', group, 'should be a domain with at least one dot')],
    ...['Cluster', 'Namespaced'].includes(String(spec['scope'])) ? [] : [field.unsupported('spec.scope', spec['scope'] ?? '', ['Cluster', 'Namespaced'])],
    ...versionErrors(object),
    ...plural === '' ? [field.required('spec.names.plural')] : [],
    ...String(names['kind'] ?? '') === '' ? [field.required('spec.names.kind')] : [],
  ];
}

export function definitionUpdateErrors(object: JsonObject, old: JsonObject): Errors {
  const [now, before] = [objectAt(object, 'spec') ?? {}, objectAt(old, 'spec') ?? {}];
  return [
    ...equal(now['scope'], before['scope']) ? [] : [field.invalid('spec.scope', now['scope'] ?? '', 'field is immutable')],
    ...equal(now['group'], before['group']) ? [] : [field.invalid('spec.group', now['group'] ?? '', 'field is immutable')],
    ...(['kind', 'plural'] as const).flatMap((key) => {
      const [name, earlier] = [objectAt(now, 'names')?.[key], objectAt(before, 'names')?.[key]];
      return equal(name, earlier) ? [] : [field.invalid(`spec.names.${key}`, name ?? '', 'field is immutable')];
    }),
  ];
}
