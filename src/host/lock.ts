// A lock as a file: made with O_EXCL, so that kubectl and kind, which use the same way, respect it and are respected.
import { randomBytes } from 'node:crypto';
import { type BigIntStats, closeSync, constants, fstatSync, lstatSync, openSync, rmSync, writeSync } from 'node:fs';
import { type FileHandle, open, rm } from 'node:fs/promises';
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
/** How long a new holder is let be, and how often it is looked at after that, whether it is alive. */
const FIRST_LOOK_MS = 100;
const NEXT_LOOK_MS = 250;
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
    release(path, held);
  }
}

/** Names a file at the path of a lock, and changes with each holder: inodes are used again, together with the time they are not. */
type Stamp = string;

/** What is at the path of a lock. */
interface Found {
  readonly ageMs: number;
  readonly sinceMs: number;
  /** Names this very lock, also when it has no owner. */
  readonly token: string;
  readonly owner: ProcessIdentity | undefined;
}

/** The lock that was in the way when last looked at. */
interface Seen {
  readonly stamp: Stamp;
  readonly lookAtMs: number;
  readonly deadlineMs: number;
}

async function acquire(path: string, options: LockOptions): Promise<Stamp> {
  const identity = await ownIdentity();
  let seen: Seen | undefined;
  let pause = 1;
  for (;;) {
    options.signal?.throwIfAborted();
    const held = await tryCreate(path, identity);
    if (held !== undefined) return held;
    const stamp = stampOf(path);
    if (stamp === undefined) continue;
    seen = await stand(path, { stamp, seen, options });
    if (seen === undefined) continue;
    // Random, so that many waiters do not meet again at the same instant.
    await delay(pause * (0.5 + Math.random()), undefined, options.signal === undefined ? {} : { signal: options.signal });
    pause = Math.min(pause * 2, LONGEST_PAUSE_MS);
  }
}

interface Standing {
  readonly stamp: Stamp;
  readonly seen: Seen | undefined;
  readonly options: LockOptions;
}

/** In front of a lock of somebody else. Undefined: it is gone, or was taken away. Throws when the time is up. */
async function stand(path: string, { stamp, seen, options }: Standing): Promise<Seen | undefined> {
  const now = performance.now();
  const waitMs = options.waitMs ?? DEFAULT_WAIT_MS;
  // Where many take turns, each turn is over before it is worth a look: a look costs more than the attempt.
  if (seen !== undefined && seen.stamp !== stamp) return { stamp, lookAtMs: now + FIRST_LOOK_MS, deadlineMs: now + waitMs };
  if (seen !== undefined && now < Math.min(seen.lookAtMs, seen.deadlineMs)) return seen;
  const found = await look(path);
  if (found === undefined) return undefined;
  if (await isLeftBehind(found)) {
    await takeAway(path, found, options);
    return undefined;
  }
  const deadlineMs = seen?.deadlineMs ?? now + waitMs;
  if (now >= deadlineMs) throw lockedError(path, found);
  return { stamp, lookAtMs: now + NEXT_LOOK_MS, deadlineMs };
}

async function tryCreate(path: string, identity: ProcessIdentity): Promise<Stamp | undefined> {
  const record = `${JSON.stringify({ ...identity, token: randomBytes(12).toString('hex') })}\n`;
  try {
    return create(path, record);
  } catch (cause) {
    const code = errnoOf(cause);
    if (code === 'EEXIST') return undefined;
    if (code !== 'ENOENT') throw fileError(cause, `make the lock ${path}`, path);
  }
  await makeDirectory(dirname(path), 0o700).catch((cause: unknown) => {
    throw fileError(cause, `make the folder of the lock ${path}`, path);
  });
  return undefined;
}

/** Synchronous, for it is tried again and again: in a thread of its own each try would cost ten times as much. */
function create(path: string, record: string): Stamp | undefined {
  const file = openSync(path, 'wx', 0o600);
  try {
    writeSync(file, record);
    const stamp = stampIn(fstatSync(file, { bigint: true }));
    // Until the record was written the lock was nameless; a process stopped that long may have lost it.
    return stampOf(path) === stamp ? stamp : undefined;
  } catch (cause) {
    rmSync(path, { force: true });
    throw cause;
  } finally {
    closeSync(file);
  }
}

function release(path: string, held: Stamp): void {
  if (stampOf(path) === held) rmSync(path, { force: true });
}

function stampOf(path: string): Stamp | undefined {
  const found = lstatSync(path, { bigint: true, throwIfNoEntry: false });
  return found === undefined ? undefined : stampIn(found);
}

const stampIn = ({ ino, mtimeNs }: BigIntStats): Stamp => `${ino}-${mtimeNs}`;

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
      ageMs: Date.now() - Number(stat.mtimeMs),
      sinceMs: Number(stat.mtimeMs),
      token: record?.token ?? stampIn(stat),
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
    reason: `by ${owner === undefined ? 'a program that left no name' : `process ${owner.pid} on ${owner.host}`} since ${new Date(found.sinceMs).toTimeString().slice(0, 8)}`,
    hints: [{ text: 'Wait for it to end; only if you are sure that it is gone, remove the lock', command: `rm '${path}'` }],
    details: { path, since: new Date(found.sinceMs).toISOString(), ...(owner === undefined ? {} : { pid: owner.pid, host: owner.host }) },
  });
}

function blockedError(path: string, what: string): Error {
  return preconditionError({
    code: 'lock-blocked',
    message: `${path} cannot be used as a lock: ${what} is there`,
    hints: [{ text: 'Look who put it there, and remove it', command: `ls -la '${path}'` }],
  });
}
