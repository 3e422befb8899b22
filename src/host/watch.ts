// Changes in a folder, as signs: what changed is for the reader to find out.
import { watch as watchPath } from 'node:fs/promises';
import { fileError } from './file-error.ts';

/** Editors write a file in several steps, and tools many files at once: what comes within this is one change. */
const SETTLE_MS = 40;

export async function* watchFolder(folder: string, signal: AbortSignal): AsyncGenerator<void> {
  let [isChanged, wake] = [false, (): void => undefined];
  let failure: unknown;
  let isOver = false;
  const watching = (async () => {
    try {
      for await (const _change of watchPath(folder, { recursive: true, signal })) {
        isChanged = true;
        wake();
      }
    } catch (thrown) {
      if (!signal.aborted) failure = thrown;
    } finally {
      isOver = true;
      wake();
    }
  })();
  // The watcher is up, or has failed, once its loop was entered: what changes from here on is seen.
  await new Promise((resolve) => setImmediate(resolve));
  if (!isOver) yield;
  while (!isOver) {
    if (!isChanged) await new Promise<void>((resolve) => { wake = resolve; });
    if (!isChanged) break;
    await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
    isChanged = false;
    yield;
  }
  await watching;
  if (failure !== undefined) throw fileError(failure, `watch ${folder}`, folder);
}
