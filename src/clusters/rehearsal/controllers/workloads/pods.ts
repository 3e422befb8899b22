// What all workloads share: pods made of a template, counted by how they are.
import { createHash } from 'node:crypto';
import { canonicalJson, type JsonObject } from '../../../../model/json.ts';
import { stringAt } from '../../../../model/object.ts';
import { cloneObject, objectAt } from '../../server/json.ts';
import { type Api, isDeleting, isOwnedBy, ownedBy } from '../api.ts';
import { isTrue } from '../conditions.ts';
import type { World } from '../controller.ts';
import { namesOfPod } from '../faults.ts';

/** Ten letters and digits that stand for a template: no vowels, so that no words come out. */
export function hashOf(value: JsonObject): string {
  const alphabet = 'bcdfghjklmnpqrstvwxz2456789';
  const digest = createHash('sha256').update(canonicalJson(value)).digest();
  return Array.from(digest.subarray(0, 10), (byte) => alphabet[byte % alphabet.length]).join('');
}

export interface PodPlan {
  readonly name?: string;
  readonly generateName?: string;
  readonly labels?: JsonObject;
  readonly spec?: JsonObject;
}

/** Makes a pod of a template; false when a quota does not let it. */
export async function createPod(world: World, kindKey: string, owner: JsonObject, plan: PodPlan): Promise<boolean> {
  const { api } = world;
  const template = cloneObject(objectAt(owner, 'spec', 'template') ?? {});
  const metadata = objectAt(template, 'metadata') ?? {};
  const namespace = stringAt(owner, 'metadata', 'namespace') ?? '';
  const pod: JsonObject = {
    apiVersion: 'v1', kind: 'Pod',
    metadata: {
      ...metadata, namespace, ...(plan.name === undefined ? { generateName: plan.generateName ?? '' } : { name: plan.name }),
      labels: { ...objectAt(metadata, 'labels'), ...plan.labels }, ownerReferences: [ownedBy(owner)],
    },
    spec: { ...objectAt(template, 'spec'), ...plan.spec, ...serviceAccount(template) },
  };
  const name = plan.name ?? `${plan.generateName ?? ''}…`;
  if (world.faults.strikes('quota', `${namespace}/${name}`, ...namesOfPod(pod))) {
    await api.event(kindKey, owner, { type: 'Warning', reason: 'FailedCreate', message: `Error creating: pods ${JSON.stringify(name)} is forbidden: exceeded quota: rehearsal, requested: pods=1, used: pods=0, limited: pods=0` });
    return false;
  }
  const made = await api.create('pods', pod);
  if (made !== undefined) await api.event(kindKey, owner, { type: 'Normal', reason: 'SuccessfulCreate', message: `Created pod: ${stringAt(made, 'metadata', 'name') ?? ''}` });
  return made !== undefined;
}

/** Pods run under the account `default` unless they say another. */
function serviceAccount(template: JsonObject): JsonObject {
  const name = stringAt(template, 'spec', 'serviceAccountName') ?? 'default';
  return { serviceAccountName: name, serviceAccount: name };
}

/** The pods of an owner, in order of name. */
export function podsOf(api: Api, owner: JsonObject): readonly JsonObject[] {
  return api.list('pods', stringAt(owner, 'metadata', 'namespace') ?? '').filter((pod) => isOwnedBy(pod, owner));
}

export const isActive = (pod: JsonObject): boolean => !isDeleting(pod) && !['Succeeded', 'Failed'].includes(stringAt(pod, 'status', 'phase') ?? '');
export const isReady = (pod: JsonObject): boolean => isActive(pod) && isTrue(pod, 'Ready');

export function numberAt(object: JsonObject | undefined, ...path: readonly string[]): number {
  const value = objectAt(object, ...path.slice(0, -1))?.[path[path.length - 1] ?? ''];
  return typeof value === 'number' ? value : 0;
}

/** An absolute number, or a percentage of `total` rounded up or down. */
export function amountOf(value: unknown, total: number, round: (value: number) => number): number {
  if (typeof value === 'number') return value;
  return typeof value === 'string' && value.endsWith('%') ? round((Number(value.slice(0, -1)) / 100) * total) : 0;
}
