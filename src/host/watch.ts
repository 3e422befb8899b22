// Changes in a folder, as signs: what changed is for the reader to find out.
import { type FSWatcher, watch as watchPath } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { fileError } from './file-error.ts';

/** Editors write a file in several steps, and tools many files at once: what comes within this is one change. */
const SETTLE_MS = 40;

/** Thousands of files that nobody edits. */
const UNWATCHED = new Set(['.git', 'node_modules']);

/**
 * Watches folders, never files: on Linux Node's recursive watch (and what is built on watching files) loses sight of a file that an editor
 * saves by putting another one in its place. A folder tells of everything in it, whatever becomes of its files.
 */
class FolderWatch {
  readonly #watchers = new Map<string, FSWatcher>();
  readonly #onChange: () => void;

  constructor(onChange: () => void) {
    this.#onChange = onChange;
  }

  /** The folder and all below it. Throws when the folder cannot be read. */
  async add(folder: string): Promise<void> {
    if (this.#watchers.has(folder)) return;
    const isNative = process.platform === 'darwin' || process.platform === 'win32';
    const watcher = watchPath(folder, { recursive: isNative }, (kind, name) => {
      this.#onChange();
      if (isNative || kind !== 'rename' || name === null || UNWATCHED.has(name)) return;
      // It may be a new folder, also in the place of an old one; what is none says so.
      this.#drop(join(folder, name));
      this.add(join(folder, name)).catch(() => undefined);
    });
    this.#watchers.set(folder, watcher);
    // It is gone: that was a change of the folder above.
    watcher.on('error', () => this.#drop(folder));
    try {
      const entries = await readdir(folder, { withFileTypes: true });
      const folders = isNative ? [] : entries.filter((entry) => entry.isDirectory() && !UNWATCHED.has(entry.name));
      await Promise.all(folders.map((entry) => this.add(join(folder, entry.name)).catch(() => undefined)));
    } catch (thrown) {
      this.#drop(folder);
      throw thrown;
    }
    // What came into it before it was watched.
    this.#onChange();
  }

  close(): void {
    for (const folder of [...this.#watchers.keys()]) this.#drop(folder);
  }

  /** With all below it. */
  #drop(folder: string): void {
    for (const [path, watcher] of this.#watchers) {
      if (path !== folder && !path.startsWith(folder + sep)) continue;
      watcher.close();
      this.#watchers.delete(path);
    }
  }
}

/** The first sign says that from here on every change is seen. */
export async function* watchFolder(folder: string, signal: AbortSignal): AsyncGenerator<void> {
  let [hasSign, wake] = [false, (): void => undefined];
  const watching = new FolderWatch(() => {
    hasSign = true;
    wake();
  });
  signal.addEventListener('abort', () => wake(), { once: true });
  try {
    await watching.add(folder).catch((cause: unknown) => {
      throw fileError(cause, `watch ${folder}`, folder);
    });
    while (!signal.aborted) {
      if (hasSign) {
        await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
        hasSign = false;
        yield;
      } else {
        await new Promise<void>((resolve) => { wake = resolve; });
      }
    }
  } finally {
    watching.close();
  }
}
