// Step `probe`: a request through the ingress to a workload and back. Nothing less is called ready.
import { isAbortError, isDevstackError, notReadyError } from '../../model/error.ts';
import type { ProbeStep } from '../../model/plan.ts';
import type { Handler } from '../handlers.ts';
import type { StepContext } from '../run.ts';

/** A cold start may take this long before the first byte. */
const REQUEST_TIMEOUT_MS = 30_000;
/** Between two tries, in milliseconds: the ingress learns of a new host within moments. */
const BACK_OFF_MS = [50, 100, 200, 400, 800] as const;

type Answer = { readonly ok: true; readonly status: number; readonly durationMs: number } | { readonly ok: false; readonly reason: string };

async function ask(step: ProbeStep, { ports, signal }: StepContext): Promise<Answer> {
  const { endpoint } = step;
  const started = ports.clock.monotonic();
  try {
    const response = await ports.http.request({
      url: `http://${endpoint.address}${endpoint.path}`, headers: { host: endpoint.host }, timeoutMs: REQUEST_TIMEOUT_MS, signal,
    });
    if (response.status !== step.expectStatus) return { ok: false, reason: `answered ${response.status} instead of ${step.expectStatus}` };
    if (step.expectBody !== undefined && !response.body.includes(step.expectBody)) return { ok: false, reason: `answered without "${step.expectBody}"` };
    return { ok: true, status: response.status, durationMs: Math.round(ports.clock.monotonic() - started) };
  } catch (error) {
    if (isAbortError(error) || !isDevstackError(error)) throw error;
    return { ok: false, reason: error.reason ?? error.message };
  }
}

export const probe: Handler<ProbeStep> = {
  async check() {
    return 'absent'; // a proof is made anew each time
  },

  async run(step, context) {
    let last = 'no answer yet';
    for (let attempt = 0; ; attempt += 1) {
      try {
        const answer = await ask(step, context);
        if (answer.ok) {
          context.run.verified.push({ ...step.endpoint, status: answer.status, durationMs: answer.durationMs });
          return `${answer.status} in ${answer.durationMs} ms`;
        }
        last = answer.reason;
        context.onProgress(`${step.endpoint.host}: ${last}`);
        await context.ports.clock.sleep(BACK_OFF_MS[Math.min(attempt, BACK_OFF_MS.length - 1)] ?? 800, context.signal);
      } catch (error) {
        if (!isAbortError(error)) throw error;
        throw notReadyError({
          code: 'endpoint-silent', message: `${step.endpoint.url} did not answer as it should`, reason: last, cause: error,
          hints: [{ text: 'ask it yourself', command: step.endpoint.curl }, { text: 'see what is not ready', command: `devstack status ${context.run.input.stack}` }],
        });
      }
    }
  },
};
