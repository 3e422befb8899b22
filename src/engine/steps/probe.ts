// Step `probe`: a request through the ingress to a workload and back. Nothing less is called ready.
import { isAbortError, notReadyError } from '../../model/error.ts';
import type { ProbeStep } from '../../model/plan.ts';
import { askEndpoint } from '../answer.ts';
import type { Handler } from '../handlers.ts';

/** A cold start may take this long before the first byte. */
const REQUEST_TIMEOUT_MS = 30_000;
/** Between two tries, in milliseconds: the ingress learns of a new host within moments. */
const BACK_OFF_MS = [50, 100, 200, 400] as const;
const LAST_BACK_OFF_MS = 800;

export const probe: Handler<ProbeStep> = {
  async check() {
    return 'absent'; // a proof is made anew each time
  },

  async run(step, { run, ports, signal, onProgress }) {
    let last = 'no answer yet';
    try {
      for (let attempt = 0; ; attempt += 1) {
        const answer = await askEndpoint(ports, step.endpoint, { ...step, timeoutMs: REQUEST_TIMEOUT_MS, signal });
        if (answer.ok) {
          run.verified.push({ ...step.endpoint, status: answer.status, durationMs: answer.durationMs });
          return `${answer.status} in ${answer.durationMs} ms`;
        }
        last = answer.reason;
        onProgress(`${step.endpoint.host}: ${last}`);
        await ports.clock.sleep(BACK_OFF_MS[attempt] ?? LAST_BACK_OFF_MS, signal);
      }
    } catch (error) {
      if (!isAbortError(error)) throw error;
      throw notReadyError({
        code: 'endpoint-silent', message: `${step.endpoint.url} did not answer as it should`, reason: last, cause: error,
        hints: [{ text: 'ask it yourself', command: step.endpoint.curl }, { text: 'see what is not ready', command: `devstack status ${run.input.stack}` }],
      });
    }
  },
};
