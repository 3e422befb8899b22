// Step `wait`: until the objects are what their kind calls ready.
import type { WaitStep } from '../../model/plan.ts';
import type { Handler } from '../handlers.ts';

export const wait: Handler<WaitStep> = {
  async check(step, { run, ports, signal }) {
    const found = await ports.kubeSets.status(await run.client(), step.refs, signal);
    return found.every((item) => item.state === 'ready') ? 'ready' : 'absent';
  },

  async run(step, { run, ports, signal, onProgress }) {
    await ports.kubeSets.wait(await run.client(), step.refs, { onProgress, signal });
    return undefined;
  },
};
