// The journals of stacks, as operations use them.
import type { JournalEntry } from '../../engine/run.ts';
import { isDevstackError } from '../../model/error.ts';
import { EXIT, type ExitCode } from '../../model/exit.ts';

export interface OpenJournal {
  /** Resolves when the line is on the disk. */
  record(entry: JournalEntry): Promise<void>;
  end(exit: number): Promise<void>;
}

export interface Journals {
  open(stack: string, command: string): Promise<OpenJournal>;
  /** Forgets what is known of a stack that is gone. */
  remove(stack: string): Promise<void>;
}

function exitOf(error: unknown): ExitCode {
  return isDevstackError(error) ? error.exit : EXIT.bug;
}

/** Runs `work` between the first and the last line of a journal. */
export async function journalled<T>(journals: Journals, run: { readonly stack: string; readonly command: string }, work: (journal: OpenJournal) => Promise<T>): Promise<T> {
  const journal = await journals.open(run.stack, run.command);
  try {
    const result = await work(journal);
    await journal.end(EXIT.ok);
    return result;
  } catch (error) {
    await journal.end(exitOf(error)).catch(() => undefined); // a full disk must not hide the first error
    throw error;
  }
}
