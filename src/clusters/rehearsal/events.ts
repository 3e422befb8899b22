// Brokers that deliver: an event that comes in goes to every trigger that wants it, and what a subscriber answers comes in again.
import http from 'node:http';
import { isJsonObject, type Json, type JsonObject, parseJson } from '../../model/json.ts';
import { stringAt } from '../../model/object.ts';
import type { Clock } from '../../ports.ts';
import type { Activator } from './activator.ts';
import type { Api } from './controllers/api.ts';
import { isTrue } from './controllers/conditions.ts';
import type { Destination, Routes } from './routes.ts';
import type { ServiceCall } from './server/http.ts';
import { objectAt, objectsAt } from './server/json.ts';

const BROKERS = { namespace: 'knative-eventing', name: 'broker-ingress' } as const;
/** Between two tries of a subscriber that did not take an event. */
const BACK_OFF_MS = [200, 400, 800] as const;
/** Answers that are events may make others, and those others again. */
const MOST_HOPS = 10;

/** The attributes of a CloudEvent, and its data as they are sent. */
interface Event {
  readonly attributes: { readonly [name: string]: string };
  readonly contentType: string;
  readonly data: string;
}

export interface EventsWorld {
  readonly api: Api;
  readonly activator: Activator;
  readonly routes: Routes;
  readonly clock: Clock;
}

interface Reply {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: string;
}

const textOf = (value: Json): string => (typeof value === 'string' ? value : JSON.stringify(value));

/** Undefined for what is no event. */
function readEvent(headers: http.IncomingHttpHeaders, body: string): Event | undefined {
  const contentType = headers['content-type'] ?? 'application/json';
  if (!contentType.startsWith('application/cloudevents+json')) {
    const attributes = Object.fromEntries(Object.entries(headers).flatMap(([name, value]) => (name.startsWith('ce-') && typeof value === 'string' ? [[name.slice(3), value]] : [])));
    return attributes['type'] === undefined ? undefined : { attributes, contentType, data: body };
  }
  const value = parseJson(body);
  if (!isJsonObject(value) || typeof value['type'] !== 'string') return undefined;
  const { data, data_base64: bytes, datacontenttype, ...rest } = value;
  const attributes = Object.fromEntries(Object.entries(rest).map(([name, attribute]) => [name, textOf(attribute)]));
  const content = typeof bytes === 'string' ? Buffer.from(bytes, 'base64').toString('utf8') : data === undefined ? '' : textOf(data);
  return { attributes, contentType: typeof datacontenttype === 'string' ? datacontenttype : 'application/json', data: content };
}

function wants(trigger: JsonObject, { attributes }: Event): boolean {
  const all = (wanted: JsonObject | undefined, holds: (value: string, wanted: string) => boolean): boolean => Object.entries(wanted ?? {}).every(([name, value]) => value === '' || holds(attributes[name] ?? '', String(value)));
  const filters = objectsAt(trigger, 'spec', 'filters');
  // The newer filters replace the older one where both are given.
  if (filters.length === 0) return all(objectAt(trigger, 'spec', 'filter', 'attributes'), (value, wanted) => value === wanted);
  return filters.every((filter) => all(objectAt(filter, 'exact'), (value, wanted) => value === wanted) && all(objectAt(filter, 'prefix'), (value, wanted) => value.startsWith(wanted)) && all(objectAt(filter, 'suffix'), (value, wanted) => value.endsWith(wanted)));
}

export class Events {
  readonly #world: EventsWorld;

  constructor(world: EventsWorld) {
    this.#world = world;
  }

  /** Undefined: the call is for somebody else. */
  async call({ namespace, name, path, headers, body }: ServiceCall): Promise<{ readonly status: number; readonly body: string } | undefined> {
    if (namespace !== BROKERS.namespace || name !== BROKERS.name) return undefined;
    const [place = '', broker = ''] = path.split('/').filter((part) => part !== '').map(decodeURIComponent);
    const { api } = this.#world;
    if (!isTrue(api.get({ key: 'brokers.eventing.knative.dev', namespace: place, name: broker }), 'Ready')) return { status: 404, body: `there is no broker ${place}/${broker} that is ready\n` };
    const event = readEvent(headers, body);
    if (event === undefined) return { status: 400, body: 'this is no CloudEvent\n' };
    const isTaken = await this.#deliver({ namespace: place, name: broker }, event, MOST_HOPS);
    return isTaken ? { status: 202, body: '' } : { status: 500, body: 'a subscriber did not take the event\n' };
  }

  async #deliver(broker: { readonly namespace: string; readonly name: string }, event: Event, hops: number): Promise<boolean> {
    if (hops === 0) return true;
    const triggers = this.#world.api.list('triggers.eventing.knative.dev', broker.namespace).filter((trigger) => stringAt(trigger, 'spec', 'broker') === broker.name && isTrue(trigger, 'Ready') && wants(trigger, event));
    const taken = await Promise.all(triggers.map(async (trigger) => {
      const reply = await this.#give(trigger, event);
      const answer = reply === undefined ? undefined : readEvent(reply.headers, reply.body);
      return reply !== undefined && (answer === undefined || this.#deliver(broker, answer, hops - 1));
    }));
    return taken.every(Boolean);
  }

  /** Until the subscriber answers well; undefined when it never does. */
  async #give(trigger: JsonObject, event: Event): Promise<Reply | undefined> {
    for (const waitMs of [...BACK_OFF_MS, undefined]) {
      const destination = this.#subscriberOf(trigger);
      const reply = destination === undefined ? undefined : await this.#post(destination, stringAt(trigger, 'spec', 'subscriber', 'uri') ?? '/', event).catch(() => undefined);
      if (reply !== undefined && reply.status >= 200 && reply.status < 300) return reply;
      if (waitMs !== undefined) await this.#world.clock.sleep(waitMs);
    }
    return undefined;
  }

  #subscriberOf(trigger: JsonObject): (Destination & { readonly host: string }) | undefined {
    const ref = objectAt(trigger, 'spec', 'subscriber', 'ref');
    const namespace = String(ref?.['namespace'] ?? stringAt(trigger, 'metadata', 'namespace') ?? '');
    const name = String(ref?.['name'] ?? '');
    const host = `${name}.${namespace}.svc.cluster.local`;
    const isKnative = String(ref?.['apiVersion'] ?? '').startsWith('serving.knative.dev/');
    const found = isKnative ? this.#world.routes.find(host) : { ref: { key: 'services', namespace, name }, headers: {} };
    return ref === undefined || found === undefined ? undefined : { ...found, host };
  }

  async #post({ ref, headers, host }: Destination & { readonly host: string }, path: string, { attributes, contentType, data }: Event): Promise<Reply | undefined> {
    const backend = await this.#world.activator.acquire(ref, new AbortController().signal);
    if (backend === undefined) return undefined;
    const own = Object.fromEntries(Object.entries(attributes).map(([name, value]) => [`ce-${name}`, value]));
    try {
      return await new Promise<Reply>((resolve, reject) => {
        const request = http.request({ host: '127.0.0.1', port: backend.port, method: 'POST', path: path.startsWith('/') ? path : '/', agent: false, headers: { ...headers, ...own, host, 'content-type': contentType, 'content-length': Buffer.byteLength(data) } }, (response) => {
          let body = '';
          response.on('data', (chunk: Buffer) => { body += chunk.toString('utf8'); });
          response.once('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }));
        });
        request.once('error', reject).end(data);
      });
    } finally {
      backend.release();
    }
  }
}
