// One request to an endpoint: through the ingress by its Host header, never by DNS.
import { isDevstackError } from '../model/error.ts';
import type { Endpoint } from '../model/plan.ts';
import type { Ports } from '../ports.ts';

export interface Expectation {
  readonly expectStatus: number;
  readonly expectBody?: string;
}

export type Answer =
  | { readonly ok: true; readonly status: number; readonly durationMs: number }
  | { readonly ok: false; readonly status?: number; readonly reason: string };

/** A failure to connect or a wrong answer is `ok: false`; only an abort throws. timeoutMs covers a cold start. */
export async function askEndpoint(
  ports: Pick<Ports, 'http' | 'clock'>, endpoint: Endpoint, options: Expectation & { readonly timeoutMs: number; readonly signal: AbortSignal },
): Promise<Answer> {
  const started = ports.clock.monotonic();
  try {
    const response = await ports.http.request({
      url: `http://${endpoint.address}${endpoint.path}`, headers: { host: endpoint.host }, timeoutMs: options.timeoutMs, signal: options.signal,
    });
    const { status } = response;
    if (status !== options.expectStatus) return { ok: false, status, reason: `answered ${status} instead of ${options.expectStatus}` };
    if (options.expectBody !== undefined && !response.body.includes(options.expectBody)) {
      return { ok: false, status, reason: `answered without "${options.expectBody}"` };
    }
    return { ok: true, status, durationMs: Math.round(ports.clock.monotonic() - started) };
  } catch (error) {
    if (!isDevstackError(error)) throw error;
    return { ok: false, reason: error.reason ?? error.message };
  }
}
