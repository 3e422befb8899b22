// Knative Serving in outline: its kinds, its four programs, its settings and webhooks. Facts: serving-core.yaml of 1.23.0.
import type { KubeObject } from '../../../model/object.ts';
import { autoscaler, configMap, definition, deployment, namespace, type OutlineKind, service, webhook } from './objects.ts';

const NAMESPACE = 'knative-serving';
const IMAGES = 'gcr.io/knative-releases/knative.dev/serving/cmd';

const SERVING = 'serving.knative.dev';
const NETWORKING = 'networking.internal.knative.dev';
const AUTOSCALING = 'autoscaling.internal.knative.dev';

const KINDS: readonly OutlineKind[] = [
  { group: SERVING, version: 'v1', kind: 'Service', plural: 'services', shortNames: ['kservice', 'ksvc'], columns: { URL: '.status.url', LatestCreated: '.status.latestCreatedRevisionName', LatestReady: '.status.latestReadyRevisionName' } },
  { group: SERVING, version: 'v1', kind: 'Configuration', plural: 'configurations', shortNames: ['config', 'cfg'], columns: { LatestCreated: '.status.latestCreatedRevisionName', LatestReady: '.status.latestReadyRevisionName' } },
  { group: SERVING, version: 'v1', kind: 'Revision', plural: 'revisions', shortNames: ['rev'], columns: { 'Actual Replicas': '.status.actualReplicas', 'Desired Replicas': '.status.desiredReplicas' } },
  { group: SERVING, version: 'v1', kind: 'Route', plural: 'routes', shortNames: ['rt'], columns: { URL: '.status.url' } },
  { group: SERVING, version: 'v1beta1', kind: 'DomainMapping', plural: 'domainmappings', shortNames: ['dm'], columns: { URL: '.status.url' } },
  { group: NETWORKING, version: 'v1alpha1', kind: 'ClusterDomainClaim', plural: 'clusterdomainclaims', shortNames: ['cdc'], isClusterWide: true },
  { group: NETWORKING, version: 'v1alpha1', kind: 'Ingress', plural: 'ingresses', shortNames: ['kingress', 'king'] },
  { group: NETWORKING, version: 'v1alpha1', kind: 'Certificate', plural: 'certificates', shortNames: ['kcert'] },
  { group: NETWORKING, version: 'v1alpha1', kind: 'ServerlessService', plural: 'serverlessservices', shortNames: ['sks'] },
  { group: AUTOSCALING, version: 'v1alpha1', kind: 'PodAutoscaler', plural: 'podautoscalers', shortNames: ['kpa', 'pa'] },
  { group: AUTOSCALING, version: 'v1alpha1', kind: 'Metric', plural: 'metrics' },
  { group: 'caching.internal.knative.dev', version: 'v1alpha1', kind: 'Image', plural: 'images' },
];

const SETTINGS = ['autoscaler', 'certmanager', 'defaults', 'deployment', 'domain', 'features', 'gc', 'leader-election', 'logging', 'network', 'observability', 'tracing'];

const GUARDED = ['metrics', 'podautoscalers', 'certificates', 'ingresses', 'serverlessservices', 'configurations', 'revisions', 'routes', 'services', 'domainmappings', 'domainmappings/status'];

export function knativeServingOutline(version: string): readonly KubeObject[] {
  const program = (name: string, cpu: string, memory: string) => deployment({ namespace: NAMESPACE, name, image: `${IMAGES}/${name}:v${version}`, cpu, memory });
  const guard = (name: string, type: 'Mutating' | 'Validating') => webhook({ name, type, service: { namespace: NAMESPACE, name: 'webhook' }, groups: [AUTOSCALING, NETWORKING, SERVING], resources: GUARDED });
  return [
    namespace(NAMESPACE), ...KINDS.map(definition), ...SETTINGS.map((name) => configMap(NAMESPACE, `config-${name}`)),
    program('activator', '300m', '60Mi'), program('autoscaler', '100m', '100Mi'), program('controller', '100m', '100Mi'), program('webhook', '100m', '100Mi'),
    ...['activator', 'webhook'].map((name) => autoscaler(NAMESPACE, name)),
    service(NAMESPACE, 'activator-service', { app: 'activator', ports: [{ name: 'http', port: 80, targetPort: 8012 }, { name: 'http2', port: 81, targetPort: 8013 }] }),
    service(NAMESPACE, 'webhook', { app: 'webhook', ports: [{ name: 'https-webhook', port: 443, targetPort: 8443 }] }),
    guard('webhook.serving.knative.dev', 'Mutating'), guard('validation.webhook.serving.knative.dev', 'Validating'),
  ];
}
