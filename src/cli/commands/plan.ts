// devstack plan: the plan that up would execute, as a table or as JSON. Changes nothing.
import { presetIds } from '../../config/catalog.ts';
import { stackFlags } from '../../config/stack-flags.ts';
import { defineCommand } from '../command.ts';
import { planOutcome } from '../plan-outcome.ts';
import { isProviderNamed, withChosenProvider } from '../provider-choice.ts';
import { resolveStack } from '../stack-request.ts';

export const plan = defineCommand({
  arguments: [{ name: 'preset', summary: 'what the stack starts from', known: presetIds }],
  flags: stackFlags,
  description: 'Looks at this machine and at what exists, and shows the steps that up would run, with the reason of each. It is the very plan that up executes.',
  examples: [
    { command: 'devstack plan knative', summary: 'the steps, their order and their reasons' },
    { command: 'devstack plan knative --json | tail -1', summary: 'the plan as JSON' },
  ],
  async run(input, context) {
    const { spec: resolved, network, effective } = await resolveStack(input, context);
    const useCases = await context.useCases(network);
    const options = { emit: context.emit, signal: context.io.signal };
    const spec = isProviderNamed(effective) ? resolved : await withChosenProvider(resolved, useCases, { options, context });
    return planOutcome(await useCases.planUp(spec, options), context);
  },
});
