// What a run has done so far, read from its events: for the last word when it is cut short.
import { DevstackError, type Hint, notReadyError } from '../model/error.ts';
import type { DevstackEvent, Emit, StepState, StepTitle } from '../model/event.ts';
import { EXIT } from '../model/exit.ts';
import type { StepId } from '../model/plan.ts';
import { formatDuration } from '../render/text.ts';

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

  /** The error of a stop by the person: what is left, how to go on. */
  stopped(hints: readonly Hint[]): DevstackError {
    const reason = this.#lastObserved;
    return new DevstackError({
      code: 'interrupted', exit: EXIT.interrupted, message: `stopped; ${this.#where}`, ...(reason === undefined ? {} : { reason: `cut off in ${reason}` }),
      hints: this.hasBegun ? hints : hints.slice(0, 1), details: { left: this.#left.map(({ title }) => title) },
    });
  }

  /** The error of time that ran out, with the last observation. */
  timedOut(timeoutMs: number, hints: readonly Hint[]): DevstackError {
    const reason = this.#lastObserved;
    return notReadyError({
      code: 'timeout', message: `not ready after ${formatDuration(timeoutMs)}; ${this.#where}`, ...(reason === undefined ? {} : { reason: `last seen in ${reason}` }),
      hints, details: { left: this.#left.map(({ title }) => title) },
    });
  }

  /** A failure, with what it leaves behind. */
  failed(error: DevstackError, hints: readonly Hint[]): DevstackError {
    if (!this.hasBegun) return error;
    return new DevstackError({
      code: error.code, exit: error.exit, message: error.message, ...(error.reason === undefined ? {} : { reason: error.reason }),
      hints: [...error.hints, ...hints], details: { ...error.details, left: this.#left.map(({ title }) => title) }, cause: error.cause ?? error,
    });
  }
}
