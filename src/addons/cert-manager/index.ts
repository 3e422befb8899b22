// cert-manager: certificates as objects. The version is the one that Knative tests with.
import type { Addon, AddonInstall } from '../addon.ts';
import { pinned } from '../release.ts';
import { soonReady, type Workload, workloadRef } from '../workload.ts';

const NAMESPACE = 'cert-manager';
const KNATIVE = 'https://raw.githubusercontent.com/knative/serving/knative-v1.23.0/third_party/cert-manager-latest/cert-manager.yaml';
const RELEASES = 'https://github.com/cert-manager/cert-manager/releases/download';

const PINS = { [KNATIVE]: { sha256: 'b77844d683952ce529ea5f4ec249d32851a75a2819662ecc1d171ee218a51c56', bytes: 992845 } };

const workload = (name: string, container: string): Workload => ({ kind: 'Deployment', namespace: NAMESPACE, name, container });
const WEBHOOK = workload('cert-manager-webhook', 'cert-manager-webhook');
const WORKLOADS = [workload('cert-manager', 'cert-manager-controller'), workload('cert-manager-cainjector', 'cert-manager-cainjector'), WEBHOOK];

function artifacts(version: string) {
  return [pinned(`cert-manager-${version}`, version === '1.18.0' ? KNATIVE : `${RELEASES}/v${version}/cert-manager.yaml`, PINS)];
}

function install(_context: unknown, version: string): AddonInstall {
  return {
    sources: artifacts(version).map((artifact) => ({ artifact })),
    patches: [soonReady(WEBHOOK)],
    waitFor: WORKLOADS.map(workloadRef),
    // Its CA is injected after the webhook is ready, so only a call through the API server tells.
    admits: {
      apiVersion: 'cert-manager.io/v1', kind: 'Certificate', metadata: { name: 'devstack-admission-check', namespace: 'default' },
      spec: { secretName: 'devstack-admission-check', dnsNames: ['devstack.invalid'], issuerRef: { name: 'devstack-admission-check' } },
    },
  };
}

export const certManager: Addon = {
  id: 'cert-manager',
  title: 'cert-manager',
  summary: 'certificates as objects, for Knative with TLS and for your own',
  component: 'cert-manager',
  version: '1.18.0',
  needs: [],
  wants: [],
  provides: [],
  conflicts: [],
  // The manifest requests nothing.
  footprint: { cpuMilli: 0, memoryMi: 0 },
  fitFootprint: { cpuMilli: 0, memoryMi: 0 },
  artifacts,
  install,
};
