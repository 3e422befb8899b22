// The line in front of a lock: first come, first served, and cheap to stand in. It decides who tries next, never who owns the lock.
import { createHash, randomBytes } from 'node:crypto';
import { closeSync, fstatSync, openSync, readdirSync, rmSync, unlinkSync, writeSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { errnoOf, fileError } from './file-error.ts';
import { type Stamp, stampIn } from './file-stamp.ts';
import { ticketName, ticketOf } from './temporary.ts';

/** Whoever is next looks again after this share of the turn so far: a lock lies free for no more of the time. */
const SHARE_OF_TURN = 16;
const SHORTEST_PAUSE_MS = 1;
const LONGEST_PAUSE_OF_NEXT_MS = 100;
const LONGEST_PAUSE_MS = 400;

export interface Line {
  /** A file with all that the lock will hold, beside it: its place in line, and what becomes the lock. */
  readonly ticket: string;
  readonly stamp: Stamp;
  /** How many came before and are still waiting. Undefined: the ticket itself is gone. */
  ahead(): number | undefined;
  /** How long to look away. `turnMs`: how long the turn of whoever holds the lock has lasted. */
  pauseMs(ahead: number, turnMs: number): number;
  leave(): void;
}

/** Throws what the system says. */
export async function joinLine(lock: string, record: string): Promise<Line> {
  const folder = dirname(lock);
  // The name of a lock may be as long as a name can be.
  const mark = createHash('sha256').update(basename(lock)).digest('hex').slice(0, 8);
  const micros = Math.floor((performance.timeOrigin + performance.now()) * 1000);
  const order = (micros.toString(16) + randomBytes(2).toString('hex')).slice(0, 16);
  const ticket = join(folder, await ticketName({ mark, order }));
  const stamp = write(ticket, record);
  const joinedMs = performance.now();
  let first: number | undefined;
  let isFirst = false;
  return {
    ticket, stamp,
    ahead() {
      // Nobody comes in before the first.
      if (isFirst) return 0;
      const orders = ordersIn(folder, mark);
      if (!orders.includes(order)) return undefined;
      const ahead = orders.filter((other) => other < order).length;
      first ??= ahead;
      isFirst = ahead === 0;
      return ahead;
    },
    pauseMs(ahead, turnMs) {
      if (ahead === 0) return clamp(turnMs / SHARE_OF_TURN, LONGEST_PAUSE_OF_NEXT_MS);
      // Half of what the way to the front takes at the pace so far: a few looks, however long it is. The turn under way is half over.
      const paceMs = (performance.now() - joinedMs) / Math.max((first ?? ahead) - ahead, 1);
      return clamp((ahead - 0.5) * paceMs / 2, LONGEST_PAUSE_MS);
    },
    leave: () => leave(ticket),
  };
}

/** Never fails: who has the lock must not lose it over its ticket, which is swept away once the process is gone. */
function leave(ticket: string): void {
  try {
    unlinkSync(ticket);
  } catch {}
}

function ordersIn(folder: string, mark: string): readonly string[] {
  try {
    return readdirSync(folder).map(ticketOf).flatMap((ticket) => (ticket?.mark === mark ? [ticket.order] : []));
  } catch (cause) {
    if (errnoOf(cause) === 'ENOENT') return [];
    throw fileError(cause, `look at who waits in ${folder}`, folder);
  }
}

function write(ticket: string, record: string): Stamp {
  const file = openSync(ticket, 'wx', 0o600);
  try {
    writeSync(file, record);
    return stampIn(fstatSync(file, { bigint: true }));
  } catch (cause) {
    rmSync(ticket, { force: true });
    throw cause;
  } finally {
    closeSync(file);
  }
}

const clamp = (ms: number, longest: number): number => Math.min(Math.max(ms, SHORTEST_PAUSE_MS), longest);
