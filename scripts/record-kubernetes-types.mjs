// Records what the rehearsal's API server knows of the built-in kinds: asks a real kube-apiserver for its discovery and OpenAPI v3,
// and Go's struct tags for what OpenAPI does not say (whether a zero is kept). Writes src/clusters/rehearsal/server/kinds.json.
//
//   node scripts/record-kubernetes-types.mjs <https://127.0.0.1:port> <bearer token> <folder with k8s.io modules api@v…, apimachinery@v…>
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0'; // a throw-away server on loopback with a certificate of its own
const [server, token, modules] = process.argv.slice(2);
if (modules === undefined) throw new Error('usage: record-kubernetes-types.mjs <server> <token> <folder of Go modules>');

/** Groups that no installer of ours meets, and that would only make the table longer. */
const LEFT_OUT = new Set(['resource.k8s.io', 'flowcontrol.apiserver.k8s.io', 'certificates.k8s.io']);
const OUT = new URL('../src/clusters/rehearsal/server/kinds.json', import.meta.url);

async function get(path) {
  const response = await fetch(`${server}${path}`, { headers: { authorization: `Bearer ${token}` } });
  if (!response.ok) throw new Error(`${path}: ${response.status}`);
  return response.json();
}

// ── Go: which optional scalars are pointers, which fields are written even when empty ──────────────────────────────────
/** The newest of the versions that are there. */
const moduleOf = (name) => join(modules, readdirSync(modules).filter((entry) => entry.startsWith(`${name}@`)).sort((left, right) => right.localeCompare(left, 'en', { numeric: true }))[0] ?? `${name}@absent`);
const folders = [
  [/^io\.k8s\.apimachinery\.pkg\.apis\.meta\.v1\./, () => join(moduleOf('apimachinery'), 'pkg/apis/meta/v1')],
  [/^io\.k8s\.apiextensions-apiserver\.pkg\.apis\.apiextensions\.v1\./, () => join(moduleOf('apiextensions-apiserver'), 'pkg/apis/apiextensions/v1')],
  [/^io\.k8s\.api\.(\w+)\.(\w+)\./, (match) => join(moduleOf('api'), match[1], match[2])],
];
const structs = new Map(); // folder → struct → json name → { pointer, omitempty }

function structsOf(folder) {
  const known = structs.get(folder);
  if (known !== undefined) return known;
  const found = new Map();
  for (const file of existsSync(folder) ? readdirSync(folder).filter((name) => /^types.*\.go$/.test(name)) : []) {
    let fields;
    for (const line of readFileSync(join(folder, file), 'utf8').split('\n')) {
      const start = /^type (\w+) struct \{/.exec(line);
      if (start) {
        fields = new Map();
        found.set(start[1], fields);
      } else if (line.startsWith('}')) fields = undefined;
      const field = /^\s+(?:(\w+)\s+)?(\S+)\s+`.*json:"([^",]*)([^"]*)"/.exec(line);
      const number = /protobuf:"[^,"]*,(\d+)/.exec(line)?.[1];
      if (fields && field && field[3] !== '') fields.set(field[3], { pointer: field[2].startsWith('*'), omitempty: /omit(empty|zero)/.test(field[4]), omitzero: field[4].includes('omitzero'), number });
      else if (fields && field?.[4].includes('inline')) fields.inline = [...fields.inline ?? [], { type: field[2].split('.').pop(), number }];
    }
  }
  for (const fields of found.values()) {
    // In JSON an inlined struct is part of its parent; in protobuf it is a message of its own.
    for (const { type, number } of fields.inline ?? []) {
      for (const [json, tag] of found.get(type) ?? []) if (!fields.has(json)) fields.set(json, { ...tag, number: number && tag.number && `${number}.${tag.number}` });
    }
  }
  structs.set(folder, found);
  return found;
}

function tagOf(type, field) {
  for (const [pattern, folder] of folders) {
    const match = pattern.exec(type);
    if (match) return structsOf(folder(match)).get(type.split('.').pop())?.get(field);
  }
  return undefined;
}

// ── OpenAPI → type expressions ──────────────────────────────────────────────────────────────────────────────────────
const schemas = {};
const short = (name) => name.replace(/^io\.k8s\.(api|apimachinery\.pkg\.apis|apiextensions-apiserver\.pkg\.apis|kube-aggregator\.pkg\.apis)\./, '');
const wellKnown = {
  'io.k8s.apimachinery.pkg.apis.meta.v1.Time': 'time', 'io.k8s.apimachinery.pkg.apis.meta.v1.MicroTime': 'microtime',
  'io.k8s.apimachinery.pkg.api.resource.Quantity': 'quantity', 'io.k8s.apimachinery.pkg.util.intstr.IntOrString': 'int-or-string',
  'io.k8s.apimachinery.pkg.apis.meta.v1.FieldsV1': 'json', 'io.k8s.apimachinery.pkg.runtime.RawExtension': 'json',
  'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSON': 'json',
  'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaPropsOrArray': 'json',
  'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaPropsOrBool': 'json',
  'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaPropsOrStringArray': 'json',
};
const wanted = [];
const types = {};

function refOf(schema) {
  const reference = schema.$ref ?? schema.allOf?.[0]?.$ref;
  return reference?.replace('#/components/schemas/', '');
}

function expression(schema) {
  const reference = refOf(schema);
  if (reference !== undefined) {
    if (wellKnown[reference]) return wellKnown[reference];
    wanted.push(reference);
    return short(reference);
  }
  if (schema.type === 'array') return `${expression(schema.items)}[]`;
  if (schema.type === 'object' && schema.additionalProperties) return `${expression(schema.additionalProperties)}{}`;
  if (schema.type === 'integer') return schema.format ?? 'int64';
  if (schema.type === 'number') return 'double';
  if (schema.type === 'string') return schema.format === 'byte' ? 'bytes' : 'string';
  return schema.type ?? 'json';
}

function flags(type, name, schema, required) {
  const tag = tagOf(type, name);
  const words = [];
  if (tag?.number) words.push(`#${tag.number}`);
  if (required) words.push('required');
  const scalar = ['string', 'integer', 'number', 'boolean'].includes(schema.type);
  if (scalar && tag?.pointer) words.push('pointer');
  const isStruct = refOf(schema) !== undefined && !wellKnown[refOf(schema)];
  if (isStruct && schema.default !== undefined && !(tag?.pointer ?? false)) words.push('struct');
  // Go writes a zero time as null, whatever `omitempty` says.
  const isTime = ['time', 'microtime'].includes(wellKnown[refOf(schema)]);
  if (!isStruct && tag !== undefined && !tag.pointer && !(isTime ? tag.omitzero : tag.omitempty)) words.push('always');
  if (schema['x-kubernetes-list-type']) {
    const keys = schema['x-kubernetes-list-map-keys'];
    words.push(`list=${schema['x-kubernetes-list-type']}${keys ? `:${keys.join(',')}` : ''}`);
  }
  if (schema['x-kubernetes-map-type']) words.push(`map=${schema['x-kubernetes-map-type']}`);
  const strategy = schema['x-kubernetes-patch-strategy'];
  if (strategy) words.push(`patch=${strategy}${schema['x-kubernetes-patch-merge-key'] ? `:${schema['x-kubernetes-patch-merge-key']}` : ''}`);
  if (schema.enum) words.push(`enum=${schema.enum.join('|')}`);
  // Defaults that OpenAPI states and that mean something; the zero of a Go type does not.
  if (typeof schema.default === 'string' && schema.default !== '') words.push(`default=${schema.default}`);
  return words;
}

function record(type) {
  const schema = schemas[type];
  if (schema === undefined) throw new Error(`no schema for ${type}`);
  const fields = {};
  if (schema['x-kubernetes-map-type'] === 'atomic') fields['$'] = 'atomic';
  for (const [name, field] of Object.entries(schema.properties ?? {})) {
    fields[name] = [expression(field), ...flags(type, name, field, schema.required?.includes(name) ?? false)].join(' ');
  }
  types[short(type)] = fields;
}

// ── discovery ───────────────────────────────────────────────────────────────────────────────────────────────────────
const groups = [{ group: '', version: 'v1', path: '/api/v1', openapi: 'api/v1' }];
const served = [];
for (const group of (await get('/apis')).groups) {
  if (LEFT_OUT.has(group.name)) continue;
  served.push({ name: group.name, versions: group.versions.map((version) => version.version), preferred: group.preferredVersion.version });
  for (const { version } of group.versions) groups.push({ group: group.name, version, path: `/apis/${group.name}/${version}`, openapi: `apis/${group.name}/${version}` });
}

const resources = [];
for (const { group, version, path, openapi } of groups) {
  Object.assign(schemas, (await get(`/openapi/v3/${openapi}`)).components.schemas);
  const list = (await get(path)).resources;
  for (const entry of list.filter((resource) => !resource.name.includes('/'))) {
    const type = Object.keys(schemas).find((name) => schemas[name]['x-kubernetes-group-version-kind']
      ?.some((kind) => kind.group === (entry.group ?? group) && kind.version === (entry.version ?? version) && kind.kind === entry.kind));
    wanted.push(type);
    resources.push({
      group, version, name: entry.name, singular: entry.singularName, kind: entry.kind, namespaced: entry.namespaced, verbs: entry.verbs.join(' '),
      ...(entry.shortNames && { shortNames: entry.shortNames }), ...(entry.categories && { categories: entry.categories }), type: short(type),
      subresources: list.filter((other) => other.name.startsWith(`${entry.name}/`)).map((other) => ({
        name: other.name.slice(entry.name.length + 1), kind: other.kind, verbs: other.verbs.join(' '), namespaced: other.namespaced,
        ...(other.group && { group: other.group }), ...(other.version && { version: other.version }),
      })),
    });
  }
}
for (const extra of ['io.k8s.api.autoscaling.v1.Scale', 'io.k8s.api.policy.v1.Eviction', 'io.k8s.api.authentication.v1.TokenRequest', 'io.k8s.apimachinery.pkg.apis.meta.v1.DeleteOptions']) wanted.push(extra);
for (let type = wanted.pop(); type !== undefined; type = wanted.pop()) if (!(short(type) in types)) record(type);

// ── one line for each resource and type, so that a new version of Kubernetes is a readable diff ─────────────────────────
const lines = (entries) => entries.map((text) => `    ${text}`).join(',\n');
const version = await get('/version');
writeFileSync(OUT, `{
  "kubernetes": ${JSON.stringify({ major: version.major, minor: version.minor, gitVersion: version.gitVersion })},
  "groups": [\n${lines(served.map((group) => JSON.stringify(group)))}\n  ],
  "resources": [\n${lines(resources.map((resource) => JSON.stringify(resource)))}\n  ],
  "types": {\n${lines(Object.keys(types).sort().map((name) => `${JSON.stringify(name)}: ${JSON.stringify(types[name])}`))}\n  }
}\n`);
console.log(`${resources.length} resources, ${Object.keys(types).length} types`);
