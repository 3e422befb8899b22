// net-istio: Knative's ingress by Istio's gateway.
import type { Addon, AddonContext, AddonInstall } from '../addon.ts';
import { pinned } from '../release.ts';
import { ingressService, requests, soonReady, type Workload, workloadRef } from '../workload.ts';

const RELEASES = 'https://github.com/knative-extensions/net-istio/releases/download';

const PINS = {
  [`${RELEASES}/knative-v1.23.0/net-istio.yaml`]: { sha256: '74fe1afaf2f7ec714f92d085a4211d54fde87bc6c5502538c07d9cf7cf01751e', bytes: 23701 },
};

const CONTROLLER: Workload = { kind: 'Deployment', namespace: 'knative-serving', name: 'net-istio-controller', container: 'controller' };
const WEBHOOK: Workload = { kind: 'Deployment', namespace: 'knative-serving', name: 'net-istio-webhook', container: 'webhook' };

function artifacts(version: string) {
  return [pinned(`net-istio-${version}`, `${RELEASES}/knative-v${version}/net-istio.yaml`, PINS)];
}

function install(context: AddonContext, version: string): AddonInstall {
  const service = ingressService({ namespace: 'istio-system', selector: { istio: 'ingressgateway' } }, context);
  return {
    sources: [...artifacts(version).map((artifact) => ({ artifact })), { objects: [service] }],
    patches: [soonReady(CONTROLLER), ...(context.fit ? [requests(CONTROLLER, { cpu: '10m', memory: '40Mi' }), requests(WEBHOOK, { cpu: '10m', memory: '20Mi' })] : [])],
    waitFor: [CONTROLLER, WEBHOOK].map(workloadRef),
  };
}

export const netIstio: Addon = {
  id: 'net-istio',
  title: 'Istio ingress for Knative',
  summary: 'Knative services answer through Istio\'s gateway',
  component: 'knative',
  version: '1.23.0',
  needs: ['knative-serving', 'istio'],
  wants: [],
  provides: ['knative-ingress'],
  conflicts: ['knative-ingress'],
  minKubernetes: '1.34.0',
  footprint: { cpuMilli: 50, memoryMi: 60 },
  fitFootprint: { cpuMilli: 20, memoryMi: 60 },
  ingress: { id: 'istio', className: 'istio.ingress.networking.knative.dev' },
  artifacts,
  install,
};
