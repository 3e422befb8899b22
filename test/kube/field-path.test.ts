import { describe, expect, it } from 'vitest';
import { appliedFields, findField, ownersOf, withoutField } from '../../src/kube/field-path.ts';
import type { JsonObject } from '../../src/model/json.ts';

const object = {
  metadata: { labels: { 'app.kubernetes.io/name': 'x', app: 'y' }, finalizers: ['a/b', 'c'] },
  data: { a: '1', 'a.b': '2', 'config.yaml': 'text' },
  spec: {
    ports: [{ port: 80, protocol: 'TCP', name: 'http' }, { port: 53, protocol: 'UDP' }],
    containers: [{ name: 'app', image: 'x:1', env: [{ name: 'A', value: '1' }] }, { name: 'it’s "quoted"', image: 'y' }],
    list: [[1], { deep: true }],
  },
} satisfies JsonObject;

describe('a field that a conflict names', () => {
  it.each([
    ['.data.a', { data: { 'a.b': '2', 'config.yaml': 'text' } }],
    ['.data.a.b', { data: { a: '1', 'config.yaml': 'text' } }],
    ['.data.config.yaml', { data: { a: '1', 'a.b': '2' } }],
    ['.metadata.labels.app.kubernetes.io/name', { metadata: { labels: { app: 'y' }, finalizers: ['a/b', 'c'] } }],
    ['.metadata.finalizers[="a/b"]', { metadata: { labels: object.metadata.labels, finalizers: ['c'] } }],
    ['.spec.ports[port=80,protocol="TCP"].name', { spec: { ...object.spec, ports: [{ port: 80, protocol: 'TCP' }, { port: 53, protocol: 'UDP' }] } }],
    ['.spec.ports[port=53,protocol="UDP"]', { spec: { ...object.spec, ports: [object.spec.ports[0]] } }],
    ['.spec.containers[name="app"].env[name="A"].value', {
      spec: { ...object.spec, containers: [{ name: 'app', image: 'x:1', env: [{ name: 'A' }] }, object.spec.containers[1]] },
    }],
    ['.spec.containers[name="it’s \\"quoted\\""].image', { spec: { ...object.spec, containers: [object.spec.containers[0], { name: 'it’s "quoted"' }] } }],
    ['.spec.list[1].deep', { spec: { ...object.spec, list: [[1], {}] } }],
  ])('%s is found and taken out, and nothing else', (text, rest) => {
    const path = findField(object, text);
    expect(path).toBeDefined();
    expect(withoutField(object, path ?? [])).toEqual({ ...object, ...rest });
  });

  it.each(['.data.none', '.spec.ports[port=81]', '.spec.ports[port=', 'data.a', '.data.a.c', '.spec.list[7]'])('%s is not found', (text) => {
    expect(findField(object, text)).toBeUndefined();
  });
});

describe('managedFields', () => {
  const managed: readonly JsonObject[] = [
    { manager: 'devstack', operation: 'Apply', fieldsV1: { 'f:data': { 'f:a': {} } } },
    { manager: 'devstack', operation: 'Update', fieldsV1: { 'f:data': { 'f:zzz': {} } } },
    { manager: 'kubectl-edit', operation: 'Update', fieldsV1: { 'f:spec': { 'f:containers': { 'k:{"name":"app"}': { 'f:image': {} } } }, 'f:data': { 'f:a.b': {} } } },
  ];

  it('tell who else holds a field', () => {
    const owners = (text: string) => ownersOf(managed, findField(object, text) ?? [], 'devstack');
    expect(owners('.spec.containers[name="app"].image')).toEqual(['kubectl-edit']);
    expect(owners('.data.a.b')).toEqual(['kubectl-edit']);
    expect(owners('.data.a')).toEqual([]);
  });

  it('give what was applied, and not what was updated', () => {
    expect(appliedFields({ metadata: { managedFields: managed } }, 'devstack')).toBe('{"f:data":{"f:a":{}}}');
    expect(appliedFields({ metadata: {} }, 'devstack')).toBeUndefined();
  });
});
