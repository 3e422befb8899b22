// Gives each run the journal of its stack.
import type { JournalEntry } from '../../engine/run.ts';

export type Recorder = (stack: string) => (entry: JournalEntry) => Promise<void>;
