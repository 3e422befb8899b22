// metrics-server in outline: its program, and the API that it serves. Facts: components.yaml of 0.9.0.
import type { KubeObject } from '../../../model/object.ts';
import { deployment, service } from './objects.ts';

const PLACE = { namespace: 'kube-system', name: 'metrics-server' } as const;

export function metricsServerOutline(version: string): readonly KubeObject[] {
  return [
    deployment({ ...PLACE, image: `registry.k8s.io/metrics-server/metrics-server:v${version}`, cpu: '100m', memory: '200Mi' }),
    service(PLACE.namespace, PLACE.name, { app: PLACE.name, ports: [{ name: 'https', port: 443, targetPort: 10_250 }] }),
    {
      apiVersion: 'apiregistration.k8s.io/v1', kind: 'APIService', metadata: { name: 'v1beta1.metrics.k8s.io' },
      spec: { group: 'metrics.k8s.io', version: 'v1beta1', service: PLACE, groupPriorityMinimum: 100, versionPriority: 100, insecureSkipTLSVerify: true },
    },
  ];
}
