import { expect, test } from 'vitest';
import { isHeldBy } from '../../src/kube/field-path.ts';
import type { JsonObject } from '../../src/model/json.ts';

// As a real server answered: the webhook completes the registration that devstack applied, and takes namespaceSelector over.
const wanted = {
  apiVersion: 'admissionregistration.k8s.io/v1', kind: 'ValidatingWebhookConfiguration', metadata: { name: 'validation.webhook.serving.knative.dev', labels: { a: 'b' } },
  webhooks: [{ name: 'v', failurePolicy: 'Fail', clientConfig: { service: { name: 'webhook', namespace: 'knative-serving' } }, namespaceSelector: { matchExpressions: [{ key: 'x' }] } }],
};
const ours: JsonObject = {
  manager: 'devstack', operation: 'Apply', fieldsV1: {
    'f:metadata': { 'f:labels': { 'f:a': {} } },
    'f:webhooks': { 'k:{"name":"v"}': { '.': {}, 'f:name': {}, 'f:failurePolicy': {}, 'f:clientConfig': { 'f:service': { 'f:name': {}, 'f:namespace': {} } } } },
  },
};
const taken = (manager: string): JsonObject => ({ manager, operation: 'Update', fieldsV1: { 'f:webhooks': { 'k:{"name":"v"}': { 'f:namespaceSelector': {} } } } });
const isHolder = (manager: string) => manager === 'devstack' || manager.endsWith('-webhook');

test('what a controller took over is still held', () => {
  expect(isHeldBy(wanted, [ours, taken('serving-webhook')], isHolder)).toBe(true);
});

test('what a person took over is not', () => {
  expect(isHeldBy(wanted, [ours, taken('kubectl-edit')], isHolder)).toBe(false);
});

test('what nobody holds any more is not', () => {
  expect(isHeldBy(wanted, [ours], isHolder)).toBe(false);
});

test('an item that somebody took out of a list is not held', () => {
  expect(isHeldBy({ ...wanted, webhooks: [...wanted.webhooks, { name: 'second' }] }, [ours, taken('serving-webhook')], isHolder)).toBe(false);
});
