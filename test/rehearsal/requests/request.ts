// One request of the comparison with a real API server, and where its parts may come from.
import type { Json } from '../../../src/model/json.ts';

export interface Answer {
  readonly status: number;
  readonly type: string;
  readonly warnings: readonly string[];
  readonly body: Json;
}

/** What earlier requests of the same run were answered, by their name. */
export type Seen = (name: string) => Answer;

export interface ApiRequest {
  /** Unique; names the recorded answer. */
  readonly name: string;
  readonly method: string;
  readonly path: string | ((seen: Seen) => string);
  readonly body?: Json | ((seen: Seen) => Json);
  /** Sent as it is instead of `body`. */
  readonly text?: string;
  readonly contentType?: string;
  readonly accept?: string;
}

type Body = ApiRequest['body'];

export const PATCH = {
  json: 'application/json-patch+json',
  merge: 'application/merge-patch+json',
  strategic: 'application/strategic-merge-patch+json',
  apply: 'application/apply-patch+yaml',
} as const;

export const get = (name: string, path: ApiRequest['path'], accept?: string): ApiRequest => ({ name, method: 'GET', path, ...(accept && { accept }) });
export const post = (name: string, path: ApiRequest['path'], body: Body): ApiRequest => ({ name, method: 'POST', path, ...(body !== undefined && { body }) });
export const put = (name: string, path: ApiRequest['path'], body: Body): ApiRequest => ({ name, method: 'PUT', path, ...(body !== undefined && { body }) });
export const del = (name: string, path: ApiRequest['path'], body?: Body): ApiRequest => ({ name, method: 'DELETE', path, ...(body !== undefined && { body }) });
export const patch = (kind: keyof typeof PATCH, name: string, path: ApiRequest['path'], body: Body): ApiRequest => ({
  name, method: 'PATCH', path, contentType: PATCH[kind], ...(body !== undefined && { body }),
});

export const TABLE = 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json';
export const META = 'application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io,application/json';
export const META_LIST = 'application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io,application/json';

/** A nested value of an answer. */
export function pick(answer: Answer, ...path: readonly (string | number)[]): Json {
  let current: unknown = answer.body;
  for (const part of path) current = (current as Record<string | number, unknown> | null)?.[part];
  return (current ?? null) as Json;
}
