// One object of a swarm made as it is wanted, or left alone when it is so already. Nothing that is not ours is ever changed.
import { createHash } from 'node:crypto';
import { failedError, isDevstackError, preconditionError } from '../model/error.ts';
import { canonicalJson, isJsonObject, type Json } from '../model/json.ts';
import { DOCKER_APPLIED_LABEL, DOCKER_MEMBER_LABEL } from '../model/label.ts';
import type { Labels, NetworkSpec, ServiceSpec, SwarmService } from '../model/swarm.ts';
import type { Swarm } from '../ports.ts';
import type { DeclaredBlob } from './stack/blobs.ts';

export type Outcome = 'created' | 'changed' | 'unchanged';

/** Somebody else wrote in between: read again, so often. */
const TRIES = 4;

/** The id. Throws `swarm-name-taken` for one that is not the stack's. */
export async function ensureNetwork(swarm: Swarm, spec: NetworkSpec): Promise<{ readonly id: string; readonly outcome: Outcome }> {
  const found = (await swarm.list('network', { name: [spec.Name] })).find(({ Name }) => Name === spec.Name);
  if (found === undefined) return { id: await swarm.create('network', spec), outcome: 'created' };
  refuseForeign('network', spec.Name, found.Labels ?? {}, spec.Labels);
  return { id: found.Id, outcome: 'unchanged' };
}

/** The id of a secret or config. Throws `swarm-name-taken`, and `swarm-external-missing` for one that should be there. */
export async function ensureBlob(swarm: Swarm, { kind, name, spec }: DeclaredBlob): Promise<string> {
  const found = await swarm.get(kind, name);
  if (spec === undefined) return found?.ID ?? missing(kind, name);
  if (found === undefined) return await swarm.create(kind, spec);
  refuseForeign(kind, name, found.Spec.Labels ?? {}, spec.Labels ?? {});
  return found.ID;
}

export function missing(kind: string, name: string): never {
  throw preconditionError({
    code: 'swarm-external-missing', message: `the ${kind} ${name} is called external, and the swarm has none of that name`,
    hints: [{ text: `Let devstack make it: leave external out of the file. Or see which there are`, command: `docker ${kind} ls` }],
  });
}

/** Creates the service, or changes it when it differs. Tasks are not replaced for what has not changed. */
export async function ensureService(swarm: Swarm, wanted: ServiceSpec): Promise<{ readonly id: string; readonly outcome: Outcome }> {
  const spec = marked(wanted);
  const found = await swarm.get('service', spec.Name);
  if (found === undefined) return { id: await swarm.create('service', spec), outcome: 'created' };
  refuseForeign('service', spec.Name, found.Spec.Labels ?? {}, spec.Labels ?? {});
  if (isAsWanted(found, spec)) return { id: found.ID, outcome: 'unchanged' };
  await changeService(swarm, found.ID, (current) => {
    const force = current.Spec.TaskTemplate.ForceUpdate;
    // Another number here would replace every task.
    return force === undefined ? spec : { ...spec, TaskTemplate: { ...spec.TaskTemplate, ForceUpdate: force } };
  });
  return { id: found.ID, outcome: 'changed' };
}

/** Reads, changes, writes; again when somebody was quicker. Returns what was read last. */
export async function changeService(swarm: Swarm, id: string, change: (current: SwarmService) => ServiceSpec): Promise<SwarmService> {
  for (let round = 1; ; round += 1) {
    const current = await swarm.get('service', id);
    if (current === undefined) return serviceGone(id);
    try {
      await swarm.update('service', id, { version: current.Version.Index, spec: change(current) });
      return current;
    } catch (error) {
      if (round === TRIES || !isDevstackError(error) || error.code !== 'swarm-conflict') throw error;
    }
  }
}

export function serviceGone(name: string): never {
  throw failedError({ code: 'swarm-service-gone', message: `the service ${name} is gone: somebody removed it`, hints: [{ text: 'See what is there', command: 'devstack status' }] });
}

// ── the same or not ─────────────────────────────────────────────────────────────────────────────────────────────────

function marked(spec: ServiceSpec): ServiceSpec {
  const hash = createHash('sha256').update(canonicalJson(spec as unknown as Json)).digest('hex').slice(0, 16);
  return { ...spec, Labels: { ...spec.Labels, [DOCKER_APPLIED_LABEL]: hash } };
}

/** The mark says that nothing was taken out of the file since; the rest, that nobody has changed the service. */
export function isAsWanted({ Spec }: SwarmService, wanted: ServiceSpec): boolean {
  return Spec.Labels?.[DOCKER_APPLIED_LABEL] === wanted.Labels?.[DOCKER_APPLIED_LABEL] && contains(Spec as unknown as Json, wanted as unknown as Json);
}

/** Engines add defaults of their own to what they were given. */
function contains(actual: Json | undefined, wanted: Json): boolean {
  if (isJsonObject(wanted)) return Object.entries(wanted).every(([key, value]) => isJsonObject(actual) ? contains(actual[key], value) : isEmpty(value));
  if (!Array.isArray(wanted)) return actual === wanted || (actual === undefined && isEmpty(wanted));
  if (!Array.isArray(actual)) return wanted.length === 0;
  const [have, want]: readonly (readonly Json[])[] = [actual, wanted];
  return have?.length === want?.length && (want ?? []).every((value, index) => contains(have?.[index], value));
}

/** What an engine leaves out when it answers. */
function isEmpty(value: Json): boolean {
  if (isJsonObject(value)) return Object.values(value).every(isEmpty);
  return value === 0 || value === false || value === '' || value === null || (Array.isArray(value) && value.length === 0);
}

function refuseForeign(kind: string, name: string, labels: Labels, wanted: Labels): void {
  if (labels[DOCKER_MEMBER_LABEL] === wanted[DOCKER_MEMBER_LABEL]) return;
  const owner = labels[DOCKER_MEMBER_LABEL];
  throw preconditionError({
    code: 'swarm-name-taken', message: `the swarm has a ${kind} ${name} already, and it is ${owner === undefined ? 'not of devstack' : `of the stack ${owner}`}`,
    hints: [{ text: 'Deploy under another name', command: 'devstack deploy stack.yml --name other' }],
  });
}
