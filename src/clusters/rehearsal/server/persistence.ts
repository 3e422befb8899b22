// Keeps a server's objects in one file: written whole or not at all, some time after a change, and at the end.
import { preconditionError } from '../../../model/error.ts';
import { isJsonObject, parseJson } from '../../../model/json.ts';
import type { Clock, Files } from '../../../ports.ts';
import type { ApiServer } from './api-server.ts';
import type { Snapshot } from './store.ts';

const FORMAT = 1;
/** Changes of this many milliseconds are written together. */
const DELAY_MS = 200;

/** What an earlier server left; undefined when there is no file. Throws `rehearsal-state-unreadable` (exit 3). */
export async function loadSnapshot(files: Files, path: string): Promise<Snapshot | undefined> {
  const text = await files.readText(path);
  if (text === undefined) return undefined;
  const value = parseJson(text);
  if (isJsonObject(value) && value['format'] === FORMAT && isJsonObject(value['snapshot'])) return value['snapshot'] as unknown as Snapshot;
  throw preconditionError({
    code: 'rehearsal-state-unreadable', message: `${path} is no state of a rehearsal`, reason: 'it was changed by hand, or written by another version',
    hints: [{ text: 'end the rehearsal: its state goes with it', command: 'devstack down' }],
  });
}

export interface Saver {
  /** Writes what is not written yet, and writes no more. */
  close(): Promise<void>;
}

/** Writes every change within a moment, as long as that is wanted. `onError` is told of a write that failed; the next change tries again. */
export function saveChanges(server: ApiServer, options: { readonly files: Files; readonly clock: Clock; readonly path: string; isWanted?(): Promise<boolean>; onError(error: unknown): void }): Saver {
  const { files, clock, path, onError, isWanted = async () => true } = options;
  const stop = new AbortController();
  let isDirty = false;
  let writing: Promise<void> | undefined;
  const write = async (): Promise<void> => {
    isDirty = false;
    if (await isWanted()) await files.write(path, JSON.stringify({ format: FORMAT, snapshot: server.snapshot() }), { mode: 0o600 });
  };
  const later = async (): Promise<void> => {
    while (isDirty && !stop.signal.aborted) {
      await clock.sleep(DELAY_MS, stop.signal).catch(() => undefined);
      if (!stop.signal.aborted) await write().catch(onError);
    }
  };
  const unwatch = server.store.watch(undefined, () => {
    isDirty = true;
    writing ??= later().finally(() => { writing = undefined; });
  });
  return {
    close: async () => {
      unwatch();
      stop.abort();
      await writing;
      if (isDirty) await write();
    },
  };
}
