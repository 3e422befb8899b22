// devstack __rehearsal: the process behind a stack of the provider that plays a cluster. Started by `up` and `start`, ended by `stop` and `down`.
import { usageError } from '../../model/error.ts';
import { defineCommand } from '../command.ts';

export const rehearsalProcess = defineCommand({
  arguments: [{ name: 'stack', summary: 'name of the stack', required: true }],
  flags: {},
  examples: [],
  async run(input, context) {
    const [stack] = input.args;
    if (stack === undefined) throw usageError({ code: 'command-line-invalid', message: 'the name of the stack is missing' });
    const useCases = await context.useCases();
    await useCases.serveRehearsal(stack, { emit: context.emit, signal: context.io.signal });
    return { text: 'ended as asked\n', result: { stack } };
  },
});
