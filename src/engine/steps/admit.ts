// Step `admit`: until the API server, with all its webhooks, would accept an object.
import type { AdmitStep } from '../../model/plan.ts';
import type { Handler } from '../handlers.ts';

export const admit: Handler<AdmitStep> = {
  async check(step, { run, signal }) {
    const client = await run.client();
    return client.apply(step.object, { dryRun: true }, signal).then(() => 'ready' as const, () => 'absent' as const);
  },

  async run(step, { run, ports, signal, onProgress }) {
    await ports.kubeSets.admit(await run.client(), step.object, { onProgress, signal });
    return undefined;
  },
};
