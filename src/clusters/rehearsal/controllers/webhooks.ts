// Admission webhooks: guarded writes fail until somebody ready stands behind them; Knative's own fill in their rules when they start,
// and write their defaults into what passes.
import type { JsonObject } from '../../../model/json.ts';
import { stringAt } from '../../../model/object.ts';
import type { Admission } from '../server/core.ts';
import { childOf, type Draft, objectAt, objectsAt, setDefault } from '../server/json.ts';
import { matchesLabels, selectorOf } from '../server/selectors.ts';
import { internalError } from '../server/status.ts';
import { type Api, refOf } from './api.ts';
import type { Controller, World } from './controller.ts';
import { hasReadyEndpoint } from './endpoints.ts';
import type { Faults } from './faults.ts';

const KEYS = ['mutatingwebhookconfigurations.admissionregistration.k8s.io', 'validatingwebhookconfigurations.admissionregistration.k8s.io'];

const has = (list: unknown, value: string): boolean => Array.isArray(list) && (list.includes('*') || list.includes(value));

function ruleMatches(rule: JsonObject, request: Parameters<Admission>[0]): boolean {
  const { resource, subresource } = request;
  const name = subresource === '' ? resource.name : `${resource.name}/${subresource}`;
  return has(rule['operations'], request.operation) && has(rule['apiGroups'], resource.group) && has(rule['apiVersions'], resource.version) && (has(rule['resources'], name) || has(rule['resources'], `${resource.name}/*`));
}

function matches(api: Api, webhook: JsonObject, request: Parameters<Admission>[0]): boolean {
  if (!objectsAt(webhook, 'rules').some((rule) => ruleMatches(rule, request))) return false;
  const namespace = api.get({ key: 'namespaces', namespace: '', name: request.namespace });
  return matchesLabels(selectorOf(objectAt(webhook, 'objectSelector')), objectAt(request.object, 'metadata', 'labels'))
    && (request.namespace === '' || matchesLabels(selectorOf(objectAt(webhook, 'namespaceSelector')), objectAt(namespace, 'metadata', 'labels')));
}

function assertAnswered(api: Api, webhook: JsonObject, faults: Faults): void {
  const service = objectAt(webhook, 'clientConfig', 'service');
  if (service === undefined) return;
  const [namespace, name] = [String(service['namespace']), String(service['name'])];
  const path = String(service['path'] ?? '');
  const url = `https://${name}.${namespace}.svc:${String(service['port'] ?? 443)}${path}?timeout=${String(webhook['timeoutSeconds'] ?? 10)}s`;
  const refused = (why: string): Error => internalError(`failed calling webhook ${JSON.stringify(String(webhook['name']))}: failed to call webhook: Post ${JSON.stringify(url)}: ${why}`);
  const found = api.get({ key: 'services', namespace, name });
  if (found === undefined) throw refused(`service ${JSON.stringify(name)} not found`);
  if (faults.strikes('webhook', `${namespace}/${name}`, String(webhook['name']))) throw refused('context deadline exceeded');
  if (!hasReadyEndpoint({ api }, namespace, name)) throw refused(`dial tcp ${stringAt(found, 'spec', 'clusterIP') ?? ''}:${String(service['port'] ?? 443)}: connect: connection refused`);
}

/** Asks the webhooks before a write; those of Knative Serving also fill in its defaults. */
export function webhookAdmission(api: Api, faults: Faults): Admission {
  return (request) => {
    if (request.subresource !== '' && request.subresource !== 'status') return;
    for (const key of KEYS) {
      for (const configuration of api.list(key)) {
        for (const webhook of objectsAt(configuration, 'webhooks')) {
          if (!matches(api, webhook, request)) continue;
          if (webhook['failurePolicy'] === 'Ignore' && !isAnswered(api, webhook, faults)) continue;
          assertAnswered(api, webhook, faults);
          const fill = request.operation === 'DELETE' || request.subresource !== '' ? undefined : DEFAULTS[String(webhook['name'])];
          fill?.(request.resource.kind, request.resource.group, request.object);
        }
      }
    }
  };
}

function isAnswered(api: Api, webhook: JsonObject, faults: Faults): boolean {
  try {
    assertAnswered(api, webhook, faults);
    return true;
  } catch {
    return false;
  }
}

// ── what Knative's own webhooks do ──────────────────────────────────────────────────────────────────────────────────

const rule = (groups: readonly string[], resources: readonly string[], operations: readonly string[]): JsonObject => ({ apiGroups: [...groups], apiVersions: ['*'], resources: [...resources], operations: [...operations], scope: '*' });
const SERVING = ['serving.knative.dev', 'autoscaling.internal.knative.dev', 'networking.internal.knative.dev'];
const EVENTING = ['eventing.knative.dev', 'messaging.knative.dev', 'sources.knative.dev', 'flows.knative.dev', 'sinks.knative.dev'];
const WRITES = ['CREATE', 'UPDATE'];
/** The rules that each configuration is given once its webhook runs; shipped, they are empty. */
const RULES: { readonly [webhook: string]: readonly JsonObject[] } = {
  'webhook.serving.knative.dev': [rule(SERVING, ['*'], WRITES)], 'validation.webhook.serving.knative.dev': [rule(SERVING, ['*'], [...WRITES, 'DELETE'])],
  'config.webhook.serving.knative.dev': [rule([''], ['configmaps'], WRITES)],
  'webhook.eventing.knative.dev': [rule(EVENTING, ['*'], WRITES)], 'validation.webhook.eventing.knative.dev': [rule(EVENTING, ['*'], [...WRITES, 'DELETE'])],
  'config.webhook.eventing.knative.dev': [rule([''], ['configmaps'], WRITES)],
  'inmemorychannel.eventing.knative.dev': [rule(['messaging.knative.dev'], ['inmemorychannels', 'inmemorychannels/*'], WRITES)],
  'validation.inmemorychannel.eventing.knative.dev': [rule(['messaging.knative.dev'], ['inmemorychannels', 'inmemorychannels/*'], [...WRITES, 'DELETE'])],
};

function configurations(world: World): readonly { readonly key: string; readonly object: JsonObject }[] {
  return KEYS.flatMap((key) => world.api.list(key).map((object) => ({ key, object })));
}

export const webhookFiller: Controller = {
  name: 'webhook',
  watches: [...KEYS.map((key) => ({ key })), { key: 'endpointslices.discovery.k8s.io', of: (_event, world) => configurations(world).map(({ key, object }) => refOf(key, object)) }],
  async reconcile(ref, world) {
    const configuration = world.api.get(ref);
    const isReady = (webhook: JsonObject): boolean => hasReadyEndpoint(world, stringAt(webhook, 'clientConfig', 'service', 'namespace') ?? '', stringAt(webhook, 'clientConfig', 'service', 'name') ?? '');
    const empty = objectsAt(configuration, 'webhooks').filter((webhook) => objectsAt(webhook, 'rules').length === 0 && RULES[String(webhook['name'])] !== undefined && isReady(webhook));
    if (empty.length === 0) return undefined;
    await world.api.update(ref, (object) => {
      for (const webhook of objectsAt(object, 'webhooks')) {
        const rules = RULES[String(webhook['name'])];
        if (rules === undefined || objectsAt(webhook, 'rules').length > 0) continue;
        webhook['rules'] = rules;
        childOf(webhook, 'clientConfig')['caBundle'] = 'cmVoZWFyc2Fs';
      }
    });
    return undefined;
  },
};

function revisionDefaults(spec: Draft): void {
  setDefault(spec, 'timeoutSeconds', 300);
  setDefault(spec, 'containerConcurrency', 0);
  setDefault(spec, 'enableServiceLinks', false);
  for (const [index, container] of objectsAt(spec, 'containers').entries()) {
    setDefault(container, 'name', index === 0 ? 'user-container' : `user-container-${index}`);
    setDefault(container, 'resources', {});
    for (const port of objectsAt(container, 'ports')) setDefault(port, 'protocol', 'TCP');
    if (index > 0 && objectsAt(container, 'ports').length === 0) continue;
    const probe = childOf(container, 'readinessProbe');
    setDefault(probe, 'successThreshold', 1);
    if (!['tcpSocket', 'httpGet', 'exec', 'grpc'].some((action) => probe[action] !== undefined)) probe['tcpSocket'] = { port: 0 };
  }
}

/** As the webhook of Eventing fills in brokers and triggers. */
function eventingDefaults(kind: string, group: string, object: Draft): void {
  if (group !== 'eventing.knative.dev') return;
  const [metadata, spec] = [childOf(object, 'metadata'), childOf(object, 'spec')];
  if (kind === 'Broker') {
    setDefault(childOf(metadata, 'annotations'), 'eventing.knative.dev/broker.class', 'MTChannelBasedBroker');
    setDefault(spec, 'config', { apiVersion: 'v1', kind: 'ConfigMap', name: 'config-br-default-channel', namespace: 'knative-eventing' });
    setDefault(spec, 'delivery', { backoffDelay: 'PT0.2S', backoffPolicy: 'exponential', retry: 10 });
  }
  if (kind === 'Trigger') {
    setDefault(spec, 'broker', 'default');
    setDefault(spec, 'filter', {});
    childOf(metadata, 'labels')['eventing.knative.dev/broker'] = String(spec['broker']);
  }
}

/** As the webhook of Serving fills in services, configurations, revisions and routes. */
function servingDefaults(kind: string, group: string, object: Draft): void {
  if (group !== 'serving.knative.dev') return;
  const spec = childOf(object, 'spec');
  if (kind === 'Service' || kind === 'Configuration') revisionDefaults(childOf(childOf(spec, 'template'), 'spec'));
  if (kind === 'Revision') revisionDefaults(spec);
  if (kind === 'Service') {
    const annotations = childOf(childOf(object, 'metadata'), 'annotations');
    setDefault(annotations, 'serving.knative.dev/creator', 'admin');
    setDefault(annotations, 'serving.knative.dev/lastModifier', 'admin');
    setDefault(spec, 'traffic', [{ latestRevision: true, percent: 100 }]);
  }
  for (const target of objectsAt(spec, 'traffic')) setDefault(target, 'latestRevision', target['revisionName'] === undefined);
}

/** What the mutating webhooks write, by their names. */
const DEFAULTS: { readonly [webhook: string]: (kind: string, group: string, object: Draft) => void } = {
  'webhook.serving.knative.dev': servingDefaults, 'webhook.eventing.knative.dev': eventingDefaults,
};
