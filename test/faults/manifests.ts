// Stand-ins for upstream's manifests: few objects, of every kind that matters to the order of things, with the names that addons wait for.
import type { KubeObject } from '../../src/model/object.ts';

const plural = (kind: string): string => `${kind.toLowerCase()}s`;

function definition(group: string, kind: string): KubeObject {
  return {
    apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition', metadata: { name: `${plural(kind)}.${group}` },
    spec: {
      group, scope: 'Namespaced', names: { kind, plural: plural(kind), singular: kind.toLowerCase() },
      versions: [{ name: 'v1', served: true, storage: true, subresources: { status: {} }, schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } } }],
    },
  };
}

function workload(kind: 'Deployment' | 'StatefulSet', namespace: string, name: string): KubeObject {
  return {
    apiVersion: 'apps/v1', kind, metadata: { name, namespace },
    spec: {
      selector: { matchLabels: { app: name } }, ...(kind === 'StatefulSet' ? { serviceName: name } : {}),
      template: { metadata: { labels: { app: name } }, spec: { containers: [{ name: 'main', image: `gcr.io/test/${name}:1` }] } },
    },
  };
}

const namespace = (name: string): KubeObject => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
const account = (place: string): KubeObject => ({ apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'controller', namespace: place } });
const config = (place: string, name: string): KubeObject => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: place }, data: { of: name } });
const role = (name: string): KubeObject => ({ apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole', metadata: { name }, rules: [] });
const deployments = (place: string, ...names: readonly string[]): readonly KubeObject[] => names.map((name) => workload('Deployment', place, name));

const FILES: { readonly [name: string]: readonly KubeObject[] } = {
  'knative-serving-core': [
    namespace('knative-serving'), definition('serving.knative.dev', 'Service'), definition('serving.knative.dev', 'Revision'), account('knative-serving'), role('knative-serving-core'),
    config('knative-serving', 'config-domain'), config('knative-serving', 'config-network'), ...deployments('knative-serving', 'activator', 'autoscaler', 'controller', 'webhook'),
  ],
  kourier: [namespace('kourier-system'), config('kourier-system', 'kourier-bootstrap'), ...deployments('knative-serving', 'net-kourier-controller'), ...deployments('kourier-system', '3scale-kourier-gateway')],
  'knative-eventing-core': [
    namespace('knative-eventing'), definition('eventing.knative.dev', 'Broker'), account('knative-eventing'), role('knative-eventing-core'),
    ...deployments('knative-eventing', 'eventing-controller', 'eventing-webhook', 'job-sink'), workload('StatefulSet', 'knative-eventing', 'request-reply'),
  ],
  'knative-in-memory-channel': deployments('knative-eventing', 'imc-controller', 'imc-dispatcher'),
  'knative-mt-channel-broker': deployments('knative-eventing', 'mt-broker-controller', 'mt-broker-filter', 'mt-broker-ingress'),
};

/** Objects of a pinned file, by the name of its pin without the version. */
export function objectsIn(artifact: string): readonly KubeObject[] {
  const found = FILES[artifact.replace(/-\d[\d.]*$/, '')];
  if (found === undefined) throw new Error(`no stand-in for ${artifact}`);
  return found;
}
