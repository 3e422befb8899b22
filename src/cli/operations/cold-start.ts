// How long an app takes from nothing to its first answer.
import { failedError, isDevstackError } from '../../model/error.ts';
import type { Ports } from '../../ports.ts';
import type { AppRef, AppUseCases } from '../app-use-cases.ts';
import type { EndpointResult, RunOptions } from '../use-cases.ts';

const REST_WITHIN_MS = 150_000;
const ANSWER_WITHIN_MS = 60_000;
const AGAIN_MS = 20;

type Running = Pick<AppUseCases, 'appEndpoint' | 'untilReplicas' | 'scaleApp'>;

export async function coldStart({ clock, http }: Pick<Ports, 'clock' | 'http'>, running: Running, ref: AppRef, options: RunOptions): Promise<number> {
  // Asked first: what a good answer is, and how it is reached, is then known.
  const endpoint = await running.appEndpoint(ref, options);
  if (!endpoint.verified) throw silent(ref, endpoint.reason);
  const isOwn = ref.kind === 'knative';
  if (!isOwn) await running.scaleApp(ref, 0, options);
  const isAtRest = await running.untilReplicas({ ref, timeoutMs: REST_WITHIN_MS, isReached: (count) => count === 0 }, options);
  if (!isAtRest) {
    throw failedError({
      code: 'app-keeps-running', message: `${ref.app} still runs after ${REST_WITHIN_MS / 1_000} s without a request`,
      hints: [{ text: 'see what asks it', command: `devstack logs ${ref.app} --name ${ref.stack}` }],
    });
  }
  const started = clock.monotonic();
  if (!isOwn) await running.scaleApp(ref, 1, options);
  let told: string | undefined;
  while (clock.monotonic() - started < ANSWER_WITHIN_MS) {
    told = await refusal(http, endpoint, options);
    if (told === undefined) return clock.monotonic() - started;
    await clock.sleep(AGAIN_MS, options.signal);
  }
  throw silent(ref, told);
}

/** What came instead of the good answer of before. */
async function refusal(http: Ports['http'], { address, path, host, status }: EndpointResult, { signal }: RunOptions): Promise<string | undefined> {
  try {
    const answer = await http.request({ url: `http://${address}${path}`, headers: { host }, timeoutMs: ANSWER_WITHIN_MS, signal });
    return answer.status === status ? undefined : `it answered ${answer.status}`;
  } catch (thrown) {
    if (!isDevstackError(thrown) || thrown.code !== 'request-failed') throw thrown;
    return thrown.reason ?? thrown.message;
  }
}

function silent({ app }: AppRef, reason: string | undefined) {
  return failedError({ code: 'app-silent', message: `${app} does not answer as it should`, ...(reason === undefined ? {} : { reason }), hints: [{ text: 'see what it says', command: `devstack logs ${app}` }] });
}
