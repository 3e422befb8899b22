// Knative's HPA class: revisions that scale by CPU or memory, with the autoscaler that Kubernetes has.
import type { Addon, AddonContext, AddonInstall } from '../addon.ts';
import { pinned } from '../release.ts';
import { requests, soonReady, type Workload, workloadRef } from '../workload.ts';

const RELEASES = 'https://github.com/knative/serving/releases/download';

const PINS = {
  [`${RELEASES}/knative-v1.23.0/serving-hpa.yaml`]: { sha256: '07d412839ff834de8a14903d51175383d8f3f1d682805325840493f165eef53b', bytes: 3824 },
};

const AUTOSCALER: Workload = { kind: 'Deployment', namespace: 'knative-serving', name: 'autoscaler-hpa', container: 'autoscaler-hpa' };

function artifacts(version: string) {
  return [pinned(`knative-serving-hpa-${version}`, `${RELEASES}/knative-v${version}/serving-hpa.yaml`, PINS)];
}

function install(context: AddonContext, version: string): AddonInstall {
  return {
    sources: artifacts(version).map((artifact) => ({ artifact })),
    patches: [soonReady(AUTOSCALER), ...(context.fit ? [requests(AUTOSCALER, { cpu: '10m', memory: '40Mi' })] : [])],
    waitFor: [workloadRef(AUTOSCALER)],
  };
}

export const knativeHpa: Addon = {
  id: 'knative-hpa',
  aliases: ['hpa'],
  title: 'Knative HPA class',
  summary: 'Knative services that scale by CPU or memory (autoscaling.knative.dev/class: hpa.autoscaling.knative.dev)',
  component: 'knative',
  version: '1.23.0',
  needs: ['knative-serving'],
  wants: ['metrics'],
  provides: [],
  conflicts: [],
  minKubernetes: '1.34.0',
  footprint: { cpuMilli: 30, memoryMi: 40 },
  fitFootprint: { cpuMilli: 10, memoryMi: 40 },
  artifacts,
  install,
};
