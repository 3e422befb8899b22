// The CRDs of the Gateway API: one set for the whole cluster. `1.6.1` is the standard channel, `1.4.1-experimental` what Knative is tested with.
import type { KubeObject, ObjectRef } from '../../model/object.ts';
import type { Addon, AddonInstall } from '../addon.ts';
import { pinned } from '../release.ts';

const RELEASES = 'https://github.com/kubernetes-sigs/gateway-api/releases/download';
const KNATIVE = 'https://raw.githubusercontent.com/knative/serving/knative-v1.23.0/third_party/gateway-api-latest/gateway-api.yaml';

// No sum of the published 1.6.1 is established, so it is pinned on its first use.
const PINS = { [KNATIVE]: { sha256: '89206a854f5846d928760faa1e48b916eb023d44b60ff179065d20736d14a275', bytes: 1213216 } };

const EXPERIMENTAL = '-experimental';
const GATEWAYS: ObjectRef = { apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition', name: 'gateways.gateway.networking.k8s.io' };

/** Every bundle says on its CRDs which it is. */
function versionOf(object: KubeObject): string | undefined {
  const { annotations } = object.metadata;
  const version = annotations?.['gateway.networking.k8s.io/bundle-version']?.replace(/^v/, '');
  return version === undefined || annotations?.['gateway.networking.k8s.io/channel'] !== 'experimental' ? version : version + EXPERIMENTAL;
}

/** Those that every implementation of the last years has. */
const CORE = ['gatewayclasses', 'gateways', 'httproutes', 'referencegrants'] as const;

function addressOf(version: string): string {
  if (version === '1.4.1-experimental') return KNATIVE;
  return version.endsWith(EXPERIMENTAL)
    ? `${RELEASES}/v${version.slice(0, -EXPERIMENTAL.length)}/experimental-install.yaml`
    : `${RELEASES}/v${version}/standard-install.yaml`;
}

function artifacts(version: string) {
  return [pinned(`gateway-api-${version}`, addressOf(version), PINS)];
}

function install(_context: unknown, version: string): AddonInstall {
  return {
    sources: artifacts(version).map((artifact) => ({ artifact })),
    patches: [],
    waitFor: CORE.map((plural): ObjectRef => ({
      apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition', name: `${plural}.gateway.networking.k8s.io`,
    })),
  };
}

export const gatewayApi: Addon = {
  id: 'gateway-api',
  title: 'Gateway API',
  summary: 'the kinds Gateway, HTTPRoute and so on; something else must implement them',
  component: 'gateway-api',
  version: '1.6.1',
  needs: [],
  wants: [],
  provides: [],
  conflicts: [],
  // For ValidatingAdmissionPolicy, which the standard bundle brings.
  minKubernetes: '1.30.0',
  footprint: { cpuMilli: 0, memoryMi: 0 },
  fitFootprint: { cpuMilli: 0, memoryMi: 0 },
  found: { ref: GATEWAYS, versionOf },
  artifacts,
  install,
};
