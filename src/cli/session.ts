// One run of the program towards the outside: what is written where, redacted, in the form that was asked for.
import type { DevstackError } from '../model/error.ts';
import type { DevstackEvent } from '../model/event.ts';
import { EXIT } from '../model/exit.ts';
import type { Json, JsonObject } from '../model/json.ts';
import { redact, redactText, secretsOf } from '../model/redact.ts';
import { errorText } from '../render/errors.ts';
import { createJsonRenderer, resultLine } from '../render/json.ts';
import { createLinesRenderer } from '../render/lines.ts';
import { type Paint, paintFor } from '../render/paint.ts';
import type { Renderer } from '../render/renderer.ts';
import type { Outcome } from './command.ts';
import { type Io, isInteractive } from './io.ts';

/** Narrower terminals (a pty without a size says 0) cannot hold a live view. */
const MIN_LIVE_COLUMNS = 20;
const KEPT_EVENTS = 200;

export class Session {
  readonly isJson: boolean;
  /** The newest events, for the log of a bug. */
  readonly recent: DevstackEvent[] = [];
  readonly #io: Io;
  readonly #secrets: readonly string[];
  #renderer: Renderer | undefined;
  #label: string | undefined;

  constructor(io: Io, isJson: boolean) {
    this.#io = io;
    this.isJson = isJson;
    this.#secrets = secretsOf(io.env);
  }

  get paint(): Paint {
    return paintFor(this.#io.stdout, this.#io.env);
  }

  get columns(): number | undefined {
    const { isTTY, columns } = this.#io.stdout;
    return isTTY === true && columns !== undefined && columns >= MIN_LIVE_COLUMNS ? columns : undefined;
  }

  /** Chooses the renderer; before this, events have nowhere to go. */
  async openRenderer(): Promise<void> {
    if (this.#renderer !== undefined) return;
    this.#renderer = await this.#createRenderer();
    this.#io.signal.addEventListener('abort', () => this.emit({ type: 'note', message: 'stopping; once more forces it' }), { once: true });
  }

  readonly emit = (event: DevstackEvent): void => {
    const clean = redact(event as unknown as JsonObject, this.#secrets) as unknown as DevstackEvent;
    this.recent.push(clean);
    if (this.recent.length > KEPT_EVENTS) this.recent.shift();
    this.#renderer?.emit(clean);
  };

  /** Said at once, for what comes may never end, and again with the outcome. */
  readonly label = (text: string | undefined): void => {
    if (text === undefined) return;
    this.#label = text;
    this.emit({ type: 'note', message: text });
  };

  /** Ends the live view, so that what is written next has the terminal for itself. */
  closeRenderer(): void {
    this.#renderer?.end();
    this.#renderer = undefined;
  }

  /** The one way past redaction: a line for the eyes of whoever asked. What is no terminal may be a log, and gets nothing. */
  showSecret(text: string): boolean {
    if (this.isJson || this.#io.stderr.isTTY !== true) return false;
    this.#io.stderr.write(text);
    return true;
  }

  /** Writes the last word of the run and returns its exit code. */
  finish(outcome: Outcome): number {
    this.closeRenderer();
    const { text, result = {}, error, isErrorInText = false, isValue = false } = outcome;
    const labelled = this.#label === undefined ? result : { ...result, label: this.#label };
    if (this.isJson) this.#io.stdout.write(`${JSON.stringify(redact(resultLine(labelled, error) as JsonObject, this.#secrets))}\n`);
    else {
      if (text !== undefined) this.#io.stdout.write(this.#clean(isValue ? text : this.#withLabel(text)));
      if (error !== undefined && !isErrorInText) this.#writeError(error);
    }
    return outcome.exitCode ?? error?.exit ?? EXIT.ok;
  }

  /** A value as it may be written somewhere else (the log of a bug). */
  redact(value: Json): Json {
    return redact(value, this.#secrets);
  }

  /** Under the first line, which says what the screen is about. */
  #withLabel(text: string): string {
    const end = text.indexOf('\n') + 1;
    return this.#label === undefined ? text : `${text.slice(0, end)}  ${this.paint('yellow', this.#label)}\n${text.slice(end)}`;
  }

  #writeError(error: DevstackError): void {
    this.#io.stderr.write(this.#clean(errorText(error, paintFor(this.#io.stderr, this.#io.env))));
  }

  #clean(text: string): string {
    return redactText(text, { secrets: this.#secrets, keepColours: true });
  }

  async #createRenderer(): Promise<Renderer> {
    const { stdout, stderr, env, clock } = this.#io;
    if (this.isJson) return createJsonRenderer(stdout);
    const options = { paint: paintFor(stderr, env), monotonic: () => clock.monotonic() };
    if (!isInteractive(stderr, env) || (stderr.columns ?? 0) < MIN_LIVE_COLUMNS) return createLinesRenderer(stderr, options);
    const { createTtyRenderer } = await import('../render/tty.ts');
    return createTtyRenderer(stderr, options);
  }
}
