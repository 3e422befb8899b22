// Does the cluster of a context answer right now? For lists of what there is.
import { isAbortError, isDevstackError } from '../../model/error.ts';
import type { ProviderContext } from '../provider.ts';
import type { ContextEntry } from './kubeconfig.ts';

const ANSWER_MS = 3_000;

/** Its version (`v1.34.4`), or undefined. Only for a context that may be used. */
export async function answeringVersion({ path, name }: ContextEntry, { ports, signal }: ProviderContext): Promise<string | undefined> {
  try {
    const client = await ports.kubeConnector.connect({ runtime: 'kubernetes', kubeconfig: path, context: name });
    try {
      return await client.version(AbortSignal.any([signal, AbortSignal.timeout(ANSWER_MS)]));
    } finally {
      client.close();
    }
  } catch (cause) {
    signal.throwIfAborted();
    if (isDevstackError(cause) || isAbortError(cause)) return undefined;
    throw cause;
  }
}
