// Where the files of one stack are. All of them together, so that forgetting a stack is removing a folder.
import { join } from 'node:path';
import { failedError } from '../model/error.ts';
import type { Folders } from '../ports.ts';

/** A name becomes part of a path: whatever got past the checks of the configuration ends here. */
export function folderOf(folders: Pick<Folders, 'state'>, stack: string): string {
  if (!/^[a-z0-9][a-z0-9.-]{0,62}$/.test(stack)) {
    throw failedError({ code: 'stack-name-invalid', message: `${JSON.stringify(stack)} is not the name of a stack` });
  }
  return join(folders.state, 'stacks', stack);
}
