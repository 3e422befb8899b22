// Use cases of `events`: sending one to a broker, a sink to see them at, and what arrives there.
import { type CloudEvent, createEventReader, type EventReader } from '../../model/cloud-event.ts';
import { type DevstackError, failedError, preconditionError } from '../../model/error.ts';
import { type KubeObject, stringAt } from '../../model/object.ts';
import { type EventSink, planEventSink, serviceAddress, takersOf } from '../../plan/plan-events.ts';
import type { KubeClient, Ports } from '../../ports.ts';
import type { AppRef, EventWish, PlannedDeploy, SentEvent } from '../app-use-cases.ts';
import type { RunOptions } from '../use-cases.ts';
import { type AppTarget, installedAddons, withTarget } from './app-target.ts';
import { appLogs } from './app-watch.ts';

const EVENTING = 'eventing.knative.dev/v1';
/** A subscriber that starts from nothing is within it. */
const SEND_TIMEOUT_MS = 30_000;

interface BrokerRef {
  readonly name: string;
  readonly namespace: string;
}

/** Throws `addon-missing` where there is no Eventing, `broker-missing` with the brokers that there are. */
async function brokerUrl(ports: Ports, target: AppTarget, client: KubeClient, { broker, signal }: { readonly broker: BrokerRef; readonly signal: AbortSignal }): Promise<string> {
  const { stack } = target.found;
  if (!installedAddons(await ports.kubeSets.inventories(client, stack, signal)).includes('knative-eventing')) {
    throw preconditionError({
      code: 'addon-missing', message: `events need Knative Eventing, which stack ${stack} does not have`, hints: [{ text: 'add it', command: `devstack addon add eventing --name ${stack}` }],
    });
  }
  const found = await client.get({ apiVersion: EVENTING, kind: 'Broker', ...broker }, signal);
  if (found === undefined) {
    const { items } = await client.list({ apiVersion: EVENTING, kind: 'Broker' }, {}, signal);
    throw preconditionError({
      code: 'broker-missing', message: `there is no broker ${broker.name} in the namespace ${broker.namespace}`,
      reason: items.length === 0 ? 'there are none' : `there are ${items.map(({ metadata }) => `${metadata.name} in ${metadata.namespace ?? ''}`).join(', ')}`,
      hints: [{ text: 'the one that comes with Eventing', command: 'devstack events send --broker default --namespace default' }],
    });
  }
  return stringAt(found, 'status', 'address', 'url') ?? '';
}

interface Failure {
  readonly broker: string;
  readonly stack: string;
  readonly triggers: readonly KubeObject[];
  /** Undefined: none came in time. */
  readonly answer: { readonly status: number; readonly body: string } | undefined;
}

/** A broker in memory answers only when every subscriber has taken the event, and tries again those that have not. */
function undelivered({ broker, stack, triggers, answer }: Failure): DevstackError {
  const what = answer === undefined ? `no answer within ${SEND_TIMEOUT_MS / 1_000} s` : `it answered ${answer.status}${answer.body.trim() === '' ? '' : `: ${answer.body.trim().slice(0, 200)}`}`;
  const subscribers = triggers.flatMap((trigger) => stringAt(trigger, 'spec', 'subscriber', 'ref', 'name') ?? []);
  const [first] = subscribers;
  return failedError({
    code: 'event-undelivered', message: `the broker ${broker} did not deliver the event`,
    reason: subscribers.length === 0 ? what : `${what}; it goes to ${subscribers.join(', ')}, which must answer 2xx, without a body or with an event`,
    hints: [first === undefined ? { text: 'see whether it is ready', command: `devstack status ${stack}` } : { text: 'see what the subscriber says', command: `devstack logs ${first} --name ${stack}` }],
  });
}

/** Throws what `brokerUrl` does, and `event-undelivered`. */
export async function sendEvent(ports: Ports, { event, broker, namespace, stack }: EventWish, options: RunOptions): Promise<SentEvent> {
  return withTarget(ports, stack, options, async (target, client) => {
    const { signal } = options;
    const url = await brokerUrl(ports, target, client, { broker: { name: broker, namespace }, signal });
    const address = serviceAddress(url);
    if (address === undefined) {
      throw failedError({ code: 'broker-not-ready', message: `the broker ${broker} has no address yet`, hints: [{ text: 'see what it waits for', command: `devstack status ${target.found.stack}` }] });
    }
    const triggers = takersOf(event, broker, (await client.list({ apiVersion: EVENTING, kind: 'Trigger' }, { namespace }, signal)).items);
    const started = ports.clock.monotonic();
    const patience = AbortSignal.timeout(SEND_TIMEOUT_MS);
    const request = { method: 'POST', path: address.path, contentType: 'application/cloudevents+json', body: JSON.stringify(event) } as const;
    const answer = await client.callService(address.service, request, AbortSignal.any([signal, patience])).catch((thrown: unknown) => {
      if (!patience.aborted || signal.aborted) throw thrown;
      return undefined;
    });
    if (answer === undefined || answer.status < 200 || answer.status > 299) throw undelivered({ broker, stack: target.found.stack, triggers, answer });
    return { stack: target.found.stack, status: answer.status, durationMs: Math.round(ports.clock.monotonic() - started), triggers: triggers.map(({ metadata }) => metadata.name) };
  });
}

/** Throws what `brokerUrl` does. */
export async function planSink(ports: Ports, stack: string | undefined, sink: EventSink, options: RunOptions): Promise<PlannedDeploy> {
  return withTarget(ports, stack, options, async (target, client) => {
    await brokerUrl(ports, target, client, { broker: { name: sink.broker, namespace: sink.namespace }, signal: options.signal });
    const plan = planEventSink(sink, { stack: target.found.stack, cluster: target.cluster, canLoadImages: target.provider.images !== undefined });
    return { app: sink.name, kind: 'deployment', stack: target.found.stack, namespace: sink.namespace, plan };
  });
}

/** What arrives at a sink, until the signal aborts. `tailLines`: how much of its log from before is read too. */
export async function* watchEvents(ports: Ports, ref: AppRef, choice: { readonly tailLines: number }, options: RunOptions): AsyncGenerator<CloudEvent> {
  const readers = new Map<string, EventReader>();
  for await (const { pod, line } of appLogs(ports, ref, { ...choice, follow: true }, options)) {
    const reader = readers.get(pod) ?? createEventReader();
    readers.set(pod, reader);
    const event = reader.take(line);
    if (event !== undefined) yield event;
  }
}
