// The table of addons. A new one is a folder beside this file and a line here. The order is that of installation where needs leave it open.
import type { Addon } from './addon.ts';
import { certManager } from './cert-manager/index.ts';
import { contour } from './contour/index.ts';
import { dashboard } from './dashboard/index.ts';
import { gatewayApi } from './gateway-api/index.ts';
import { istio } from './istio/index.ts';
import { knativeEventing } from './knative-eventing/index.ts';
import { knativeHpa } from './knative-hpa/index.ts';
import { knativeServing } from './knative-serving/index.ts';
import { type KnownName, knownNames } from './known-name.ts';
import { kourier } from './kourier/index.ts';
import { metallb } from './metallb/index.ts';
import { metricsServer } from './metrics-server/index.ts';
import { monitoring } from './monitoring/index.ts';
import { netContour } from './net-contour/index.ts';
import { netGatewayApi } from './net-gateway-api/index.ts';
import { netIstio } from './net-istio/index.ts';
import { registry } from './registry/index.ts';

export const addons: readonly Addon[] = [
  knativeServing, kourier, gatewayApi, istio, contour, netIstio, netContour, netGatewayApi,
  knativeEventing, metricsServer, knativeHpa, certManager, metallb, dashboard, monitoring, registry,
];

/** By id or by one of its shorter names. */
export function findAddon(name: string): Addon | undefined {
  return addons.find((addon) => addon.id === name || addon.aliases?.includes(name) === true);
}

/** A name that is no addon, but that devstack can say something about. */
export function findKnownName(name: string): KnownName | undefined {
  return knownNames.find((known) => known.id === name);
}

export const knownNameIds: readonly string[] = knownNames.map((known) => known.id);

export { refusal } from './known-name.ts';
