import { describe, expect, it } from 'vitest';
import { watchListening } from '../../../src/cli/operations/app-listening.ts';
import type { KubeObject } from '../../../src/model/object.ts';
import type { KubeClient, WatchEvent } from '../../../src/ports.ts';
import { fakeClient, steppedClock } from '../../fakes/ports.ts';

const REFUSED = 'aggressive probe error (failed 186 times): dial tcp 127.0.0.1:8080: connect: connection refused';

function pod(options: { ready?: boolean; restarts?: number; containers?: readonly string[]; running?: boolean } = {}): KubeObject {
  const names = options.containers ?? ['user-container', 'queue-proxy'];
  return {
    apiVersion: 'v1', kind: 'Pod', metadata: { name: 'app-1', namespace: 'default' }, spec: { containers: names.map((name) => ({ name })) },
    status: {
      conditions: [{ type: 'Ready', status: options.ready === true ? 'True' : 'False' }],
      containerStatuses: names.map((name) => ({ name, restartCount: options.restarts ?? 0, state: options.running === false ? { waiting: {} } : { running: {} } })),
    },
  };
}

/** A cluster in which these pods are seen, and whose logs and events say these things. */
function cluster(seen: readonly KubeObject[], says: { queueProxy?: string; app?: string; events?: readonly string[] } = {}): KubeClient {
  return fakeClient({
    async *watch(_kind, _options, signal): AsyncGenerator<WatchEvent> {
      for (const object of seen) yield { type: 'MODIFIED', object };
      await new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
    },
    logs: async (_pod, { container }) => (container === 'queue-proxy' ? (says.queueProxy ?? '') : (says.app ?? '')),
    list: async () => ({ items: (says.events ?? []).map((message) => ({ apiVersion: 'v1', kind: 'Event', metadata: { name: 'e' }, message })), resourceVersion: '1' }),
  });
}

/** Watches for two minutes of the clock; the error that ended it, or undefined. */
async function verdict(client: KubeClient): Promise<unknown> {
  const clock = steppedClock();
  const stop = new AbortController();
  const sleep: typeof clock.sleep = async (ms, signal) => {
    await clock.sleep(ms, signal);
    await new Promise((resolve) => setImmediate(resolve));
    if (clock.monotonic() > 120_000) stop.abort();
  };
  return watchListening(client, { ...clock, sleep }, { app: 'app', namespace: 'default', labelSelector: 'x=y', startMs: 30_000 }, stop.signal)
    .catch((thrown: unknown) => (stop.signal.aborted ? undefined : thrown));
}

describe('watchListening', () => {
  it('ends when the container of a Knative service refuses every connection', async () => {
    expect(await verdict(cluster([pod()], { queueProxy: `{"level":"info"}\n${REFUSED}\ncontext deadline exceeded`, app: 'listening on 9999' }))).toMatchObject({
      code: 'app-not-listening', message: expect.stringContaining('listens on port 8080'), reason: 'connections to 127.0.0.1:8080 are refused 30 s after its start', details: { log: 'listening on 9999' },
    });
  });

  it('reads the events of a plain pod', async () => {
    const events = ['Readiness probe failed: dial tcp 10.244.0.9:3000: connect: connection refused'];
    expect(await verdict(cluster([pod({ containers: ['app'] })], { events }))).toMatchObject({ code: 'app-not-listening', reason: expect.stringContaining('10.244.0.9:3000') });
  });

  it.each([
    ['that is ready', [pod(), pod({ ready: true })], { queueProxy: REFUSED }],
    ['that crashes: the wait tells that', [pod({ restarts: 1 })], { queueProxy: REFUSED }],
    ['that has not started', [pod({ running: false })], { queueProxy: REFUSED }],
    ['that answers, but not yet well', [pod()], { queueProxy: 'HTTP probe failed with statuscode: 503' }],
    ['that goes away', [{ ...pod(), metadata: { name: 'app-1', deletionTimestamp: 'now' } }], { queueProxy: REFUSED }],
  ])('says nothing of a pod %s', async (_what, seen, says) => {
    expect(await verdict(cluster(seen, says))).toBeUndefined();
  });
});
