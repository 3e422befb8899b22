// The use cases of `events` over a cluster that is a few objects: what they refuse, what reaches the broker, what they say of its answer.
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { planSink, sendEvent, watchEvents } from '../../../src/cli/operations/events.ts';
import type { CloudEvent } from '../../../src/model/cloud-event.ts';
import type { KubeObject } from '../../../src/model/object.ts';
import { stackLabels } from '../../../src/model/record.ts';
import type { Inventory, KubeClient, KubeConnector, KubeSets, Ports } from '../../../src/ports.ts';
import { addCluster, type KindWorld, kindWorld, planOf } from '../../clusters/kind/kind-world.ts';
import { fakeClient, only } from '../../fakes/ports.ts';

type Called = Parameters<KubeClient['callService']>;

const EVENTING = 'eventing.knative.dev/v1';
const ADDRESS = 'http://broker-ingress.knative-eventing.svc.cluster.local/default/default';
const event: CloudEvent = { specversion: '1.0', id: '1', type: 'a.b', source: '/x', datacontenttype: 'application/json', data: { text: 'grüß' } };
const wish = { stack: 'dev', namespace: 'default', broker: 'default', event };
const options = { emit: () => undefined, signal: new AbortController().signal };

const installed: Inventory = { stack: 'dev', part: 'knative-eventing', refs: [], complete: true };
const broker = (name: string, namespace = 'default', url: string | undefined = ADDRESS): KubeObject => (
  { apiVersion: EVENTING, kind: 'Broker', metadata: { name, namespace }, status: url === undefined ? {} : { address: { url } } }
);
const trigger = (name: string, type: string, subscriber = `${name}-app`): KubeObject => ({
  apiVersion: EVENTING, kind: 'Trigger', metadata: { name, namespace: 'default' }, spec: { broker: 'default', filter: { attributes: { type } }, subscriber: { ref: { kind: 'Service', name: subscriber } } },
});

interface Cluster {
  readonly inventories?: readonly Inventory[];
  readonly objects?: readonly KubeObject[];
  /** What the broker answers; without it, nobody may call. */
  answer?(...called: Called): Promise<{ readonly status: number; readonly body: string }>;
  readonly client?: Partial<KubeClient>;
}

let world: KindWorld;
let closed: number;
beforeEach(async () => {
  world = await kindWorld();
  addCluster(world.engine, stackLabels(planOf()));
  closed = 0;
});
afterEach(() => world.remove());

function portsOf({ inventories = [installed], objects = [broker('default')], answer, client }: Cluster): Ports {
  const connected = fakeClient({
    get: async ({ kind, name, namespace }) => objects.find(({ kind: is, metadata }) => is === kind && metadata.name === name && metadata.namespace === namespace),
    list: async ({ kind }, { namespace } = {}) => ({ items: objects.filter((each) => each.kind === kind && (namespace === undefined || each.metadata.namespace === namespace)), resourceVersion: '1' }),
    ...(answer === undefined ? {} : { callService: answer }),
    close: () => { closed += 1; },
    ...client,
  });
  return {
    ...world.ports,
    kubeSets: only<KubeSets>('kubeSets', { inventories: async () => inventories }),
    kubeConnector: only<KubeConnector>('kubeConnector', { connect: async () => connected }),
  };
}

const replying = (status: number, body = '') => async () => ({ status, body });

describe('what a broker needs to be', () => {
  const sink = { name: 'event-watch', namespace: 'default', broker: 'default', filter: {} };
  const refusals: readonly (readonly [string, Cluster, object])[] = [
    ['no Eventing', { inventories: [] }, { code: 'addon-missing', exit: 3, hints: [{ command: 'devstack addon add eventing --name dev' }] }],
    ['an Eventing that is half installed', { inventories: [{ ...installed, complete: false }] }, { code: 'addon-missing' }],
    ['no broker at all', { objects: [] }, { code: 'broker-missing', exit: 3, reason: 'there are none' }],
    ['others only', { objects: [broker('default', 'lab'), broker('orders')] }, { code: 'broker-missing', reason: 'there are default in lab, orders in default' }],
  ];
  test.each(refusals)('%s: refused before anything is sent', async (_name, cluster, expected) => {
    await expect(sendEvent(portsOf(cluster), wish, options)).rejects.toMatchObject(expected);
    await expect(planSink(portsOf(cluster), 'dev', sink, options)).rejects.toMatchObject(expected);
    expect(closed).toBe(2);
  });

  test.each([[undefined], ['https://outside.example.com/']])('an address in the cluster: %s is none', async (url) => {
    const ports = portsOf({ objects: [{ ...broker('default'), status: url === undefined ? {} : { address: { url } } }] });
    await expect(sendEvent(ports, wish, options)).rejects.toMatchObject({ code: 'broker-not-ready', hints: [{ command: 'devstack status dev' }] });
  });

  test('of a sink it is planned: where, from what, and with its image put into the nodes', async () => {
    const planned = await planSink(portsOf({}), 'dev', { ...sink, filter: { type: 'a.b' } }, options);
    expect(planned).toMatchObject({ app: 'event-watch', kind: 'deployment', stack: 'dev', namespace: 'default', plan: { stack: 'dev' } });
    expect(planned.plan.steps.map(({ id }) => id)).toEqual(['images', 'apply', 'wait']);
    expect(planned.plan.steps[0]).toMatchObject({ cluster: { cluster: 'devstack-dev', provider: 'kind' } });
  });
});

describe('sending', () => {
  test('goes to the Service and path of the broker as a structured event, and tells who gets it', async () => {
    const calls: Called[] = [];
    const objects = [broker('default'), trigger('wants', 'a.b'), trigger('other', 'c.d'), { ...trigger('far', 'a.b'), metadata: { name: 'far', namespace: 'lab' } }];
    const sent = await sendEvent(portsOf({
      objects,
      async answer(...called) {
        calls.push(called);
        return { status: 202, body: '' };
      },
    }), wish, options);
    expect(sent).toEqual({ stack: 'dev', status: 202, durationMs: expect.any(Number), triggers: ['wants'] });
    expect(calls).toHaveLength(1);
    const [service, request] = calls[0] ?? [];
    expect(service).toEqual({ namespace: 'knative-eventing', name: 'broker-ingress', port: 80 });
    expect(request).toEqual({ method: 'POST', path: '/default/default', contentType: 'application/cloudevents+json', body: JSON.stringify(event) });
    expect(closed).toBe(1);
  });

  test.each([[400, 'bad source\n', 'it answered 400: bad source'], [404, '', 'it answered 404'], [503, ' ', 'it answered 503'], [301, '', 'it answered 301']])('an answer of %i is a failure, whoever wants the event', async (status, body, reason) => {
    await expect(sendEvent(portsOf({ answer: replying(status, body) }), wish, options)).rejects.toMatchObject({
      code: 'event-undelivered', exit: 1, message: 'the broker default did not deliver the event', reason, hints: [{ command: 'devstack status dev' }],
    });
    expect(closed).toBe(1);
  });

  test('names the subscribers that must have failed, and the log of the first', async () => {
    const objects = [broker('default'), trigger('one', 'a.b', 'shop'), trigger('two', 'a.b', 'mail'), trigger('not-asked', 'c.d')];
    await expect(sendEvent(portsOf({ objects, answer: replying(500, 'x'.repeat(1_000)) }), wish, options)).rejects.toMatchObject({
      code: 'event-undelivered', reason: `it answered 500: ${'x'.repeat(200)}; it goes to shop, mail, which must answer 2xx, without a body or with an event`, hints: [{ command: 'devstack logs shop --name dev' }],
    });
  });

  test('to a broker that stays silent ends, and says for how long it was', async () => {
    const patience = vi.spyOn(AbortSignal, 'timeout').mockReturnValue(AbortSignal.abort());
    const ports = portsOf({ answer: async (_service, _request, signal) => { throw signal?.reason; } });
    await expect(sendEvent(ports, wish, options).finally(() => patience.mockRestore())).rejects.toMatchObject({ code: 'event-undelivered', reason: 'no answer within 30 s' });
    expect(closed).toBe(1);
  });

  test('that is stopped is stopped, not undelivered', async () => {
    const stop = new AbortController();
    const sending = sendEvent(portsOf({
      answer: (_service, _request, signal) => new Promise((_resolve, reject) => {
        signal?.addEventListener('abort', () => reject(signal.reason));
        stop.abort();
      }),
    }), wish, { ...options, signal: stop.signal });
    await expect(sending).rejects.toMatchObject({ name: 'AbortError' });
    expect(closed).toBe(1);
  });

  test('over a connection that breaks says that, not what the broker did', async () => {
    await expect(sendEvent(portsOf({ answer: () => Promise.reject(new Error('connection reset')) }), wish, options)).rejects.toThrow('connection reset');
  });
});

describe('watching', () => {
  const LOG = ['☁️  cloudevents.Event', 'Context Attributes,', '  specversion: 1.0', '  type: a.b', '  source: /x', '  id: 1', '  datacontenttype: application/json', 'Data,', '  {', '    "n": 1', '  }'];
  const pod = (name: string): KubeObject => (
    { apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace: 'default' }, spec: { containers: [{ name: 'app' }] }, status: { phase: 'Running' } }
  );
  const sink = { app: 'event-watch', kind: 'deployment', stack: 'dev', namespace: 'default' } as const;
  const deployment: KubeObject = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'event-watch', namespace: 'default' }, spec: { selector: { matchLabels: { app: 'event-watch' } } } };

  test('two pods that write at the same time are read apart', async () => {
    const asked: object[] = [];
    const ports = portsOf({
      objects: [deployment],
      client: {
        async *watch(_kind, selection) {
          asked.push(selection);
          for (const name of ['a', 'b']) yield { type: 'ADDED', object: pod(name) };
        },
        async *followLogs(ref, choice) {
          asked.push(choice);
          yield* LOG.map((line) => line.replace('a.b', `from.${ref.name}`));
        },
      },
    });
    const seen: CloudEvent[] = [];
    for await (const arrived of watchEvents(ports, sink, { tailLines: 7 }, options)) seen.push(arrived);
    expect(seen.map(({ type, data }) => [type, data]).sort()).toEqual([['from.a', { n: 1 }], ['from.b', { n: 1 }]]);
    expect(asked[0]).toEqual({ namespace: 'default', labelSelector: 'app=event-watch' });
    expect(asked.slice(1)).toEqual([{ tailLines: 7, container: 'app' }, { tailLines: 7, container: 'app' }]);
  });

  test('a sink that somebody has removed is told', async () => {
    const reading = watchEvents(portsOf({ objects: [] }), sink, { tailLines: 0 }, options);
    await expect(reading.next()).rejects.toMatchObject({ code: 'app-incomplete' });
    expect(closed).toBe(1);
  });
});
