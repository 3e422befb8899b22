// Folders with their parents. Node's own recursive mkdir says "no such file" for a read-only disk.
import { mkdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { errnoOf } from './file-error.ts';

/** Throws what the system says. What is there already keeps its mode. */
export async function makeDirectory(path: string, mode: number): Promise<void> {
  try {
    await makeOne(path, mode);
  } catch (cause) {
    if (errnoOf(cause) !== 'ENOENT' || dirname(path) === path) throw cause;
    await makeDirectory(dirname(path), mode);
    await makeOne(path, mode);
  }
}

async function makeOne(path: string, mode: number): Promise<void> {
  try {
    await mkdir(path, { mode });
  } catch (cause) {
    // Some systems find the disk read-only before they find the folder.
    const isThere = await stat(path).then((found) => found.isDirectory(), () => false);
    if (!isThere) throw cause;
  }
}
