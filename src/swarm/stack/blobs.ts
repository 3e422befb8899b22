// Secrets and configs of a stack file. They can never be changed, so their names carry a hash of what is in them: new content is
// a new object, and services move over to it. Pure.
import { createHash } from 'node:crypto';
import type { BlobSpec } from '../../model/swarm.ts';
import type { Value } from './findings.ts';
import type { DeclaredName, StackScope } from './scope.ts';

export interface DeclaredBlob extends DeclaredName {
  readonly kind: 'secret' | 'config';
  /** As in the file. */
  readonly key: string;
  /** Absent for one that must exist already. */
  readonly spec?: BlobSpec;
}

export interface BlobSources {
  /** Contents as base64, by the path as written. */
  readonly files: ReadonlyMap<string, string>;
  readonly env: StackScope['env'];
  readonly labels: StackScope['labels'];
  readonly namespace: string;
}

const MAX_BYTES: { readonly [kind in DeclaredBlob['kind']]: number } = { secret: 500 * 1024, config: 1000 * 1024 };
const MAX_NAME = 64;

export function declaredBlobs(kind: DeclaredBlob['kind'], section: Value, sources: BlobSources): ReadonlyMap<string, DeclaredBlob> {
  const found = new Map<string, DeclaredBlob>();
  for (const [key, place] of section.entries()) {
    place.checkKeys(['file', 'environment', 'content', 'external', 'name', 'labels'], {
      driver: 'secret drivers are left out', template_driver: 'template drivers are left out', driver_opts: '',
    });
    const blob = externalName(key, place) ?? ownBlob(kind, key, { place, sources });
    if (blob !== undefined) found.set(key, { ...blob, kind, key });
  }
  return found;
}

/** `external: true`, or the older `external: { name }`. */
export function externalName(key: string, place: Value): DeclaredName | undefined {
  const external = place.get('external');
  if (external.object() !== undefined) return { name: external.get('name').text() ?? key, isExternal: true };
  return external.boolean() === true ? { name: place.get('name').text() ?? key, isExternal: true } : undefined;
}

function ownBlob(kind: DeclaredBlob['kind'], key: string, { place, sources }: { readonly place: Value; readonly sources: BlobSources }): (DeclaredName & { readonly spec: BlobSpec }) | undefined {
  const data = contentOf(place, sources);
  if (data === undefined) return undefined;
  if (data.length === 0 || data.length > MAX_BYTES[kind]) return place.problem(`a ${kind} holds 1 to ${MAX_BYTES[kind]} bytes, this has ${data.length}`);
  const hash = createHash('sha256').update(data).digest('hex').slice(0, 8);
  const name = `${place.get('name').text() ?? `${sources.namespace}_${key}`}_${hash}`;
  if (name.length > MAX_NAME) return place.problem(`its name in the swarm, ${name}, has more than ${MAX_NAME} characters: choose a shorter one`);
  return { name, isExternal: false, spec: { Name: name, Labels: { ...place.get('labels').pairs(), ...sources.labels }, Data: data.toString('base64') } };
}

function contentOf(place: Value, { files, env }: BlobSources): Buffer | undefined {
  const [file, variable, content] = [place.get('file').text(), place.get('environment').text(), place.get('content').text()];
  if ([file, variable, content].filter((source) => source !== undefined).length !== 1) return place.problem('needs one of file, environment and content');
  if (content !== undefined) return Buffer.from(content);
  if (variable !== undefined) {
    const value = env[variable];
    return value === undefined ? place.problem(`the variable ${variable} is not set`) : Buffer.from(value);
  }
  const data = file === undefined ? undefined : files.get(file);
  return data === undefined ? place.problem(`the file ${file ?? ''} could not be read`) : Buffer.from(data, 'base64');
}
