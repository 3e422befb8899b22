// Signals of the process: the first one stops cleanly, the second one forces, and a stop that takes too long is forced too.
import { constants } from 'node:os';

export type StopSignal = 'SIGINT' | 'SIGTERM' | 'SIGHUP';
export const STOP_SIGNALS: readonly StopSignal[] = ['SIGINT', 'SIGTERM', 'SIGHUP'];

/** A clean stop is promised within this. */
export const STOP_WITHIN_MS = 5_000;

export interface InterruptWorld {
  /** Stops the run; it says so, ends by itself and tells what is left. */
  abort(): void;
  say(text: string): void;
  /** Ends the process at once. */
  exit(code: number): void;
  /** Runs `work` after a time, unless the returned function is called before. */
  after(ms: number, work: () => void): () => void;
}

export class Interrupts {
  readonly #world: InterruptWorld;
  #cancelDeadline: (() => void) | undefined;

  constructor(world: InterruptWorld) {
    this.#world = world;
  }

  receive(signal: StopSignal): void {
    const code = 128 + constants.signals[signal];
    if (this.#cancelDeadline !== undefined) {
      this.#force(code, 'Stopped at once. Go on with the same command, or clean up with devstack down.');
      return;
    }
    this.#cancelDeadline = this.#world.after(STOP_WITHIN_MS, () => this.#force(code, `Not stopped within ${STOP_WITHIN_MS / 1000}s, so ended. devstack down cleans up.`));
    this.#world.abort();
  }

  /** Stops quietly: nobody reads any more. */
  abandon(): void {
    this.#cancelDeadline ??= this.#world.after(STOP_WITHIN_MS, () => this.#world.exit(128 + constants.signals.SIGPIPE));
    this.#world.abort();
  }

  /** The run has ended by itself. */
  dispose(): void {
    this.#cancelDeadline?.();
  }

  #force(code: number, text: string): void {
    this.#world.say(text);
    this.#world.exit(code);
  }
}
