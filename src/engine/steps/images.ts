// Step `images`: images that the local engine has and a node lacks go into the node; the rest is pulled by the node.
import type { ImagesStep } from '../../model/plan.ts';
import type { Handler } from '../handlers.ts';
import { providerContext, type StepContext } from '../run.ts';

/** Images that this engine has and some node lacks. */
async function loadable(step: ImagesStep, context: StepContext): Promise<readonly string[]> {
  const loader = context.run.input.provider.images;
  if (loader === undefined) return [];
  const local = await Promise.all(step.images.map((image) => context.ports.docker.inspectImage(image)));
  const known = step.images.filter((_, index) => local[index] !== undefined);
  return known.length === 0 ? [] : loader.missing(step.cluster, known, providerContext(context));
}

export const images: Handler<ImagesStep> = {
  async check(step, context) {
    return (await loadable(step, context)).length === 0 ? 'ready' : 'absent';
  },

  async run(step, context) {
    const loader = context.run.input.provider.images;
    const missing = await loadable(step, context);
    await Promise.all(missing.map(async (image) => {
      context.onProgress(`loading ${image}`);
      await loader?.load(step.cluster, image, providerContext(context));
    }));
    return `loaded ${missing.join(', ')}`;
  },
};
