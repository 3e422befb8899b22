// Step `images`: images that the local engine has and a node lacks go into the node; the rest is pulled by the node.
import type { ImagesStep } from '../../model/plan.ts';
import type { Handler } from '../handlers.ts';
import { providerContext, type StepContext } from '../run.ts';

async function onEngine({ images: wanted }: ImagesStep, { ports }: StepContext): Promise<readonly string[]> {
  const found = await Promise.all(wanted.map((image) => ports.docker.inspectImage(image)));
  return wanted.filter((_, index) => found[index] !== undefined);
}

/** Images that this engine has and some node lacks. */
async function loadable(step: ImagesStep, context: StepContext): Promise<readonly string[]> {
  const loader = context.run.input.provider.images;
  const local = loader === undefined ? [] : await onEngine(step, context);
  return loader === undefined || local.length === 0 ? [] : loader.missing(step.cluster, local, providerContext(context));
}

export const images: Handler<ImagesStep> = {
  async check(step, context) {
    return (await loadable(step, context)).length === 0 ? 'ready' : 'absent';
  },

  async run(step, context) {
    const { provider } = context.run.input;
    const local = await onEngine(step, context);
    await Promise.all(local.map(async (image) => {
      context.onProgress(`loading ${image}`);
      // A node that has it is left alone.
      await provider.images?.load(step.cluster, image, providerContext(context));
    }));
    return `loaded ${local.join(', ')}`;
  },
};
