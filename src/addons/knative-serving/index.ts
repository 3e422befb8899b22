// Knative Serving: scale-to-zero HTTP services. Facts: knative.dev install docs and the release manifests of 1.23.0.
import type { Addon, AddonContext, AddonInstall } from '../addon.ts';
import type { Patch, PathPart } from '../../model/plan.ts';
import type { Json } from '../../model/json.ts';

const VERSION = '1.23.0';
const NAMESPACE = 'knative-serving';
const RELEASES = 'https://github.com/knative/serving/releases/download';

/** sha256 and size of the release files that are known; another version is pinned on its first use. */
const PINS: { readonly [url: string]: { readonly sha256: string; readonly bytes: number } } = {
  [`${RELEASES}/knative-v1.23.0/serving-core.yaml`]: {
    sha256: 'be3f16c9c0ac9276cc173ef04871aaeac78537f9edb116310caa02f016e9cbc2', bytes: 521056,
  },
};

/** Registries whose tags are taken as they are: local names, and the home of our samples, so that an air-gapped node works. */
const REGISTRIES_WITHOUT_TAG_RESOLUTION = ['kind.local', 'ko.local', 'dev.local', 'localhost:5001', 'ghcr.io'];

const DEPLOYMENTS = ['activator', 'autoscaler', 'controller', 'webhook'] as const;

function artifacts(version: string) {
  const url = `${RELEASES}/knative-v${version}/serving-core.yaml`;
  // serving-core.yaml repeats the CRDs of serving-crds.yaml, so one file is enough.
  return [{ name: `knative-serving-core-${version}`, url, ...PINS[url] }];
}

function configMap(name: string, data: { readonly [key: string]: string }, why: string): Patch {
  return { target: { kind: 'ConfigMap', name, namespace: NAMESPACE }, path: ['data'], value: data, why };
}

function inContainer(deployment: string, container: string, rest: readonly PathPart[], value: Json, why: string): Patch {
  return {
    target: { kind: 'Deployment', name: deployment, namespace: NAMESPACE },
    path: ['spec', 'template', 'spec', 'containers', { name: container }, ...rest], value, why,
  };
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
  for (const name of ['activator', 'autoscaler', 'controller'] as const) {
    result.push(inContainer(name, name, ['readinessProbe'], { periodSeconds: 1 }, 'ready is seen within a second instead of five to ten'));
  }
  if (context.fit) {
    for (const name of DEPLOYMENTS) {
      result.push(inContainer(name, name, ['resources', 'requests'], { cpu: '20m', memory: '50Mi' }, '--fit: requests lowered to fit a small node'));
    }
  }
  return result;
}

function install(context: AddonContext, version: string): AddonInstall {
  return {
    sources: artifacts(version).map((artifact) => ({ artifact })),
    patches: patches(context),
    waitFor: DEPLOYMENTS.map((name) => ({ apiVersion: 'apps/v1', kind: 'Deployment', namespace: NAMESPACE, name })),
    admits: {
      apiVersion: 'serving.knative.dev/v1', kind: 'Service', metadata: { name: 'devstack-admission-check', namespace: 'default' },
      spec: { template: { spec: { containers: [{ image: 'dev.local/devstack-admission-check:none' }] } } },
    },
  };
}

export const knativeServing: Addon = {
  id: 'knative-serving',
  title: 'Knative Serving',
  component: 'knative',
  version: VERSION,
  needs: [],
  wants: ['knative-ingress'],
  provides: ['knative-serving'],
  conflicts: [],
  // DefaultKubernetesMinVersion of the release: every controller exits on an older server.
  minKubernetes: '1.34.0',
  footprint: { cpuMilli: 600, memoryMi: 360 },
  fitFootprint: { cpuMilli: 80, memoryMi: 200 },
  artifacts,
  install,
};
