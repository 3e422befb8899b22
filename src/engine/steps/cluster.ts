// Step `cluster`: a running cluster of the provider, and the way to reach it.
import type { ClusterStep } from '../../model/plan.ts';
import type { Handler } from '../handlers.ts';
import { providerContext } from '../run.ts';

export const cluster: Handler<ClusterStep> = {
  async check(step, context) {
    const { provider } = context.run.input;
    const facts = await provider.observe(step.cluster.stack, step.cluster.cluster, providerContext(context));
    if (facts.state === 'absent') return 'absent';
    if (facts.state !== 'running') return 'drifted';
    const access = await provider.access(step.cluster.stack, step.cluster.cluster, providerContext(context));
    context.run.access = access;
    return access === undefined ? 'drifted' : 'ready';
  },

  async run(step, context) {
    const { run, ports, signal } = context;
    const { provider } = run.input;
    const before = ports.clock.now();
    run.access = await provider.create(step.cluster, providerContext(context));
    if (provider.power !== undefined && run.access.runtime === 'kubernetes') await ports.kubeSets.releaseLeases(await run.client(), { before, signal });
    return undefined;
  },
};
