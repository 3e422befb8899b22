// Tells whether the file at a path is still the one that was there before.
import { type BigIntStats, lstatSync } from 'node:fs';
import { errnoOf } from './file-error.ts';

/** Names a file, and changes with each new one: numbers of inodes are used again, together with the time they are not. */
export type Stamp = string;

/** One system call, and no error made for what is not there. Undefined: nothing is. */
export function stampOf(path: string): Stamp | undefined {
  try {
    const found = lstatSync(path, { bigint: true, throwIfNoEntry: false });
    return found === undefined ? undefined : stampIn(found);
  } catch (cause) {
    if (isGoing(errnoOf(cause))) return undefined;
    throw cause;
  }
}

/** Windows: a file that was removed while somebody reads it is neither there nor gone until that one closes it. */
export function isGoing(code: string | undefined): boolean {
  return process.platform === 'win32' && (code === 'EPERM' || code === 'EACCES' || code === 'EBUSY');
}

export const stampIn = ({ ino, mtimeNs }: BigIntStats): Stamp => `${ino}-${mtimeNs}`;
