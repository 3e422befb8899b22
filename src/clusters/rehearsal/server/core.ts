// What all operations on objects share: the store, what is served, the clock, and the hooks that may refuse a write.
import { randomUUID } from 'node:crypto';
import type { Clock } from '../../../ports.ts';
import type { AggregatedApi } from './aggregated.ts';
import type { Draft } from './json.ts';
import type { Registry } from './registry.ts';
import type { Resource } from './resource.ts';
import type { Store } from './store.ts';

export interface AdmissionRequest {
  readonly operation: 'CREATE' | 'UPDATE' | 'DELETE';
  readonly resource: Resource;
  readonly namespace: string;
  readonly name: string;
  readonly subresource: string;
  /** What is asked for, in the version of the resource; a mutating admission changes it. For DELETE what is there now. */
  readonly object: Draft;
  readonly dryRun: boolean;
}

/** May refuse a write (throw StatusError), change what is written, or take its time. Called before validation. */
export type Admission = (request: AdmissionRequest) => Promise<void> | void;

export interface Core {
  readonly store: Store;
  readonly registry: Registry;
  readonly clock: Clock;
  readonly admissions: Set<Admission>;
  readonly aggregated: Set<AggregatedApi>;
}

/** One object, or where one will be. */
export interface Target {
  readonly resource: Resource;
  /** Empty for cluster-scoped kinds. */
  readonly namespace: string;
  readonly name: string;
  /** Empty for the object itself. */
  readonly subresource: string;
}

export interface WriteOptions {
  readonly manager: string;
  readonly dryRun: boolean;
  readonly validation: 'Strict' | 'Warn' | 'Ignore';
  /** What the client should be told although the write succeeds. */
  readonly warnings: string[];
}

export function newUid(): string {
  return randomUUID();
}

/** RFC 3339 in seconds, as the API writes times. */
export function timestamp(core: { readonly clock: Clock }): string {
  return `${new Date(core.clock.now()).toISOString().slice(0, 19)}Z`;
}

export function randomSuffix(length = 5): string {
  // The alphabet of the real server: no vowels, so that no words come out.
  const alphabet = 'bcdfghjklmnpqrstvwxz2456789';
  const bytes = randomUUID().replaceAll('-', '');
  return Array.from({ length }, (_, index) => alphabet[Number.parseInt(bytes.slice(index * 3, index * 3 + 3), 16) % alphabet.length] ?? 'x').join('');
}

/** The caller's name in managedFields when it does not say one: the program of its User-Agent. */
export function managerOf(fieldManager: string | null, userAgent: string | undefined): string {
  if (fieldManager !== null && fieldManager !== '') return fieldManager;
  const program = (userAgent ?? '').split('/')[0] ?? '';
  return program === '' ? 'unknown' : program.slice(0, 128);
}
