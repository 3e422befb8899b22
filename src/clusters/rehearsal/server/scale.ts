// The scale subresource: replicas of a workload, in one form for all kinds.
import type { Json, JsonObject } from '../../../model/json.ts';
import type { Core, Target, WriteOptions } from './core.ts';
import { childOf, cloneObject, type Draft, objectAt } from './json.ts';
import { type PatchType, patched } from './patch-object.ts';
import type { Resource } from './resource.ts';
import { selectorOf } from './selectors.ts';
import { field, invalid } from './status.ts';
import { current, update } from './write.ts';

interface Paths {
  readonly spec: readonly string[];
  readonly status: readonly string[];
  readonly selector: readonly string[] | undefined;
}

const steps = (path: Json | undefined): readonly string[] => String(path ?? '').split('.').filter((part) => part !== '');

function pathsOf(resource: Resource): Paths {
  const scale = resource.custom?.scale;
  if (scale === undefined) return { spec: ['spec', 'replicas'], status: ['status', 'replicas'], selector: ['spec', 'selector'] };
  return { spec: steps(scale['specReplicasPath']), status: steps(scale['statusReplicasPath']), selector: scale['labelSelectorPath'] === undefined ? undefined : steps(scale['labelSelectorPath']) };
}

function valueAt(object: JsonObject, path: readonly string[]): Json | undefined {
  return objectAt(object, ...path.slice(0, -1))?.[path[path.length - 1] ?? ''];
}

function selectorText(object: JsonObject, path: readonly string[] | undefined): string {
  const value = path === undefined ? undefined : valueAt(object, path);
  if (typeof value === 'string') return value;
  return selectorOf(path === undefined ? undefined : objectAt(object, ...path)).map(({ key, operator, values }) => {
    if (operator === 'in' && values.length === 1) return `${key}=${values[0]}`;
    if (operator === 'exists' || operator === '!') return `${operator === '!' ? '!' : ''}${key}`;
    return `${key} ${operator} (${values.join(',')})`;
  }).sort().join(',');
}

export function scaleOf(resource: Resource, object: JsonObject): JsonObject {
  const paths = pathsOf(resource);
  const { name, namespace, uid, resourceVersion, creationTimestamp } = objectAt(object, 'metadata') ?? {};
  const replicas = Number(valueAt(object, paths.spec) ?? 0);
  const selector = selectorText(object, paths.selector);
  return {
    kind: 'Scale', apiVersion: 'autoscaling/v1',
    metadata: { name: name ?? '', namespace: namespace ?? '', uid: uid ?? '', resourceVersion: resourceVersion ?? '', creationTimestamp: creationTimestamp ?? null },
    spec: replicas === 0 ? {} : { replicas }, status: { replicas: Number(valueAt(object, paths.status) ?? 0), ...(selector === '' ? {} : { selector }) },
  };
}

/** Writes the replicas that a Scale asks for; throws 422 for a negative number. */
export async function setScale(core: Core, target: Target, scale: JsonObject, options: WriteOptions): Promise<JsonObject> {
  const replicas = objectAt(scale, 'spec')?.['replicas'] ?? 0;
  if (typeof replicas !== 'number' || replicas < 0) throw invalid('Scale', 'autoscaling', target.name, [field.invalid('spec.replicas', replicas, 'must be greater than or equal to 0')]);
  const path = pathsOf(target.resource).spec;
  const object = cloneObject(current(core, target));
  let parent: Draft = object;
  for (const part of path.slice(0, -1)) parent = childOf(parent, part);
  parent[path[path.length - 1] ?? ''] = replicas;
  const version = objectAt(scale, 'metadata')?.['resourceVersion'];
  if (typeof version === 'string' && version !== '') childOf(object, 'metadata')['resourceVersion'] = version;
  return scaleOf(target.resource, await update(core, { ...target, subresource: 'scale' }, object, options));
}

export async function patchScale(core: Core, target: Target, patch: { readonly type: Exclude<PatchType, 'apply'>; readonly body: Json }, options: WriteOptions): Promise<JsonObject> {
  const scale = patched(target, patch.type === 'strategic' ? 'merge' : patch.type, scaleOf(target.resource, current(core, target)), patch.body);
  return setScale(core, target, scale, options);
}

