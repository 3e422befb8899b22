// The rehearsal's API server without sockets and without time: real objects, real server-side apply, and controllers that are done at once.
import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { Api } from '../../src/clusters/rehearsal/controllers/api.ts';
import { bootstrap } from '../../src/clusters/rehearsal/server/bootstrap.ts';
import type { Core } from '../../src/clusters/rehearsal/server/core.ts';
import { Definitions } from '../../src/clusters/rehearsal/server/definitions.ts';
import { discover } from '../../src/clusters/rehearsal/server/discovery.ts';
import { handle } from '../../src/clusters/rehearsal/server/handlers.ts';
import { Registry } from '../../src/clusters/rehearsal/server/registry.ts';
import type { Reply as ServerReply } from '../../src/clusters/rehearsal/server/reply.ts';
import { NO_PAGE, routeOf } from '../../src/clusters/rehearsal/server/route.ts';
import { handleSpecial } from '../../src/clusters/rehearsal/server/special.ts';
import { StatusError, statusBody } from '../../src/clusters/rehearsal/server/status.ts';
import { type Snapshot, Store, type StoreEvent } from '../../src/clusters/rehearsal/server/store.ts';
import { type Reply, unreachableError } from '../../src/kube/failure.ts';
import { type Call, type Outcome, retryDelay, Transport } from '../../src/kube/transport.ts';
import type { JsonObject } from '../../src/model/json.ts';
import { at, stringAt } from '../../src/model/object.ts';
import type { Clock } from '../../src/ports.ts';
import type { Life } from './life.ts';

const PLAIN_CLOCK: Clock = { now: () => Date.UTC(2026, 0, 1), monotonic: () => 0, sleep: () => new Promise(() => undefined) };

async function newCore(snapshot: Snapshot | undefined): Promise<Core> {
  const core: Core = { store: new Store(), registry: new Registry(), clock: PLAIN_CLOCK, admissions: new Set(), aggregated: new Set() };
  const definitions = new Definitions(core);
  if (snapshot === undefined) await bootstrap(core);
  else {
    core.store.restore(snapshot);
    definitions.restore();
  }
  return core;
}

/** What every new cluster holds: made once, for it takes longer than a whole run. */
export async function emptyCluster(): Promise<Snapshot> {
  return (await newCore(undefined)).store.snapshot();
}

export class FakeCluster {
  readonly core: Core;
  readonly api: Api;
  /** Writes that reached the server. */
  writes = 0;

  private constructor(core: Core) {
    this.core = core;
    this.api = new Api(core, 'controllers');
    core.store.watch(undefined, (event) => {
      if (event.type !== 'DELETED') setImmediate(() => void this.#control(event).catch(() => undefined));
    });
    core.admissions.add((request) => {
      const metadata = request.object['metadata'] as JsonObject | undefined;
      if (request.resource.kind !== 'Broker' || metadata === undefined) return;
      request.object['metadata'] = { ...metadata, annotations: { 'eventing.knative.dev/broker.class': 'MTChannelBasedBroker', ...(metadata['annotations'] as JsonObject | undefined) } };
    });
  }

  static async start(snapshot: Snapshot): Promise<FakeCluster> {
    return new FakeCluster(await newCore(snapshot));
  }

  async #control({ key, object }: StoreEvent): Promise<void> {
    const generation = Number(at(object, 'metadata', 'generation') ?? 1);
    if (at(object, 'status', 'observedGeneration') === generation) return;
    const ref = { key, namespace: stringAt(object, 'metadata', 'namespace') ?? '', name: stringAt(object, 'metadata', 'name') ?? '' };
    const status = statusOf(key, generation);
    if (status !== undefined) await this.api.updateStatus(ref, (draft) => Object.assign(draft, status));
  }

  /** As the HTTP side of the rehearsal does it, without HTTP. */
  async answer(call: Call): Promise<ServerReply> {
    const url = new URL(call.path, 'http://127.0.0.1');
    try {
      const found = call.method === 'GET' ? discover(this.core, url.pathname, url.host) : undefined;
      if (found !== undefined) return found;
      const route = routeOf(this.core.registry, url.pathname);
      if (route === undefined) return NO_PAGE;
      const request = {
        method: call.method, route, query: url.searchParams, accept: call.accept ?? 'application/json', userAgent: 'devstack', yaml: undefined, warnings: [],
        contentType: call.contentType ?? 'application/json', text: call.body ?? '',
      };
      if (call.method !== 'GET' && call.dryRun !== true) this.writes += 1;
      return await handleSpecial(this.core, request, () => []) ?? await handle(this.core, request);
    } catch (error) {
      if (error instanceof StatusError) return { kind: 'body', status: error.code, body: statusBody(error) };
      throw error;
    }
  }
}

const TRUE = (type: string): JsonObject => ({ type, status: 'True', reason: 'Done', message: '' });

function statusOf(key: string, observedGeneration: number): JsonObject | undefined {
  const all = { observedGeneration, replicas: 1, readyReplicas: 1, updatedReplicas: 1, availableReplicas: 1 };
  switch (key) {
    case 'deployments.apps': return { ...all, conditions: [TRUE('Available')] };
    case 'statefulsets.apps': return { ...all, currentRevision: 'a', updateRevision: 'a', currentReplicas: 1 };
    case 'services.serving.knative.dev': return { observedGeneration, url: 'http://hello.default.127.0.0.1.sslip.io', conditions: [TRUE('ConfigurationsReady'), TRUE('Ready'), TRUE('RoutesReady')] };
    case 'brokers.eventing.knative.dev': return { observedGeneration, conditions: [TRUE('Ready')] };
    default: return undefined;
  }
}

/** What a request may meet on its way: an answer of somebody else, or a connection that breaks. */
export class WireFault extends Error {
  readonly outcome: Outcome;

  constructor(outcome: Outcome) {
    super('fault of the wire');
    this.outcome = outcome;
  }
}

/** The connection of one life to whatever runs there right now. */
export class FakeTransport extends Transport {
  readonly #life: Life;
  readonly #clock: Clock;
  readonly #find: () => FakeCluster | undefined;

  constructor(life: Life, clock: Clock, find: () => FakeCluster | undefined) {
    super({ server: new URL('http://127.0.0.1:40123'), tls: {}, authorize: async () => ({}) }, clock);
    this.#life = life;
    this.#clock = clock;
    this.#find = find;
  }

  override async request(call: Call): Promise<Reply> {
    for (let attempt = 0; ; attempt += 1) {
      const outcome = await this.#attempt(call);
      const delay = call.retry === false ? undefined : retryDelay(outcome, call.method, attempt);
      if (delay === undefined) {
        if ('reply' in outcome) return outcome.reply;
        throw unreachableError(outcome.error, this.server);
      }
      await this.#clock.sleep(delay, call.signal);
    }
  }

  async #attempt(call: Call): Promise<Outcome> {
    call.signal?.throwIfAborted();
    this.counts.total += 1;
    const changes = call.method !== 'GET' && call.dryRun !== true;
    if (changes) this.counts.writes += 1;
    try {
      const reply = await this.#life.call(`kube ${call.method} ${call.path.split('?')[0]}`, changes, async () => this.#send(call));
      if (reply.kind !== 'body') throw new Error('a stream where an answer was asked for');
      return { reply: { status: reply.status, headers: {}, body: typeof reply.body === 'string' ? reply.body : JSON.stringify(reply.body) } };
    } catch (error) {
      if (error instanceof WireFault) return error.outcome;
      return { error };
    }
  }

  async #send(call: Call): Promise<ServerReply> {
    const cluster = this.#find();
    if (cluster === undefined) throw Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
    return cluster.answer(call);
  }

  override async stream(call: Call): Promise<{ readonly message: IncomingMessage } | { readonly reply: Reply }> {
    call.signal?.throwIfAborted();
    let reply: ServerReply;
    try {
      reply = await this.#life.call(`kube WATCH ${call.path.split('?')[0]}`, false, async () => this.#send(call));
    } catch (error) {
      throw unreachableError(error instanceof WireFault && 'error' in error.outcome ? error.outcome.error : error, this.server);
    }
    if (reply.kind === 'body') return { reply: { status: reply.status, headers: {}, body: typeof reply.body === 'string' ? reply.body : JSON.stringify(reply.body) } };
    const message = new Readable({ read: () => undefined, encoding: 'utf8' });
    const stop = reply.start((chunk) => { if (!this.#life.isDead && !message.destroyed) message.push(chunk); }, () => message.push(null));
    message.once('close', stop);
    call.signal?.addEventListener('abort', () => message.destroy(), { once: true });
    return { message: message as IncomingMessage };
  }

  override close(): void {
    // Nothing is open.
  }
}
