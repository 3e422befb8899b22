// Step `build`: an image of the local engine. Its name is its content, so one that is there need not be built.
import type { BuildStep } from '../../model/plan.ts';
import type { Handler } from '../handlers.ts';

export const build: Handler<BuildStep> = {
  async check(step, { ports }) {
    return (await ports.imageBuilder.has(step.build)) ? 'ready' : 'absent';
  },

  async run(step, { ports, signal, onProgress }) {
    await ports.imageBuilder.build(step.build, { onProgress, signal });
    return step.build.image;
  },
};
