// Tables: objects as the rows that `kubectl get` prints.
import { isJsonObject, type Json, type JsonObject } from '../../../model/json.ts';
import { valuesAt } from './custom/json-path.ts';
import { metadataOf } from './list.ts';
import type { Resource } from './resource.ts';
import { age, type Column, type Printer, printerOf } from './table/columns.ts';
import { humanDuration } from './table/duration.ts';

export interface TableOptions {
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly metadata: JsonObject;
  /** `includeObject` of the query. */
  readonly include: string;
}

function customCell(column: JsonObject, object: JsonObject, now: number): Json {
  const values = valuesAt(object, String(column['jsonPath'] ?? ''));
  const [value] = values;
  if (value === undefined || value === null) return null;
  if (column['type'] === 'date') return typeof value === 'string' && !Number.isNaN(Date.parse(value)) ? humanDuration(now - Date.parse(value)) : '<unknown>';
  if (column['type'] === 'integer' || column['type'] === 'number' || column['type'] === 'boolean') return typeof value === 'object' ? null : value;
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

interface Definition {
  readonly name: string;
  readonly type: string;
  readonly format: string;
  readonly priority: number;
}

function customTable(columns: readonly JsonObject[]): { readonly definitions: readonly Definition[]; cells(object: JsonObject, now: number): readonly Json[] } {
  const shown = columns.length > 0 ? columns : [{ name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' }];
  return {
    definitions: [NAME, ...shown.map((column) => ({ name: String(column['name']), type: String(column['type']), format: typeof column['format'] === 'string' ? column['format'] : '', priority: Number(column['priority'] ?? 0) }))],
    cells: (object, now) => [nameOf(object), ...shown.map((column) => (columns.length > 0 ? customCell(column, object, now) : age(object, now)))],
  };
}

const NAME: Definition = { name: 'Name', type: 'string', format: 'name', priority: 0 };

function nameOf(object: JsonObject): Json {
  const metadata = object['metadata'];
  return isJsonObject(metadata) ? metadata['name'] ?? '' : '';
}

function definition(column: Column): Definition {
  return { name: column.name, type: column.type ?? 'string', format: column.name === 'Name' ? 'name' : '', priority: column.wide === true ? 1 : 0 };
}

function builtInTable(printer: Printer): ReturnType<typeof customTable> {
  return { definitions: printer.columns.map(definition), cells: (object, now) => printer.cells(object, now) };
}

const DONE_CONDITION = { type: 'Completed', status: 'True', reason: 'Succeeded', message: 'The pod has completed successfully.' };

export function tableOf(resource: Resource, objects: readonly JsonObject[], options: TableOptions): JsonObject {
  const { definitions, cells } = resource.custom === undefined ? builtInTable(printerOf(resource.storage.key)) : customTable(resource.custom.columns);
  const shownObject = (object: JsonObject): JsonObject => {
    if (options.include === 'None') return { object: null };
    return { object: options.include === 'Object' ? object : metadataOf(object) };
  };
  return {
    kind: 'Table', apiVersion: 'meta.k8s.io/v1', metadata: options.metadata,
    columnDefinitions: definitions.map((column) => ({ ...column, description: '' })),
    rows: objects.map((object) => ({ cells: cells(object, options.now), ...conditions(resource, object), ...shownObject(object) })),
  };
}

function conditions(resource: Resource, object: JsonObject): JsonObject {
  const status = object['status'];
  return resource.storage.key === 'pods' && isJsonObject(status) && status['phase'] === 'Succeeded' ? { conditions: [DONE_CONDITION] } : {};
}
