// Changes in a folder, as signs: what changed is for the reader to find out.
import { readdir } from 'node:fs/promises';
import { basename } from 'node:path';
import { watch as watchPath } from 'chokidar';
import { fileError } from './file-error.ts';

/** Editors write a file in several steps, and tools many files at once: what comes within this is one change. */
const SETTLE_MS = 40;

/** Thousands of files that nobody edits. */
const UNWATCHED = new Set(['.git', 'node_modules']);

/**
 * The first sign says that from here on every change is seen. Not node:fs: on Linux Node 20 loses sight of a file that an editor saves by
 * putting another one in its place, and of all later changes to it.
 */
export async function* watchFolder(folder: string, signal: AbortSignal): AsyncGenerator<void> {
  // chokidar would wait for a folder that is not there.
  await readdir(folder).catch((cause: unknown) => {
    throw fileError(cause, `watch ${folder}`, folder);
  });
  let [hasSign, wake] = [false, (): void => undefined];
  let failure: unknown;
  const tell = () => {
    hasSign = true;
    wake();
  };
  const fail = (thrown: unknown) => {
    failure ??= thrown;
    wake();
  };
  const watcher = watchPath(folder, { ignoreInitial: true, ignored: (path) => path !== folder && UNWATCHED.has(basename(path)) });
  watcher.on('ready', tell).on('all', tell).on('error', fail);
  signal.addEventListener('abort', () => wake(), { once: true });
  try {
    while (!signal.aborted && failure === undefined) {
      if (!hasSign) await new Promise<void>((resolve) => { wake = resolve; });
      if (!hasSign) continue;
      await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
      hasSign = false;
      yield;
    }
  } finally {
    await watcher.close();
  }
  if (!signal.aborted) throw fileError(failure, `watch ${folder}`, folder);
}
