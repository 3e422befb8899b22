// What `deploy` does: build, load, apply, wait, prove. Pure.
import { findAddon } from '../addons/index.ts';
import { EXPOSE } from '../clusters/provider.ts';
import { preconditionError } from '../model/error.ts';
import { groupOf, type KubeObject, type ObjectRef, refOf } from '../model/object.ts';
import { type ClusterPlan, type Endpoint, type ImageBuild, INGRESS_NODE_PORT, type Plan, type Step } from '../model/plan.ts';
import { endpointOf } from './domain.ts';

/** Milliseconds. */
const TIMEOUT = { build: 900_000, images: 300_000, remove: 120_000, apply: 180_000, wait: 300_000, probe: 60_000 } as const;

export type DeployKind = 'knative' | 'deployment';

export interface DeployWish {
  readonly name: string;
  readonly namespace: string;
  readonly kind: DeployKind;
  readonly builds: readonly ImageBuild[];
  /** Images that are used as they are; those that the engine has go into the nodes. */
  readonly images: readonly string[];
  /** As they are to be, but for the way in from outside. */
  readonly objects: readonly KubeObject[];
  readonly probe: { readonly path: string; readonly expectStatus: number; readonly expectBody?: string };
}

export interface DeployFacts {
  readonly stack: string;
  readonly cluster: ClusterPlan;
  /** Host port that leads to the ingress. */
  readonly port: number | undefined;
  readonly domain: string;
  readonly resolves: boolean;
  /** Addons that are installed. */
  readonly addons: readonly string[];
  readonly canLoadImages: boolean;
  /** What is built goes to the registry of the stack, instead of into its nodes. */
  readonly hasRegistry: boolean;
  /** What the app is made of now, when it is there. */
  readonly before: readonly ObjectRef[];
}

/** Inventory part of an app. */
export function appPart(name: string): string {
  return `app-${name}`;
}

/** Throws `addon-missing` when the stack lacks what the objects need. */
export function planDeploy(wish: DeployWish, facts: DeployFacts): Plan {
  requireAddons(wish, facts);
  const exposure = expose(wish, facts);
  const lane = wish.name;
  const steps: Step[] = wish.builds.map((build): Step => ({
    kind: 'build', id: `build:${build.image}`, title: `Build ${build.image}`, lane, needs: [], build, timeoutMs: TIMEOUT.build, why: `from ${build.folder}`,
  }));
  const made = wish.builds.map(({ image }) => image);
  const needs = steps.map(({ id }) => id);
  if (facts.hasRegistry && made.length > 0) {
    steps.push({ kind: 'push', id: 'push', title: 'Push it to the registry', lane, needs, images: made, timeoutMs: TIMEOUT.images, why: 'only layers that are not there move' });
  }
  const images = facts.hasRegistry ? wish.images : [...made, ...wish.images];
  if (facts.canLoadImages && images.length > 0) {
    steps.push({ kind: 'images', id: 'images', title: 'Put it into the nodes', lane, needs, cluster: facts.cluster, images, timeoutMs: TIMEOUT.images, why: 'nodes that have it are left alone' });
  }
  const part = appPart(wish.name);
  if (changesKind(exposure.objects, facts.before)) {
    steps.push({
      kind: 'remove', id: 'remove', title: `Remove ${wish.name} as it was`, lane, needs: steps.map(({ id }) => id), stack: facts.stack, part, destructive: true, timeoutMs: TIMEOUT.remove,
      why: `it was something else than a ${wish.kind === 'knative' ? 'Knative service' : 'Deployment'}, and both would have one name`,
    });
  }
  steps.push(
    { kind: 'apply', id: 'apply', title: `Apply ${wish.name}`, lane, needs: steps.map(({ id }) => id), part, sources: [{ objects: exposure.objects }], patches: [], imageRules: [], timeoutMs: TIMEOUT.apply },
    { kind: 'wait', id: 'wait', title: `Wait for ${wish.name}`, lane, needs: ['apply'], refs: exposure.objects.map(refOf).filter(tells), timeoutMs: TIMEOUT.wait },
  );
  const { endpoint } = exposure;
  if (endpoint !== undefined) {
    const { path: _path, ...expected } = wish.probe;
    steps.push({ kind: 'probe', id: 'probe', title: `Ask ${wish.name}`, lane, needs: ['wait'], endpoint, ...expected, timeoutMs: TIMEOUT.probe, why: 'ready means answered' });
  }
  return { schema: 1, stack: facts.stack, steps, notes: exposure.notes, endpoints: endpoint === undefined ? [] : [endpoint] };
}

/** It is there, but as nothing that it will be. */
function changesKind(objects: readonly KubeObject[], before: readonly ObjectRef[]): boolean {
  const kindOf = ({ kind, apiVersion }: ObjectRef | KubeObject) => `${kind}/${groupOf(apiVersion)}`;
  const wanted = objects.filter(isWorkload).map(kindOf);
  return before.length > 0 && !before.some((ref) => wanted.includes(kindOf(ref)));
}

const WORKLOADS = ['Service/serving.knative.dev', 'Deployment/apps', 'StatefulSet/apps', 'DaemonSet/apps'];

function isWorkload({ kind, apiVersion }: ObjectRef | KubeObject): boolean {
  return WORKLOADS.includes(`${kind}/${groupOf(apiVersion)}`);
}

/** An autoscaler without metrics and a claim that waits for its first pod do not say that an app is not ready. */
function tells({ kind }: ObjectRef): boolean {
  return kind !== 'HorizontalPodAutoscaler' && kind !== 'PersistentVolumeClaim';
}

/** The addon that brings each group of kinds. */
const ADDON_OF_GROUP: { readonly [group: string]: string } = {
  'serving.knative.dev': 'knative-serving', 'eventing.knative.dev': 'knative-eventing', 'messaging.knative.dev': 'knative-eventing',
  'flows.knative.dev': 'knative-eventing', 'sources.knative.dev': 'knative-eventing', 'sinks.knative.dev': 'knative-eventing',
};

function requireAddons({ name, objects }: DeployWish, { stack, addons }: DeployFacts): void {
  const missing = objects.flatMap(({ apiVersion }) => ADDON_OF_GROUP[groupOf(apiVersion)] ?? []).find((addon) => !addons.includes(addon));
  if (missing === undefined) return;
  const title = findAddon(missing)?.title ?? missing;
  throw preconditionError({
    code: 'addon-missing', message: `${name} needs ${title}, which stack ${stack} does not have`,
    hints: [
      { text: 'add it', command: `devstack addon add ${missing} --name ${stack}` },
      ...(missing === 'knative-serving' ? [{ text: 'or run it as a Deployment', command: 'devstack deploy --as deployment' }] : []),
    ],
  });
}

interface Exposure {
  readonly objects: readonly KubeObject[];
  readonly endpoint: Endpoint | undefined;
  readonly notes: readonly string[];
}

/** The way in from outside: a Knative service has one; a plain Service is mapped to a host name, or gets the port of the stack. */
function expose(wish: DeployWish, facts: DeployFacts): Exposure {
  const { name, namespace, objects, probe } = wish;
  const { port, domain, resolves } = facts;
  const autoscaler = objects.some(({ kind }) => kind === 'HorizontalPodAutoscaler') && !facts.addons.includes('metrics-server')
    ? [`its autoscaler sees no load until metrics are there: devstack addon add metrics-server --name ${facts.stack}`] : [];
  if (port === undefined) return { objects, endpoint: undefined, notes: [...autoscaler, 'the stack has no port on this machine, so nothing is asked'] };
  const host = `${name}.${namespace}.${domain}`;
  const viaIngress = endpointOf({ name, host, port, path: probe.path, resolves });
  if (wish.kind === 'knative') return { objects, endpoint: viaIngress, notes: autoscaler };
  if (!objects.some((object) => isPlainService(object, name))) return { objects, endpoint: undefined, notes: [...autoscaler, `its manifest has no Service called ${name}, so nothing is asked`] };
  if (facts.addons.includes('knative-serving')) {
    return { objects: [...objects, ...domainMapping(wish, host)], endpoint: viaIngress, notes: autoscaler };
  }
  const objectsWithPort = objects.map((object) => (isPlainService(object, name) ? withWayIn(object, facts.cluster, port) : object));
  const endpoint = endpointOf({ name, host: 'localhost', port, path: probe.path, resolves: true });
  return { objects: objectsWithPort, endpoint, notes: [...autoscaler, `the stack has no ingress, so its port ${port} leads to ${name} and to no other app`] };
}

function isPlainService({ apiVersion, kind, metadata }: KubeObject, name: string): boolean {
  return apiVersion === 'v1' && kind === 'Service' && metadata.name === name;
}

/** Knative's ingress also serves Services that are not Knative's: a mapping of a host name, and the claim to that name. */
function domainMapping({ name, namespace }: DeployWish, host: string): readonly KubeObject[] {
  return [
    { apiVersion: 'networking.internal.knative.dev/v1alpha1', kind: 'ClusterDomainClaim', metadata: { name: host }, spec: { namespace } },
    { apiVersion: 'serving.knative.dev/v1beta1', kind: 'DomainMapping', metadata: { name: host, namespace }, spec: { ref: { apiVersion: 'v1', kind: 'Service', name } } },
  ];
}

interface ServicePort {
  readonly name?: string;
  readonly port?: number;
  readonly targetPort?: number | string;
}

/** The node port that the host port leads to; or a load balancer that listens on the host port besides. */
function withWayIn(service: KubeObject, { settings }: ClusterPlan, hostPort: number): KubeObject {
  const spec = service['spec'] as { readonly ports?: readonly ServicePort[] };
  const [first, ...others] = spec.ports ?? [];
  if (settings[EXPOSE.setting] === EXPOSE.loadBalancer) {
    const own = { name: 'devstack', port: hostPort, targetPort: first?.targetPort ?? first?.port };
    return { ...service, spec: { ...spec, type: 'LoadBalancer', ports: [{ name: 'http', ...first }, ...others, own] } };
  }
  return { ...service, spec: { ...spec, type: 'NodePort', ports: [{ ...first, nodePort: INGRESS_NODE_PORT }, ...others] } };
}
