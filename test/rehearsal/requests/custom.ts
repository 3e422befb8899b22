// Custom resources: definitions right and wrong, and objects that their schema defaults, prunes and refuses.
import type { Json } from '../../../src/model/json.ts';
import { type ApiRequest, del, get, META, patch, post, put, TABLE } from './request.ts';

const CRDS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
const GADGETS = '/apis/lab.example.com/v1/namespaces/cust/gadgets';

const schema: Json = {
  type: 'object', required: ['spec'],
  properties: {
    spec: {
      type: 'object', required: ['size'],
      properties: {
        size: { type: 'integer', minimum: 1, maximum: 10, default: 3 }, color: { type: 'string', enum: ['red', 'blue'], default: 'red' },
        name: { type: 'string', pattern: '^[a-z]+$', minLength: 2, maxLength: 5 }, ratio: { type: 'number', exclusiveMinimum: true, minimum: 0 },
        tags: { type: 'array', items: { type: 'string' }, maxItems: 3, uniqueItems: false, 'x-kubernetes-list-type': 'set' },
        parts: { type: 'array', 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['id'], items: { type: 'object', required: ['id'], properties: { id: { type: 'string' }, count: { type: 'integer', default: 1 } } } },
        any: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true }, port: { 'x-kubernetes-int-or-string': true },
        labels: { type: 'object', additionalProperties: { type: 'string' } }, note: { type: 'string', nullable: true }, on: { type: 'boolean' },
        when: { type: 'string', format: 'date-time' }, atom: { type: 'object', 'x-kubernetes-map-type': 'atomic', properties: { a: { type: 'string' }, b: { type: 'string' } } },
      },
    },
    status: { type: 'object', properties: { ready: { type: 'boolean' }, replicas: { type: 'integer' }, conditions: { type: 'array', items: { type: 'object', required: ['type'], properties: { type: { type: 'string' }, status: { type: 'string' } } } } } },
  },
};

const crd = (kind: string, plural: string, more: Record<string, Json> = {}, version: Record<string, Json> = {}) => ({
  apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition', metadata: { name: `${plural}.lab.example.com` },
  spec: {
    group: 'lab.example.com', scope: 'Namespaced', names: { kind, plural }, versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: schema }, ...version }], ...more,
  },
});
const gadget = (name: string, spec: Json, more: Record<string, Json> = {}) => ({ apiVersion: 'lab.example.com/v1', kind: 'Gadget', metadata: { name }, spec, ...more });
const create = (name: string, spec: Json, query = ''): ApiRequest => post(`gadget-${name}`, `${GADGETS}${query}`, gadget(name, spec));

const definitions: readonly ApiRequest[] = [
  post('cust', '/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'cust' } }),
  get('gadgets-before', GADGETS),
  post('crd', CRDS, {
    ...crd('Gadget', 'gadgets', { names: { kind: 'Gadget', plural: 'gadgets', shortNames: ['gd'], categories: ['all'] } }, {
      subresources: { status: {}, scale: { specReplicasPath: '.spec.size', statusReplicasPath: '.status.replicas' } },
      additionalPrinterColumns: [{ name: 'Size', type: 'integer', jsonPath: '.spec.size' }, { name: 'Ready', type: 'string', jsonPath: '.status.conditions[?(@.type=="Ready")].status' }, { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' }],
    }),
  }),
  post('crd-again', CRDS, crd('Gadget', 'gadgets')),
  post('crd-wrong-name', CRDS, { ...crd('Thing', 'things'), metadata: { name: 'wrong.lab.example.com' } }),
  post('crd-no-schema', CRDS, crd('Thing', 'things', { versions: [{ name: 'v1', served: true, storage: true }] })),
  post('crd-no-storage', CRDS, crd('Thing', 'things', { versions: [{ name: 'v1', served: true, storage: false, schema: { openAPIV3Schema: { type: 'object' } } }] })),
  post('crd-two-storage', CRDS, crd('Thing', 'things', { versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } }, { name: 'v2', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } }] })),
  post('crd-bad-scope', CRDS, crd('Thing', 'things', { scope: 'Galaxy' })),
  post('crd-not-structural', CRDS, crd('Thing', 'things', { versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object', properties: { spec: { properties: { a: {} } } } } } }] })),
  post('crd-cluster', CRDS, {
    ...crd('Star', 'stars', { scope: 'Cluster', names: { kind: 'Star', plural: 'stars', singular: 'star', listKind: 'StarList' }, versions: [
      { name: 'v1beta1', served: true, storage: false, schema: { openAPIV3Schema: { type: 'object', properties: { spec: { type: 'object', properties: { old: { type: 'string', default: 'o' }, both: { type: 'string' } } } } } } },
      { name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object', properties: { spec: { type: 'object', properties: { new: { type: 'string', default: 'n' }, both: { type: 'string' } } } } } } },
    ] }),
  }),
];

const objects: readonly ApiRequest[] = [
  get('crd-get', `${CRDS}/gadgets.lab.example.com`),
  get('crd-table', `${CRDS}/gadgets.lab.example.com`, TABLE),
  get('gadget-discovery', '/apis/lab.example.com/v1'),
  get('gadget-group', '/apis/lab.example.com'),
  create('min', {}),
  create('full', { size: 5, color: 'blue', name: 'abc', ratio: 0.5, tags: ['a', 'b'], parts: [{ id: 'x' }, { id: 'y', count: 2 }], any: { deep: { er: [1, { x: null }] } }, port: 'http', labels: { a: 'b' }, note: null, on: false, when: '2020-01-01T00:00:00Z', unknown: 1, atom: { a: 'x' } }),
  create('strict', { size: 5, unknown: 1, parts: [{ id: 'x', odd: true }] }, '?fieldValidation=Strict'),
  create('warn', { size: 5, unknown: 1 }, '?fieldValidation=Warn'),
  create('wrong-type', { size: 'big' }),
  create('wrong-object', 'text'),
  create('too-big', { size: 11 }),
  create('too-small', { size: 0 }),
  create('wrong-enum', { size: 1, color: 'green' }),
  create('wrong-pattern', { size: 1, name: 'A1' }),
  create('too-long', { size: 1, name: 'abcdefgh' }),
  create('exclusive', { size: 1, ratio: 0 }),
  create('too-many', { size: 1, tags: ['a', 'b', 'c', 'd'] }),
  create('set-duplicate', { size: 1, tags: ['a', 'a'] }),
  create('map-duplicate', { size: 1, parts: [{ id: 'x' }, { id: 'x' }] }),
  create('no-key', { size: 1, parts: [{ count: 2 }] }),
  create('wrong-format', { size: 1, when: 'yesterday' }),
  create('wrong-port', { size: 1, port: true }),
  create('wrong-label', { size: 1, labels: { a: 1 } }),
  create('null', { size: 1, on: null }),
  create('float', { size: 1.5 }),
  create('many-errors', { size: 99, color: 'green', name: 'X' }),
  post('gadget-no-spec', GADGETS, { apiVersion: 'lab.example.com/v1', kind: 'Gadget', metadata: { name: 'nospec' } }),
  post('gadget-bad-meta', GADGETS, { ...gadget('x', { size: 1 }), metadata: { name: 'x', labels: { a: 1 } } }),
  post('gadget-wrong-kind', GADGETS, { ...gadget('x', { size: 1 }), kind: 'Widget' }),
  post('gadget-wrong-version', GADGETS, { ...gadget('x', { size: 1 }), apiVersion: 'lab.example.com/v2' }),
  post('gadget-no-kind', GADGETS, { metadata: { name: 'x' }, spec: { size: 1 } }),
  post('gadget-status-dropped', GADGETS, gadget('st', { size: 1 }, { status: { ready: true } })),
  put('gadget-status', `${GADGETS}/st/status`, { ...gadget('st', { size: 9 }, { status: { ready: true, replicas: 2, odd: 1, conditions: [{ type: 'Ready', status: 'True' }] } }), metadata: { name: 'st', labels: { x: 'y' } } }),
  patch('merge', 'gadget-status-merge', `${GADGETS}/st/status`, { status: { ready: true, replicas: 2, odd: 1, conditions: [{ type: 'Ready', status: 'True' }] } }),
  patch('merge', 'gadget-status-invalid', `${GADGETS}/st/status`, { status: { ready: 'yes' } }),
  get('gadget-scale', `${GADGETS}/st/scale`),
  patch('merge', 'gadget-scale-patch', `${GADGETS}/st/scale`, { spec: { replicas: 4 } }),
  get('gadget-after-scale', `${GADGETS}/st`),
  get('gadget-table', GADGETS, TABLE),
  get('gadget-meta', `${GADGETS}/st`, META),
  put('gadget-put-no-rv', `${GADGETS}/st`, gadget('st', { size: 2 })),
  patch('merge', 'gadget-merge', `${GADGETS}/st`, { spec: { size: 3, color: null } }),
  patch('merge', 'gadget-merge-invalid', `${GADGETS}/st`, { spec: { size: 300 } }),
  patch('merge', 'gadget-merge-status-ignored', `${GADGETS}/st`, { status: { ready: false } }),
  patch('json', 'gadget-json', `${GADGETS}/st`, [{ op: 'replace', path: '/spec/size', value: 6 }]),
  patch('strategic', 'gadget-strategic', `${GADGETS}/st`, { spec: { size: 3 } }),
  patch('apply', 'gadget-apply', `${GADGETS}/ap?fieldManager=one`, gadget('ap', { size: 2, parts: [{ id: 'x' }, { id: 'y', count: 5 }], tags: ['a'], any: { a: { b: 1 } }, atom: { a: '1', b: '2' }, labels: { l: 'm' } })),
  patch('apply', 'gadget-apply-other', `${GADGETS}/ap?fieldManager=two`, gadget('ap', { size: 2, parts: [{ id: 'z' }], tags: ['b'], any: { c: 'd' } })),
  patch('apply', 'gadget-apply-less', `${GADGETS}/ap?fieldManager=one`, gadget('ap', { size: 2, parts: [{ id: 'y' }], tags: [], atom: { a: '1' } })),
  patch('apply', 'gadget-apply-conflict', `${GADGETS}/ap?fieldManager=two`, gadget('ap', { size: 8, parts: [{ id: 'y', count: 6 }], atom: { b: '2' } })),
  patch('apply', 'gadget-apply-unknown', `${GADGETS}/ap?fieldManager=one`, gadget('ap', { size: 2, odd: true })),
  patch('apply', 'gadget-apply-unknown-strict', `${GADGETS}/ap?fieldManager=one&fieldValidation=Strict`, gadget('ap', { size: 2, odd: true })),
  patch('apply', 'gadget-apply-status', `${GADGETS}/ap/status?fieldManager=ctl`, { apiVersion: 'lab.example.com/v1', kind: 'Gadget', metadata: { name: 'ap' }, status: { ready: true } }),
  get('gadget-list', `${GADGETS}?limit=2`),
  del('gadget-delete', `${GADGETS}/st`),
  post('star-v1beta1', '/apis/lab.example.com/v1beta1/stars', { apiVersion: 'lab.example.com/v1beta1', kind: 'Star', metadata: { name: 'sun' }, spec: { old: 'x', both: 'y' } }),
  get('star-v1', '/apis/lab.example.com/v1/stars/sun'),
  get('star-v1beta1-get', '/apis/lab.example.com/v1beta1/stars/sun'),
  get('star-namespaced', '/apis/lab.example.com/v1/namespaces/cust/stars/sun'),
  get('star-table', '/apis/lab.example.com/v1/stars', TABLE),
  patch('merge', 'crd-change-scope', `${CRDS}/stars.lab.example.com`, { spec: { scope: 'Namespaced' } }),
  patch('merge', 'crd-annotate', `${CRDS}/stars.lab.example.com`, { metadata: { annotations: { a: 'b' } } }),
  del('crd-delete', `${CRDS}/stars.lab.example.com`),
];

/** Between the two the server has to establish the definitions. */
export const custom = { definitions, objects };
