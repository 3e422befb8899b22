// Knative's Route and its ingress: which revision gets which share, under which name, once somebody carries it.
import type { Json, JsonObject } from '../../../../model/json.ts';
import { stringAt } from '../../../../model/object.ts';
import { childOf, equal, objectAt, objectsAt } from '../../server/json.ts';
import { type Api, isDeleting, ownedBy, type Ref, refOf } from '../api.ts';
import { isTrue } from '../conditions.ts';
import { type Controller, controllerOf, type World } from '../controller.ts';
import { durationOf, type Pace } from '../pace.ts';
import { numberAt } from '../workloads/pods.ts';
import { type Living, mirror, setLiving } from './living.ts';
import { CONFIGURATIONS, onSettings, REVISIONS, ROUTES } from './service.ts';
import { domainOf, INGRESS_CLASSES, ingressClassOf, isServingThere, runs } from './settings.ts';

export const INGRESSES = 'ingresses.networking.internal.knative.dev';
const ROUTE_FINALIZER = 'routes.serving.knative.dev';
const INGRESS_FINALIZER = 'ingresses.networking.internal.knative.dev';

export interface Split {
  readonly revision: string;
  readonly percent: number;
  readonly tag: string | undefined;
  readonly latest: boolean;
}

interface Assignment {
  readonly condition: Living;
  readonly splits: readonly Split[];
}

const failed = (reason: string, message: string, status: 'False' | 'Unknown' = 'False'): Assignment => ({ condition: { type: 'AllTrafficAssigned', status, reason, message }, splits: [] });

function assign(api: Api, route: JsonObject): Assignment {
  const namespace = stringAt(route, 'metadata', 'namespace') ?? '';
  const splits: Split[] = [];
  for (const target of objectsAt(route, 'spec', 'traffic')) {
    const configurationName = stringAt(target, 'configurationName');
    const configuration = configurationName === undefined ? undefined : api.get({ key: CONFIGURATIONS, namespace, name: configurationName });
    if (configurationName !== undefined && configuration === undefined) return failed('ConfigurationMissing', `Configuration ${JSON.stringify(configurationName)} referenced in traffic not found.`);
    const name = configurationName === undefined ? stringAt(target, 'revisionName') ?? '' : stringAt(configuration, 'status', 'latestReadyRevisionName');
    if (name === undefined) {
      const isFailed = objectsAt(configuration, 'status', 'conditions').some((condition) => condition['type'] === 'Ready' && condition['status'] === 'False');
      return isFailed ? failed('RevisionMissing', `Configuration ${JSON.stringify(configurationName)} does not have any ready Revision.`)
        : failed('RevisionMissing', `Configuration ${JSON.stringify(configurationName)} is waiting for a Revision to become ready.`, 'Unknown');
    }
    const revision = api.get({ key: REVISIONS, namespace, name });
    if (revision === undefined) return failed('RevisionMissing', `Revision ${JSON.stringify(name)} referenced in traffic not found.`);
    if (!isTrue(revision, 'Ready')) {
      const isBad = objectsAt(revision, 'status', 'conditions').some((condition) => condition['type'] === 'Ready' && condition['status'] === 'False');
      return isBad ? failed('RevisionMissing', `Revision ${JSON.stringify(name)} failed to become ready.`) : failed('RevisionMissing', `Revision ${JSON.stringify(name)} is not yet ready.`, 'Unknown');
    }
    splits.push({ revision: name, percent: Number(target['percent'] ?? 0), tag: stringAt(target, 'tag'), latest: configurationName !== undefined });
  }
  return { condition: { type: 'AllTrafficAssigned', status: 'True' }, splits };
}

function rule(hosts: readonly string[], splits: readonly Split[], place: { readonly namespace: string; readonly visibility: string }): JsonObject {
  const shares = splits.filter((split) => split.percent > 0).map((split) => ({
    serviceName: split.revision, serviceNamespace: place.namespace, servicePort: 80, percent: split.percent,
    appendHeaders: { 'Knative-Serving-Namespace': place.namespace, 'Knative-Serving-Revision': split.revision },
  }));
  return { hosts: [...hosts], http: { paths: [{ splits: shares }] }, visibility: place.visibility };
}

interface Names {
  readonly name: string;
  readonly namespace: string;
  readonly domain: string;
}

const isPublic = (names: Names): boolean => !names.domain.endsWith('cluster.local');
const localHosts = (names: Names, prefix = ''): readonly string[] => [`${prefix}${names.name}.${names.namespace}`, `${prefix}${names.name}.${names.namespace}.svc`, `${prefix}${names.name}.${names.namespace}.svc.cluster.local`];
const hostOf = (names: Names, tag?: string): string => `${tag === undefined ? '' : `${tag}-`}${names.name}.${names.namespace}.${names.domain}`;

function rulesOf(names: Names, splits: readonly Split[]): readonly Json[] {
  const both = (hosts: readonly string[], host: string, list: readonly Split[]): readonly JsonObject[] => [
    rule(hosts, list, { namespace: names.namespace, visibility: 'ClusterLocal' }), ...isPublic(names) ? [rule([host], list, { namespace: names.namespace, visibility: 'ExternalIP' })] : [],
  ];
  const tagged = splits.filter((split) => split.tag !== undefined);
  return [...both(localHosts(names), hostOf(names), splits), ...tagged.flatMap((split) => both(localHosts(names, `${split.tag}-`), hostOf(names, split.tag), [{ ...split, percent: 100 }]))];
}

async function ensureIngress(api: Api, route: JsonObject, names: Names, splits: readonly Split[]): Promise<void> {
  const ref = { key: INGRESSES, namespace: names.namespace, name: names.name };
  const rules = rulesOf(names, splits);
  const annotations = { ...objectAt(route, 'metadata', 'annotations'), 'networking.knative.dev/ingress.class': ingressClassOf(api) };
  const known = api.get(ref);
  if (known === undefined) {
    await api.create(INGRESSES, {
      apiVersion: 'networking.internal.knative.dev/v1alpha1', kind: 'Ingress', spec: { httpOption: 'Enabled', rules },
      metadata: { name: names.name, namespace: names.namespace, annotations, ownerReferences: [ownedBy(route)], labels: { ...objectAt(route, 'metadata', 'labels'), 'serving.knative.dev/route': names.name, 'serving.knative.dev/routeNamespace': names.namespace } },
    });
  } else if (!equal(objectAt(known, 'spec')?.['rules'], rules)) await api.update(ref, (object) => { childOf(object, 'spec')['rules'] = rules; });
}

/** The name inside the cluster leads to the private gateway. */
async function ensurePlaceholder(api: Api, route: JsonObject, names: Names): Promise<void> {
  const externalName = INGRESS_CLASSES[ingressClassOf(api)]?.privateHost ?? 'gateway.invalid';
  await api.create('services', { apiVersion: 'v1', kind: 'Service', metadata: { name: names.name, namespace: names.namespace, ownerReferences: [ownedBy(route)], labels: { 'serving.knative.dev/route': names.name } }, spec: { type: 'ExternalName', externalName, ports: [{ name: 'http2', port: 80, targetPort: 80 }] } });
}

async function activate(api: Api, names: Names, splits: readonly Split[]): Promise<void> {
  for (const { revision } of splits) {
    await api.update({ key: REVISIONS, namespace: names.namespace, name: revision }, (object) => {
      childOf(childOf(object, 'metadata'), 'labels')['serving.knative.dev/routingState'] = 'active';
      childOf(childOf(object, 'metadata'), 'annotations')['serving.knative.dev/routes'] = names.name;
    });
  }
}

function withFinalizer(object: { [key: string]: Json }, finalizer: string, wanted: boolean): void {
  const metadata = childOf(object, 'metadata');
  const rest = Array.isArray(metadata['finalizers']) ? metadata['finalizers'].filter((name: Json) => name !== finalizer) : [];
  const list = wanted ? [...rest, finalizer] : rest;
  if (list.length > 0) metadata['finalizers'] = list;
  else delete metadata['finalizers'];
}

const hasFinalizer = (object: JsonObject, finalizer: string): boolean => {
  const list = objectAt(object, 'metadata')?.['finalizers'];
  return Array.isArray(list) && list.includes(finalizer);
};

export const knativeRoutes: Controller = {
  name: 'controller',
  watches: [
    { key: ROUTES }, { key: INGRESSES, of: controllerOf(ROUTES, 'Route') }, ...onSettings(ROUTES),
    ...[CONFIGURATIONS, REVISIONS].map((key) => ({ key, of: (event: { readonly object: JsonObject }, world: World): readonly Ref[] => world.api.list(ROUTES, refOf(key, event.object).namespace).map((route) => refOf(ROUTES, route)) })),
  ],
  async reconcile(ref, { api }) {
    const route = api.get(ref);
    if (route === undefined || !isServingThere(api)) return undefined;
    if (isDeleting(route)) {
      if (hasFinalizer(route, ROUTE_FINALIZER)) await api.update(ref, (object) => { withFinalizer(object, ROUTE_FINALIZER, false); });
      return undefined;
    }
    if (!hasFinalizer(route, ROUTE_FINALIZER)) await api.update(ref, (object) => { withFinalizer(object, ROUTE_FINALIZER, true); });
    const names: Names = { name: ref.name, namespace: ref.namespace, domain: domainOf(api) };
    const { condition, splits } = assign(api, route);
    if (splits.length > 0) {
      await activate(api, names, splits);
      await ensureIngress(api, route, names, splits);
      await ensurePlaceholder(api, route, names);
    }
    await reportRoute(api, ref, names, { condition, splits });
    return undefined;
  },
};

async function reportRoute(api: Api, ref: Ref, names: Names, assignment: Assignment): Promise<void> {
  const ingress = api.get({ key: INGRESSES, namespace: names.namespace, name: names.name });
  const isCurrent = ingress !== undefined && numberAt(ingress, 'status', 'observedGeneration') === numberAt(ingress, 'metadata', 'generation');
  await api.updateStatus(ref, (status) => {
    const { condition, splits } = assignment;
    const ready: Living = condition.status === 'True' && isCurrent ? mirror('IngressReady', ingress) : { type: 'IngressReady', status: 'Unknown', ...(condition.status === 'True' ? { reason: 'IngressNotConfigured', message: 'Ingress has not yet been reconciled.' } : {}) };
    setLiving(status, api.now(), [condition, { type: 'CertificateProvisioned', status: 'True', reason: 'TLSNotEnabled', message: 'external-domain-tls is not enabled' }, ready]);
    status['observedGeneration'] = numberAt(api.get(ref), 'metadata', 'generation');
    status['url'] = `http://${hostOf(names)}`;
    status['address'] = { url: `http://${names.name}.${names.namespace}.svc.cluster.local` };
    if (splits.length > 0) {
      status['traffic'] = splits.map((split) => ({
        revisionName: split.revision, percent: split.percent, latestRevision: split.latest, ...(split.tag === undefined ? {} : { tag: split.tag, url: `http://${hostOf(names, split.tag)}` }),
      }));
    }
  });
}

/** The ingress controller of whichever class runs: Kourier and its like. */
export function knativeIngresses(pace: Pace): Controller {
  const since = new Map<string, number>();
  return {
    name: 'ingress-controller',
    watches: [{ key: INGRESSES }, ...onSettings(INGRESSES)],
    async reconcile(ref, { api, clock, faults }) {
      const ingress = api.get(ref);
      if (ingress === undefined) return undefined;
      const found = INGRESS_CLASSES[stringAt(ingress, 'metadata', 'annotations', 'networking.knative.dev/ingress.class') ?? ''];
      if (found === undefined || !runs(api, 'knative-serving', found.deployment) || faults.threatens('no-ingress', `${ref.namespace}/${ref.name}`)) return undefined;
      if (isDeleting(ingress)) {
        await api.update(ref, (object) => { withFinalizer(object, INGRESS_FINALIZER, false); });
        return undefined;
      }
      if (!hasFinalizer(ingress, INGRESS_FINALIZER)) await api.update(ref, (object) => { withFinalizer(object, INGRESS_FINALIZER, true); });
      const generation = numberAt(ingress, 'metadata', 'generation');
      const key = `${stringAt(ingress, 'metadata', 'uid') ?? ''}/${generation}`;
      const started = since.get(key) ?? clock.now();
      since.set(key, started);
      const left = started + durationOf(pace, 'ingress') - clock.now();
      await api.updateStatus(ref, (status) => {
        const balancer: Living = left > 0 ? { type: 'LoadBalancerReady', status: 'Unknown', reason: 'Uninitialized', message: 'Waiting for load balancer to be ready' } : { type: 'LoadBalancerReady', status: 'True' };
        status['observedGeneration'] = generation;
        setLiving(status, api.now(), [balancer, { type: 'NetworkConfigured', status: 'True' }]);
        if (left <= 0) Object.assign(status, { publicLoadBalancer: { ingress: [{ domainInternal: found.publicHost }] }, privateLoadBalancer: { ingress: [{ domainInternal: found.privateHost }] } });
      });
      return left > 0 ? left : undefined;
    },
  };
}
