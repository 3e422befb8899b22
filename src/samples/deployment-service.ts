// A Deployment with its Service for one container, as every sample of that kind needs them.
import type { KubeObject } from '../model/object.ts';
import type { SampleOptions } from './sample.ts';

export function deploymentService({ name, namespace, image, env }: SampleOptions, port: number): readonly KubeObject[] {
  const labels = { app: name };
  const variables = Object.entries(env).map(([key, value]) => ({ name: key, value }));
  const container = {
    name: 'app', image, imagePullPolicy: 'IfNotPresent', ports: [{ name: 'http', containerPort: port }], readinessProbe: { tcpSocket: { port: 'http' }, periodSeconds: 2 }, ...(variables.length === 0 ? {} : { env: variables }),
  };
  return [
    {
      apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name, namespace, labels },
      spec: { selector: { matchLabels: labels }, template: { metadata: { labels }, spec: { containers: [container] } } },
    },
    { apiVersion: 'v1', kind: 'Service', metadata: { name, namespace }, spec: { selector: labels, ports: [{ name: 'http', port: 80, targetPort: 'http' }] } },
  ];
}
