// What a run has done so far, read from its events: for the last word when it is cut short.
import { DevstackError, type Hint, isAbortError, isDevstackError, notReadyError } from '../model/error.ts';
import type { DevstackEvent, Emit, StepState, StepTitle } from '../model/event.ts';
import { EXIT } from '../model/exit.ts';
import type { StepId } from '../model/plan.ts';
import { formatDuration } from '../render/text.ts';

interface Ending {
  /** After a stop, or when the time is up. */
  readonly goOn: readonly Hint[];
  readonly afterFailure: readonly Hint[];
  /** Set when the time, and not the person, has ended it. */
  readonly timedOutMs?: number | undefined;
}

export class RunTally {
  #steps: readonly StepTitle[] = [];
  readonly #states = new Map<StepId, StepState>();
  readonly #observed = new Map<StepId, string>();

  /** Listens to the stream on its way to `emit`. */
  listen(emit: Emit): Emit {
    return (event) => {
      this.#note(event);
      emit(event);
    };
  }

  #note(event: DevstackEvent): void {
    if (event.type === 'plan') this.#steps = event.steps;
    if (event.type === 'step') this.#states.set(event.id, event.state);
    if (event.type === 'progress') this.#observed.set(event.id, event.message);
  }

  get #left(): readonly StepTitle[] {
    return this.#steps.filter(({ id }) => !['done', 'unchanged'].includes(this.#states.get(id) ?? ''));
  }

  /** True when some step may have changed something. */
  get hasBegun(): boolean {
    return this.#states.size > 0;
  }

  get #where(): string {
    const total = this.#steps.length;
    return this.hasBegun ? `${total - this.#left.length} of ${total} steps are done` : 'nothing was changed';
  }

  /** What was observed last in steps that were running. */
  get #lastObserved(): string | undefined {
    const cut = this.#steps.filter(({ id }) => ['started', 'failed', 'cancelled'].includes(this.#states.get(id) ?? ''));
    const texts = cut.map(({ id, title }) => (this.#observed.has(id) ? `${title}: ${this.#observed.get(id)}` : title));
    return texts.length === 0 ? undefined : texts.join('; ');
  }

  /** What to tell instead of what a run has thrown: what is left, and how to go on. A bug of ours stays what it is. */
  ending(thrown: unknown, { goOn, afterFailure, timedOutMs }: Ending): unknown {
    const isStop = isAbortError(thrown) || (isDevstackError(thrown) && thrown.exit === EXIT.interrupted);
    if (isStop) return timedOutMs === undefined ? this.#stopped(goOn) : this.#timedOut(timedOutMs, goOn);
    return isDevstackError(thrown) ? this.#failed(thrown, afterFailure) : thrown;
  }

  #stopped(hints: readonly Hint[]): DevstackError {
    const reason = this.#lastObserved;
    return new DevstackError({
      code: 'interrupted', exit: EXIT.interrupted, message: `stopped; ${this.#where}`, ...(reason === undefined ? {} : { reason: `cut off in ${reason}` }),
      hints: this.hasBegun ? hints : hints.slice(0, 1), details: { left: this.#left.map(({ title }) => title) },
    });
  }

  /** With the last observation. */
  #timedOut(timeoutMs: number, hints: readonly Hint[]): DevstackError {
    const reason = this.#lastObserved;
    return notReadyError({
      code: 'timeout', message: `not ready after ${formatDuration(timeoutMs)}; ${this.#where}`, ...(reason === undefined ? {} : { reason: `last seen in ${reason}` }),
      hints, details: { left: this.#left.map(({ title }) => title) },
    });
  }

  #failed(error: DevstackError, hints: readonly Hint[]): DevstackError {
    if (!this.hasBegun) return error;
    return new DevstackError({
      code: error.code, exit: error.exit, message: error.message, ...(error.reason === undefined ? {} : { reason: error.reason }),
      hints: [...error.hints, ...hints], details: { ...error.details, left: this.#left.map(({ title }) => title) }, cause: error.cause ?? error,
    });
  }
}
