// Names of files that are not yet what they will be, so that what a killed process left can be told from what another one needs.
import { createHash, randomBytes } from 'node:crypto';
import { lstat, readdir, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { isRunning, ownIdentity } from './process-identity.ts';

const NAME = /^\.devstack-([0-9a-f]{8})-(\d+)-(?:([0-9a-f]{8})-)?([0-9a-f]{16})\.tmp$/;
/** Of another host, or of an earlier boot: nobody writes one file for so long. */
const OLD_MS = 24 * 3_600_000;

async function placeName(): Promise<string> {
  return createHash('sha256').update((await ownIdentity()).place).digest('hex').slice(0, 8);
}

async function nameOf(...parts: readonly string[]): Promise<string> {
  return `.devstack-${[await placeName(), process.pid, ...parts].join('-')}.tmp`;
}

/** A name beside the file that it will become. */
export async function temporaryBeside(path: string): Promise<string> {
  return join(dirname(path), await nameOf(randomBytes(8).toString('hex')));
}

/** The place of a process in the line in front of a lock. */
export interface Ticket {
  /** Of the lock: 8 hex digits. */
  readonly mark: string;
  /** Whoever has the lesser came first: 16 hex digits. */
  readonly order: string;
}

export async function ticketName({ mark, order }: Ticket): Promise<string> {
  return await nameOf(mark, order);
}

/** Undefined: it is another kind of file. */
export function ticketOf(name: string): Ticket | undefined {
  const [, , , mark, order] = NAME.exec(name) ?? [];
  return mark === undefined || order === undefined ? undefined : { mark, order };
}

/** Removes what killed processes have left half written in a folder: it may hold credentials. Never fails: it is no part of the work. */
export async function sweepTemporaries(folder: string): Promise<void> {
  const here = await placeName();
  for (const name of await readdir(folder).catch(() => [])) {
    const [, place, pid] = NAME.exec(name) ?? [];
    if (place === undefined) continue;
    const path = join(folder, name);
    const isLeft = place === here ? !isRunning(Number(pid)) : Date.now() - ((await lstat(path).catch(() => undefined))?.mtimeMs ?? Date.now()) > OLD_MS;
    if (isLeft) await rm(path, { force: true }).catch(() => undefined);
  }
}
