// The HTTP side: reads requests, finds who answers them, writes what they answer. Knows nothing of objects.
import { createHash, timingSafeEqual } from 'node:crypto';
import http from 'node:http';
import type { Yaml } from '../../../ports.ts';
import type { Call } from './call.ts';
import type { Core } from './core.ts';
import { discover } from './discovery.ts';
import { handle } from './handlers.ts';
import { openapi } from './openapi.ts';
import { OPENAPI_V2, OPENAPI_V2_TYPE } from './openapi-v2.ts';
import { protobufBody } from './protobuf.ts';
import { type BodyReply, json, type Reply, type StreamReply } from './reply.ts';
import { NO_PAGE, routeOf } from './route.ts';
import { handleSpecial, type LogSource } from './special.ts';
import { internalError, pathNotFound, StatusError, statusBody } from './status.ts';

/** As much as the real server takes. */
const MAX_BODY = 3 * 1024 * 1024;

/** A request to a Service by way of the API server. */
export interface ServiceCall {
  readonly namespace: string;
  readonly name: string;
  readonly path: string;
  readonly method: string;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: string;
}

/** Undefined: nothing answers there. */
export type ServiceProxy = (call: ServiceCall) => Promise<{ readonly status: number; readonly body: string } | undefined>;

export interface HttpOptions {
  readonly core: Core;
  readonly yaml: Yaml | undefined;
  readonly logs: LogSource;
  readonly proxy: ServiceProxy | undefined;
  /** The first part of every path; who does not know it is turned away. Absent: everybody may do everything. */
  readonly token: string | undefined;
  /** Told of everything that is not an answer but a mistake of ours. */
  readonly onBug: (error: unknown) => void;
}

function readBody(request: http.IncomingMessage): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    request.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size > MAX_BODY) reject(new StatusError(413, 'RequestEntityTooLarge', `Request entity too large: limit is ${MAX_BODY}`));
      else chunks.push(chunk);
    });
    request.once('error', reject);
    request.once('end', () => resolve(Buffer.concat(chunks)));
  });
}

/**
 * A path without the token that it begins with; undefined when it is another one. kubectl sends no credentials over plain HTTP, but
 * keeps to the path of a server. In constant time: another user of this machine shall not learn the token by trying.
 */
function pathWithin(token: string | undefined, path: string): string | undefined {
  if (token === undefined) return path;
  const [, first = '', ...rest] = path.split('/');
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(token), digest(first)) ? `/${rest.join('/')}` : undefined;
}

const PROXIED = /^\/api\/v1\/namespaces\/([^/]+)\/services\/(?:https?:)?([^/:]+)(?::[\w-]+)?\/proxy(\/.*)?$/;

async function callService(proxy: ServiceProxy, request: http.IncomingMessage, path: string): Promise<BodyReply | undefined> {
  const [, namespace, name, rest = '/'] = PROXIED.exec(path) ?? [];
  if (namespace === undefined || name === undefined) return undefined;
  const body = (await readBody(request)).toString('utf8');
  const answer = await proxy({ namespace: decodeURIComponent(namespace), name: decodeURIComponent(name), path: rest, method: request.method ?? 'GET', headers: request.headers, body });
  if (answer === undefined) throw new StatusError(503, 'ServiceUnavailable', `no endpoints available for service ${JSON.stringify(name)}`);
  return { kind: 'body', status: answer.status, body: answer.body };
}

function aggregatedReply({ aggregated }: Core, path: string, query: URLSearchParams): Reply | undefined {
  const answer = [...aggregated].map((api) => api.answer(path, query)).find((body) => body !== undefined);
  return answer === undefined ? undefined : json(answer);
}

async function replyTo(options: HttpOptions, request: http.IncomingMessage, warnings: string[]): Promise<Reply> {
  const url = new URL(request.url ?? '/', 'http://localhost');
  const { core } = options;
  const within = pathWithin(options.token, url.pathname);
  if (within === undefined) throw new StatusError(401, 'Unauthorized', 'Unauthorized');
  const method = request.method ?? 'GET';
  const path = within.length > 1 ? within.replace(/\/+$/, '') : within;
  const found = method === 'GET' || method === 'HEAD' ? discover(core, path, request.headers.host ?? '') ?? aggregatedReply(core, path, url.searchParams) : undefined;
  if (found !== undefined) return found;
  if (path.startsWith('/openapi/v3')) return openapi(core.registry, path);
  if (path === '/openapi/v2') return { kind: 'body', status: 200, body: OPENAPI_V2, type: OPENAPI_V2_TYPE };
  const called = options.proxy === undefined ? undefined : await callService(options.proxy, request, path);
  if (called !== undefined) return called;
  const isKnownGroup = core.registry.groups().some((group) => path.startsWith(`/apis/${group.name}/`));
  const route = routeOf(core.registry, path);
  if (route === undefined) {
    if (isKnownGroup && path.split('/').length <= 4) throw pathNotFound();
    return NO_PAGE;
  }
  const content = await readBody(request);
  const contentType = (request.headers['content-type'] ?? '').split(';')[0]?.trim() ?? '';
  const isProtobuf = contentType === 'application/vnd.kubernetes.protobuf' && content.length > 0;
  const call: Call = {
    method, route, query: url.searchParams, accept: request.headers.accept, userAgent: request.headers['user-agent'], yaml: options.yaml, warnings,
    contentType: isProtobuf ? 'application/json' : contentType, text: isProtobuf ? JSON.stringify(protobufBody(content)) : content.toString('utf8'),
  };
  return await handleSpecial(core, call, options.logs) ?? await handle(core, call);
}

function writeBody(response: http.ServerResponse, reply: BodyReply): void {
  const isJson = typeof reply.body !== 'string' && !Buffer.isBuffer(reply.body);
  const content = isJson ? JSON.stringify(reply.body) : reply.body as string | Buffer;
  const warnings = (reply.warnings ?? []).map((warning) => `299 - ${JSON.stringify(warning)}`);
  const type = reply.type ?? (isJson ? 'application/json' : 'text/plain; charset=utf-8');
  const headers = { 'content-length': Buffer.byteLength(content), 'cache-control': 'no-cache, private', ...(type === '' ? {} : { 'content-type': type }) };
  if (warnings.length > 0) response.setHeader('warning', warnings);
  response.writeHead(reply.status, headers);
  response.end(content);
}

function writeStream(response: http.ServerResponse, reply: StreamReply): void {
  response.writeHead(200, { 'content-type': reply.type, 'cache-control': 'no-cache, private' });
  response.flushHeaders();
  let stop: (() => void) | undefined;
  let isOver = false;
  const end = (): void => {
    isOver = true;
    response.end();
    stop?.();
  };
  response.once('close', () => {
    isOver = true;
    stop?.();
  });
  stop = reply.start((chunk) => { if (!isOver) response.write(chunk); }, end);
  if (isOver) stop();
}

function errorReply(options: HttpOptions, error: unknown, warnings: readonly string[]): Reply {
  if (error instanceof StatusError) return json(statusBody(error), error.code, warnings);
  options.onBug(error);
  return json(statusBody(internalError(error instanceof Error ? error.message : String(error))), 500);
}

async function serve(options: HttpOptions, request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
  const warnings: string[] = [];
  let reply: Reply;
  try {
    reply = await replyTo(options, request, warnings);
  } catch (error) {
    reply = errorReply(options, error, warnings);
  }
  if (response.destroyed) return;
  if (reply.kind === 'stream') writeStream(response, reply);
  else writeBody(response, reply);
}

export function createHttpServer(options: HttpOptions): http.Server {
  const server = http.createServer((request, response) => {
    response.on('error', () => undefined);
    serve(options, request, response).catch(options.onBug);
  });
  // Watches stay open as long as their client wants.
  server.requestTimeout = 0;
  server.headersTimeout = 0;
  server.timeout = 0;
  server.keepAliveTimeout = 60_000;
  return server;
}
