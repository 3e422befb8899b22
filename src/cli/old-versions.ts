// Versions of an app that reloads leave behind: taken away as soon as nothing goes to them, so that the next one finds room.
import { isAbortError, isDevstackError } from '../model/error.ts';
import type { AppRef } from './app-use-cases.ts';
import type { RunOptions, UseCases } from './use-cases.ts';

export interface OldVersions {
  /** Before the first deploy: what is there already is somebody's, and stays. */
  remember(ref: AppRef): Promise<void>;
  /** After a reload; goes on by itself. */
  retire(ref: AppRef): void;
  /** Ends when nothing of it is under way. */
  settled(): Promise<void>;
}

/** Who ends `dev` right after a reload waits this long for it at most, in milliseconds. */
const RETIRE_MS = 5_000;

/** Only a Knative service has versions side by side. What cannot be taken away is told, and Knative takes it away later. */
export function createOldVersions(useCases: Pick<UseCases, 'readTraffic' | 'retireRevisions'>, options: RunOptions, tell: (text: string) => void): OldVersions {
  let keep: ReadonlySet<string> | undefined;
  let work = Promise.resolve();

  async function retire(ref: AppRef): Promise<void> {
    try {
      await useCases.retireRevisions(ref, keep ?? new Set(), { ...options, signal: AbortSignal.timeout(RETIRE_MS) });
    } catch (thrown) {
      if (isAbortError(thrown)) return;
      if (!isDevstackError(thrown)) throw thrown;
      tell(`old versions of ${ref.app} run on for a while: ${thrown.message}`);
    }
  }

  return {
    async remember(ref) {
      if (keep !== undefined || ref.kind !== 'knative') return;
      try {
        keep = new Set((await useCases.readTraffic(ref, options)).revisions.map(({ name }) => name));
      } catch (thrown) {
        // It is not there yet.
        if (!isDevstackError(thrown) || thrown.code !== 'app-incomplete') throw thrown;
        keep = new Set();
      }
    },
    retire(ref) {
      if (ref.kind === 'knative') work = work.then(() => retire(ref));
    },
    settled: () => work,
  };
}
