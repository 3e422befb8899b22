// Files: whole or not at all, and errors that name the path.
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { chmod, type FileHandle, lstat, open, readdir, readFile, readlink, realpath, rename, rm, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { FileStat, Files } from '../ports.ts';
import { makeDirectory } from './directory.ts';
import { errnoOf, fileError } from './file-error.ts';
import { withLock } from './lock.ts';
import { sweepTemporaries, temporaryBeside } from './temporary.ts';
import { watchFolder } from './watch.ts';

/** Private unless somebody asks otherwise: most of what devstack keeps holds credentials. */
const FILE_MODE = 0o600;
const DIRECTORY_MODE = 0o700;

export function createFiles(): Files {
  return {
    readText: async (path) => (await readWhole(path))?.toString('utf8'),
    readBytes: readWhole,
    write,
    append,
    stat: statOf,
    readLink: readLinkOf,
    realPath: (path) => attempt(() => targetOf(path), `follow ${path}`, path),
    sha256: hashOf,
    async list(directory) {
      const names = await ifThere(() => readdir(directory), `list ${directory}`, directory);
      return [...(names ?? [])].sort();
    },
    watch: watchFolder,
    makeDirectory: (path, mode = DIRECTORY_MODE) => attempt(() => makeDirectory(path, mode), `make the folder ${path}`, path),
    setMode: (path, mode) => attempt(() => chmod(path, mode), `change the mode of ${path}`, path),
    remove: (path) => attempt(() => rm(path, { recursive: true, force: true }), `remove ${path}`, path),
    rename: (from, to) => attempt(() => rename(from, to), `rename ${from} to ${to}`, to),
    tidyBeside: async (path) => sweepTemporaries(dirname(await targetOf(path).catch(() => path))),
    withLock,
  };
}

async function attempt<T>(work: () => Promise<T>, doing: string, path: string): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    throw fileError(cause, doing, path);
  }
}

/** As attempt, but undefined when the path leads nowhere. */
async function ifThere<T>(work: () => Promise<T>, doing: string, path: string): Promise<T | undefined> {
  try {
    return await work();
  } catch (cause) {
    const code = errnoOf(cause);
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw fileError(cause, doing, path);
  }
}

function readWhole(path: string): Promise<Buffer | undefined> {
  return ifThere(() => readFile(path), `read ${path}`, path);
}

async function statOf(path: string, options: { readonly follow?: boolean } = {}): Promise<FileStat | undefined> {
  const found = await ifThere(() => (options.follow === true ? stat(path) : lstat(path)), `look at ${path}`, path);
  if (found === undefined) return undefined;
  const kind = found.isFile() ? 'file' : found.isDirectory() ? 'directory' : found.isSymbolicLink() ? 'symlink' : 'other';
  return { kind, size: found.size, mode: found.mode & 0o7777, modifiedMs: found.mtimeMs };
}

async function readLinkOf(path: string): Promise<string | undefined> {
  try {
    return await readlink(path);
  } catch (cause) {
    const code = errnoOf(cause);
    // EINVAL: it is there, and no link.
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'EINVAL') return undefined;
    throw fileError(cause, `follow ${path}`, path);
  }
}

async function hashOf(path: string): Promise<string | undefined> {
  const hash = createHash('sha256');
  const done = await ifThere(async () => {
    await pipeline(createReadStream(path, { highWaterMark: 2 ** 20 }), hash);
    return true;
  }, `read ${path}`, path);
  return done === undefined ? undefined : hash.digest('hex');
}

type WriteOptions = NonNullable<Parameters<Files['write']>[2]>;

async function write(path: string, content: string | Uint8Array, options: WriteOptions = {}): Promise<void> {
  await attempt(async () => {
    const target = options.keep === true ? await targetOf(path) : path;
    const before = options.keep === true ? await statIfThere(target) : undefined;
    const temporary = await temporaryBeside(target);
    await makeDirectory(dirname(target), DIRECTORY_MODE);
    await sweepTemporaries(dirname(target));
    try {
      // 'wx' is O_EXCL: whatever somebody planted at this name, it is neither followed nor overwritten.
      const handle = await open(temporary, 'wx', FILE_MODE);
      try {
        await handle.writeFile(content);
        if (before !== undefined) await keepOwner(handle, before);
        // After the owner: chown clears mode bits. fchmod is not subject to the umask.
        await handle.chmod(before === undefined ? (options.mode ?? FILE_MODE) : before.mode & 0o7777);
        await handle.sync();
      } finally {
        await handle.close();
      }
      await rename(temporary, target);
    } catch (cause) {
      await rm(temporary, { force: true }).catch(() => undefined);
      throw cause;
    }
    await syncDirectory(dirname(target));
  }, `write ${path}`, path);
}

async function append(path: string, text: string): Promise<void> {
  await attempt(async () => {
    const handle = await open(path, 'a', FILE_MODE);
    try {
      await handle.appendFile(text);
      await handle.datasync();
    } finally {
      await handle.close();
    }
  }, `write ${path}`, path);
}

/** Where symlinks lead, also when the file at their end does not exist yet. */
async function targetOf(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch (cause) {
    if (errnoOf(cause) !== 'ENOENT') throw cause;
    const isLink = (await statIfThere(path))?.isSymbolicLink() === true;
    return isLink ? await targetOf(resolve(dirname(path), await readlink(path))) : path;
  }
}

async function statIfThere(path: string) {
  try {
    return await lstat(path);
  } catch (cause) {
    if (errnoOf(cause) === 'ENOENT') return undefined;
    throw cause;
  }
}

/** Root writing into a person's file leaves it the person's. */
async function keepOwner(handle: FileHandle, before: { readonly uid: number; readonly gid: number }): Promise<void> {
  const now = await handle.stat();
  if (now.uid === before.uid && now.gid === before.gid) return;
  await handle.chown(before.uid, before.gid);
}

/** Without it a power cut can undo the rename. Windows and some network file systems cannot do it. */
async function syncDirectory(path: string): Promise<void> {
  const handle = await open(path, 'r').catch(() => undefined);
  await handle?.sync().catch(() => undefined);
  await handle?.close();
}
