// A Knative Service for one container, as every sample of that kind needs it.
import type { KubeObject } from '../model/object.ts';
import type { SampleOptions } from './sample.ts';

/**
 * `IfNotPresent`: an image that is in the node is used as it is, also with the tag `latest`. The probe's period: without one, queue-proxy is asked
 * once at its start, for a second, and then again only after ten (seen with 1.23): an app that takes 1.1 s to listen would be ready after 11 s.
 */
export function knativeService(options: SampleOptions, port: number): KubeObject {
  const env = Object.entries(options.env).map(([name, value]) => ({ name, value }));
  return {
    apiVersion: 'serving.knative.dev/v1', kind: 'Service',
    metadata: { name: options.name, namespace: options.namespace },
    spec: {
      template: {
        ...(options.annotations === undefined ? {} : { metadata: { annotations: options.annotations } }),
        spec: {
          containers: [{ image: options.image, imagePullPolicy: 'IfNotPresent', ports: [{ containerPort: port }], readinessProbe: { tcpSocket: { port }, periodSeconds: 1 }, ...(env.length === 0 ? {} : { env }) }],
        },
      },
    },
  };
}
