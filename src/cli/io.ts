// The outside of a run, as an argument: streams, environment, clock, the signal that stops it.
import type { Clock } from '../ports.ts';

export interface Output {
  write(text: string): unknown;
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
  readonly rows?: number | undefined;
}

export interface Io {
  readonly stdin: NodeJS.ReadableStream & { readonly isTTY?: boolean | undefined };
  /** The result, nothing else. */
  readonly stdout: Output;
  /** The talk. */
  readonly stderr: Output;
  readonly env: { readonly [name: string]: string | undefined };
  readonly cwd: string;
  readonly clock: Pick<Clock, 'now' | 'monotonic'>;
  /** Aborts when the person stops the run. */
  readonly signal: AbortSignal;
}

function isCi(env: Io['env']): boolean {
  const ci = env['CI'] ?? '';
  return ci !== '' && ci !== '0' && ci.toLowerCase() !== 'false';
}

/** True for a terminal that a person looks at and that can redraw lines. */
export function isInteractive(output: Output, env: Io['env']): boolean {
  return output.isTTY === true && !isCi(env) && env['TERM'] !== 'dumb';
}
