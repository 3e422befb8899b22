// APIs that somebody else answers behind this server: a group that comes and goes, and may only be read.
import type { JsonObject } from '../../../model/json.ts';
import type { ServedGroup } from './registry.ts';

export interface AggregatedApi {
  /** Undefined while nobody serves it. */
  group(): ServedGroup | undefined;
  /** The answer to a GET below `/apis/<group>`; undefined when the path is none of its. Throws StatusError. */
  answer(path: string, query: URLSearchParams): JsonObject | undefined;
}
