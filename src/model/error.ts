// The one family of errors. Made at the place that knows; rendered in one place.
import { EXIT, type ExitCode } from './exit.ts';
import type { Json } from './json.ts';

/** One thing to do about an error; `command` can be pasted into a shell. */
export interface Hint {
  readonly text: string;
  readonly command?: string;
}

export interface DevstackErrorOptions {
  /** Stable, kebab-case, never reused for something else. Listed in docs/generated/errors.md. */
  readonly code: string;
  readonly message: string;
  readonly exit: ExitCode;
  /** What lies behind it, in one line: the reason of a pod, the text of a tool. */
  readonly reason?: string;
  readonly hints?: readonly Hint[];
  readonly details?: { readonly [key: string]: Json };
  readonly cause?: unknown;
}

/** What a user can meet. Anything else that is thrown is a bug of ours (exit 70). */
export class DevstackError extends Error {
  override readonly name = 'DevstackError';
  readonly code: string;
  readonly exit: ExitCode;
  readonly reason: string | undefined;
  readonly hints: readonly Hint[];
  readonly details: { readonly [key: string]: Json } | undefined;

  constructor(options: DevstackErrorOptions) {
    super(options.message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = options.code;
    this.exit = options.exit;
    this.reason = options.reason;
    this.hints = options.hints ?? [];
    this.details = options.details;
  }
}

type Rest = Omit<DevstackErrorOptions, 'exit'>;

/** The command line or the configuration is wrong (exit 2). */
export const usageError = (options: Rest): DevstackError => new DevstackError({ ...options, exit: EXIT.usage });
/** The machine lacks something (exit 3). */
export const preconditionError = (options: Rest): DevstackError => new DevstackError({ ...options, exit: EXIT.precondition });
/** It did not become ready in time (exit 4). */
export const notReadyError = (options: Rest): DevstackError => new DevstackError({ ...options, exit: EXIT.notReady });
/** Anything else that went wrong in the world (exit 1). */
export const failedError = (options: Rest): DevstackError => new DevstackError({ ...options, exit: EXIT.failed });

/** The user stopped it (exit 130). */
export function interruptedError(message = 'stopped by the user'): DevstackError {
  return new DevstackError({ code: 'interrupted', message, exit: EXIT.interrupted });
}

export function isDevstackError(value: unknown): value is DevstackError {
  return value instanceof DevstackError;
}

/** True for what an AbortSignal throws, be it aborted by somebody or by its own time. */
export function isAbortError(value: unknown): boolean {
  return value instanceof Error && (value.name === 'AbortError' || value.name === 'TimeoutError' || (value as { code?: unknown }).code === 'ABORT_ERR');
}
