// A lock as a file, so that kubectl and kind, which use the same way, respect it and are respected.
//
// What makes it right: one call to the system decides who owns it. A lock begins as the ticket of one that waits, a file with the
// record of its owner; link(2) gives it the name of the lock, and fails where that name is taken, by whomever and whatever. So a lock
// of ours is there with its owner or not at all, also when a process is killed or stopped at any point, and link is the call that
// holds on NFS too. All else, the line, the pauses, only says who tries when: nothing is lost by it when it is wrong.
import { randomBytes } from 'node:crypto';
import { constants, copyFileSync, linkSync, rmSync } from 'node:fs';
import { type FileHandle, open, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { preconditionError } from '../model/error.ts';
import { parseJson } from '../model/json.ts';
import { stringAt } from '../model/object.ts';
import { type ProcessMark, readProcessMark } from '../model/process.ts';
import { makeDirectory } from './directory.ts';
import { errnoOf, fileError } from './file-error.ts';
import { isGoing, type Stamp, stampIn, stampOf } from './file-stamp.ts';
import { joinLine, type Line } from './lock-line.ts';
import { lifeOf, ownIdentity } from './process-identity.ts';
import { sweepTemporaries } from './temporary.ts';

/** A lock without a readable owner (kubectl's is empty, and held for milliseconds) counts as left behind after this. */
const NAMELESS_STALE_MS = 1_000;
const DEFAULT_WAIT_MS = 30_000;
/** How often a holder is looked at, whether it is alive: by the next in line, and by the others, for that one may be dead too. */
const LOOK_OF_NEXT_MS = 250;
const LOOK_OF_OTHERS_MS = 500;
/** A free lock is taken out of turn when nobody has taken it for so long: who is first in line is dead, stopped, or very slow. */
const PATIENCE_MS = 50;
/** Whoever removes a dead lock holds the right to it for a moment. */
const TAKE_AWAY_MS = 1_000;
/** Far more than an owner's record; what is longer is not one. */
const MAX_RECORD_BYTES = 4_096;
/** What systems say where a file cannot have two names: FAT, some shares of Windows. */
const NO_LINKS: readonly (string | undefined)[] = ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EISDIR', 'EINVAL', 'EMLINK'];

export interface LockOptions {
  /** How long one holder is waited for. Where many take turns, the time begins anew with each: there it goes on. */
  readonly waitMs?: number;
  readonly signal?: AbortSignal;
}

/**
 * Runs `work` while this process holds the lock at `path`. First come, first served, across processes. A holder that is dead is taken over at once; one on another host or
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

/** What is at the path of a lock. */
interface Found {
  readonly ageMs: number;
  readonly sinceMs: number;
  /** Names this very lock, also when it has no owner. */
  readonly token: string;
  readonly owner: Owner | undefined;
}

async function acquire(path: string, options: LockOptions): Promise<Stamp> {
  const token = randomBytes(12).toString('hex');
  const record = `${JSON.stringify({ ...(await ownIdentity()), token })}\n`;
  for (;;) {
    const line = await enter(path, record);
    try {
      const held = await untilMine({ path, line, token, options });
      if (held !== undefined) return held;
    } finally {
      line.leave();
    }
  }
}

async function enter(path: string, record: string): Promise<Line> {
  try {
    return await joinLine(path, record);
  } catch (cause) {
    if (errnoOf(cause) !== 'ENOENT') throw fileError(cause, `make the lock ${path}`, path);
  }
  try {
    await makeDirectory(dirname(path), 0o700);
    return await joinLine(path, record);
  } catch (cause) {
    throw fileError(cause, `make the folder of the lock ${path}`, path);
  }
}

interface Waiting {
  readonly path: string;
  readonly line: Line;
  readonly token: string;
  readonly options: LockOptions;
}

/** The lock that was in the way when last looked at. */
interface Seen {
  readonly stamp: Stamp;
  readonly sinceMs: number;
  readonly lookAtMs: number;
  readonly deadlineMs: number;
}

/** A lock that nobody held when last looked at. */
interface Idle {
  readonly ahead: number;
  readonly sinceMs: number;
}

/** Undefined: the ticket is gone, with the folder or by somebody's hand. */
async function untilMine({ path, line, token, options }: Waiting): Promise<Stamp | undefined> {
  let seen: Seen | undefined;
  let idle: Idle | undefined;
  for (;;) {
    options.signal?.throwIfAborted();
    const ahead = line.ahead();
    if (ahead === undefined) return undefined;
    const now = performance.now();
    const stamp = stampOf(path);
    // NFS may have made the link, and have lost the answer.
    if (stamp === line.stamp) return stamp;
    if (stamp === undefined) {
      idle = idle?.ahead === ahead ? idle : { ahead, sinceMs: now };
      const isOutOfTurn = options.waitMs === 0 || now - idle.sinceMs >= PATIENCE_MS;
      if (ahead === 0 || isOutOfTurn) {
        const claimed = await claim(path, line, token);
        // What the dead have left in the line would cost everybody this patience.
        if (ahead > 0) await sweepTemporaries(dirname(path));
        if (claimed !== 'taken') return claimed === 'lost' ? undefined : claimed.stamp;
      }
    } else {
      idle = undefined;
      seen = await stand({ path, stamp, seen, isNext: ahead === 0, options });
      if (seen === undefined) continue;
    }
    const pauseMs = line.pauseMs(ahead, seen === undefined ? 0 : now - seen.sinceMs);
    await delay(idle === undefined ? pauseMs : Math.min(pauseMs, PATIENCE_MS), undefined, options.signal === undefined ? {} : { signal: options.signal });
  }
}

interface Standing {
  readonly path: string;
  readonly stamp: Stamp;
  readonly seen: Seen | undefined;
  readonly isNext: boolean;
  readonly options: LockOptions;
}

/** In front of a lock of somebody else. Undefined: it is gone, or was taken away. Throws when the time is up. */
async function stand({ path, stamp, seen, isNext, options }: Standing): Promise<Seen | undefined> {
  const now = performance.now();
  const known = seen?.stamp === stamp ? seen : undefined;
  const deadlineMs = known?.deadlineMs ?? now + (options.waitMs ?? DEFAULT_WAIT_MS);
  const sinceMs = known?.sinceMs ?? now;
  // Who comes upon a lock and is alone with it looks at once; where many take turns a look costs more than the turn.
  const nextLookMs = isNext ? LOOK_OF_NEXT_MS : LOOK_OF_OTHERS_MS;
  const lookAtMs = known?.lookAtMs ?? (seen === undefined && isNext ? now : now + nextLookMs);
  if (now < Math.min(lookAtMs, deadlineMs)) return { stamp, sinceMs, lookAtMs, deadlineMs };
  const found = await look(path);
  if (found === undefined) return undefined;
  if (await isLeftBehind(found)) {
    await takeAway(path, found, options);
    return undefined;
  }
  if (now >= deadlineMs) throw lockedError(path, found);
  return { stamp, sinceMs, lookAtMs: now + nextLookMs, deadlineMs };
}

type Claim = 'taken' | 'lost' | { readonly stamp: Stamp };

async function claim(path: string, line: Line, token: string): Promise<Claim> {
  try {
    linkSync(line.ticket, path);
    return { stamp: line.stamp };
  } catch (cause) {
    const code = errnoOf(cause);
    if (code === 'EEXIST') return 'taken';
    if (code === 'ENOENT') return 'lost';
    if (!NO_LINKS.includes(code)) throw fileError(cause, `make the lock ${path}`, path);
    return await claimByCopy(path, line, token);
  }
}

/** O_EXCL: as atomic, but nameless until it is written; whoever is stopped meanwhile may have lost it. */
async function claimByCopy(path: string, line: Line, token: string): Promise<Claim> {
  try {
    copyFileSync(line.ticket, path, constants.COPYFILE_EXCL);
  } catch (cause) {
    const code = errnoOf(cause);
    if (code === 'EEXIST' || isGoing(code)) return 'taken';
    if (code === 'ENOENT') return 'lost';
    throw fileError(cause, `make the lock ${path}`, path);
  }
  const stamp = stampOf(path);
  return stamp !== undefined && (await look(path))?.token === token ? { stamp } : 'taken';
}

function release(path: string, held: Stamp): void {
  if (stampOf(path) === held) rmSync(path, { force: true });
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
      ageMs: Date.now() - Number(stat.mtimeMs),
      // It was written by one that waited, and changed when it became the lock.
      sinceMs: Number(stat.ctimeMs),
      token: record?.token ?? stampIn(stat),
      owner: record,
    };
  } finally {
    await handle.close();
  }
}

interface Owner extends ProcessMark {
  /** Of this one lock, 24 hex digits. */
  readonly token: string;
}

function ownerOf(text: string): Owner | undefined {
  const value = parseJson(text);
  const [mark, token] = [readProcessMark(value), stringAt(value, 'token')];
  return mark !== undefined && token !== undefined && /^[0-9a-f]{24}$/.test(token) ? { ...mark, token } : undefined;
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
  }, { ...options, waitMs: Math.max(options.waitMs ?? DEFAULT_WAIT_MS, TAKE_AWAY_MS) });
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
