// OpenAPI v3, as little of it as kubectl reads: schemas with their merge keys, and which operations validate fields.
import { createHash } from 'node:crypto';
import type { Json, JsonObject } from '../../../model/json.ts';
import { TYPE_OF_KIND, TYPES } from './kinds.ts';
import type { Registry } from './registry.ts';
import { json, type Reply } from './reply.ts';
import { apiVersionOf, type Resource } from './resource.ts';
import { pathNotFound } from './status.ts';

const PACKAGES: readonly (readonly [RegExp, string])[] = [
  [/^meta\./, 'io.k8s.apimachinery.pkg.apis.'], [/^apiextensions\./, 'io.k8s.apiextensions-apiserver.pkg.apis.'],
  [/^apiregistration\./, 'io.k8s.kube-aggregator.pkg.apis.'], [/^/, 'io.k8s.api.'],
];

function fullName(type: string): string {
  return `${PACKAGES.find(([pattern]) => pattern.test(type))?.[1] ?? ''}${type}`;
}

const SCALARS: { readonly [type: string]: JsonObject } = {
  string: { type: 'string' }, int32: { type: 'integer', format: 'int32' }, int64: { type: 'integer', format: 'int64' }, double: { type: 'number', format: 'double' },
  boolean: { type: 'boolean' }, time: { type: 'string', format: 'date-time' }, microtime: { type: 'string', format: 'date-time' }, bytes: { type: 'string', format: 'byte' },
  quantity: { oneOf: [{ type: 'string' }, { type: 'number' }] }, 'int-or-string': { format: 'int-or-string', oneOf: [{ type: 'integer' }, { type: 'string' }] }, json: {},
};

class SchemaWriter {
  readonly schemas: { [name: string]: Json } = {};

  /** Writes a type and all that it refers to; returns the reference. */
  reference(type: string): JsonObject {
    const name = fullName(type);
    if (this.schemas[name] === undefined) {
      this.schemas[name] = {};
      this.schemas[name] = this.#struct(type);
    }
    return { $ref: `#/components/schemas/${name}` };
  }

  #struct(type: string): JsonObject {
    const expressions = TYPES.expressions(type);
    const properties: { [name: string]: Json } = {};
    const required: string[] = [];
    for (const [field, text] of Object.entries(expressions)) {
      if (field === '$') continue;
      const [expression = '', ...flags] = text.split(' ');
      if (flags.includes('required')) required.push(field);
      const schema = this.#type(expression);
      properties[field] = { ...(schema['$ref'] === undefined ? schema : { allOf: [schema] }), ...extensions(flags) };
    }
    return { type: 'object', properties, ...(required.length > 0 ? { required } : {}), ...(expressions['$'] === 'atomic' ? { 'x-kubernetes-map-type': 'atomic' } : {}) };
  }

  #type(expression: string): JsonObject {
    if (expression.endsWith('[]')) return { type: 'array', items: this.#type(expression.slice(0, -2)) };
    if (expression.endsWith('{}')) return { type: 'object', additionalProperties: this.#type(expression.slice(0, -2)) };
    return SCALARS[expression] ?? this.reference(expression);
  }
}

function extensions(flags: readonly string[]): JsonObject {
  const result: { [key: string]: Json } = {};
  for (const flag of flags) {
    const [name, value = ''] = [flag.slice(0, Math.max(0, flag.indexOf('='))), flag.slice(flag.indexOf('=') + 1)];
    const [kind = '', keys] = value.split(':');
    if (name === 'list') Object.assign(result, { 'x-kubernetes-list-type': kind }, keys === undefined ? {} : { 'x-kubernetes-list-map-keys': keys.split(',') });
    else if (name === 'patch') Object.assign(result, { 'x-kubernetes-patch-strategy': kind }, keys === undefined ? {} : { 'x-kubernetes-patch-merge-key': keys });
    else if (name === 'map') result['x-kubernetes-map-type'] = value;
    else if (name === 'enum') result['enum'] = value.split('|');
  }
  return result;
}

const QUERY = ['dryRun', 'fieldManager', 'fieldValidation'].map((name) => ({ name, in: 'query', schema: { type: 'string' } }));

function operations(resource: Resource): JsonObject {
  const kind = { 'x-kubernetes-group-version-kind': { group: resource.group, version: resource.version, kind: resource.kind } };
  const prefix = resource.group === '' ? `/api/${resource.version}` : `/apis/${resource.group}/${resource.version}`;
  const collection = `${prefix}${resource.namespaced ? '/namespaces/{namespace}' : ''}/${resource.name}`;
  const types = ['application/apply-patch+yaml', 'application/json-patch+json', 'application/merge-patch+json', ...resource.custom === undefined ? ['application/strategic-merge-patch+json'] : []];
  const content = Object.fromEntries(types.map((type) => [type, { schema: {} }]));
  return {
    [collection]: { post: { parameters: QUERY, 'x-kubernetes-action': 'post', responses: {}, ...kind } },
    [`${collection}/{name}`]: {
      get: { 'x-kubernetes-action': 'get', responses: {}, ...kind },
      patch: { parameters: [...QUERY, { name: 'force', in: 'query', schema: { type: 'boolean' } }], requestBody: { content }, 'x-kubernetes-action': 'patch', responses: {}, ...kind },
    },
  };
}

function customSchema(resource: Resource, writer: SchemaWriter): JsonObject {
  const schema = resource.custom?.schema ?? { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
  const properties = typeof schema['properties'] === 'object' && schema['properties'] !== null ? schema['properties'] : {};
  return { ...schema, properties: { ...properties, apiVersion: { type: 'string' }, kind: { type: 'string' }, metadata: { allOf: [writer.reference('meta.v1.ObjectMeta')] } } };
}

function document(registry: Registry, group: string, version: string): JsonObject {
  const writer = new SchemaWriter();
  const paths: { [path: string]: Json } = {};
  for (const resource of registry.of(group, version)) {
    Object.assign(paths, operations(resource));
    const kind = { 'x-kubernetes-group-version-kind': [{ group: resource.group, version: resource.version, kind: resource.kind }] };
    const type = TYPE_OF_KIND.get(`${group}/${version}/${resource.kind}`);
    if (type === undefined) {
      writer.schemas[`${group.split('.').reverse().join('.')}.${version}.${resource.kind}`] = { ...customSchema(resource, writer), ...kind };
    } else {
      writer.reference(type);
      writer.schemas[fullName(type)] = { ...writer.schemas[fullName(type)] as JsonObject, ...kind };
    }
  }
  return { openapi: '3.0.0', info: { title: 'Kubernetes', version: 'rehearsal' }, paths, components: { schemas: writer.schemas } };
}

/** The index and the documents of `/openapi/v3`. Throws 404 for what is not served. */
export function openapi(registry: Registry, path: string): Reply {
  if (path === '/openapi/v3') {
    const versions = [{ group: '', version: 'v1' }, ...registry.groups().flatMap(({ name, versions: all }) => all.map((version) => ({ group: name, version })))];
    const paths = versions.map((entry) => {
      const name = entry.group === '' ? 'api/v1' : `apis/${apiVersionOf(entry)}`;
      const hash = createHash('sha256').update(JSON.stringify(registry.of(entry.group, entry.version).map((resource) => [resource.name, resource.custom?.schema ?? null]))).digest('hex');
      return [name, { serverRelativeURL: `/openapi/v3/${name}?hash=${hash.toUpperCase()}` }] as const;
    });
    return json({ paths: Object.fromEntries(paths) });
  }
  const match = /^\/openapi\/v3\/(?:api|apis\/([^/]+))\/([^/]+)$/.exec(path);
  const [group, version] = [match?.[1] ?? '', match?.[2] ?? ''];
  if (match === null || !registry.isServed(group, version)) throw pathNotFound();
  return json(document(registry, group, version));
}
