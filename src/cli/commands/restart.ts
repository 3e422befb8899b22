// devstack restart: stop and start, for a stack that behaves oddly.
import { defineCommand } from '../command.ts';
import { stackNamed } from '../stack-request.ts';
import { upOutcome } from '../up-outcome.ts';

export const restart = defineCommand({
  arguments: [{ name: 'stack', summary: 'name of the stack; not needed when there is one', known: 'stacks' }],
  flags: {},
  examples: [{ command: 'devstack restart', summary: 'the only stack there is' }],
  async run(input, context) {
    const name = await stackNamed({ ...input, flags: {} }, context);
    const useCases = await context.useCases();
    const options = { emit: context.emit, signal: context.io.signal };
    const { stack } = await useCases.stop(name, options);
    return upOutcome(await useCases.start(stack, options), undefined, context);
  },
});
