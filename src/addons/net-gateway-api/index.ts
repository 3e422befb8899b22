// net-gateway-api: Knative's ingress by the Gateway API (beta upstream), with Istio's gateway as what implements it.
import type { KubeObject } from '../../model/object.ts';
import type { Patch } from '../../model/plan.ts';
import type { Addon, AddonContext, AddonInstall } from '../addon.ts';
import { pinned } from '../release.ts';
import { ingressService, requests, soonReady, type Workload, workloadRef } from '../workload.ts';

const RELEASES = 'https://github.com/knative-extensions/net-gateway-api/releases/download';
const GATEWAYS = 'istio-system';
const EXTERNAL = 'knative-gateway';
const LOCAL = 'knative-local-gateway';

const PINS = {
  [`${RELEASES}/knative-v1.23.0/net-gateway-api.yaml`]: { sha256: '66b75a125bbe9abcc006bb276236ce50bca3bb02ec332c28da96e8ffd8ec698c', bytes: 14400 },
};

const CONTROLLER: Workload = { kind: 'Deployment', namespace: 'knative-serving', name: 'net-gateway-api-controller', container: 'controller' };
const WEBHOOK: Workload = { kind: 'Deployment', namespace: 'knative-serving', name: 'net-gateway-api-webhook', container: 'webhook' };

function artifacts(version: string) {
  return [pinned(`net-gateway-api-${version}`, `${RELEASES}/knative-v${version}/net-gateway-api.yaml`, PINS)];
}

/** `service`: Istio serves the Gateway by the pods behind this Service, instead of making a Deployment for it. */
function gateway(name: string, service: string): KubeObject {
  return {
    apiVersion: 'gateway.networking.k8s.io/v1', kind: 'Gateway', metadata: { name, namespace: GATEWAYS },
    spec: {
      gatewayClassName: 'istio', addresses: [{ type: 'Hostname', value: service }],
      listeners: [{ name: 'default', port: 80, protocol: 'HTTP', allowedRoutes: { namespaces: { from: 'All' } } }],
    },
  };
}

/** For requests within the cluster: the same pods, another port. */
const LOCAL_SERVICE: KubeObject = {
  apiVersion: 'v1', kind: 'Service',
  metadata: { name: LOCAL, namespace: GATEWAYS, labels: { 'experimental.istio.io/disable-gateway-port-translation': 'true' } },
  spec: { type: 'ClusterIP', selector: { istio: 'ingressgateway' }, ports: [{ name: 'http2', port: 80, targetPort: 8081 }] },
};

/** One entry of `config-gateway`, a list in YAML. */
function gatewayEntry(name: string, service: string): string {
  return [
    '- class: istio', `  gateway: ${GATEWAYS}/${name}`, `  service: ${GATEWAYS}/${service}`, '  supported-features:', '  - HTTPRouteRequestTimeout', '',
  ].join('\n');
}

const CONFIG: Patch = {
  target: { kind: 'ConfigMap', name: 'config-gateway', namespace: 'knative-serving' }, path: ['data'],
  value: { 'external-gateways': gatewayEntry(EXTERNAL, 'istio-ingressgateway'), 'local-gateways': gatewayEntry(LOCAL, LOCAL) },
  why: 'requests go through Istio\'s gateway',
};

function install(context: AddonContext, version: string): AddonInstall {
  const objects = [
    LOCAL_SERVICE, gateway(EXTERNAL, 'istio-ingressgateway'), gateway(LOCAL, LOCAL),
    ingressService({ namespace: GATEWAYS, selector: { istio: 'ingressgateway' } }, context),
  ];
  return {
    sources: [...artifacts(version).map((artifact) => ({ artifact })), { objects }],
    patches: [CONFIG, soonReady(CONTROLLER),
      ...(context.fit ? [requests(CONTROLLER, { cpu: '20m', memory: '50Mi' }), requests(WEBHOOK, { cpu: '10m', memory: '20Mi' })] : [])],
    waitFor: [CONTROLLER, WEBHOOK].map(workloadRef),
  };
}

export const netGatewayApi: Addon = {
  id: 'net-gateway-api',
  title: 'Gateway API ingress for Knative',
  summary: 'Knative services answer through the Gateway API, implemented by Istio',
  component: 'knative',
  version: '1.23.0',
  needs: ['knative-serving', 'gateway-api', 'istio'],
  wants: [],
  provides: ['knative-ingress'],
  conflicts: ['knative-ingress'],
  minKubernetes: '1.34.0',
  footprint: { cpuMilli: 120, memoryMi: 120 },
  fitFootprint: { cpuMilli: 30, memoryMi: 70 },
  ingress: { id: 'gateway-api', className: 'gateway-api.ingress.networking.knative.dev' },
  artifacts,
  install,
};
