// The journals of stacks and their locks, as operations use them.
import type { JournalEntry } from '../../engine/run.ts';
import { isDevstackError } from '../../model/error.ts';
import { EXIT, type ExitCode } from '../../model/exit.ts';
import type { RunOptions } from '../use-cases.ts';

export interface OpenJournal {
  /** Resolves when the line is on the disk. */
  record(entry: JournalEntry): Promise<void>;
  end(exit: number): Promise<void>;
}

/** A run as it is read back. */
export interface JournalRun {
  readonly command: string;
  /** Milliseconds since the epoch. */
  readonly startedMs: number;
  readonly pid: number;
  readonly ended: { readonly atMs: number; readonly exit: number } | undefined;
  readonly steps: readonly (JournalEntry & { readonly atMs: number })[];
}

export interface Journals {
  /** Names of stacks with a folder here. */
  stacks(): Promise<readonly string[]>;
  /** All runs of a stack, oldest first. */
  read(stack: string): Promise<readonly JournalRun[]>;
  open(stack: string, command: string): Promise<OpenJournal>;
  /** Forgets what is known of a stack that is gone. */
  remove(stack: string): Promise<void>;
  /** Runs `work` while no other run works on the whole stack; `hasWaited`: what was planned before may be old. */
  alone<T>(stack: string, queue: { readonly signal: AbortSignal; onWait(holder: string): void }, work: (hasWaited: boolean) => Promise<T>): Promise<T>;
}

/** As `Journals.alone`, and says for whom it waits. */
export function alone<T>(journals: Journals, stack: string, { emit, signal }: RunOptions, work: (hasWaited: boolean) => Promise<T>): Promise<T> {
  const onWait = (holder: string) => emit({ type: 'note', message: `stack ${stack} is in the hands of ${holder}: waiting for it` });
  return journals.alone(stack, { signal, onWait }, work);
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
