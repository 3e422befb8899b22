// Knative Serving: scale-to-zero HTTP services. Facts: knative.dev install docs and the release manifests of 1.23.0.
import { type Patch, REGISTRY_PORTS, registryHost } from '../../model/plan.ts';
import type { Addon, AddonContext, AddonInstall } from '../addon.ts';
import { pinned } from '../release.ts';
import { endsSoon, keepSingle, requests, soonReady, type Workload, workloadRef } from '../workload.ts';

const NAMESPACE = 'knative-serving';
const RELEASES = 'https://github.com/knative/serving/releases/download';

const PINS = {
  [`${RELEASES}/knative-v1.23.0/serving-core.yaml`]: {
    sha256: 'be3f16c9c0ac9276cc173ef04871aaeac78537f9edb116310caa02f016e9cbc2', bytes: 521056,
  },
};

/** Registries whose tags are taken as they are: local names, and the home of our samples, so that an air-gapped node works. */
const REGISTRIES_WITHOUT_TAG_RESOLUTION = ['kind.local', 'ko.local', 'dev.local', ...REGISTRY_PORTS.map(registryHost), 'ghcr.io'];

const WORKLOADS: readonly Workload[] = ['activator', 'autoscaler', 'controller', 'webhook'].map((name) => (
  { kind: 'Deployment', namespace: NAMESPACE, name, container: name }
));

// serving-core.yaml repeats the CRDs of serving-crds.yaml, so one file is enough.
function artifacts(version: string) {
  return [pinned(`knative-serving-core-${version}`, `${RELEASES}/knative-v${version}/serving-core.yaml`, PINS)];
}

function configMap(name: string, data: { readonly [key: string]: string }, why: string): Patch {
  return { target: { kind: 'ConfigMap', name, namespace: NAMESPACE }, path: ['data'], value: data, why };
}

function patches(context: AddonContext): readonly Patch[] {
  const result: Patch[] = [
    configMap('config-domain', { [context.domain]: '' }, 'services get host names that lead to this machine'),
    configMap('config-deployment', { 'registries-skipping-tag-resolving': REGISTRIES_WITHOUT_TAG_RESOLUTION.join(',') },
      'local images are not looked up at a registry'),
  ];
  if (context.ingressClass !== undefined) {
    result.push(configMap('config-network', { 'ingress-class': context.ingressClass }, 'the default class is Istio, even where Istio is absent'));
  }
  result.push(...WORKLOADS.filter(({ name }) => name !== 'webhook').map(soonReady));
  result.push(...WORKLOADS.filter(({ name }) => name === 'activator' || name === 'webhook').map(endsSoon));
  if (context.fit) {
    result.push(...WORKLOADS.map((workload) => requests(workload, { cpu: '20m', memory: '50Mi' })));
    result.push(keepSingle(NAMESPACE, 'activator'), keepSingle(NAMESPACE, 'webhook'));
  }
  return result;
}

function install(context: AddonContext, version: string): AddonInstall {
  return {
    sources: artifacts(version).map((artifact) => ({ artifact })),
    patches: patches(context),
    waitFor: WORKLOADS.map(workloadRef),
    admits: {
      apiVersion: 'serving.knative.dev/v1', kind: 'Service', metadata: { name: 'devstack-admission-check', namespace: 'default' },
      spec: { template: { spec: { containers: [{ image: 'dev.local/devstack-admission-check:none' }] } } },
    },
  };
}

export const knativeServing: Addon = {
  id: 'knative-serving',
  aliases: ['serving'],
  title: 'Knative Serving',
  summary: 'HTTP services that scale with their requests, down to zero',
  component: 'knative',
  version: '1.23.0',
  needs: [],
  wants: ['knative-ingress'],
  provides: [],
  conflicts: [],
  // DefaultKubernetesMinVersion of the release: every controller exits on an older server.
  minKubernetes: '1.34.0',
  footprint: { cpuMilli: 600, memoryMi: 360 },
  fitFootprint: { cpuMilli: 80, memoryMi: 200 },
  artifacts,
  install,
};
