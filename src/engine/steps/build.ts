// Step `build`: an image of the local engine. Its name is its content, so one that is there need not be built.
import type { BuildStep } from '../../model/plan.ts';
import type { ImageBuilder } from '../../ports.ts';
import type { Handler } from '../handlers.ts';
import type { StepContext } from '../run.ts';

/** The provider's own, where it has one. */
function builderOf({ run: { input: { provider, stack } }, ports }: StepContext): ImageBuilder {
  return provider.builder?.(stack, ports) ?? ports.imageBuilder;
}

export const build: Handler<BuildStep> = {
  async check(step, context) {
    return (await builderOf(context).has(step.build)) ? 'ready' : 'absent';
  },

  async run(step, context) {
    const { signal, onProgress } = context;
    await builderOf(context).build(step.build, { onProgress, signal });
    return step.build.image;
  },
};
