// Knative's DomainMapping: a host name of one's own for a Service, once somebody has claimed it.
import type { JsonObject } from '../../../../model/json.ts';
import { stringAt } from '../../../../model/object.ts';
import { type Api, isDeleting, type Ref, refOf } from '../api.ts';
import type { Controller, World } from '../controller.ts';
import { numberAt } from '../workloads/pods.ts';
import { type Living, setLiving } from './living.ts';
import { onSettings } from './service.ts';
import { INGRESS_CLASSES, ingressClassOf, isServingThere, runs } from './settings.ts';

export const MAPPINGS = 'domainmappings.serving.knative.dev';
const CLAIMS = 'clusterdomainclaims.networking.internal.knative.dev';

function conditionsOf(api: Api, ref: Ref, mapping: JsonObject): readonly Living[] {
  const claimed = stringAt(api.get({ key: CLAIMS, namespace: '', name: ref.name }), 'spec', 'namespace') === ref.namespace;
  const target = stringAt(mapping, 'spec', 'ref', 'name') ?? '';
  const isThere = api.get({ key: 'services', namespace: stringAt(mapping, 'spec', 'ref', 'namespace') ?? ref.namespace, name: target }) !== undefined;
  const ingress = INGRESS_CLASSES[ingressClassOf(api)];
  const carried = ingress !== undefined && runs(api, 'knative-serving', ingress.deployment);
  return [
    { type: 'CertificateProvisioned', status: 'True', reason: 'TLSNotEnabled', message: 'external-domain-tls is not enabled' },
    claimed ? { type: 'DomainClaimed', status: 'True' } : { type: 'DomainClaimed', status: 'False', reason: 'DomainClaimNotOwned', message: `no ClusterDomainClaim gives ${JSON.stringify(ref.name)} to namespace ${JSON.stringify(ref.namespace)}` },
    isThere ? { type: 'ReferenceResolved', status: 'True' } : { type: 'ReferenceResolved', status: 'False', reason: 'ResolveFailed', message: `services ${JSON.stringify(target)} not found` },
    carried ? { type: 'IngressReady', status: 'True' } : { type: 'IngressReady', status: 'Unknown', reason: 'IngressNotConfigured', message: 'Ingress has not yet been reconciled.' },
  ];
}

const everyone = (_event: unknown, { api }: World): readonly Ref[] => api.list(MAPPINGS).map((object) => refOf(MAPPINGS, object));

export const knativeDomainMappings: Controller = {
  name: 'controller',
  watches: [{ key: MAPPINGS }, { key: CLAIMS, of: everyone }, { key: 'services', of: everyone }, ...onSettings(MAPPINGS)],
  async reconcile(ref, { api }) {
    const mapping = api.get(ref);
    if (mapping === undefined || isDeleting(mapping) || !isServingThere(api)) return undefined;
    await api.updateStatus(ref, (status) => {
      status['observedGeneration'] = numberAt(mapping, 'metadata', 'generation');
      status['url'] = `http://${ref.name}`;
      status['address'] = { url: `http://${ref.name}` };
      setLiving(status, api.now(), conditionsOf(api, ref, mapping));
    });
    return undefined;
  },
};
