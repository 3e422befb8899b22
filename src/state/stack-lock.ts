// One run at a time works on a whole stack: who comes second waits, and is told for whom.
import { join } from 'node:path';
import { isDevstackError } from '../model/error.ts';
import type { Files, Folders } from '../ports.ts';
import { folderOf } from './stack-folder.ts';

/** Longer than any run; the signal of the second one ends its wait before. */
const QUEUE_MS = 24 * 3_600_000;

export interface StackLockWorld {
  readonly files: Pick<Files, 'withLock'>;
  readonly folders: Pick<Folders, 'state'>;
}

export interface Queue {
  readonly signal: AbortSignal;
  /** `process 4711 since 12:03:10`: once, before the wait. */
  onWait(holder: string): void;
}

/** Beside the folder of the stack, which `down` removes whole. Throws AbortError while it waits. */
export async function withStackLock<T>(world: StackLockWorld, stack: string, { signal, onWait }: Queue, work: (hasWaited: boolean) => Promise<T>): Promise<T> {
  folderOf(world.folders, stack); // refuses what is no name
  const path = join(world.folders.state, 'locks', stack);
  let isMine = false;
  const begin = (hasWaited: boolean) => () => {
    isMine = true;
    return work(hasWaited);
  };
  try {
    return await world.files.withLock(path, begin(false), { waitMs: 0, signal });
  } catch (cause) {
    if (isMine || !isDevstackError(cause) || cause.code !== 'locked') throw cause;
    onWait((cause.reason ?? 'another run').replace(/^by /, ''));
    return await world.files.withLock(path, begin(true), { waitMs: QUEUE_MS, signal });
  }
}
