// Contour as net-contour wants it: two of them, one for requests from outside and one for those within the cluster.
import type { Patch } from '../../model/plan.ts';
import type { Addon, AddonContext, AddonInstall } from '../addon.ts';
import { pinned } from '../release.ts';
import { endsSoon, requests, soonReady, type Workload, workloadRef } from '../workload.ts';

const VERSION = '1.33.5';
const URL = 'https://raw.githubusercontent.com/knative/serving/knative-v1.23.0/third_party/contour-latest/contour.yaml';
const PINS = { [URL]: { sha256: '48eb390b12f868604bcfe4246beab9062519a6bc2bfe4e15942375530768625e', bytes: 596060 } };

const NAMESPACES = ['contour-external', 'contour-internal'] as const;
const CERTGEN = 'contour-certgen-v1-33-5';

const contourIn = (namespace: string): Workload => ({ kind: 'Deployment', namespace, name: 'contour', container: 'contour' });
const envoyIn = (namespace: string): Workload => ({ kind: 'DaemonSet', namespace, name: 'envoy', container: 'envoy' });

function artifacts(version: string) {
  return [pinned(`contour-${version}`, URL, PINS)];
}

function single(namespace: string): Patch {
  return { target: { kind: 'Deployment', namespace, name: 'contour' }, path: ['spec', 'replicas'], value: 1, why: 'one replica is enough where there is one machine' };
}

function lowered(namespace: string): readonly Patch[] {
  const envoy = envoyIn(namespace);
  return [requests(envoy, { cpu: '20m', memory: '50Mi' }), requests({ ...envoy, container: 'shutdown-manager' }, { cpu: '10m', memory: '10Mi' })];
}

function install(context: AddonContext, version: string): AddonInstall {
  return {
    sources: artifacts(version).map((artifact) => ({ artifact })),
    patches: NAMESPACES.flatMap((namespace) => [
      single(namespace), soonReady(contourIn(namespace)), soonReady(envoyIn(namespace)), endsSoon(envoyIn(namespace)), ...(context.fit ? lowered(namespace) : []),
    ]),
    waitFor: NAMESPACES.flatMap((namespace) => [
      { apiVersion: 'batch/v1', kind: 'Job', namespace, name: CERTGEN }, workloadRef(contourIn(namespace)), workloadRef(envoyIn(namespace)),
    ]),
  };
}

export const contour: Addon = {
  id: 'contour',
  title: 'Contour',
  summary: 'Envoy ingress controller, once for outside and once for inside',
  component: 'contour',
  version: VERSION,
  otherVersions: [],
  needs: [],
  wants: [],
  provides: [],
  conflicts: [],
  // Upstream's table says 1.32 to 1.34; newer ones work in practice.
  minKubernetes: '1.32.0',
  footprint: { cpuMilli: 0, memoryMi: 0 },
  fitFootprint: { cpuMilli: 0, memoryMi: 0 },
  perNode: { footprint: { cpuMilli: 480, memoryMi: 480 }, fitFootprint: { cpuMilli: 60, memoryMi: 120 } },
  artifacts,
  install,
};
