// Questions. They only complete what flags left open; where nobody can answer, the flag is named instead. The only home of inquirer.
import { interruptedError, usageError } from '../model/error.ts';
import { type Io, isInteractive } from './io.ts';

export interface Prompts {
  /** True when a person can be asked: a terminal, no CI, neither --json nor --yes. */
  readonly isAvailable: boolean;
  /** Throws `answer-missing` naming the flag when nobody can be asked, `interrupted` on Ctrl-C. */
  confirm(question: string, options: { readonly default: boolean; readonly flag: string }): Promise<boolean>;
  /** The default when the person just presses Enter. `problemOf` says why an answer cannot be used. */
  text(question: string, options: { readonly default: string; readonly flag: string; problemOf?(answer: string): string | undefined }): Promise<string>;
  choose(question: string, choices: readonly string[], options: { readonly flag: string }): Promise<string>;
}

function answerMissing(question: string, flag: string) {
  return usageError({
    code: 'answer-missing', message: `${question} Nobody can be asked here (no terminal, CI, --json or --yes)`,
    hints: [{ text: `answer by flag: ${flag}` }],
  });
}

async function ask<T>(question: () => Promise<T>): Promise<T> {
  try {
    return await question();
  } catch (thrown) {
    // inquirer's errors are matched by name: the classes differ between its packages.
    if (thrown instanceof Error && ['ExitPromptError', 'AbortPromptError', 'AbortError'].includes(thrown.name)) throw interruptedError();
    throw thrown;
  }
}

export function createPrompts(io: Io, isQuiet: boolean): Prompts {
  const isAvailable = !isQuiet && io.stdin.isTTY === true && isInteractive(io.stderr, io.env);
  // Questions are talk: stdout stays the result. The stream is process.stderr whenever a person can be asked.
  const where = { input: io.stdin, output: io.stderr as NodeJS.WritableStream & Io['stderr'], signal: io.signal };
  return {
    isAvailable,
    async confirm(message, options) {
      if (!isAvailable) throw answerMissing(message, options.flag);
      const { confirm } = await import('@inquirer/prompts');
      return ask(() => confirm({ message, default: options.default }, where));
    },
    async text(message, options) {
      if (!isAvailable) throw answerMissing(message, options.flag);
      const { input } = await import('@inquirer/prompts');
      return ask(() => input({ message, default: options.default, validate: (answer) => options.problemOf?.(answer) ?? true }, where));
    },
    async choose(message, choices, options) {
      if (!isAvailable) throw answerMissing(message, options.flag);
      const { select } = await import('@inquirer/prompts');
      return ask(() => select({ message, choices: [...choices] }, where));
    },
  };
}
