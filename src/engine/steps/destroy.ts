// Step `destroy`: all that the provider made for the stack.
import type { DestroyStep } from '../../model/plan.ts';
import type { Handler } from '../handlers.ts';
import { providerContext } from '../run.ts';

export const destroy: Handler<DestroyStep> = {
  async check() {
    return 'drifted'; // remains of a half-made cluster are found by destroying, not by looking
  },

  async run(step, context) {
    const removed = await context.run.input.provider.destroy(step.cluster.stack, step.cluster.cluster, providerContext(context));
    context.run.removed.push(...removed);
    return removed.length === 0 ? 'nothing was there' : `${removed.length} removed`;
  },
};
