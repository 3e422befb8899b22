// devstack __complete: the words that may stand where the cursor is. The completion scripts of all shells ask this.
import { defineCommand } from '../command.ts';
import { candidates } from '../completion.ts';

/** Who presses TAB waits; an engine that does not answer must not make the shell hang. */
const STACKS_TIMEOUT_MS = 2_000;

export const complete = defineCommand({
  arguments: [{ name: 'words', summary: 'the words typed so far, the last one under the cursor', variadic: true }],
  flags: { 'new-word': { kind: 'boolean', summary: 'the cursor is behind a space (for shells that drop empty words)' } },
  examples: [],
  async run(input, context) {
    const words = input.flags['new-word'] === true ? [...input.args, ''] : input.args;
    const found = await candidates(words, async () => {
      const useCases = await context.useCases();
      return (await useCases.stacks(AbortSignal.any([context.io.signal, AbortSignal.timeout(STACKS_TIMEOUT_MS)]))).map((stack) => stack.stack);
    });
    return { text: found.map(({ word, summary }) => `${word}\t${summary}\n`).join(''), result: { words: found.map(({ word }) => word) } };
  },
});
