// A program of which no manifest of upstream's is taken: the Deployment of one container, and the Service in front of it.
import type { JsonObject } from '../model/json.ts';
import type { KubeObject } from '../model/object.ts';

export interface OwnProgram {
  readonly namespace: string;
  readonly name: string;
  readonly image: string;
  /** Where the container listens, and where its Service does. */
  readonly ports: { readonly container: number; readonly service: number };
  /** Of the Deployment; Kubernetes' own where it is absent. */
  readonly strategy?: JsonObject;
  /** What else the spec of its pods says. */
  readonly pod: JsonObject;
  /** What else its container says. Its port is named `http`. */
  readonly container: JsonObject;
}

export function ownProgram({ namespace, name, image, ports, strategy, pod, container }: OwnProgram): readonly KubeObject[] {
  const labels = { 'app.kubernetes.io/name': name };
  const whole = { name, image, imagePullPolicy: 'IfNotPresent', ports: [{ name: 'http', containerPort: ports.container }], ...container };
  return [
    {
      apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name, namespace, labels },
      spec: {
        selector: { matchLabels: labels }, ...(strategy === undefined ? {} : { strategy }),
        // A cluster on one machine has no traffic to drain, and removing the namespace would wait for it.
        template: { metadata: { labels }, spec: { terminationGracePeriodSeconds: 15, ...pod, containers: [whole] } },
      },
    },
    { apiVersion: 'v1', kind: 'Service', metadata: { name, namespace }, spec: { selector: labels, ports: [{ name: 'http', port: ports.service, targetPort: 'http' }] } },
  ];
}
