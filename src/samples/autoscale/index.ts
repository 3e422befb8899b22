// autoscale: Knative's own program that burns CPU, holds memory and sleeps as the query asks.
import type { KubeObject } from '../../model/object.ts';
import { deploymentService } from '../deployment-service.ts';
import { knativeService } from '../knative-service.ts';
import type { Sample, SampleOptions } from '../sample.ts';

const PORT = 8080;
const MOST = 5;

/** Ten requests at a time for each pod: fifty at once make five pods. */
const SCALING = { 'autoscaling.knative.dev/metric': 'concurrency', 'autoscaling.knative.dev/target': '10', 'autoscaling.knative.dev/max-scale': String(MOST) };

/** In per cent of this request of CPU the autoscaler counts; scaled down after half a minute instead of five. */
function scaledDeployment(options: SampleOptions): readonly KubeObject[] {
  const { name, namespace } = options;
  const target = { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 60 } } };
  return [
    ...deploymentService(options, PORT, { cpu: '50m', memory: '32Mi' }),
    {
      apiVersion: 'autoscaling/v2', kind: 'HorizontalPodAutoscaler', metadata: { name, namespace },
      spec: {
        scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name }, minReplicas: 1, maxReplicas: MOST, metrics: [target],
        behavior: { scaleDown: { stabilizationWindowSeconds: 30 } },
      },
    },
  ];
}

export const autoscale: Sample = {
  id: 'autoscale',
  title: 'Autoscale',
  // Published under `latest` only.
  image: 'ghcr.io/knative/autoscale-go:latest',
  port: PORT,
  kinds: ['knative', 'deployment'],
  env: {},
  probe: { path: '/?sleep=10', expectStatus: 200, expectBody: 'Slept' },
  objects: (kind, options) => (kind === 'knative' ? [knativeService({ ...options, annotations: { ...SCALING, ...options.annotations } }, PORT)] : scaledDeployment(options)),
};
