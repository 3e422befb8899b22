import { describe, expect, it } from 'vitest';
import { observe } from '../../src/kube/observation.ts';
import { type KubeObject, refOf } from '../../src/model/object.ts';

const NO_ROOM = '0/1 nodes are available: 1 Insufficient cpu.';

describe('a Knative service that repeats what the scheduler said once', () => {
  const service: KubeObject = {
    apiVersion: 'serving.knative.dev/v1', kind: 'Service', metadata: { name: 'web', namespace: 'default', generation: 2 },
    status: {
      observedGeneration: 2, latestCreatedRevisionName: 'web-00002',
      conditions: [{ type: 'ConfigurationsReady', status: 'False', reason: 'RevisionFailed', message: `Revision "web-00002" failed with message: ${NO_ROOM}.` }, { type: 'Ready', status: 'False', reason: 'RevisionFailed', message: `Revision "web-00002" failed with message: ${NO_ROOM}.` }],
    },
  };
  const pod = (status: object, spec: object = {}): KubeObject => ({
    apiVersion: 'v1', kind: 'Pod', spec: { containers: [{ name: 'app' }], ...spec } as never, status: status as never,
    metadata: { name: 'web-00002-a', namespace: 'default', labels: { 'serving.knative.dev/service': 'web', 'serving.knative.dev/revision': 'web-00002' } },
  });
  const seen = (pods: readonly KubeObject[]) => observe(refOf(service), service, { pods, replicaSets: [], events: [] });

  it('is not failed while its pod still waits: whether there will be room, nodes and pods tell', () => {
    const waiting = pod({ phase: 'Pending', conditions: [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message: NO_ROOM }] });
    expect(seen([waiting])).toMatchObject({ state: 'pending', cause: { code: 'unschedulable', isFinal: false } });
  });

  it('is not failed while its pod has found room and starts', () => {
    const starting = pod({ phase: 'Running', containerStatuses: [{ name: 'app', restartCount: 0, ready: false, state: { running: {} } }] }, { nodeName: 'a' });
    expect(seen([starting])).toMatchObject({ state: 'pending', message: 'started, not ready yet' });
  });

  it('is failed when its pod crashes for good', () => {
    const crashed = pod({ phase: 'Running', containerStatuses: [{ name: 'app', restartCount: 5, ready: false, state: { waiting: { reason: 'CrashLoopBackOff' } }, lastState: { terminated: { exitCode: 1 } } }] }, { nodeName: 'a' });
    expect(seen([crashed])).toMatchObject({ state: 'failed', cause: { code: 'container-crashed' } });
  });
});
