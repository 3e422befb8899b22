import { describe, expect, it } from 'vitest';
import type { KubeObject } from '../../src/model/object.ts';
import { appObjects } from '../../src/scaffold/app-objects.ts';

const container = { name: 'app', image: 'dev.local/web:dev', env: [{ name: 'A', value: '1' }, { name: 'S', valueFrom: { secretKeyRef: { name: 's', key: 'k' } } }], ports: [{ name: 'http', containerPort: 8080 }] };
const sidecar = { name: 'side', image: 'example.com:5000/dev.local/web:dev' };
const deployment: KubeObject = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web' }, spec: { template: { spec: { containers: [container, sidecar], initContainers: [{ name: 'init', image: 'dev.local/web' }] } } } };
const input = { name: 'web', namespace: 'demo', images: new Map([['dev.local/web', 'dev.local/web:0123']]), env: {}, annotations: {}, probe: { path: '/', expectStatus: 200 } };
const one = (object: KubeObject, change: Partial<Parameters<typeof appObjects>[1]> = {}) => appObjects([object], { ...input, ...change })[0];

describe('appObjects', () => {
  it('runs what was built, in every container that names it', () => {
    expect(one(deployment)).toMatchObject({
      spec: { template: { spec: { containers: [{ image: 'dev.local/web:0123' }, { image: 'example.com:5000/dev.local/web:dev' }], initContainers: [{ image: 'dev.local/web:0123' }] } } },
    });
  });

  it.each([['dev.local/web@sha256:abc', 'dev.local/web:0123'], ['dev.local/web-2:dev', 'dev.local/web-2:dev'], ['web', 'web']])('takes %s for %s', (image, expected) => {
    const job: KubeObject = { apiVersion: 'batch/v1', kind: 'CronJob', metadata: { name: 'x' }, spec: { jobTemplate: { spec: { template: { spec: { containers: [{ image }] } } } } } };
    expect(one(job)).toMatchObject({ spec: { jobTemplate: { spec: { template: { spec: { containers: [{ image: expected }] } } } } } });
  });

  it('puts objects into the namespace, unless they say another one or have none', () => {
    expect(one(deployment)?.metadata.namespace).toBe('demo');
    expect(one({ ...deployment, metadata: { name: 'web', namespace: 'own' } })?.metadata.namespace).toBe('own');
    expect(one({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'x' } })?.metadata.namespace).toBeUndefined();
  });

  it('sets variables in the first container of the app, over those of the manifest', () => {
    const changed = one(deployment, { env: { A: '2', B: '' } });
    expect(changed).toMatchObject({ spec: { template: { spec: { containers: [{ env: [container.env[1], { name: 'A', value: '2' }, { name: 'B', value: '' }] }, sidecar] } } } });
    expect(one({ ...deployment, metadata: { name: 'other' } }, { env: { A: '2' } })).toMatchObject({ spec: { template: { spec: { containers: [{ env: container.env }, sidecar] } } } });
  });

  it('sets annotations on the pods, beside those of the manifest', () => {
    const annotated = { ...deployment, spec: { template: { metadata: { annotations: { a: '1', b: '1' } }, spec: {} } } };
    expect(one(annotated, { annotations: { b: '2', c: '3' } })).toMatchObject({ spec: { template: { metadata: { annotations: { a: '1', b: '2', c: '3' } } } } });
    expect(one(deployment, { annotations: { c: '3' } })).toMatchObject({ spec: { template: { metadata: { annotations: { c: '3' } } } } });
  });

  it('sets the port, and keeps its name', () => {
    expect(one(deployment, { port: 3000 })).toMatchObject({ spec: { template: { spec: { containers: [{ ports: [{ name: 'http', containerPort: 3000 }] }, {}] } } } });
  });

  it('notes on the workload how it is proved, and leaves the rest as it was', () => {
    const service: KubeObject = { apiVersion: 'v1', kind: 'Service', metadata: { name: 'web' }, spec: { ports: [{ port: 80 }] } };
    expect(one(service)).toEqual({ ...service, metadata: { name: 'web', namespace: 'demo' } });
    expect(one(deployment)?.metadata.annotations).toEqual({ 'devstack.dev/probe': '{"path":"/","expectStatus":200}' });
    expect(one({ ...deployment, apiVersion: 'serving.knative.dev/v1', kind: 'Service' })?.metadata.annotations).toBeDefined();
  });

  it('does not change what it was given', () => {
    const before = JSON.stringify(deployment);
    one(deployment, { env: { A: '2' }, port: 1 });
    expect(JSON.stringify(deployment)).toBe(before);
  });
});
