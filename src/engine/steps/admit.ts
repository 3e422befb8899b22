// Step `admit`: until the API server, with all its webhooks, would accept an object.
import { at } from '../../model/object.ts';
import type { AdmitStep } from '../../model/plan.ts';
import type { Handler } from '../handlers.ts';

export const admit: Handler<AdmitStep> = {
  async check({ object, defaulted }, { run, signal }) {
    const client = await run.client();
    return client.apply(object, { dryRun: true }, signal).then(
      (answer) => (defaulted === undefined || at(answer, ...defaulted) !== undefined ? 'ready' : 'absent'), () => 'absent' as const,
    );
  },

  async run({ object, defaulted }, { run, ports, signal, onProgress }) {
    await ports.kubeSets.admit(await run.client(), object, { onProgress, signal, ...(defaulted === undefined ? {} : { defaulted }) });
    return undefined;
  },
};
