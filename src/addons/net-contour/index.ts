// net-contour: Knative's ingress by Contour.
import type { Addon, AddonContext, AddonInstall } from '../addon.ts';
import { pinned } from '../release.ts';
import { ingressService, requests, type Workload, workloadRef } from '../workload.ts';

const RELEASES = 'https://github.com/knative-extensions/net-contour/releases/download';

const PINS = {
  [`${RELEASES}/knative-v1.23.0/net-contour.yaml`]: { sha256: 'c21f175d00d7334ea18fd13ac2550d79173bcce3ec900efe8d5d953f7f1ffbf8', bytes: 6048 },
};

const CONTROLLER: Workload = { kind: 'Deployment', namespace: 'knative-serving', name: 'net-contour-controller', container: 'controller' };

function artifacts(version: string) {
  return [pinned(`net-contour-${version}`, `${RELEASES}/knative-v${version}/net-contour.yaml`, PINS)];
}

function install(context: AddonContext, version: string): AddonInstall {
  const service = ingressService({ namespace: 'contour-external', selector: { app: 'envoy' } }, context);
  return {
    sources: [...artifacts(version).map((artifact) => ({ artifact })), { objects: [service] }],
    patches: context.fit ? [requests(CONTROLLER, { cpu: '10m', memory: '40Mi' })] : [],
    waitFor: [workloadRef(CONTROLLER)],
  };
}

export const netContour: Addon = {
  id: 'net-contour',
  title: 'Contour ingress for Knative',
  summary: 'Knative services answer through Contour',
  component: 'knative',
  version: '1.23.0',
  needs: ['knative-serving', 'contour'],
  wants: [],
  provides: ['knative-ingress'],
  conflicts: ['knative-ingress'],
  minKubernetes: '1.34.0',
  footprint: { cpuMilli: 40, memoryMi: 40 },
  fitFootprint: { cpuMilli: 10, memoryMi: 40 },
  ingress: { id: 'contour', className: 'contour.ingress.networking.knative.dev' },
  artifacts,
  install,
};
