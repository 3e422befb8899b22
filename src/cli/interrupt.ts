// Signals of the process: the first one stops cleanly, the second one forces, and a stop that takes too long is forced too.

/** What a shell reports for a process that ended by this signal: 128 and its number. */
const EXIT_CODE = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const;
const SIGPIPE_CODE = 141;

export type StopSignal = keyof typeof EXIT_CODE;
export const STOP_SIGNALS = Object.keys(EXIT_CODE) as readonly StopSignal[];

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
  #hasHungUp = false;

  constructor(world: InterruptWorld) {
    this.#world = world;
  }

  /** The terminal is gone. */
  get hasHungUp(): boolean {
    return this.#hasHungUp;
  }

  receive(signal: StopSignal): void {
    if (signal === 'SIGHUP') this.#hasHungUp = true;
    const code = EXIT_CODE[signal];
    if (this.#cancelDeadline !== undefined) {
      this.#force(code, 'Stopped at once. Go on with the same command, or clean up with devstack down.');
      return;
    }
    this.#cancelDeadline = this.#world.after(STOP_WITHIN_MS, () => this.#force(code, `Not stopped within ${STOP_WITHIN_MS / 1000}s, so ended. devstack down cleans up.`));
    this.#world.abort();
  }

  /** Stops quietly: nobody reads any more. */
  abandon(): void {
    this.#cancelDeadline ??= this.#world.after(STOP_WITHIN_MS, () => this.#world.exit(SIGPIPE_CODE));
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
