// A lock as a file: made with O_EXCL, so that kubectl and kind, which use the same way, respect it and are respected.
import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, lstat, open, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { preconditionError } from '../model/error.ts';
import { makeDirectory } from './directory.ts';
import { errnoOf, fileError } from './file-error.ts';
import { lifeOf, ownIdentity, type ProcessIdentity } from './process-identity.ts';

/** A lock without a readable owner (kubectl's is empty, and held for milliseconds) counts as left behind after this. */
const NAMELESS_STALE_MS = 1_000;
const DEFAULT_WAIT_MS = 30_000;
const LONGEST_PAUSE_MS = 50;
/** Far more than an owner's record; what is longer is not one. */
const MAX_RECORD_BYTES = 4_096;

export interface LockOptions {
  /** How long one holder is waited for. Where many take turns, the time begins anew with each: there it goes on. */
  readonly waitMs?: number;
  readonly signal?: AbortSignal;
}

/**
 * Runs `work` while this process holds the lock at `path`. A holder that is dead is taken over at once; one on another host or
 * in another container is respected. Throws `locked` when one holder keeps it longer than `waitMs`, `lock-blocked` when something
 * else than a lock is there.
 */
export async function withLock<T>(path: string, work: () => Promise<T>, options: LockOptions = {}): Promise<T> {
  const held = await acquire(path, options);
  try {
    return await work();
  } finally {
    await release(path, held);
  }
}

/** One hold on one lock. `inode` tells whether the file at the path is still this one. */
interface Held {
  readonly inode: bigint;
  readonly token: string;
}

/** What is at the path of a lock. */
interface Found {
  readonly inode: bigint;
  readonly ageMs: number;
  /** Names this very lock, also when it has no owner. */
  readonly token: string;
  readonly owner: ProcessIdentity | undefined;
}

async function acquire(path: string, options: LockOptions): Promise<Held> {
  let holder = '';
  let deadline = 0;
  let pause = 1;
  for (;;) {
    options.signal?.throwIfAborted();
    const held = await tryCreate(path);
    if (held !== undefined) return held;
    const found = await look(path);
    if (found === undefined) continue;
    if (await isLeftBehind(found)) {
      await takeAway(path, found, options);
      continue;
    }
    if (found.token !== holder) {
      holder = found.token;
      deadline = performance.now() + (options.waitMs ?? DEFAULT_WAIT_MS);
    }
    if (performance.now() >= deadline) throw lockedError(path, found);
    // Random, so that many waiters do not meet again at the same instant.
    await delay(pause * (0.5 + Math.random()), undefined, options.signal === undefined ? {} : { signal: options.signal });
    pause = Math.min(pause * 2, LONGEST_PAUSE_MS);
  }
}

async function tryCreate(path: string): Promise<Held | undefined> {
  const token = randomBytes(12).toString('hex');
  let handle: FileHandle;
  try {
    handle = await open(path, 'wx', 0o600);
  } catch (cause) {
    if (errnoOf(cause) === 'EEXIST') return undefined;
    if (errnoOf(cause) === 'ENOENT') {
      await makeDirectory(dirname(path), 0o700).catch((error: unknown) => {
        throw fileError(error, `make the folder of the lock ${path}`, path);
      });
      return undefined;
    }
    throw fileError(cause, `make the lock ${path}`, path);
  }
  try {
    await handle.writeFile(`${JSON.stringify({ ...(await ownIdentity()), token })}\n`);
    const { ino } = await handle.stat({ bigint: true });
    // Until the record was written the lock was nameless; a process stopped that long may have lost it.
    return (await inodeAt(path)) === ino ? { inode: ino, token } : undefined;
  } catch (cause) {
    await rm(path, { force: true }).catch(() => undefined);
    throw fileError(cause, `write the lock ${path}`, path);
  } finally {
    await handle.close();
  }
}

async function release(path: string, held: Held): Promise<void> {
  if ((await inodeAt(path)) === held.inode) await rm(path, { force: true });
}

async function inodeAt(path: string): Promise<bigint | undefined> {
  const found = await lstat(path, { bigint: true }).catch(() => undefined);
  return found?.ino;
}

/** Never follows a link and never waits for a pipe: anybody can plant something at the path of a lock in a shared folder. */
async function look(path: string): Promise<Found | undefined> {
  let handle: FileHandle;
  try {
    handle = await open(path, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0));
  } catch (cause) {
    const code = errnoOf(cause);
    if (code === 'ENOENT') return undefined;
    if (code === 'ELOOP' || code === 'EMLINK') throw blockedError(path, 'a symbolic link');
    throw fileError(cause, `read the lock ${path}`, path);
  }
  try {
    const stat = await handle.stat({ bigint: true });
    if (!stat.isFile()) throw blockedError(path, stat.isDirectory() ? 'a directory' : 'not a regular file');
    const buffer = Buffer.alloc(MAX_RECORD_BYTES);
    const { bytesRead } = await handle.read(buffer, 0, MAX_RECORD_BYTES, 0);
    const record = ownerOf(buffer.toString('utf8', 0, bytesRead));
    return {
      inode: stat.ino,
      ageMs: Date.now() - Number(stat.mtimeMs),
      token: record?.token ?? `${stat.ino}-${stat.mtimeNs}`,
      owner: record,
    };
  } finally {
    await handle.close();
  }
}

function ownerOf(text: string): (ProcessIdentity & { readonly token: string }) | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null) return undefined;
    const { pid, place, host, started, token } = value as { readonly [key: string]: unknown };
    if (typeof pid !== 'number' || typeof place !== 'string' || typeof host !== 'string') return undefined;
    if (typeof started !== 'string' || typeof token !== 'string' || !/^[0-9a-f]{24}$/.test(token)) return undefined;
    return { pid, place, host, started, token };
  } catch {
    return undefined;
  }
}

async function isLeftBehind(found: Found): Promise<boolean> {
  if (found.owner === undefined) return found.ageMs > NAMELESS_STALE_MS;
  return (await lifeOf(found.owner)) === 'dead';
}

/**
 * Removes a lock that was left behind. Two processes that see the same one must not both remove it: the slower would remove the
 * lock that the faster has made since. So this is done under a lock whose name is the token of the dead one, and only if the dead
 * one is still there. Should its holder die as well, the same rule heals it.
 */
async function takeAway(path: string, dead: Found, options: LockOptions): Promise<void> {
  await withLock(`${path}.${dead.token}`, async () => {
    const now = await look(path);
    if (now?.token === dead.token) await rm(path, { force: true });
  }, options);
}

function lockedError(path: string, found: Found): Error {
  const { owner } = found;
  return preconditionError({
    code: 'locked',
    message: `${path} is locked`,
    reason: owner === undefined ? 'by a program that left no name' : `by process ${owner.pid} on ${owner.host}`,
    hints: [{ text: 'Wait for it to end; only if you are sure that it is gone, remove the lock', command: `rm '${path}'` }],
    details: owner === undefined ? { path } : { path, pid: owner.pid, host: owner.host },
  });
}

function blockedError(path: string, what: string): Error {
  return preconditionError({
    code: 'lock-blocked',
    message: `${path} cannot be used as a lock: ${what} is there`,
    hints: [{ text: 'Look who put it there, and remove it', command: `ls -la '${path}'` }],
  });
}
