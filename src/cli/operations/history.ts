// Use case `history`: what ran when, from the journals.
import { isDevstackError } from '../../model/error.ts';
import type { PastRun, PastStep } from '../use-cases.ts';
import type { JournalRun, Journals } from './journals.ts';

/** A step as its lines tell it: begun with an intent, ended with done or failed, or neither. */
function stepsOf(run: JournalRun): readonly PastStep[] {
  const begun = new Map<string, number>();
  const steps = new Map<string, PastStep>();
  for (const { step, state, atMs } of run.steps) {
    if (state === 'intent') {
      begun.set(step, atMs);
      steps.set(step, { step, state: 'unfinished' });
    } else steps.set(step, { step, state, durationMs: Math.max(0, atMs - (begun.get(step) ?? atMs)) });
  }
  return [...steps.values()];
}

/** The newest runs first; of one stack, or of all that are known here. */
export async function pastRuns(journals: Journals, wish: { readonly stack: string | undefined; readonly limit: number }): Promise<readonly PastRun[]> {
  const stacks = wish.stack === undefined ? await journals.stacks() : [wish.stack];
  const runs = await Promise.all(stacks.map(async (stack) => (await journals.read(stack).catch(skipNameless)).map((run): PastRun => ({
    stack, command: run.command, startedMs: run.startedMs, pid: run.pid, steps: stepsOf(run),
    ...(run.ended === undefined ? {} : { exit: run.ended.exit, durationMs: Math.max(0, run.ended.atMs - run.startedMs) }),
  }))));
  return runs.flat().sort((a, b) => b.startedMs - a.startedMs).slice(0, wish.limit);
}

/** Somebody else's folder among ours is no stack. */
function skipNameless(cause: unknown): readonly JournalRun[] {
  if (isDevstackError(cause) && cause.code === 'stack-name-invalid') return [];
  throw cause;
}
