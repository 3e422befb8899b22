// Kourier: the small Envoy ingress for Knative, and the default one.
import type { Patch } from '../../model/plan.ts';
import type { Addon, AddonContext, AddonInstall } from '../addon.ts';
import { pinned } from '../release.ts';
import { ingressService, keepSingle, requests, soonReady, type Workload, workloadRef } from '../workload.ts';

const RELEASES = 'https://github.com/knative-extensions/net-kourier/releases/download';
const GATEWAY_NAMESPACE = 'kourier-system';

const PINS = {
  [`${RELEASES}/knative-v1.23.0/kourier.yaml`]: {
    sha256: 'cded0c3c1d7669b1aa9f7484234b454ff3940a2b54a27d5ec4825c2d4003d01d', bytes: 25361,
  },
};

const WORKLOADS: readonly Workload[] = [
  { kind: 'Deployment', namespace: 'knative-serving', name: 'net-kourier-controller', container: 'controller' },
  { kind: 'Deployment', namespace: GATEWAY_NAMESPACE, name: '3scale-kourier-gateway', container: 'kourier-gateway' },
];

/**
 * Envoy waits longer after each failed attempt, up to 30 s (config.core.v3.EnvoyGrpc.RetryPolicy), and its first attempts fail
 * where gateway and controller start at once: in a new cluster, and after each `start`.
 */
const IMPATIENT: Patch = {
  target: { kind: 'ConfigMap', namespace: GATEWAY_NAMESPACE, name: 'kourier-bootstrap' }, path: ['data', 'envoy-bootstrap.yaml'],
  find: '{cluster_name: xds_cluster}', value: '{cluster_name: xds_cluster, retry_policy: {retry_back_off: {base_interval: 0.25s, max_interval: 1s}}}',
  why: 'the gateway has its configuration within a second of its controller\'s start',
};

function artifacts(version: string) {
  return [pinned(`kourier-${version}`, `${RELEASES}/knative-v${version}/kourier.yaml`, PINS)];
}

function install(context: AddonContext, version: string): AddonInstall {
  const service = ingressService({ namespace: GATEWAY_NAMESPACE, selector: { app: '3scale-kourier-gateway' } }, context);
  const lowered = [
    ...WORKLOADS.map((workload) => requests(workload, { cpu: '20m', memory: '50Mi' })), keepSingle(GATEWAY_NAMESPACE, '3scale-kourier-gateway'),
  ];
  return {
    sources: [...artifacts(version).map((artifact) => ({ artifact })), { objects: [service] }],
    patches: [...WORKLOADS.map(soonReady), IMPATIENT, ...(context.fit ? lowered : [])],
    waitFor: WORKLOADS.map(workloadRef),
  };
}

export const kourier: Addon = {
  id: 'kourier',
  title: 'Kourier ingress',
  summary: 'the small Envoy ingress for Knative; the default',
  component: 'knative',
  version: '1.23.0',
  needs: ['knative-serving'],
  wants: [],
  provides: ['knative-ingress'],
  conflicts: ['knative-ingress'],
  minKubernetes: '1.34.0',
  footprint: { cpuMilli: 400, memoryMi: 400 },
  fitFootprint: { cpuMilli: 40, memoryMi: 100 },
  ingress: { id: 'kourier', className: 'kourier.ingress.networking.knative.dev' },
  artifacts,
  install,
};
