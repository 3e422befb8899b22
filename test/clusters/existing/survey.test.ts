import { describe, expect, test } from 'vitest';
import { surveyCluster, wayIn } from '../../../src/clusters/existing/survey.ts';
import type { KubeObject } from '../../../src/model/object.ts';
import { FakeEngine } from '../../fakes/docker-engine.ts';
import { fakeClient } from '../../fakes/ports.ts';

const node = (name: string): KubeObject => ({ apiVersion: 'v1', kind: 'Node', metadata: { name }, status: { allocatable: { cpu: '1930m', memory: '2097152Ki' } } });
const nodes = [node('one-control-plane')];

describe('the way in', () => {
  const engine = new FakeEngine();
  const container = engine.addContainer('one-control-plane', { ports: [{ hostAddress: '127.0.0.1', hostPort: 18401, containerPort: 31080 }] });

  test.each([
    ['a node in a container that publishes the port', { containers: [container], nodes }, true, 18401],
    ['nodes in containers that publish none', { containers: [{ ...container, ports: [] }], nodes }, true, undefined],
    ['nodes of this machine or of its virtual machine', { containers: [], nodes }, true, 31080],
    ['nodes elsewhere', { containers: [], nodes }, false, undefined],
  ])('%s', (_name, survey, isLocal, port) => {
    expect(wayIn(survey, isLocal)).toMatchObject({ port });
  });
});

test('a survey adds up what nodes offer, and knows which of them are containers here', async () => {
  const engine = new FakeEngine();
  engine.addContainer('one-control-plane');
  engine.addContainer('another');
  const client = fakeClient({
    version: async () => 'v1.34.4',
    get: async () => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'kube-system', uid: 'u1' } }),
    list: async ({ kind }) => ({
      resourceVersion: '1',
      items: kind === 'Node' ? [node('one-control-plane'), node('one-worker')]
        : [{ apiVersion: 'storage.k8s.io/v1', kind, metadata: { name: 'standard', annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' } } }],
    }),
  });
  expect(await surveyCluster(client, { docker: engine.docker }, new AbortController().signal)).toMatchObject({
    uid: 'u1', kubernetes: '1.34.4', capacity: { cpuMilli: 3860, memoryMi: 4096 }, defaultStorageClass: 'standard',
    containers: [{ name: 'one-control-plane' }],
  });
});
