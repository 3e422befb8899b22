import { describe, expect, it } from 'vitest';
import { mergeRepeats, parseObjects } from '../../src/kube/manifest.ts';
import { applyPatches } from '../../src/kube/patch.ts';
import type { KubeObject } from '../../src/model/object.ts';
import type { Patch } from '../../src/model/plan.ts';

const map = (name: string, data: object = {}): KubeObject => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: 'n' }, data });

describe('documents', () => {
  it('become objects; lists are opened, nothing is made up', () => {
    const list = { apiVersion: 'v1', kind: 'List', items: [map('a'), { apiVersion: 'v1', kind: 'ConfigMapList', items: [map('b')] }] };
    const bare = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'c' } };
    expect(parseObjects([list, null, bare] as never, 'm')).toEqual([map('a'), map('b'), bare]);
  });

  it('a kind that ends in List and has a name is an object', () => {
    const named = { apiVersion: 'example.com/v1', kind: 'AllowList', metadata: { name: 'x' }, items: [1] };
    expect(parseObjects([named], 'm')).toEqual([named]);
  });

  it.each([
    [['text'], 'm: document 1 is no Kubernetes object', 'it is not a map'],
    [[map('a'), { kind: 'ConfigMap' }], 'm: document 2 is no Kubernetes object', 'apiVersion is missing'],
    [[{ apiVersion: 'v1', metadata: { name: 'x' } }], 'm: document 1 is no Kubernetes object', 'kind is missing'],
    [[{ apiVersion: 'v1', kind: 'ConfigMap', metadata: {} }], 'm: document 1 is no Kubernetes object', 'ConfigMap has no metadata.name'],
    [[{ apiVersion: 'batch/v1', kind: 'Job', metadata: { generateName: 'x-' } }], 'm: document 1 is no Kubernetes object', 'Job has only a generateName: applying it again would make another one'],
    [[{ apiVersion: 'v1', kind: 'List', items: [map('a'), { kind: 'x' }] }], 'm: document 1, item 2 is no Kubernetes object', 'apiVersion is missing'],
  ])('that are no objects are told by their place (%#)', (documents, message, reason) => {
    expect(() => parseObjects(documents as never, 'm')).toThrow(expect.objectContaining({ code: 'manifest-invalid', message, reason }));
  });

  it('that repeat are merged: the later one stands, in the place of the first', () => {
    expect(mergeRepeats([map('a', { v: 1 }), map('b'), map('a', { v: 2 })])).toEqual([map('a', { v: 2 }), map('b')]);
  });
});

describe('patches', () => {
  const deployment: KubeObject = {
    apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'd', namespace: 'n' },
    spec: { template: { spec: { containers: [{ name: 'app', args: ['--a'], resources: { requests: { cpu: '1', memory: '1Gi' } } }, { name: 'side' }] } } },
  };
  const objects = [map('m', { keep: '1', drop: '2' }), map('other'), deployment];
  const patch = (given: Partial<Patch>): Patch => ({ target: { kind: 'Deployment', name: 'd' }, path: [], value: {}, why: 'the test', ...given });
  const patched = (...patches: readonly Patch[]) => applyPatches(objects, patches);

  it('merge maps; null takes a key away; the original stays as it is', () => {
    const before = structuredClone(objects);
    const [first] = patched(patch({ target: { kind: 'ConfigMap', name: 'm' }, path: ['data'], value: { drop: null, add: '3' } }));
    expect(first).toEqual(map('m', { keep: '1', add: '3' }));
    expect(objects).toEqual(before);
  });

  it('reach elements of lists by name, and make maps on the way', () => {
    const [, , changed] = patched(
      patch({ path: ['spec', 'template', 'spec', 'containers', { name: 'app' }, 'resources', 'requests', 'cpu'], value: '50m' }),
      patch({ path: ['metadata', 'annotations', 'a/b'], value: 'x' }),
    );
    expect(changed).toMatchObject({
      metadata: { annotations: { 'a/b': 'x' } }, spec: { template: { spec: { containers: [{ name: 'app', resources: { requests: { cpu: '50m', memory: '1Gi' } } }, { name: 'side' }] } } },
    });
  });

  it('append what is absent', () => {
    const path = ['spec', 'template', 'spec', 'containers', { name: 'app' }, 'args'];
    const once = patched(patch({ path, value: ['--a', '--b'], mode: 'append' }));
    expect(once[2]).toMatchObject({ spec: { template: { spec: { containers: [{ args: ['--a', '--b'] }, {}] } } } });
    expect(applyPatches(once, [patch({ path, value: ['--b'], mode: 'append' })])).toEqual(once);
  });

  it('take whole objects away, all that fit', () => {
    expect(patched(patch({ target: { kind: 'ConfigMap' }, mode: 'remove-object' }))).toEqual([deployment]);
  });

  it('replace words of a text that occur once', () => {
    const words = patch({ target: { kind: 'ConfigMap', name: 'm' }, path: ['data', 'keep'], find: '1', value: '1: {retry: 1s}' });
    expect(patched(words)[0]).toEqual(map('m', { keep: '1: {retry: 1s}', drop: '2' }));
    expect(() => patched({ ...words, find: '3' })).toThrow(expect.objectContaining({ code: 'patch-misses' }));
    expect(() => patched(words, words, { ...words, find: '1' })).toThrow(expect.objectContaining({ code: 'patch-misses' }));
  });

  it('take a field away with null', () => {
    const [, , changed] = patched(patch({ path: ['spec', 'template'], value: null }));
    expect(changed).toMatchObject({ spec: {} });
    expect(changed?.['spec']).not.toHaveProperty('template');
  });

  it.each([
    ['no such object', patch({ target: { kind: 'Deployment', name: 'none' } }), 'the patch of deployment none does not fit this version', 'no such object (it is there to: the test)'],
    ['a missing element', patch({ path: ['spec', 'template', 'spec', 'containers', { name: 'none' }] }), 'the patch of deployment d does not fit this version', 'deployment n/d.spec.template.spec.containers.[none] does not exist (it is there to: the test)'],
    ['a list where a map should be', patch({ path: ['spec', 'template', 'spec', 'containers', 'app'] }), 'the patch of deployment d does not fit this version', 'deployment n/d.spec.template.spec.containers is no map (it is there to: the test)'],
  ])('that miss are errors: %s', (_name, missing, message, reason) => {
    expect(() => patched(missing)).toThrow(expect.objectContaining({ code: 'patch-misses', message, reason }));
  });

  it('never reach a prototype', () => {
    const evil = JSON.parse('{"__proto__":{"polluted":true}}') as Record<string, never>;
    patched(patch({ path: ['metadata'], value: evil }));
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  });
});
