// MetalLB in layer 2: addresses of the nodes' own network for Services of type LoadBalancer.
import { preconditionError } from '../../model/error.ts';
import type { KubeObject } from '../../model/object.ts';
import type { Addon, AddonContext, AddonInstall } from '../addon.ts';
import { pinned } from '../release.ts';
import { inContainer, soonReady, type Workload, workloadRef } from '../workload.ts';
import { addressRange } from './address-range.ts';

const NAMESPACE = 'metallb-system';
const POOL = 'devstack';
const BASE = 'https://raw.githubusercontent.com/metallb/metallb';

const PINS = {
  [`${BASE}/v0.16.1/config/manifests/metallb-native.yaml`]: { sha256: 'bf25feebb7582ca7df845efd52ffbc2960d6cbf4cfc972f47fded9f788b67f0b', bytes: 88670 },
};

const CONTROLLER: Workload = { kind: 'Deployment', namespace: NAMESPACE, name: 'controller', container: 'controller' };
const SPEAKER: Workload = { kind: 'DaemonSet', namespace: NAMESPACE, name: 'speaker', container: 'speaker' };

function artifacts(version: string) {
  return [pinned(`metallb-native-${version}`, `${BASE}/v${version}/config/manifests/metallb-native.yaml`, PINS)];
}

function pool(name: string, range: string): KubeObject {
  return { apiVersion: 'metallb.io/v1beta1', kind: 'IPAddressPool', metadata: { name, namespace: NAMESPACE }, spec: { addresses: [range] } };
}

function rangeOf(context: AddonContext): string {
  const range = context.subnet === undefined ? undefined : addressRange(context.subnet);
  if (range !== undefined) return range;
  throw preconditionError({
    code: 'addresses-unknown',
    message: context.subnet === undefined ? 'the network of the nodes is not known yet, so MetalLB has no addresses to give' : `the nodes' network ${context.subnet} is too small to share with MetalLB`,
    hints: [{ text: 'make the cluster first, then add it', command: `devstack addon add metallb --name ${context.stack}` }],
  });
}

function install(context: AddonContext, version: string): AddonInstall {
  return {
    sources: artifacts(version).map((artifact) => ({ artifact })),
    patches: [
      soonReady(CONTROLLER), soonReady(SPEAKER),
      inContainer(SPEAKER, ['args'], { value: ['--ignore-exclude-lb'], mode: 'append', why: 'the only node of a small cluster carries the label that excludes it' }),
    ],
    waitFor: [CONTROLLER, SPEAKER].map(workloadRef),
    // 192.0.2.0/24 is for documentation: no network has it.
    admits: pool('devstack-admission-check', '192.0.2.1-192.0.2.1'),
    after: [
      pool(POOL, rangeOf(context)),
      { apiVersion: 'metallb.io/v1beta1', kind: 'L2Advertisement', metadata: { name: POOL, namespace: NAMESPACE }, spec: { ipAddressPools: [POOL] } },
    ],
  };
}

export const metallb: Addon = {
  id: 'metallb',
  title: 'MetalLB',
  summary: 'addresses for Services of type LoadBalancer; on macOS and Windows they are not reachable from the host',
  component: 'metallb',
  version: '0.16.1',
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
