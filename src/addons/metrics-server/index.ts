// metrics-server: CPU and memory of nodes and pods, for `kubectl top` and for every HorizontalPodAutoscaler.
import type { Addon, AddonContext, AddonInstall } from '../addon.ts';
import { pinned } from '../release.ts';
import { inContainer, requests, soonReady, type Workload, workloadRef } from '../workload.ts';

const RELEASES = 'https://github.com/kubernetes-sigs/metrics-server/releases/download';

const SERVER: Workload = { kind: 'Deployment', namespace: 'kube-system', name: 'metrics-server', container: 'metrics-server' };

// No sum of the published file is established, so it is pinned on its first use.
function artifacts(version: string) {
  return [pinned(`metrics-server-${version}`, `${RELEASES}/v${version}/components.yaml`, {})];
}

function install(context: AddonContext, version: string): AddonInstall {
  const insecure = inContainer(SERVER, ['args'], {
    value: ['--kubelet-insecure-tls'], mode: 'append',
    // https://github.com/kubernetes-sigs/metrics-server/issues/1025
    why: 'kubelets of local clusters sign their own certificates',
  });
  return {
    sources: artifacts(version).map((artifact) => ({ artifact })),
    patches: [insecure, soonReady(SERVER), ...(context.fit ? [requests(SERVER, { cpu: '20m', memory: '50Mi' })] : [])],
    // The APIService is available only when the server answers through the API server.
    waitFor: [workloadRef(SERVER), { apiVersion: 'apiregistration.k8s.io/v1', kind: 'APIService', name: 'v1beta1.metrics.k8s.io' }],
  };
}

export const metricsServer: Addon = {
  id: 'metrics-server',
  aliases: ['metrics'],
  title: 'metrics-server',
  summary: 'CPU and memory of nodes and pods: kubectl top, HorizontalPodAutoscaler',
  component: 'metrics-server',
  version: '0.9.0',
  needs: [],
  wants: [],
  provides: ['metrics'],
  conflicts: [],
  minKubernetes: '1.34.0',
  footprint: { cpuMilli: 100, memoryMi: 200 },
  fitFootprint: { cpuMilli: 20, memoryMi: 50 },
  artifacts,
  install,
};
