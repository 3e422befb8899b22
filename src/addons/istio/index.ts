// Istio without sidecars, sized for a laptop: istiod and one ingress gateway, from the rendering that net-istio ships.
import type { Addon, AddonContext, AddonInstall } from '../addon.ts';
import { pinned } from '../release.ts';
import { keepSingle, requests, soonReady, type Workload, workloadRef } from '../workload.ts';

const NAMESPACE = 'istio-system';
const VERSION = '1.29.2';
/** The release's own `istio.yaml` is made for CI: three gateways of one CPU each. The `kind` rendering is not among its assets. */
const URL = 'https://raw.githubusercontent.com/knative-extensions/net-istio/knative-v1.22.0/third_party/istio-latest/istio-kind-no-mesh/istio.yaml';

const PINS = { [URL]: { sha256: 'd71257e41d37f97493f75994c1f8a6e9dfdd1f8e75a6b29fe6807b62989ccdad', bytes: 955580 } };

const ISTIOD: Workload = { kind: 'Deployment', namespace: NAMESPACE, name: 'istiod', container: 'discovery' };
const GATEWAY: Workload = { kind: 'Deployment', namespace: NAMESPACE, name: 'istio-ingressgateway', container: 'istio-proxy' };

function artifacts(version: string) {
  return [pinned(`istio-${version}`, URL, PINS)];
}

function install(context: AddonContext, version: string): AddonInstall {
  const sized = context.fit
    ? [requests(ISTIOD, { cpu: '50m', memory: '128Mi' }), requests(GATEWAY, { cpu: '20m', memory: '64Mi' }), keepSingle(NAMESPACE, 'istiod')]
    // https://github.com/istio/istio/issues/27974: what does not fit shows as a timeout
    : [requests(ISTIOD, { cpu: '100m', memory: '512Mi' }, 'the manifest asks for 500m and 2 GiB, which few laptops have to give')];
  return {
    sources: artifacts(version).map((artifact) => ({ artifact })),
    patches: [...sized, soonReady(ISTIOD), soonReady(GATEWAY)],
    waitFor: [ISTIOD, GATEWAY].map(workloadRef),
  };
}

export const istio: Addon = {
  id: 'istio',
  title: 'Istio',
  summary: 'service mesh and gateway; sidecars only in namespaces labelled istio-injection=enabled',
  component: 'istio',
  version: VERSION,
  otherVersions: [],
  needs: [],
  wants: [],
  follows: ['gateway-api'],
  provides: [],
  conflicts: [],
  footprint: { cpuMilli: 200, memoryMi: 768 },
  fitFootprint: { cpuMilli: 70, memoryMi: 192 },
  artifacts,
  install,
};
