// The one folder of a rehearsal: what it was made with, which process runs it, what it holds.
import { join } from 'node:path';
import { preconditionError } from '../../model/error.ts';
import type { StackFacts } from '../../model/fact.ts';
import { isJsonObject, type Json, parseJson } from '../../model/json.ts';
import { type ProcessMark, readProcessMark } from '../../model/process.ts';
import type { Files, Folders, Ports } from '../../ports.ts';

const FORMAT = 1;
const NAME = /^[a-z0-9][a-z0-9.-]{0,62}$/;

export interface Place {
  readonly folder: string;
  /** What it was made with: written first and removed last. */
  readonly record: string;
  /** Which process runs it, once that can be reached. */
  readonly process: string;
  readonly snapshot: string;
  readonly log: string;
  /** Images that were made of folders. */
  readonly images: string;
  /** What containers keep in volumes. */
  readonly volumes: string;
  /** Beside the folder: it outlives it. */
  readonly lock: string;
}

/** What a rehearsal was made with. */
export interface RehearsalRecord {
  readonly stack: string;
  readonly cluster: string;
  /** Of the ingress, on 127.0.0.1. */
  readonly port: number | undefined;
  /** Of the API server, on 127.0.0.1. */
  readonly apiPort: number;
  /** Clients of the API server bring it. */
  readonly token: string;
  readonly kubernetes: string;
  readonly settings: { readonly [key: string]: string };
  /** Somebody put it to sleep: that no process runs it is no accident. */
  readonly isStopped: boolean;
}

const homeOf = (folders: Pick<Folders, 'state'>): string => join(folders.state, 'rehearsals');

/** Throws `stack-name-invalid`: a name becomes part of a path. */
export function placeOf({ folders }: { readonly folders: Pick<Folders, 'state'> }, stack: string): Place {
  if (!NAME.test(stack)) throw preconditionError({ code: 'stack-name-invalid', message: `${JSON.stringify(stack)} is not the name of a stack` });
  const folder = join(homeOf(folders), stack);
  const inside = (name: string): string => join(folder, name);
  return {
    folder, record: inside('record.json'), process: inside('process.json'), snapshot: inside('objects.json'), log: inside('process.log'), images: inside('images'), volumes: inside('volumes'),
    lock: `${folder}.lock`,
  };
}

/** Undefined when there is none, or it cannot be read. */
async function readJson(files: Pick<Files, 'readText'>, path: string): Promise<Json | undefined> {
  return parseJson(await files.readText(path).catch(() => undefined) ?? '');
}

/** Undefined when there is none, or it is not whole: what cannot be read was never finished. */
export async function readRecord(files: Pick<Files, 'readText'>, place: Place): Promise<RehearsalRecord | undefined> {
  const value = await readJson(files, place.record);
  if (!isJsonObject(value) || value['format'] !== FORMAT || !isJsonObject(value['record'])) return undefined;
  return value['record'] as unknown as RehearsalRecord;
}

export async function writeRecord(files: Files, place: Place, record: RehearsalRecord): Promise<void> {
  await files.makeDirectory(place.folder, 0o700);
  await files.write(place.record, `${JSON.stringify({ format: FORMAT, record }, undefined, 1)}\n`);
}

export async function readProcess(files: Pick<Files, 'readText'>, place: Place): Promise<ProcessMark | undefined> {
  return readProcessMark(await readJson(files, place.process));
}

/** Every rehearsal of which there is a folder, whether or not it runs. */
export async function findRehearsals({ files, folders }: Pick<Ports, 'files' | 'folders'>): Promise<readonly StackFacts[]> {
  const names = await files.list(homeOf(folders));
  const found = await Promise.all(names.filter((name) => NAME.test(name) && !name.endsWith('.lock')).map((name) => readRecord(files, placeOf({ folders }, name))));
  return found.flatMap((record) => (record === undefined ? [] : [{ stack: record.stack, provider: 'rehearsal', cluster: record.cluster, port: record.port }]));
}
