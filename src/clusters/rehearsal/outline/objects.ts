// Objects as an outline has them: names, kinds and places, without what only a program in a container would read.
import type { JsonObject } from '../../../model/json.ts';
import type { KubeObject } from '../../../model/object.ts';

export interface OutlineKind {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly plural: string;
  readonly shortNames?: readonly string[];
  readonly isClusterWide?: true;
  /** Fields of the status that `kubectl get` shows, by their titles; Ready and Reason come after them. */
  readonly columns?: { readonly [title: string]: string };
}

function columnsOf(columns: { readonly [title: string]: string }): readonly JsonObject[] {
  const ready = (field: string): string => `.status.conditions[?(@.type=='Ready')].${field}`;
  return Object.entries({ ...columns, Ready: ready('status'), Reason: ready('reason') }).map(([name, jsonPath]) => ({ name, type: 'string', jsonPath }));
}

/** Fields of its objects are taken as they come: the schema is in the file that is not here. */
export function definition({ group, version, kind, plural, shortNames, isClusterWide, columns }: OutlineKind): KubeObject {
  const schema = { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } };
  return {
    apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition', metadata: { name: `${plural}.${group}` },
    spec: {
      group, scope: isClusterWide === true ? 'Cluster' : 'Namespaced', names: { kind, plural, singular: kind.toLowerCase(), ...(shortNames === undefined ? {} : { shortNames }) },
      versions: [{ name: version, served: true, storage: true, subresources: { status: {} }, schema, ...(columns === undefined ? {} : { additionalPrinterColumns: columnsOf(columns) }) }],
    },
  };
}

export function namespace(name: string): KubeObject {
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name } };
}

export function configMap(place: string, name: string): KubeObject {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: place }, data: {} };
}

export interface OutlineWorkload {
  readonly namespace: string;
  readonly name: string;
  readonly container?: string;
  readonly image: string;
  readonly cpu: string;
  readonly memory: string;
}

/** Its pods carry `app: <name>`. */
export function deployment({ namespace: place, name, container = name, image, cpu, memory }: OutlineWorkload): KubeObject {
  const labels = { app: name };
  return {
    apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name, namespace: place, labels },
    spec: {
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers: [{ name: container, image, resources: { requests: { cpu, memory } }, readinessProbe: { httpGet: { path: '/', port: 8080 } } }] } },
    },
  };
}

export function service(place: string, name: string, spec: { readonly app: string; readonly ports: readonly JsonObject[]; readonly type?: string }): KubeObject {
  const { app, ports, type } = spec;
  return { apiVersion: 'v1', kind: 'Service', metadata: { name, namespace: place }, spec: { selector: { app }, ports, ...(type === undefined ? {} : { type }) } };
}

/** For `--fit`, which lowers what it may scale to. */
export function autoscaler(place: string, name: string): KubeObject {
  return {
    apiVersion: 'autoscaling/v2', kind: 'HorizontalPodAutoscaler', metadata: { name, namespace: place },
    spec: { scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name }, minReplicas: 1, maxReplicas: 5 },
  };
}

export interface OutlineWebhook {
  readonly name: string;
  readonly type: 'Mutating' | 'Validating';
  readonly service: { readonly namespace: string; readonly name: string };
  readonly groups: readonly string[];
  readonly resources: readonly string[];
}

export function webhook({ name, type, service: target, groups, resources }: OutlineWebhook): KubeObject {
  const operations = type === 'Mutating' ? ['CREATE', 'UPDATE'] : ['CREATE', 'UPDATE', 'DELETE'];
  return {
    apiVersion: 'admissionregistration.k8s.io/v1', kind: `${type}WebhookConfiguration`, metadata: { name },
    webhooks: [{
      name, admissionReviewVersions: ['v1'], sideEffects: 'None', failurePolicy: 'Fail', timeoutSeconds: 10, clientConfig: { service: target },
      rules: [{ apiGroups: groups, apiVersions: ['*'], operations, resources, scope: '*' }],
    }],
  };
}
