// Writes the log of an app to stdout as it comes: it is the result, so it is not decorated more than it must be.
import { isAbortError } from '../model/error.ts';
import { redactText, secretsOf } from '../model/redact.ts';
import type { AppRef, LogLine } from './app-use-cases.ts';
import type { CommandContext } from './command.ts';
import type { RunOptions, UseCases } from './use-cases.ts';

interface Following {
  readonly useCases: UseCases;
  readonly options: RunOptions;
  readonly context: CommandContext;
}

/** Ends when the log does, or quietly when the person stops it. Returns how many lines there were. */
export function followLogs(ref: AppRef, { useCases, options, context }: Following, choice: { readonly tailLines: number; readonly follow: boolean }): Promise<number> {
  return writeLogLines(ref.app, useCases.appLogs(ref, choice, options), context);
}

/** As above, for lines that are read already. */
export async function writeLogLines(app: string, log: AsyncIterable<LogLine>, { io, isJson, paint }: CommandContext): Promise<number> {
  const secrets = secretsOf(io.env);
  let lines = 0;
  try {
    for await (const { pod, line } of log) {
      lines += 1;
      // Escape sequences of a program could do anything to the terminal: colours stay, all else goes.
      const text = redactText(line, { secrets, keepColours: !isJson });
      io.stdout.write(isJson ? `${JSON.stringify({ v: 1, type: 'log', app, pod, line: text })}\n` : `${paint('dim', `${shortPod(pod)} |`)} ${text}\n`);
    }
  } catch (thrown) {
    if (!isAbortError(thrown) && !io.signal.aborted) throw thrown;
  }
  return lines;
}

/** The end of a pod's name tells it from the others: `00002-x7k2p`. */
function shortPod(pod: string): string {
  return pod.replace(/-deployment-/, '-').split('-').slice(-2).join('-');
}
