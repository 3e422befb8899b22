// devstack __reap: the process that removes a stack when its time is over or its parent is gone. Started by `up --ttl` and by `run`.
import { usageError } from '../../model/error.ts';
import { defineCommand } from '../command.ts';

export const reap = defineCommand({
  arguments: [
    { name: 'stack', summary: 'name of the stack', required: true }, { name: 'token', summary: 'which reaper of the stack this is', required: true },
    { name: 'detach', summary: 'start the reaper and end' },
  ],
  flags: {},
  examples: [],
  async run(input, context) {
    const [stack, token, detach] = input.args;
    if (stack === undefined || token === undefined) throw usageError({ code: 'command-line-invalid', message: 'stack and token are missing' });
    const useCases = await context.useCases();
    if (detach !== undefined) {
      await useCases.detachReaper(stack, token);
      return { text: '', result: { stack } };
    }
    const end = await useCases.reap({ stack, token }, { emit: context.emit, signal: context.io.signal });
    return { text: `${stack}: ${end}\n`, result: { stack, end } };
  },
});
