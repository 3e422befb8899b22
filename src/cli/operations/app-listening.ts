// Watches the pods of an app that is being deployed: a container that runs and lets every connection be refused will not become ready by waiting.
import { type DevstackError, failedError, isAbortError } from '../../model/error.ts';
import { arrayAt, at, hasCondition, type KubeObject, refOf, stringAt } from '../../model/object.ts';
import type { Clock, KubeClient } from '../../ports.ts';

const POD = { apiVersion: 'v1', kind: 'Pod' } as const;
const EVENT = { apiVersion: 'v1', kind: 'Event' } as const;
const LOG_LINES = 20;
/** Between two looks at a pod that is overdue: its next probe may tell more. */
const LOOK_AGAIN_MS = 2_000;

export interface ListeningWatch {
  readonly app: string;
  readonly namespace: string;
  readonly labelSelector: string;
  /** How long a container may take until it listens. */
  readonly startMs: number;
}

/** Ends only by throwing: `app-not-listening` with the log of the app, or the abort of the signal. */
export async function watchListening(client: KubeClient, clock: Clock, watch: ListeningWatch, signal: AbortSignal): Promise<never> {
  /** When each pod that is not ready was first seen to run. */
  const running = new Map<string, { readonly since: number; readonly pod: KubeObject }>();
  const { namespace, labelSelector } = watch;
  const watching = (async () => {
    for await (const { type, object } of client.watch(POD, { namespace, labelSelector }, signal)) {
      const { name } = object.metadata;
      if (type === 'DELETED' || !isWaiting(object)) running.delete(name);
      else if (!running.has(name)) running.set(name, { since: clock.monotonic(), pod: object });
    }
  })();
  watching.catch(() => undefined);
  for (;;) {
    await Promise.race([clock.sleep(nextLookMs([...running.values()].map(({ since }) => since), clock.monotonic(), watch.startMs), signal), watching]);
    for (const { since, pod } of running.values()) {
      if (clock.monotonic() - since < watch.startMs) continue;
      const refusal = await refusalOf(client, pod, signal);
      if (refusal !== undefined) throw await notListening(client, { watch, pod, refusal }, signal);
    }
  }
}

function nextLookMs(since: readonly number[], now: number, startMs: number): number {
  const dues = since.map((start) => start + startMs - now).filter((ms) => ms > 0);
  return Math.min(LOOK_AGAIN_MS, ...dues);
}

/** All containers run, none has crashed, and the pod is not ready: it waits for a probe. */
function isWaiting(pod: KubeObject): boolean {
  if (pod.metadata.deletionTimestamp !== undefined) return false;
  const containers = arrayAt(pod, 'status', 'containerStatuses');
  return !hasCondition(pod, 'Ready') && containers.length > 0 && containers.every((container) => at(container, 'state', 'running') !== undefined && at(container, 'restartCount') === 0);
}

/** The newest probe that was refused: as queue-proxy of Knative logs it, or as the kubelet tells it in an event. */
async function refusalOf(client: KubeClient, pod: KubeObject, signal: AbortSignal): Promise<string | undefined> {
  const { name, namespace } = pod.metadata;
  const hasProxy = arrayAt(pod, 'spec', 'containers').some((container) => stringAt(container, 'name') === 'queue-proxy');
  const lines = hasProxy
    ? (await client.logs(refOf(pod), { container: 'queue-proxy', tailLines: LOG_LINES }, signal)).split('\n')
    : (await client.list(EVENT, { ...(namespace === undefined ? {} : { namespace }), fieldSelector: `involvedObject.name=${name},reason=Unhealthy` }, signal)).items.map((event) => stringAt(event, 'message') ?? '');
  return lines.findLast((line) => line.includes('connection refused'));
}

interface Found {
  readonly watch: ListeningWatch;
  readonly pod: KubeObject;
  readonly refusal: string;
}

async function notListening(client: KubeClient, { watch, pod, refusal }: Found, signal: AbortSignal): Promise<DevstackError> {
  const [, address, port = '?'] = /dial tcp (\S+):(\d+):/.exec(refusal) ?? [];
  const container = arrayAt(pod, 'spec', 'containers').map((each) => stringAt(each, 'name')).find((name) => name !== 'queue-proxy');
  const log = await client.logs(refOf(pod), { tailLines: LOG_LINES, ...(container === undefined ? {} : { container }) }, signal).catch((thrown: unknown) => {
    if (isAbortError(thrown)) throw thrown;
    return '';
  });
  return failedError({
    code: 'app-not-listening', message: `${watch.app} runs, but nothing in its container listens on port ${port}`, reason: `connections to ${address ?? 'it'}:${port} are refused ${Math.round(watch.startMs / 1_000)} s after its start`,
    hints: [
      { text: 'let it listen on 0.0.0.0 and the port in $PORT, or say which port it takes', command: 'devstack deploy --port 3000' },
      { text: 'when it only needs longer to start', command: `devstack deploy --start-timeout ${Math.round((watch.startMs * 4) / 1_000)}s` },
    ],
    details: { pod: pod.metadata.name, log },
  });
}
