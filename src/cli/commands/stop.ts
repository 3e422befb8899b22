// devstack stop: puts a stack to sleep; nothing is lost.
import { defineCommand } from '../command.ts';
import { stackNamed } from '../stack-request.ts';

export const stop = defineCommand({
  arguments: [{ name: 'stack', summary: 'name of the stack; not needed when there is one', known: 'stacks' }],
  flags: {},
  description: 'Stops the nodes. They take no CPU and no memory until devstack start, which brings back everything that was in them.',
  examples: [{ command: 'devstack stop', summary: 'the only stack there is' }],
  async run(input, context) {
    const name = await stackNamed({ ...input, flags: {} }, context);
    const useCases = await context.useCases();
    const { stack, wasRunning, label } = await useCases.stop(name, { emit: context.emit, signal: context.io.signal });
    return {
      text: `${stack} ${wasRunning ? 'is stopped' : 'was stopped already'}\n${label === undefined ? '' : `  ${label}\n`}\n  back  devstack start ${stack}\n`,
      result: { stack, stopped: true, wasRunning, ...(label === undefined ? {} : { label }) },
    };
  },
});
