// What each run set out to do and what it finished: one line of JSON for each, on the disk before the effect and after it.
import { join } from 'node:path';
import { isJsonObject, type Json, type JsonObject } from '../model/json.ts';
import type { Clock, Files, Folders } from '../ports.ts';
import { folderOf } from './stack-folder.ts';

const NAME = 'journal.ndjson';
/** A journal this long starts anew; the one before is kept. */
const MAX_BYTES = 2 ** 20;

export type StepRecord = { readonly step: string; readonly state: 'intent' | 'done' | 'failed' };

/** One run as the journal tells it. */
export interface RunRecord {
  readonly id: string;
  readonly command: string;
  /** Milliseconds since the epoch. */
  readonly startedMs: number;
  readonly pid: number;
  /** Undefined: it was killed, or still runs. */
  readonly ended: { readonly atMs: number; readonly exit: number } | undefined;
  readonly steps: readonly (StepRecord & { readonly atMs: number })[];
}

export interface JournalWorld {
  readonly files: Files;
  readonly clock: Pick<Clock, 'now'>;
  readonly folders: Pick<Folders, 'state'>;
  readonly pid: number;
}

export interface Journal {
  /** Resolves when the line is on the disk. */
  record(entry: StepRecord): Promise<void>;
  end(exit: number): Promise<void>;
}

/** Begins a run. `command` is the word that the person typed: `up`, `down`. Throws what a full or read-only disk throws. */
export async function openJournal(world: JournalWorld, stack: string, command: string): Promise<Journal> {
  const { files, clock } = world;
  const folder = folderOf(world.folders, stack);
  const path = join(folder, NAME);
  await files.makeDirectory(folder);
  const before = await files.stat(path);
  const isLong = before !== undefined && before.size > MAX_BYTES;
  if (isLong) await files.rename(path, `${path}.1`);
  const id = `${clock.now()}-${world.pid}`;
  // A run that was killed while it wrote has left half a line; the newline ends it. Lines go out one after the other.
  let last = files.append(path, `${before === undefined || isLong ? '' : '\n'}${line({ run: id, at: clock.now(), begin: command, pid: world.pid })}`);
  await last;
  const add = (entry: JsonObject): Promise<void> => {
    const text = line({ run: id, at: clock.now(), ...entry });
    // One line that could not be written is no reason to lose the next.
    last = last.catch(() => undefined).then(() => files.append(path, text));
    return last;
  };
  return {
    record: ({ step, state }) => add({ step, state }),
    end: (exit) => add({ exit }),
  };
}

function line(entry: JsonObject): string {
  return `${JSON.stringify({ v: 1, ...entry })}\n`;
}

/** All runs, oldest first. Lines that are cut, damaged or of a later version are left out. */
export async function readJournal(world: Pick<JournalWorld, 'files' | 'folders'>, stack: string): Promise<readonly RunRecord[]> {
  const path = join(folderOf(world.folders, stack), NAME);
  const texts = [await world.files.readText(`${path}.1`), await world.files.readText(path)];
  const runs = new Map<string, RunRecord>();
  for (const text of texts.join('\n').split('\n')) {
    const entry = parse(text);
    if (entry !== undefined) add(runs, entry);
  }
  return [...runs.values()];
}

/** Names of the stacks that have a folder here. */
export async function journalledStacks({ files, folders }: Pick<JournalWorld, 'files' | 'folders'>): Promise<readonly string[]> {
  return await files.list(join(folders.state, 'stacks'));
}

/** Removes the folder of a stack that is gone, with its journal and whatever killed runs have left there. Only after `end`. */
export async function removeJournal(world: Pick<JournalWorld, 'files' | 'folders'>, stack: string): Promise<void> {
  await world.files.remove(folderOf(world.folders, stack));
}

function parse(text: string): JsonObject | undefined {
  if (text.trim() === '') return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return isJsonObject(value) && value['v'] === 1 ? value : undefined;
  } catch {
    return undefined;
  }
}

function add(runs: Map<string, RunRecord>, entry: JsonObject): void {
  const { run, at, begin, pid, step, state, exit } = entry;
  if (typeof run !== 'string' || typeof at !== 'number') return;
  if (typeof begin === 'string') {
    runs.set(run, { id: run, command: begin, startedMs: at, pid: typeof pid === 'number' ? pid : 0, ended: undefined, steps: [] });
    return;
  }
  const known = runs.get(run);
  if (known === undefined) return;
  if (typeof exit === 'number') runs.set(run, { ...known, ended: { atMs: at, exit } });
  else if (typeof step === 'string' && isState(state)) runs.set(run, { ...known, steps: [...known.steps, { step, state, atMs: at }] });
}

function isState(value: Json | undefined): value is StepRecord['state'] {
  return value === 'intent' || value === 'done' || value === 'failed';
}
