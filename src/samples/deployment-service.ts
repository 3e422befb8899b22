// A Deployment with its Service for one container, as every sample of that kind needs them.
import type { KubeObject } from '../model/object.ts';
import type { SampleOptions } from './sample.ts';

/** Replicas stay out: whoever scales it owns the number. */
export function deploymentService(options: SampleOptions, port: number, requests?: { readonly cpu: string; readonly memory: string }): readonly KubeObject[] {
  const { name, namespace, image, env, annotations } = options;
  const labels = { app: name };
  const variables = Object.entries(env).map(([key, value]) => ({ name: key, value }));
  const container = {
    name: 'app', image, imagePullPolicy: 'IfNotPresent', ports: [{ name: 'http', containerPort: port }], readinessProbe: { tcpSocket: { port: 'http' }, periodSeconds: 1 },
    // The pod answers a moment longer than it is listed: an update loses no request.
    lifecycle: { preStop: { sleep: { seconds: 3 } } },
    ...(variables.length === 0 ? {} : { env: variables }), ...(requests === undefined ? {} : { resources: { requests } }),
  };
  return [
    {
      apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name, namespace, labels },
      spec: { selector: { matchLabels: labels }, template: { metadata: { labels, ...(annotations === undefined ? {} : { annotations }) }, spec: { containers: [container] } } },
    },
    { apiVersion: 'v1', kind: 'Service', metadata: { name, namespace }, spec: { selector: labels, ports: [{ name: 'http', port: 80, targetPort: 'http' }] } },
  ];
}
