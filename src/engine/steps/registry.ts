// Steps `registry` and `unregistry`: a registry beside the nodes, made and taken away.
import { type RegistryStep, registryHost, type UnregistryStep } from '../../model/plan.ts';
import type { Handler } from '../handlers.ts';
import { providerContext, type StepContext } from '../run.ts';

/** No plan has such a step for a provider without one. */
function keeperOf({ run: { input: { provider } } }: StepContext) {
  if (provider.registry === undefined) throw new Error(`${provider.title} keeps no registry`);
  return provider.registry;
}

export const registry: Handler<RegistryStep> = {
  async check(step, context) {
    return (await keeperOf(context).isReady(step, providerContext(context))) ? 'ready' : 'absent';
  },

  async run(step, context) {
    await keeperOf(context).ensure(step, providerContext(context));
    return `docker push ${registryHost(step.port)}/…`;
  },
};

export const unregistry: Handler<UnregistryStep> = {
  async check() {
    return 'drifted'; // whether it is there is found by removing
  },

  async run(step, context) {
    const isRemoved = await keeperOf(context).remove(step, providerContext(context));
    if (isRemoved) context.run.removed.push(`registry of ${step.stack}`);
    return isRemoved ? 'removed' : 'nothing was there';
  },
};
