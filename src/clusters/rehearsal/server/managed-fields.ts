// metadata.managedFields as a list in an object, and as entries by whom they are of.
import { isJsonObject, type Json, type JsonObject } from '../../../model/json.ts';
import { decodeFields, encodeFields, type FieldSet } from './field-set.ts';
import { type Draft, objectAt, without } from './json.ts';

export interface Entry {
  readonly manager: string;
  readonly operation: 'Apply' | 'Update';
  readonly apiVersion: string;
  readonly subresource: string;
  readonly time: string | undefined;
  readonly fields: FieldSet;
}

export type Managers = Map<string, Entry>;

export function idOf(entry: Omit<Entry, 'fields' | 'time'>): string {
  return JSON.stringify([entry.manager, entry.operation, entry.operation === 'Apply' ? '' : entry.apiVersion, entry.subresource]);
}

/** Undefined when the list is not one that this server could have written. */
export function decodeManaged(list: Json | undefined): Managers | undefined {
  const managers: Managers = new Map();
  for (const item of Array.isArray(list) ? list as readonly Json[] : []) {
    if (!isJsonObject(item)) return undefined;
    const { manager, operation, apiVersion, fieldsType, fieldsV1, subresource, time } = item;
    if ((operation !== 'Apply' && operation !== 'Update') || typeof apiVersion !== 'string' || apiVersion === '' || fieldsType !== 'FieldsV1') return undefined;
    const entry: Entry = {
      manager: String(manager ?? ''), operation, apiVersion, subresource: typeof subresource === 'string' ? subresource : '',
      time: typeof time === 'string' ? time : undefined, fields: decodeFields(fieldsV1),
    };
    managers.set(idOf(entry), entry);
  }
  return managers;
}

function compareEntries(left: Entry, right: Entry): number {
  for (const key of ['operation', 'time', 'manager', 'apiVersion', 'subresource'] as const) {
    const [one, other] = [left[key] ?? '', right[key] ?? ''];
    if (one !== other) return one < other ? -1 : 1;
  }
  return 0;
}

function encodeManaged(managers: Managers): Json | undefined {
  if (managers.size === 0) return undefined;
  return [...managers.values()].sort(compareEntries).map((entry) => ({
    manager: entry.manager, operation: entry.operation, apiVersion: entry.apiVersion,
    ...(entry.time === undefined ? {} : { time: entry.time }), fieldsType: 'FieldsV1', fieldsV1: encodeFields(entry.fields),
    ...(entry.subresource === '' ? {} : { subresource: entry.subresource }),
  }));
}

export function writeManaged(object: Draft, managers: Managers): void {
  const encoded = encodeManaged(managers);
  const metadata = objectAt(object, 'metadata');
  if (metadata === undefined) return;
  if (encoded === undefined) delete metadata['managedFields'];
  else metadata['managedFields'] = encoded;
}

export const withoutManaged = (object: JsonObject): JsonObject => ({ ...object, metadata: without(objectAt(object, 'metadata') ?? {}, 'managedFields') });
