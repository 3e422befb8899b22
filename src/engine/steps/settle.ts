// Step `settle`: the end of what the provider began in `cluster`.
import type { SettleStep } from '../../model/plan.ts';
import type { Handler } from '../handlers.ts';
import { providerContext } from '../run.ts';

export const settle: Handler<SettleStep> = {
  async check(step, context) {
    await context.run.input.provider.finish?.(step.cluster, providerContext(context));
    return 'ready';
  },
  async run() {
    return undefined;
  },
};
