// devstack rollback: a service of a swarm as it was before its last update.
import { tallied, targetFlags, targetStack } from '../app-flags.ts';
import { defineCommand } from '../command.ts';
import { serviceFields, serviceText } from '../service-text.ts';

export const rollback = defineCommand({
  arguments: [{ name: 'service', summary: 'name of the service', required: true }],
  flags: targetFlags,
  description: 'Swarm keeps one version: rolling back twice comes to where it began.',
  examples: [{ command: 'devstack rollback web', summary: 'to the version before' }],
  async run(input, context) {
    const stack = await targetStack(input, context);
    const useCases = await context.useCases();
    return tallied(input.line, context, async (options) => {
      const outcome = await useCases.rollbackService(input.args[0] ?? '', stack, options);
      return { text: serviceText(outcome, context), result: serviceFields(outcome) };
    });
  },
});
