// Why a task did not run, from what the engine wrote into it. Pure.
import type { SwarmTask } from '../model/swarm.ts';

export type FailureKind =
  | 'image-missing' | 'no-suitable-node' | 'port-taken' | 'mount-invalid' | 'start-failed' | 'crashed' | 'ended' | 'unhealthy' | 'update-stopped';

export interface TaskFailure {
  readonly kind: FailureKind;
  readonly message: string;
  /** Another try of the same task may do better: a database that it needs has come up since. */
  readonly mayHeal: boolean;
}

const FINAL: readonly string[] = ['complete', 'shutdown', 'failed', 'rejected', 'remove', 'orphaned'];

/** Nothing of the task runs any more. */
export function isFinal(task: SwarmTask): boolean {
  return FINAL.includes(task.Status.State);
}

/** First match wins. The texts are those of swarmkit and the engine (recorded in test/fixtures/swarm). */
const PATTERNS: readonly { readonly pattern: RegExp; readonly kind: FailureKind; readonly mayHeal?: true }[] = [
  { pattern: /No such image|pull access denied|manifest unknown|repository does not exist/i, kind: 'image-missing' },
  { pattern: /host-mode port already in use|port is already allocated|address already in use/i, kind: 'port-taken' },
  { pattern: /no suitable node/i, kind: 'no-suitable-node' },
  { pattern: /invalid mount config/i, kind: 'mount-invalid' },
  { pattern: /unhealthy container/i, kind: 'unhealthy', mayHeal: true },
  { pattern: /non-zero exit/i, kind: 'crashed', mayHeal: true },
];

/** True for a task of a service that should run on, and does not. */
export function isFailed({ Status }: SwarmTask): boolean {
  return Status.State === 'failed' || Status.State === 'rejected' || Status.State === 'complete';
}

export function failureOf(task: SwarmTask): TaskFailure {
  if (task.Status.State === 'complete') return { kind: 'ended', message: endText(task), mayHeal: true };
  const said = task.Status.Err ?? task.Status.Message ?? task.Status.State;
  const found = PATTERNS.find(({ pattern }) => pattern.test(said));
  return { kind: found?.kind ?? 'start-failed', message: said, mayHeal: found?.mayHeal === true };
}

/** A program that ends well when it is stopped leaves no word of an ill health check behind it. */
function endText({ Spec }: SwarmTask): string {
  const test = Spec.ContainerSpec?.Healthcheck?.Test ?? [];
  const perhaps = test.length > 0 && test[0] !== 'NONE' ? '; perhaps it was stopped because its health check failed' : ', and a service should run on';
  return `the program has ended (exit 0)${perhaps}`;
}
