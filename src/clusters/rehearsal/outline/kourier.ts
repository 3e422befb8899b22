// Kourier in outline: its controller, its gateway, and the Services that lead to it. Facts: kourier.yaml of 1.23.0.
import type { KubeObject } from '../../../model/object.ts';
import { autoscaler, configMap, deployment, namespace, service } from './objects.ts';

const SERVING = 'knative-serving';
const GATEWAY = { namespace: 'kourier-system', name: '3scale-kourier-gateway' } as const;

export function kourierOutline(version: string): readonly KubeObject[] {
  return [
    namespace(GATEWAY.namespace), configMap(SERVING, 'config-kourier'), configMap(GATEWAY.namespace, 'kourier-bootstrap'),
    deployment({ namespace: SERVING, name: 'net-kourier-controller', container: 'controller', image: `gcr.io/knative-releases/knative.dev/net-kourier/cmd/kourier:v${version}`, cpu: '200m', memory: '200Mi' }),
    deployment({ ...GATEWAY, container: 'kourier-gateway', image: 'docker.io/envoyproxy/envoy:rehearsed', cpu: '200m', memory: '200Mi' }),
    autoscaler(GATEWAY.namespace, GATEWAY.name),
    service(SERVING, 'net-kourier-controller', { app: 'net-kourier-controller', ports: [{ name: 'grpc-xds', port: 18_000, targetPort: 18_000 }] }),
    service(GATEWAY.namespace, 'kourier', { app: GATEWAY.name, type: 'LoadBalancer', ports: [{ name: 'http2', port: 80, targetPort: 8080 }, { name: 'https', port: 443, targetPort: 8443 }] }),
    service(GATEWAY.namespace, 'kourier-internal', { app: GATEWAY.name, ports: [{ name: 'http2', port: 80, targetPort: 8081 }] }),
  ];
}
