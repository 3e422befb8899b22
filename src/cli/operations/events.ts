// Use cases of `events`: sending one to a broker, a sink to see them at, and what arrives there.
import { type CloudEvent, createEventReader, type EventReader } from '../../model/cloud-event.ts';
import { failedError, preconditionError } from '../../model/error.ts';
import { stringAt } from '../../model/object.ts';
import { type EventSink, planEventSink, serviceAddress, takersOf } from '../../plan/plan-events.ts';
import type { KubeClient, Ports } from '../../ports.ts';
import type { AppRef, EventWish, PlannedDeploy, SentEvent } from '../app-use-cases.ts';
import type { RunOptions } from '../use-cases.ts';
import { type AppTarget, installedAddons, withTarget } from './app-target.ts';
import { appLogs } from './app-watch.ts';

const EVENTING = 'eventing.knative.dev/v1';

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

/** Throws what `brokerUrl` does, and `event-refused` with the answer of the broker. */
export async function sendEvent(ports: Ports, { event, broker, namespace, stack }: EventWish, options: RunOptions): Promise<SentEvent> {
  return withTarget(ports, stack, options, async (target, client) => {
    const { signal } = options;
    const url = await brokerUrl(ports, target, client, { broker: { name: broker, namespace }, signal });
    const address = serviceAddress(url);
    if (address === undefined) {
      throw failedError({ code: 'broker-not-ready', message: `the broker ${broker} has no address yet`, hints: [{ text: 'see what it waits for', command: `devstack status ${target.found.stack}` }] });
    }
    const started = ports.clock.monotonic();
    const answer = await client.callService(address.service, { method: 'POST', path: address.path, contentType: 'application/cloudevents+json', body: JSON.stringify(event) }, signal);
    const durationMs = Math.round(ports.clock.monotonic() - started);
    if (answer.status < 200 || answer.status > 299) {
      throw failedError({
        code: 'event-refused', message: `the broker ${broker} did not take the event: it answered ${answer.status}`, ...(answer.body.trim() === '' ? {} : { reason: answer.body.trim().slice(0, 200) }),
        hints: [{ text: 'see whether it is ready', command: `devstack status ${target.found.stack}` }],
      });
    }
    const triggers = await client.list({ apiVersion: EVENTING, kind: 'Trigger' }, { namespace }, signal);
    return { stack: target.found.stack, status: answer.status, durationMs, triggers: takersOf(event, broker, triggers.items) };
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
