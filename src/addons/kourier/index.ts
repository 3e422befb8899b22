// Kourier: the small Envoy ingress for Knative, and the default one.
import type { KubeObject } from '../../model/object.ts';
import type { Json } from '../../model/json.ts';
import type { Patch, PathPart } from '../../model/plan.ts';
import { type Addon, type AddonContext, type AddonInstall, deployment } from '../addon.ts';

const VERSION = '1.23.0';
const RELEASES = 'https://github.com/knative-extensions/net-kourier/releases/download';
const GATEWAY_NAMESPACE = 'kourier-system';

const PINS: { readonly [url: string]: { readonly sha256: string; readonly bytes: number } } = {
  [`${RELEASES}/knative-v1.23.0/kourier.yaml`]: {
    sha256: 'cded0c3c1d7669b1aa9f7484234b454ff3940a2b54a27d5ec4825c2d4003d01d', bytes: 25361,
  },
};

function artifacts(version: string) {
  const url = `${RELEASES}/knative-v${version}/kourier.yaml`;
  return [{ name: `kourier-${version}`, url, ...PINS[url] }];
}

/** The way in from the host port: no LoadBalancer exists on a local cluster. */
function ingressService(nodePort: number): KubeObject {
  return {
    apiVersion: 'v1', kind: 'Service', metadata: { name: 'devstack-ingress', namespace: GATEWAY_NAMESPACE },
    spec: {
      type: 'NodePort', selector: { app: '3scale-kourier-gateway' },
      ports: [{ name: 'http2', port: 80, targetPort: 8080, nodePort }],
    },
  };
}

function inGateway(rest: readonly PathPart[], value: Json, why: string): Patch {
  return {
    target: { kind: 'Deployment', name: '3scale-kourier-gateway', namespace: GATEWAY_NAMESPACE },
    path: ['spec', 'template', 'spec', 'containers', { name: 'kourier-gateway' }, ...rest], value, why,
  };
}

function inController(rest: readonly PathPart[], value: Json, why: string): Patch {
  return {
    target: { kind: 'Deployment', name: 'net-kourier-controller', namespace: 'knative-serving' },
    path: ['spec', 'template', 'spec', 'containers', { name: 'controller' }, ...rest], value, why,
  };
}

function patches(context: AddonContext): readonly Patch[] {
  const soon = 'ready is seen within a second; the manifest waits ten before it first asks';
  const result = [
    inGateway(['readinessProbe'], { initialDelaySeconds: 0, periodSeconds: 1 }, soon),
    inController(['readinessProbe'], { periodSeconds: 1 }, soon),
  ];
  if (context.fit) {
    const why = '--fit: requests lowered to fit a small node';
    result.push(inGateway(['resources', 'requests'], { cpu: '20m', memory: '50Mi' }, why));
    result.push(inController(['resources', 'requests'], { cpu: '20m', memory: '50Mi' }, why));
  }
  return result;
}

function install(context: AddonContext, version: string): AddonInstall {
  return {
    sources: [
      ...artifacts(version).map((artifact) => ({ artifact })),
      { objects: [ingressService(context.ingressNodePort)] },
    ],
    patches: patches(context),
    waitFor: [deployment('knative-serving', 'net-kourier-controller'), deployment(GATEWAY_NAMESPACE, '3scale-kourier-gateway')],
  };
}

export const kourier: Addon = {
  id: 'kourier',
  title: 'Kourier ingress',
  component: 'knative',
  version: VERSION,
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
