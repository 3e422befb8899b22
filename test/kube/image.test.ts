import { describe, expect, it } from 'vitest';
import { imagesOf, rewriteImages } from '../../src/kube/image.ts';
import { rewriteImage } from '../../src/model/image-name.ts';
import type { KubeObject } from '../../src/model/object.ts';

const DIGEST = `sha256:${'a1'.repeat(32)}`;

describe('a rule', () => {
  const to = (reference: string, from: string, target: string) => rewriteImage(reference, [{ from, to: target }]);

  it.each([
    ['gcr.io/a/b:1', 'gcr.io/', 'mirror.corp/gcr/', 'mirror.corp/gcr/a/b:1'],
    [`gcr.io/a/b@${DIGEST}`, 'gcr.io/a', 'm/x', `m/x/b@${DIGEST}`],
    ['gcr.io/ab/c:1', 'gcr.io/a', 'm/x', 'gcr.io/ab/c:1'],
    ['gcr.io/a/b:1', 'gcr.io/a/b:1', 'other:2', 'other:2'],
    ['gcr.io/a/b:11', 'gcr.io/a/b:1', 'other:2', 'gcr.io/a/b:11'],
    ['python:3.13', 'python', 'm/python', 'm/python:3.13'],
    ['busybox:1', 'docker.io/', 'mirror.corp/hub/', 'mirror.corp/hub/library/busybox:1'],
    ['istio/pilot:1', 'docker.io/', 'mirror.corp/hub/', 'mirror.corp/hub/istio/pilot:1'],
    ['docker.io/istio/pilot:1', 'docker.io/istio/', 'm/', 'm/pilot:1'],
    ['localhost:5001/a:1', 'docker.io/', 'm/', 'localhost:5001/a:1'],
  ])('%s by %s → %s', (reference, from, target, result) => {
    expect(to(reference, from, target)).toBe(result);
  });

  it('wins when it is the first', () => {
    expect(rewriteImage('gcr.io/a:1', [{ from: 'gcr.io/a', to: 'first' }, { from: 'gcr.io/', to: 'second/' }])).toBe('first:1');
  });
});

function configMap(name: string, data: { readonly [key: string]: string }): KubeObject {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: 'n' }, data };
}

const workload: KubeObject = {
  apiVersion: 'batch/v1', kind: 'CronJob', metadata: { name: 'c', namespace: 'n' },
  spec: {
    jobTemplate: {
      spec: {
        template: {
          spec: {
            initContainers: [{ name: 'i', image: 'gcr.io/init:1' }],
            containers: [{
              name: 'c', image: `gcr.io/main@${DIGEST}`, args: ['--acme-solver-image=gcr.io/arg:1', '--image-pull=never', 'gcr.io/not-an-image:1'],
              env: [{ name: 'DISPATCHER_IMAGE', value: 'gcr.io/env:1' }, { name: 'URL', value: 'gcr.io/url:1' }, { name: 'X_IMAGE', valueFrom: { fieldRef: {} } }],
            }, { name: 'auto', image: 'auto' }],
            volumes: [{ name: 'v', image: { reference: 'gcr.io/volume:1' } }],
          },
        },
      },
    },
  },
};

const injector = configMap('istio-sidecar-injector', {
  config: 'x: |\n  containers:\n  - name: p\n    image: "{{ .ProxyImage }}"\n  - image: busybox:1.28\n',
  values: JSON.stringify({ global: { hub: 'gcr.io/istio', tag: '1.2', proxy: { image: 'proxyv2' }, proxy_init: { image: 'proxyv2' } } }),
});

const everywhere: readonly KubeObject[] = [
  workload,
  configMap('config-deployment', { 'queue-sidecar-image': `gcr.io/queue@${DIGEST}`, _example: 'queue-sidecar-image: gcr.io/example:1\n' }),
  configMap('eventing-integrations-images', { 'timer-source': `gcr.io/timer@${DIGEST}` }),
  configMap('endpoints', { 'gcr.io': 'gcr.io/no-image:8080' }),
  { apiVersion: 'caching.internal.knative.dev/v1alpha1', kind: 'Image', metadata: { name: 'q', namespace: 'n' }, spec: { image: `gcr.io/cached@${DIGEST}` } },
  { apiVersion: 'serving.knative.dev/v1', kind: 'Service', metadata: { name: 's', namespace: 'n' }, spec: { template: { spec: { containers: [{ image: 'gcr.io/ksvc:1' }] } } } },
  injector,
];

const NAMED = [
  'busybox:1.28', 'gcr.io/arg:1', `gcr.io/cached@${DIGEST}`, 'gcr.io/env:1', 'gcr.io/init:1', 'gcr.io/istio/proxyv2:1.2', 'gcr.io/ksvc:1', `gcr.io/main@${DIGEST}`,
  `gcr.io/queue@${DIGEST}`, `gcr.io/timer@${DIGEST}`, 'gcr.io/volume:1',
];

describe('images', () => {
  it('are found in every place that names one, and nowhere else', () => {
    expect(imagesOf(everywhere)).toEqual(NAMED);
  });

  it('are rewritten in each of these places', () => {
    const rewritten = rewriteImages(everywhere, [{ from: 'gcr.io/', to: 'mirror/' }]);
    expect(imagesOf(rewritten)).toEqual(NAMED.map((image) => image.replace('gcr.io/', 'mirror/')).sort());
    expect(JSON.stringify(rewritten)).toContain('gcr.io/not-an-image:1');
    expect(JSON.stringify(rewritten)).toContain('gcr.io/no-image:8080');
    expect(JSON.stringify(rewritten)).toContain('queue-sidecar-image: gcr.io/example:1');
  });

  it('that no rule names stay as they are, to the byte', () => {
    expect(rewriteImages(everywhere, [{ from: 'quay.io/', to: 'mirror/' }])).toEqual(everywhere);
  });
});
