// What Knative Serving is told by its ConfigMaps, and which of its parts run.
import type { JsonObject } from '../../../../model/json.ts';
import { objectAt } from '../../server/json.ts';
import type { Api } from '../api.ts';
import { isTrue } from '../conditions.ts';

const NAMESPACE = 'knative-serving';

function configMap(api: Api, name: string): JsonObject {
  return objectAt(api.get({ key: 'configmaps', namespace: NAMESPACE, name }), 'data') ?? {};
}

export function runs(api: Api, namespace: string, deployment: string): boolean {
  return isTrue(api.get({ key: 'deployments.apps', namespace, name: deployment }), 'Available');
}

/** Nothing of Serving moves without its controller. */
export function isServingThere(api: Api): boolean {
  return runs(api, NAMESPACE, 'controller');
}

/** The suffix of public names; Knative's own default is not reachable from outside. */
export function domainOf(api: Api): string {
  const keys = Object.entries(configMap(api, 'config-domain')).filter(([key]) => key !== '_example');
  return (keys.find(([, value]) => value === '') ?? keys[0])?.[0] ?? 'svc.cluster.local';
}

export function ingressClassOf(api: Api): string {
  const network = configMap(api, 'config-network');
  return String(network['ingress-class'] ?? network['ingress.class'] ?? 'istio.ingress.networking.knative.dev');
}

/** A value of the autoscaler's settings. */
export function autoscalerSetting(api: Api, name: string): string | undefined {
  const value = configMap(api, 'config-autoscaler')[name];
  return typeof value === 'string' ? value : undefined;
}

/** Seconds without a request after which a revision scales to zero. */
export function stableWindowOf(api: Api, annotations: JsonObject | undefined): number {
  const own = annotations?.['autoscaling.knative.dev/window'];
  const text = typeof own === 'string' ? own : autoscalerSetting(api, 'stable-window') ?? '60s';
  const match = /^(\d+)(s|m|h)$/.exec(text);
  return match === null ? 60 : Number(match[1]) * { s: 1, m: 60, h: 3600 }[match[2] as 's' | 'm' | 'h'];
}

/** The controller that must run for a class of ingress, and how it is reached. */
export const INGRESS_CLASSES: { readonly [name: string]: { readonly deployment: string; readonly publicHost: string; readonly privateHost: string } } = {
  'kourier.ingress.networking.knative.dev': { deployment: 'net-kourier-controller', publicHost: 'kourier.kourier-system.svc.cluster.local', privateHost: 'kourier-internal.kourier-system.svc.cluster.local' },
  'istio.ingress.networking.knative.dev': { deployment: 'net-istio-controller', publicHost: 'istio-ingressgateway.istio-system.svc.cluster.local', privateHost: 'knative-local-gateway.istio-system.svc.cluster.local' },
  'contour.ingress.networking.knative.dev': { deployment: 'net-contour-controller', publicHost: 'envoy.contour-external.svc.cluster.local', privateHost: 'envoy.contour-internal.svc.cluster.local' },
  'gateway-api.ingress.networking.knative.dev': { deployment: 'net-gateway-api-controller', publicHost: 'gateway.gateway-system.svc.cluster.local', privateHost: 'local-gateway.gateway-system.svc.cluster.local' },
};

/** Wakes the controllers of Serving when one of its parts or settings changes. */
export function isSetting(object: JsonObject): boolean {
  return objectAt(object, 'metadata')?.['namespace'] === NAMESPACE;
}
