// A webhook that is not in force lets everything through: a yes alone proves nothing.
import { expect, test } from 'vitest';
import { createKubeSets } from '../../src/kube/sets.ts';
import type { KubeObject } from '../../src/model/object.ts';
import { fakeClient, steppedClock } from '../fakes/ports.ts';

const BROKER: KubeObject = { apiVersion: 'eventing.knative.dev/v1', kind: 'Broker', metadata: { name: 'b', namespace: 'default' } };
const DEFAULTED: KubeObject = { ...BROKER, metadata: { ...BROKER.metadata, annotations: { 'eventing.knative.dev/broker.class': 'MTChannelBasedBroker' } } };

test('waits for the field that only the webhook sets', async () => {
  const answers = [BROKER, BROKER, DEFAULTED];
  const told: string[] = [];
  const client = fakeClient({ apply: async () => answers.shift() ?? expect.fail('asked once more') });
  await createKubeSets(steppedClock()).admit(client, BROKER, {
    onProgress: (message) => told.push(message), signal: new AbortController().signal, defaulted: ['metadata', 'annotations', 'eventing.knative.dev/broker.class'],
  });
  expect(answers).toEqual([]);
  expect(told[0]).toBe('the webhook for broker default/b is not in force yet: the answer has no metadata.annotations.eventing.knative.dev/broker.class');
});

test('without such a field the first yes is enough', async () => {
  const answers = [BROKER];
  const client = fakeClient({ apply: async () => answers.shift() ?? expect.fail('asked once more') });
  await createKubeSets(steppedClock()).admit(client, BROKER, { onProgress: () => undefined, signal: new AbortController().signal });
  expect(answers).toEqual([]);
});
