// The way in: an HTTP listener on 127.0.0.1 that leads each request to a pod by its host name.
import http from 'node:http';
import { connect } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Activator, Backend } from './activator.ts';
import type { Routes } from './routes.ts';

const LOOPBACK = '127.0.0.1';
const LABEL = 'x-devstack-rehearsal';
/** A pod may end between being chosen and being asked. */
const TRIES = 3;
/** Said of one connection, not of the request. */
const HOP_BY_HOP = new Set(['connection', 'keep-alive', 'proxy-connection', 'transfer-encoding', 'upgrade', 'te', 'trailer']);

export interface GatewayWorld {
  readonly routes: Routes;
  readonly activator: Activator;
  onBug(error: unknown): void;
}

export interface Gateway {
  readonly port: number;
  close(): Promise<void>;
}

const hostOf = (request: http.IncomingMessage): string => (request.headers.host ?? '').replace(/:\d+$/, '').toLowerCase();

function answer(response: http.ServerResponse, status: number, text: string): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8', [LABEL]: 'nothing was installed' }).end(`rehearsal: ${text}\n`);
}

/** Aborts when the client goes away before it was answered. */
function untilGone(response: http.ServerResponse): AbortSignal {
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  return gone.signal;
}

function forwarded(request: http.IncomingMessage, extra: { readonly [name: string]: string }): http.OutgoingHttpHeaders {
  const kept = Object.entries(request.headers).filter(([name]) => !HOP_BY_HOP.has(name));
  return { ...Object.fromEntries(kept), 'x-forwarded-for': LOOPBACK, 'x-forwarded-proto': 'http', ...extra };
}

type Sent = 'answered' | 'refused';

/** `refused`: the pod was not there any more, and nothing was sent yet. */
function send(request: http.IncomingMessage, response: http.ServerResponse, to: { readonly port: number; readonly headers: http.OutgoingHttpHeaders }): Promise<Sent> {
  return new Promise((resolve) => {
    const upstream = http.request({ host: LOOPBACK, port: to.port, method: request.method, path: request.url, headers: to.headers, agent: false });
    upstream.once('response', (answered) => {
      const headers = Object.entries(answered.headers).filter(([name]) => !HOP_BY_HOP.has(name));
      response.writeHead(answered.statusCode ?? 502, { [LABEL]: 'nothing was installed', ...Object.fromEntries(headers) });
      answered.pipe(response);
      answered.once('close', () => {
        if (!answered.complete) response.destroy();
        resolve('answered');
      });
    });
    upstream.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ECONNREFUSED' && !response.headersSent) return resolve('refused');
      if (!response.destroyed) answer(response, 502, `the app ended before it answered (${error.code ?? error.message})`);
      return resolve('answered');
    });
    response.once('close', () => upstream.destroy());
    request.pipe(upstream);
  });
}

async function serve({ routes, activator }: GatewayWorld, request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
  const destination = routes.find(hostOf(request));
  if (destination === undefined) return answer(response, 404, `nothing here is called ${hostOf(request)}`);
  const gone = untilGone(response);
  for (let attempt = 1; attempt <= TRIES; attempt += 1) {
    const backend = await activator.acquire(destination.ref, gone).catch(() => undefined);
    if (gone.aborted) return backend?.release();
    if (backend === undefined) return answer(response, 503, `${destination.ref.name} has no pod that could answer`);
    const sent = await send(request, response, { port: backend.port, headers: forwarded(request, destination.headers) }).finally(() => backend.release());
    if (sent === 'answered') return undefined;
  }
  return answer(response, 502, `${destination.ref.name} does not listen`);
}

/** WebSockets: once led to a pod, the bytes are none of our business. */
async function upgrade({ routes, activator }: GatewayWorld, request: http.IncomingMessage, client: Duplex, head: Buffer): Promise<void> {
  const destination = routes.find(hostOf(request));
  const gone = new AbortController();
  client.once('close', () => gone.abort()).on('error', () => undefined);
  const backend: Backend | undefined = destination === undefined ? undefined : await activator.acquire(destination.ref, gone.signal).catch(() => undefined);
  if (backend === undefined) {
    client.end('HTTP/1.1 503 Service Unavailable\r\nconnection: close\r\n\r\n');
    return;
  }
  const server = connect({ port: backend.port, host: LOOPBACK });
  server.on('error', () => client.destroy()).once('close', () => {
    backend.release();
    client.destroy();
  });
  client.once('close', () => server.destroy());
  server.write(`${request.method ?? 'GET'} ${request.url ?? '/'} HTTP/1.1\r\n${pairsOf(request.rawHeaders)}\r\n\r\n`);
  server.write(head);
  server.pipe(client).pipe(server);
}

function pairsOf(raw: readonly string[]): string {
  return raw.flatMap((name, index) => (index % 2 === 0 ? [`${name}: ${raw[index + 1] ?? ''}`] : [])).join('\r\n');
}

/** Listens when it returns. Rejects with the system's error when the port is taken. */
export async function startGateway(port: number, world: GatewayWorld): Promise<Gateway> {
  const server = http.createServer((request, response) => {
    response.on('error', () => undefined);
    serve(world, request, response).catch((error: unknown) => {
      world.onBug(error);
      answer(response, 500, 'a mistake of devstack');
    });
  });
  server.on('upgrade', (request, socket, head) => { upgrade(world, request, socket, head).catch(world.onBug); });
  // A request may be held while a sample starts.
  server.requestTimeout = 0;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ port, host: LOOPBACK, exclusive: true }, resolve);
  });
  return {
    port,
    close: async () => {
      const closed = new Promise<void>((resolve) => { server.close(() => { resolve(); }); });
      server.closeAllConnections();
      await closed;
    },
  };
}
