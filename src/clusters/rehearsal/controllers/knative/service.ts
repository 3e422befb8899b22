// Knative's Service and Configuration: what is wanted becomes a Configuration, a Route, and a Revision for every change.
import type { JsonObject } from '../../../../model/json.ts';
import { stringAt } from '../../../../model/object.ts';
import { childOf, cloneObject, equal, objectAt, objectsAt } from '../../server/json.ts';
import { type Api, isDeleting, ownedBy, type Ref, refOf } from '../api.ts';
import { isTrue } from '../conditions.ts';
import { type Controller, controllerOf, type Watch, type World } from '../controller.ts';
import { numberAt } from '../workloads/pods.ts';
import { mirror, setLiving } from './living.ts';
import { isServingThere, isSetting } from './settings.ts';

export const SERVICES = 'services.serving.knative.dev';
export const CONFIGURATIONS = 'configurations.serving.knative.dev';
export const REVISIONS = 'revisions.serving.knative.dev';
export const ROUTES = 'routes.serving.knative.dev';
const API_VERSION = 'serving.knative.dev/v1';

/** All objects of a kind, when a part of Serving starts or a setting changes. */
export function onSettings(key: string): readonly Watch[] {
  const all = (event: { readonly object: JsonObject }, world: World): readonly Ref[] => (isSetting(event.object) ? world.api.list(key).map((object) => refOf(key, object)) : []);
  return [{ key: 'deployments.apps', of: all }, { key: 'configmaps', of: all }];
}

/** What goes along from a Service to all that is made of it. */
function inherited(object: JsonObject, labels: JsonObject): JsonObject {
  const { 'kubectl.kubernetes.io/last-applied-configuration': _applied, ...annotations } = objectAt(object, 'metadata', 'annotations') ?? {};
  return { annotations, labels: { ...objectAt(object, 'metadata', 'labels'), ...labels } };
}

const generationOf = (object: JsonObject | undefined): number => numberAt(object, 'metadata', 'generation');
const observed = (object: JsonObject | undefined): boolean => object !== undefined && numberAt(object, 'status', 'observedGeneration') === generationOf(object);

async function ensure(api: Api, key: string, wanted: JsonObject): Promise<void> {
  const ref = refOf(key, wanted);
  const known = api.get(ref);
  if (known === undefined) await api.create(key, wanted);
  else if (!equal(known['spec'], wanted['spec'])) await api.update(ref, (object) => { object['spec'] = wanted['spec'] ?? {}; });
}

export const knativeServices: Controller = {
  name: 'controller',
  watches: [{ key: SERVICES }, { key: CONFIGURATIONS, of: controllerOf(SERVICES, 'Service') }, { key: ROUTES, of: controllerOf(SERVICES, 'Service') }, ...onSettings(SERVICES)],
  async reconcile(ref, { api }) {
    const service = api.get(ref);
    if (service === undefined || isDeleting(service) || !isServingThere(api)) return undefined;
    const uid = stringAt(service, 'metadata', 'uid') ?? '';
    const spec = objectAt(service, 'spec') ?? {};
    const base = { namespace: ref.namespace, name: ref.name, ownerReferences: [ownedBy(service)] };
    await ensure(api, CONFIGURATIONS, { apiVersion: API_VERSION, kind: 'Configuration', metadata: { ...base, ...inherited(service, { 'serving.knative.dev/service': ref.name, 'serving.knative.dev/serviceUID': uid }) }, spec: { template: spec['template'] ?? {} } });
    const traffic = objectsAt(service, 'spec', 'traffic').map((target) => (target['revisionName'] === undefined ? { ...target, configurationName: ref.name } : { ...target }));
    await ensure(api, ROUTES, { apiVersion: API_VERSION, kind: 'Route', metadata: { ...base, ...inherited(service, { 'serving.knative.dev/service': ref.name }) }, spec: { traffic: traffic.length > 0 ? traffic : [{ configurationName: ref.name, latestRevision: true, percent: 100 }] } });
    await reportService(api, ref, service);
    return undefined;
  },
};

async function reportService(api: Api, ref: Ref, service: JsonObject): Promise<void> {
  const configuration = api.get({ ...ref, key: CONFIGURATIONS });
  const route = api.get({ ...ref, key: ROUTES });
  await api.updateStatus(ref, (status) => {
    const configured = observed(configuration) ? mirror('ConfigurationsReady', configuration) : { type: 'ConfigurationsReady', status: 'Unknown' as const, reason: 'OutOfDate', message: 'The Configuration is still working to reflect the latest desired specification.' };
    const latest = stringAt(configuration, 'status', 'latestReadyRevisionName');
    const isMigrated = objectsAt(route, 'status', 'traffic').every((target) => target['latestRevision'] !== true || target['revisionName'] === latest);
    const routed = !observed(route) ? { type: 'RoutesReady', status: 'Unknown' as const, reason: 'OutOfDate', message: 'The Route is still working to reflect the latest desired specification.' }
      : isTrue(route, 'Ready') && !isMigrated ? { type: 'RoutesReady', status: 'Unknown' as const, reason: 'TrafficNotMigrated', message: 'Traffic is not yet migrated to the latest revision.' } : mirror('RoutesReady', route);
    for (const key of ['latestCreatedRevisionName', 'latestReadyRevisionName']) copy(status, key, objectAt(configuration, 'status')?.[key]);
    for (const key of ['url', 'address', 'traffic']) copy(status, key, objectAt(route, 'status')?.[key]);
    status['observedGeneration'] = generationOf(service);
    setLiving(status, api.now(), [configured, routed]);
  });
}

function copy(target: { [key: string]: unknown }, key: string, value: unknown): void {
  if (value !== undefined) target[key] = value;
}

// ── Configuration ───────────────────────────────────────────────────────────────────────────────────────────────────

function revisionName(configuration: JsonObject): string {
  return stringAt(configuration, 'spec', 'template', 'metadata', 'name') ?? `${stringAt(configuration, 'metadata', 'name') ?? ''}-${String(generationOf(configuration)).padStart(5, '0')}`;
}

async function createRevision(api: Api, configuration: JsonObject, name: string): Promise<void> {
  const template = cloneObject(objectAt(configuration, 'spec', 'template') ?? {});
  const metadata = objectAt(configuration, 'metadata') ?? {};
  const labels = objectAt(metadata, 'labels') ?? {};
  const creator = objectAt(metadata, 'annotations')?.['serving.knative.dev/creator'];
  const own = childOf(template, 'metadata');
  await api.create(REVISIONS, {
    apiVersion: API_VERSION, kind: 'Revision',
    metadata: {
      name, namespace: String(metadata['namespace']), ownerReferences: [ownedBy(configuration)],
      annotations: { ...objectAt(own, 'annotations'), ...(creator === undefined ? {} : { 'serving.knative.dev/creator': creator }), 'serving.knative.dev/routingStateModified': api.now() },
      labels: {
        ...objectAt(own, 'labels'), ...Object.fromEntries(Object.entries(labels).filter(([key]) => key.startsWith('serving.knative.dev/'))),
        'serving.knative.dev/configuration': String(metadata['name']), 'serving.knative.dev/configurationGeneration': String(generationOf(configuration)), 'serving.knative.dev/configurationUID': String(metadata['uid']),
        'serving.knative.dev/routingState': 'pending',
      },
    },
    spec: template['spec'] ?? {},
  });
}

export const knativeConfigurations: Controller = {
  name: 'controller',
  watches: [{ key: CONFIGURATIONS }, { key: REVISIONS, of: controllerOf(CONFIGURATIONS, 'Configuration') }, ...onSettings(CONFIGURATIONS)],
  async reconcile(ref, { api }) {
    const configuration = api.get(ref);
    if (configuration === undefined || isDeleting(configuration) || !isServingThere(api)) return undefined;
    const name = revisionName(configuration);
    const place = { key: REVISIONS, namespace: ref.namespace, name };
    if (api.get(place) === undefined) await createRevision(api, configuration, name);
    const revision = api.get(place);
    const ready = api.list(REVISIONS, ref.namespace).filter((other) => stringAt(other, 'metadata', 'labels', 'serving.knative.dev/configuration') === ref.name && isTrue(other, 'Ready'))
      .sort((left, right) => Number(objectAt(left, 'metadata', 'labels')?.['serving.knative.dev/configurationGeneration']) - Number(objectAt(right, 'metadata', 'labels')?.['serving.knative.dev/configurationGeneration'])).pop();
    await api.updateStatus(ref, (status) => {
      status['observedGeneration'] = generationOf(configuration);
      status['latestCreatedRevisionName'] = name;
      if (ready !== undefined) status['latestReadyRevisionName'] = stringAt(ready, 'metadata', 'name') ?? '';
      const { status: state, message } = mirror('Ready', revision);
      // A Configuration has one condition, so it stands for itself.
      setLiving(status, api.now(), [state === 'False' ? { type: '-', status: 'False', reason: 'RevisionFailed', message: `Revision ${JSON.stringify(name)} failed with message: ${message ?? ''}.` } : { type: '-', status: state }]);
      status['conditions'] = objectsAt(status, 'conditions').filter((condition) => condition['type'] !== '-');
    });
    return undefined;
  },
};
