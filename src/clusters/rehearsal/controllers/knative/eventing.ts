// Knative Eventing: its kinds become ready once the parts that serve them run. Events themselves are not delivered.
import type { JsonObject } from '../../../../model/json.ts';
import { stringAt } from '../../../../model/object.ts';
import { childOf, objectAt } from '../../server/json.ts';
import { type Api, isDeleting, type Ref, refOf } from '../api.ts';
import { isTrue } from '../conditions.ts';
import type { Controller, World } from '../controller.ts';
import { numberAt } from '../workloads/pods.ts';
import { type Living, setLiving } from './living.ts';
import { runs } from './settings.ts';

const NAMESPACE = 'knative-eventing';

interface Kind {
  /** Deployments that must run. */
  readonly needs: readonly string[];
  readonly conditions: readonly string[];
  /** Where it takes events, if it does. */
  address?(ref: Ref): string;
  /** What it waits for besides: a condition of its own when that is not there yet. */
  waits?(api: Api, object: JsonObject, ref: Ref): Living | undefined;
}

function targetUri(api: Api, reference: JsonObject | undefined, namespace: string): string | undefined {
  const uri = reference?.['uri'];
  if (typeof uri === 'string') return uri;
  const ref = objectAt(reference, 'ref');
  const apiVersion = String(ref?.['apiVersion'] ?? '');
  const resource = ref === undefined ? undefined : api.core.registry.findKind(apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : '', String(ref['kind']));
  if (ref === undefined || resource === undefined) return undefined;
  const place = String(ref['namespace'] ?? namespace);
  const found = api.get({ key: resource.storage.key, namespace: place, name: String(ref['name']) });
  if (found !== undefined && resource.storage.key === 'services') return `http://${String(ref['name'])}.${place}.svc.cluster.local`;
  return stringAt(found, 'status', 'address', 'url');
}

const sinkOf = (api: Api, object: JsonObject, ref: Ref): Living | undefined => (targetUri(api, objectAt(object, 'spec', 'sink'), ref.namespace) === undefined
  ? { type: 'SinkProvided', status: 'False', reason: 'NotFound', message: `{"sink":${JSON.stringify(objectAt(object, 'spec', 'sink') ?? {})}} is not addressable (yet)` } : undefined);

function brokerOf(api: Api, object: JsonObject, ref: Ref): Living | undefined {
  const name = stringAt(object, 'spec', 'broker') ?? 'default';
  const broker = api.get({ key: 'brokers.eventing.knative.dev', namespace: ref.namespace, name });
  if (broker === undefined) return { type: 'BrokerReady', status: 'False', reason: 'BrokerDoesNotExist', message: `Broker ${JSON.stringify(name)} does not exist` };
  if (!isTrue(broker, 'Ready')) return { type: 'BrokerReady', status: 'Unknown', reason: 'BrokerNotConfigured', message: 'Broker has not yet been reconciled.' };
  if (targetUri(api, objectAt(object, 'spec', 'subscriber'), ref.namespace) !== undefined) return undefined;
  return { type: 'SubscriberResolved', status: 'False', reason: 'Unable to get the Subscriber\'s URI', message: 'the subscriber is not there, or not addressable (yet)' };
}

const CORE = ['eventing-controller'];
const KINDS: { readonly [key: string]: Kind } = {
  'brokers.eventing.knative.dev': { needs: [...CORE, 'mt-broker-controller', 'imc-controller'], conditions: ['Addressable', 'DeadLetterSinkResolved', 'EventPoliciesReady', 'FilterReady', 'IngressReady', 'TriggerChannelReady'], address: (ref) => `http://broker-ingress.${NAMESPACE}.svc.cluster.local/${ref.namespace}/${ref.name}` },
  'triggers.eventing.knative.dev': { needs: [...CORE, 'mt-broker-controller'], conditions: ['BrokerReady', 'DeadLetterSinkResolved', 'DependencyReady', 'OIDCIdentityCreated', 'SubscriberResolved', 'SubscriptionReady'], waits: brokerOf },
  'pingsources.sources.knative.dev': { needs: CORE, conditions: ['Deployed', 'OIDCIdentityCreated', 'SinkProvided'], waits: sinkOf },
  'apiserversources.sources.knative.dev': { needs: CORE, conditions: ['Deployed', 'OIDCIdentityCreated', 'SinkProvided', 'SufficientPermissions'], waits: sinkOf },
  'containersources.sources.knative.dev': { needs: CORE, conditions: ['OIDCIdentityCreated', 'ReceiveAdapterReady', 'SinkBindingReady'], waits: sinkOf },
  'sinkbindings.sources.knative.dev': { needs: CORE, conditions: ['OIDCIdentityCreated', 'SinkProvided'], waits: sinkOf },
  'channels.messaging.knative.dev': { needs: CORE, conditions: ['Addressable', 'BackingChannelReady'], address: (ref) => `http://${ref.name}-kn-channel.${ref.namespace}.svc.cluster.local` },
  'inmemorychannels.messaging.knative.dev': { needs: ['imc-controller'], conditions: ['Addressable', 'ChannelServiceReady', 'DispatcherReady', 'EndpointsReady', 'ServiceReady'], address: (ref) => `http://${ref.name}-kn-channel.${ref.namespace}.svc.cluster.local` },
  'subscriptions.messaging.knative.dev': { needs: CORE, conditions: ['AddedToChannel', 'ChannelReady', 'OIDCIdentityCreated', 'ReferencesResolved'] },
};

function allOf(world: World): readonly Ref[] {
  return Object.keys(KINDS).flatMap((key) => world.api.list(key).map((object) => refOf(key, object)));
}

export const knativeEventing: Controller = {
  name: 'eventing-controller',
  watches: [
    ...Object.keys(KINDS).map((key) => ({ key })),
    { key: 'deployments.apps', of: (event, world) => (objectAt(event.object, 'metadata')?.['namespace'] === NAMESPACE ? allOf(world) : []) },
    // Whatever becomes addressable may be somebody's sink.
    ...['brokers.eventing.knative.dev', 'services.serving.knative.dev', 'services'].map((key) => ({ key, of: (_event: unknown, world: World) => allOf(world) })),
  ],
  async reconcile(ref, { api }) {
    const [object, kind] = [api.get(ref), KINDS[ref.key]];
    if (object === undefined || kind === undefined || isDeleting(object) || kind.needs.some((name) => !runs(api, NAMESPACE, name))) return undefined;
    const waiting = kind.waits?.(api, object, ref);
    const conditions = kind.conditions.map((type): Living => (waiting?.type === type ? waiting : { type, status: waiting === undefined ? 'True' : 'Unknown' }));
    if (ref.key === 'pingsources.sources.knative.dev' && waiting === undefined) await startAdapter(api);
    await api.updateStatus(ref, (status) => {
      status['observedGeneration'] = numberAt(object, 'metadata', 'generation');
      if (kind.address !== undefined) status['address'] = { url: kind.address(ref) };
      const sink = targetUri(api, objectAt(object, 'spec', 'sink') ?? objectAt(object, 'spec', 'subscriber'), ref.namespace);
      if (sink !== undefined) status[ref.key.startsWith('triggers') ? 'subscriberUri' : 'sinkUri'] = sink;
      setLiving(status, api.now(), conditions);
    });
    return undefined;
  },
};

/** Its Deployment sleeps until the first PingSource. */
async function startAdapter(api: Api): Promise<void> {
  const ref = { key: 'deployments.apps', namespace: NAMESPACE, name: 'pingsource-mt-adapter' };
  const adapter = api.get(ref);
  if (adapter !== undefined && numberAt(adapter, 'spec', 'replicas') === 0) await api.update(ref, (object) => { childOf(object, 'spec')['replicas'] = 1; });
}
