// devstack start: wakes a stopped stack, and ends when everything in it has been verified again.
import { defineCommand } from '../command.ts';
import { stackNamed } from '../stack-request.ts';
import { upOutcome } from '../up-outcome.ts';

export const start = defineCommand({
  arguments: [{ name: 'stack', summary: 'name of the stack; not needed when there is one', known: 'stacks' }],
  flags: {},
  description: 'For a stack that devstack stop or a restart of the machine has put to sleep. Ends when every part is ready and every endpoint has answered.',
  examples: [{ command: 'devstack start', summary: 'the only stack there is' }],
  async run(input, context) {
    const name = await stackNamed({ ...input, flags: {} }, context);
    const useCases = await context.useCases();
    return upOutcome(await useCases.start(name, { emit: context.emit, signal: context.io.signal }), undefined, context);
  },
});
