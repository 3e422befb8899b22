// What the system says about a file, as an error that a person can act on.

import { type DevstackError, failedError, preconditionError } from '../model/error.ts';
import { shellQuoted } from '../model/shell.ts';

export function errnoOf(cause: unknown): string | undefined {
  const code = cause instanceof Error ? (cause as NodeJS.ErrnoException).code : undefined;
  return typeof code === 'string' ? code : undefined;
}

/** `doing` completes "could not …": `write /home/me/.kube/config`. */
export function fileError(cause: unknown, doing: string, path: string): DevstackError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  const quoted = shellQuoted(path);
  const details = { path };
  switch (errnoOf(cause)) {
    case 'ENOSPC':
    case 'EDQUOT':
      return preconditionError({
        code: 'disk-full', message: `could not ${doing}: the disk or the quota is full`, reason, cause, details,
        hints: [{ text: 'See what fills the disk, make room and run the command again', command: `df -h "$(dirname ${quoted})"` }],
      });
    case 'EACCES':
    case 'EPERM':
      return preconditionError({
        code: 'file-denied', message: `could not ${doing}: permission denied`, reason, cause, details,
        hints: [{ text: 'See who owns it', command: `ls -ld "$(dirname ${quoted})" ${quoted}` }],
      });
    case 'EROFS':
      return preconditionError({
        code: 'file-read-only', message: `could not ${doing}: the file system is read-only`, reason, cause, details,
        hints: [{ text: 'Name a folder that can be written', command: 'export DEVSTACK_HOME=/tmp/devstack' }],
      });
    case 'EMFILE':
    case 'ENFILE':
      return preconditionError({
        code: 'too-many-files', message: `could not ${doing}: too many open files`, reason, cause, details,
        hints: [{ text: 'Raise the limit in this shell', command: 'ulimit -n 4096' }],
      });
    default:
      return failedError({ code: 'file-failed', message: `could not ${doing}`, reason, cause, details });
  }
}
