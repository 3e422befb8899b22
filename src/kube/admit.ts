// Waits until the API server, with all its webhooks, would accept an object.
import { type DevstackError, isAbortError, notReadyError } from '../model/error.ts';
import { at, type KubeObject, refOf, refText } from '../model/object.ts';
import { hasCode } from './failure.ts';
import { isOutOfTime, kubectl, type Session } from './session.ts';

/**
 * A dry run is one cheap request, and what it waits for (a ready pod, its endpoint, the rule for it in the kernel) becomes
 * visible nowhere before the last of them works: asking often is the earliest way to know.
 */
const DELAYS_MS = [50, 100, 200] as const;
const LAST_DELAY_MS = 300;

/** Not there yet. A refusal by an answering webhook is an answer, and is thrown. */
function isPassing(error: unknown): error is DevstackError {
  return hasCode(error, 'kube-webhook', 'kube-unknown-kind', 'kube-unreachable', 'kube-error');
}

function timeout({ client }: Session, object: KubeObject, last: DevstackError | undefined): DevstackError {
  const { namespace, service } = last?.details ?? {};
  return notReadyError({
    code: 'not-admitted', message: `the API server does not accept ${refText(refOf(object))} yet`,
    ...(last === undefined ? {} : { reason: [last.message, last.reason].filter((part) => part !== undefined).join(': ') }),
    hints: typeof namespace === 'string' && typeof service === 'string'
      ? [{ text: 'see what stands behind the webhook', command: kubectl(client, 'get', 'service,endpointslices,pods', '-n', namespace) }] : [],
  });
}

function notInForce(object: KubeObject, defaulted: readonly string[]): DevstackError {
  return notReadyError({
    code: 'not-admitted', message: `the webhook for ${refText(refOf(object))} is not in force yet`, reason: `the answer has no ${defaulted.join('.')}`,
  });
}

/** Each try is a new request. Throws what an answering server holds against the object; `not-admitted` when time is out. */
export async function admitObject(session: Session, object: KubeObject, defaulted?: readonly string[]): Promise<void> {
  const { client, clock, signal, onProgress } = session;
  let last: DevstackError | undefined;
  try {
    for (let attempt = 0; ; attempt += 1) {
      try {
        // Forced: whoever holds fields of it, the question is only whether it would be taken.
        const answer = await client.apply(object, { dryRun: true, force: true }, signal);
        if (defaulted === undefined || at(answer, ...defaulted) !== undefined) return;
        last = notInForce(object, defaulted);
      } catch (error) {
        if (!isPassing(error)) throw error;
        last = error;
      }
      onProgress(`${last.message}${last.reason === undefined ? '' : `: ${last.reason}`}`);
      await clock.sleep(DELAYS_MS[attempt] ?? LAST_DELAY_MS, signal);
    }
  } catch (error) {
    if (isAbortError(error) && isOutOfTime(signal)) throw timeout(session, object, last);
    throw error;
  }
}
