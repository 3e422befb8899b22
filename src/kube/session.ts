// What the work on a set of objects needs from its surroundings.
import { shellWord } from '../model/shell.ts';
import type { Clock, KubeClient, OnProgress } from '../ports.ts';

export interface Session {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly onProgress: OnProgress;
}

/** Requests in flight at once: enough to hide latency, few enough that the pods that start beside it get their share of the CPU. */
export const IN_FLIGHT = 12;

/** True when time ran out; false when somebody stopped the work. */
export function isOutOfTime(signal: AbortSignal): boolean {
  return signal.aborted && signal.reason instanceof Error && signal.reason.name === 'TimeoutError';
}

/** kubectl's way to the same target, for hints. */
export function kubectl(client: KubeClient, ...args: readonly string[]): string {
  const { kubeconfig, context } = client.access;
  return ['kubectl', '--kubeconfig', kubeconfig, '--context', context, ...args].map(shellWord).join(' ');
}
