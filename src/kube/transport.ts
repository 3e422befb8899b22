// HTTP to one API server: keep-alive connections, bounded retries, streams. Knows nothing of Kubernetes objects.
//
// node:https and not undici: its agent resumes TLS sessions, takes client certificates and costs nothing to load,
// where undici costs 60 ms at start for a gain that a server on loopback does not show.
import { setMaxListeners } from 'node:events';
import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { type AgentOptions, Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { stringAt } from '../model/object.ts';
import type { Clock } from '../ports.ts';
import { parseStatus, type Reply, unreachableError } from './failure.ts';

/** One API server and how to be let in. */
export interface Target {
  readonly server: URL;
  readonly tls: Pick<AgentOptions, 'ca' | 'cert' | 'key' | 'rejectUnauthorized' | 'servername'>;
  /** An agent that goes through a proxy, instead of one made from `tls`. */
  readonly agent?: HttpsAgent;
  /** Headers that let a request in; asked before each one, for tokens expire. */
  authorize(): Promise<{ readonly [name: string]: string }>;
}

export interface Call {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** With its query. */
  readonly path: string;
  readonly body?: string;
  readonly contentType?: string;
  readonly accept?: string;
  /** A dry run: no write, whatever the method. */
  readonly dryRun?: boolean;
  /** False for a caller that wants to see every answer as it is. */
  readonly retry?: boolean;
  /** Silence of the connection after which it is given up, in milliseconds. */
  readonly idleMs?: number;
  readonly signal?: AbortSignal | undefined;
}

/** Longer than three webhooks of 10 s in a row, the longest that an API server may think. */
const IDLE_MS = 60_000;
const MAX_ATTEMPTS = 6;
const FIRST_DELAY_MS = 100;
const MAX_RETRY_AFTER_MS = 10_000;
const ETCD_BUSY = /etcdserver: (leader changed|request timed out|no leader)|raft proposal dropped/;

/** Failures of a connection after which the request may or may not have been carried out. */
const BROKEN = new Set(['ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'ERR_HTTP2_STREAM_ERROR', 'HPE_INVALID_EOF_STATE']);

export type Outcome = { readonly reply: Reply } | { readonly error: unknown };

/** Milliseconds to wait before the next try, or undefined when the outcome stands. */
export function retryDelay(outcome: Outcome, method: Call['method'], attempt: number): number | undefined {
  if (attempt + 1 >= MAX_ATTEMPTS) return undefined;
  const delay = FIRST_DELAY_MS * 2 ** attempt;
  // Apply, merge patch and delete come to the same end when they are done twice; a POST does not.
  const isIdempotent = method !== 'POST';
  if ('error' in outcome) {
    const code = (outcome.error as { readonly code?: unknown }).code;
    if (code === 'ECONNREFUSED') return delay;
    return isIdempotent && typeof code === 'string' && BROKEN.has(code) ? delay : undefined;
  }
  const { status, headers, body } = outcome.reply;
  if (status === 429) {
    const seconds = Number(headers['retry-after']);
    return Number.isFinite(seconds) ? Math.min(seconds * 1000, MAX_RETRY_AFTER_MS) : delay;
  }
  if (!isIdempotent) return undefined;
  if (status === 503) return delay;
  return (status === 500 || status === 504) && ETCD_BUSY.test(stringAt(parseStatus(body), 'message') ?? '') ? delay : undefined;
}

function abortError(signal: AbortSignal): Error {
  return new DOMException(signal.reason instanceof Error ? signal.reason.message : 'the request was aborted', 'AbortError');
}

/** Thrown when a connection stays silent; looks like any other broken connection. */
function silent(): Error {
  return Object.assign(new Error('the connection fell silent'), { code: 'ETIMEDOUT' });
}

export class Transport {
  readonly #target: Target;
  readonly #clock: Clock;
  readonly #agent: HttpAgent;
  readonly #open = new Set<IncomingMessage>();
  readonly counts = { total: 0, writes: 0 };

  constructor(target: Target, clock: Clock) {
    this.#target = target;
    this.#clock = clock;
    const options = { keepAlive: true, maxFreeSockets: 32, scheduling: 'lifo' as const };
    this.#agent = target.agent ?? (target.server.protocol === 'http:' ? new HttpAgent(options) : new HttpsAgent({ ...options, ...target.tls }));
  }

  get server(): string {
    return this.#target.server.origin;
  }

  /** The answer, whatever its status. Throws `kube-unreachable`, or AbortError. */
  async request(call: Call): Promise<Reply> {
    for (let attempt = 0; ; attempt += 1) {
      const outcome = await this.#try(call);
      const delay = call.retry === false ? undefined : retryDelay(outcome, call.method, attempt);
      if (delay === undefined) {
        if ('reply' in outcome) return outcome.reply;
        throw unreachableError(outcome.error, this.server);
      }
      await this.#clock.sleep(delay, call.signal);
    }
  }

  /** An answer whose body comes over time. A status other than 2xx is read whole and given back as a Reply. */
  async stream(call: Call): Promise<{ readonly message: IncomingMessage } | { readonly reply: Reply }> {
    try {
      const message = await this.#send(call);
      if (message.statusCode !== undefined && message.statusCode < 300) return { message };
      return { reply: await read(message) };
    } catch (error) {
      if (call.signal?.aborted === true) throw abortError(call.signal);
      throw unreachableError(error, this.server);
    }
  }

  close(): void {
    for (const message of this.#open) message.destroy();
    this.#agent.destroy();
  }

  async #try(call: Call): Promise<Outcome> {
    try {
      return { reply: await read(await this.#send(call)) };
    } catch (error) {
      if (call.signal?.aborted === true) throw abortError(call.signal);
      return { error };
    }
  }

  async #send(call: Call): Promise<IncomingMessage> {
    const headers: { [name: string]: string | number } = { accept: call.accept ?? 'application/json', 'user-agent': 'devstack', ...await this.#target.authorize() };
    if (call.body !== undefined) {
      headers['content-type'] = call.contentType ?? 'application/json';
      headers['content-length'] = Buffer.byteLength(call.body);
    }
    // Many requests of one piece of work share its signal; Node would warn at the eleventh.
    if (call.signal !== undefined) setMaxListeners(0, call.signal);
    this.counts.total += 1;
    if (call.method !== 'GET' && call.dryRun !== true) this.counts.writes += 1;
    const { server } = this.#target;
    const send = server.protocol === 'http:' ? httpRequest : httpsRequest;
    const base = server.pathname.replace(/\/$/, '');
    return new Promise((resolve, reject) => {
      const request = send({
        host: server.hostname.replace(/^\[|\]$/g, ''), port: server.port === '' ? (server.protocol === 'http:' ? 80 : 443) : server.port,
        method: call.method, path: base + call.path, headers, agent: this.#agent, timeout: call.idleMs ?? IDLE_MS,
        ...(call.signal === undefined ? {} : { signal: call.signal }),
      }, (message) => {
        message.setEncoding('utf8');
        this.#open.add(message);
        message.once('close', () => this.#open.delete(message));
        resolve(message);
      });
      request.on('timeout', () => request.destroy(silent()));
      request.on('error', reject);
      request.end(call.body);
    });
  }
}

async function read(message: IncomingMessage): Promise<Reply> {
  let body = '';
  for await (const chunk of message) body += String(chunk);
  return { status: message.statusCode ?? 0, headers: message.headers, body };
}

/** The lines of a stream from a server. Throws `kube-unreachable` when the connection is cut. */
export async function* linesOf(message: IncomingMessage, server: string): AsyncGenerator<string> {
  let rest = '';
  try {
    for await (const chunk of message) {
      const lines = (rest + String(chunk)).split('\n');
      rest = lines.pop() ?? '';
      yield* lines;
    }
    if (rest !== '') yield rest;
  } catch (error) {
    throw unreachableError(error, server);
  } finally {
    message.destroy();
  }
}
