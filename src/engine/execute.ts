// Plan → events: runs the steps in the order of their needs, as many at once as the needs allow. Knows no kind of step.
import { setMaxListeners } from 'node:events';
import { interruptedError, isAbortError, isDevstackError, notReadyError } from '../model/error.ts';
import type { Plan, Step, StepId } from '../model/plan.ts';
import { handlerOf } from './handlers.ts';
import { Run, type RunInput, type StepContext } from './run.ts';

export interface ExecuteResult {
  readonly run: Run;
  /** Steps that changed something. */
  readonly changed: readonly StepId[];
}

/** Throws at plan time of ours, never of the user: a plan whose needs cannot be met. */
function requireSound(plan: Plan): void {
  const seen = new Set<StepId>();
  for (const step of plan.steps) {
    const unmet = [...step.needs, ...(step.kind === 'apply' ? step.podsAfter ?? [] : [])].find((need) => !seen.has(need));
    if (unmet !== undefined || seen.has(step.id)) throw new Error(`plan: step ${step.id} is out of order (${unmet ?? 'named twice'})`);
    seen.add(step.id);
  }
}

async function runStep(step: Step, run: Run, signal: AbortSignal): Promise<'done' | 'unchanged'> {
  const { ports, emit, record } = run.input;
  const timeout = step.timeoutMs === undefined ? undefined : AbortSignal.timeout(step.timeoutMs);
  const ending = AbortSignal.any(timeout === undefined ? [signal] : [signal, timeout]);
  // Many requests in flight listen to one signal: that is no leak.
  setMaxListeners(0, ending);
  const context: StepContext = {
    run, ports, signal: ending,
    onProgress: (message, done, total) => emit({
      type: 'progress', id: step.id, message, ...(done === undefined ? {} : { done }), ...(total === undefined ? {} : { total }),
    }),
  };
  const started = ports.clock.monotonic();
  const elapsed = () => Math.round(ports.clock.monotonic() - started);
  emit({ type: 'step', id: step.id, state: 'started' });
  try {
    const handler = handlerOf(step);
    if (await handler.check(step, context) === 'ready') {
      emit({ type: 'step', id: step.id, state: 'unchanged', durationMs: elapsed() });
      return 'unchanged';
    }
    await record({ step: step.id, state: 'intent' });
    const note = await handler.run(step, context);
    await record({ step: step.id, state: 'done' });
    emit({ type: 'step', id: step.id, state: 'done', durationMs: elapsed(), ...(note === undefined || note === '' ? {} : { note }) });
    return 'done';
  } catch (error) {
    const stopped = signal.aborted;
    emit({ type: 'step', id: step.id, state: stopped ? 'cancelled' : 'failed', durationMs: elapsed() });
    if (!stopped) await record({ step: step.id, state: 'failed' });
    if (!stopped && timeout?.aborted === true && isAbortError(error)) {
      throw notReadyError({ code: 'step-timeout', message: `${step.title}: not done after ${Math.round(elapsed() / 1000)} s`, cause: error });
    }
    throw error;
  }
}

/** The first failure that says something; an abort that it caused in another step says nothing. */
function firstCause(failures: readonly unknown[]): unknown {
  return failures.find((failure) => isDevstackError(failure) && failure.code !== 'interrupted')
    ?? failures.find((failure) => !isAbortError(failure)) ?? failures[0];
}

/**
 * Runs a plan to its end. A failed step stops the others; all have ended when this returns or throws.
 * Throws the first failure, or `interrupted` when the signal aborted. The caller closes `run`.
 */
export async function execute(plan: Plan, input: RunInput, signal: AbortSignal): Promise<ExecuteResult> {
  requireSound(plan);
  input.emit({ type: 'plan', stack: plan.stack, steps: plan.steps.map(({ id, kind, title, lane }) => ({ id, kind, title, lane })) });
  const run = new Run(input);
  const stop = new AbortController();
  const all = AbortSignal.any([signal, stop.signal]);
  const failures: unknown[] = [];
  const changed: StepId[] = [];
  for (const step of plan.steps) {
    run.steps.set(step.id, (async () => {
      if (!await run.until(step.needs) || all.aborted) return false;
      try {
        if (await runStep(step, run, all) === 'done') changed.push(step.id);
        return true;
      } catch (error) {
        failures.push(error);
        stop.abort();
        return false;
      }
    })());
  }
  await Promise.all(run.steps.values());
  if (signal.aborted) {
    await run.close();
    throw interruptedError();
  }
  if (failures.length > 0) {
    await run.close();
    throw firstCause(failures);
  }
  return { run, changed };
}
