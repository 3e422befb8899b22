// Step `settle`: the end of what the provider began in `cluster`; a pod that is made from now on finds what it looks for.
import type { SettleStep } from '../../model/plan.ts';
import type { Handler } from '../handlers.ts';
import { providerContext } from '../run.ts';

export const settle: Handler<SettleStep> = {
  async check(step, context) {
    const { run, ports, signal, onProgress } = context;
    await run.input.provider.finish?.(step.cluster, providerContext(context));
    if (run.access?.runtime === 'kubernetes') await ports.kubeSets.untilNames(await run.client(), { onProgress, signal });
    return 'ready';
  },
  async run() {
    return undefined;
  },
};
