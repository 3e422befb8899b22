import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { createLoadHttp } from '../../src/host/load-http.ts';
import type { LoadConnections, LoadTarget } from '../../src/ports.ts';

const servers: Server[] = [];
const opened: LoadConnections[] = [];
type Listener = NonNullable<Parameters<typeof createServer>[1]>;

async function connect(listener: Listener, options: { connections?: number; target?: Partial<LoadTarget>; server?: (server: Server) => void } = {}): Promise<LoadConnections> {
  const server = createServer(listener);
  options.server?.(server);
  servers.push(server);
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  const connections = await createLoadHttp().open({ hostname: '127.0.0.1', port, method: 'GET', path: '/', headers: {}, ...options.target }, options.connections ?? 2);
  opened.push(connections);
  return connections;
}
afterEach(async () => {
  for (const connections of opened.splice(0)) connections.close();
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});
const send = { timeoutMs: 2_000 };

describe('createLoadHttp', () => {
  it('sends what it was told to, and counts the answer', async () => {
    const seen: string[] = [];
    const connections = await connect(async (request, response) => {
      const body = Buffer.concat(await request.toArray()).toString();
      seen.push(`${request.method} ${request.url} ${request.headers.host} ${request.headers['x-y']} ${body}`);
      response.writeHead(503).end('busy');
    }, { target: { method: 'POST', path: '/a?b=c', headers: { host: 'hello.default.example.com', 'x-y': 'z' }, body: 'data' } });
    expect(await connections.send(send)).toEqual({ status: 503, bytes: 4 });
    expect(seen).toEqual(['POST /a?b=c hello.default.example.com z data']);
  });

  it('keeps connections, and no more than it may have', async () => {
    const connections = await connect((_request, response) => response.end());
    await connections.send(send);
    await connections.send(send);
    expect(connections.opened).toBe(1);
    await Promise.all(Array.from({ length: 10 }, () => connections.send(send)));
    expect(connections.opened).toBe(2);
  });

  it('keeps the start of a body when somebody wants to see it', async () => {
    const connections = await connect((_request, response) => response.end('é'.repeat(50_000)));
    const reply = await connections.send({ ...send, keepBody: true });
    expect(reply).toMatchObject({ bytes: 100_000, body: 'é'.repeat(32_768) });
  });

  it('ends a request that takes too long, before or within its answer', async () => {
    const silent = await connect(() => undefined);
    expect(await silent.send({ timeoutMs: 50 })).toEqual({ failure: 'timeout' });
    const halting = await connect((_request, response) => response.writeHead(200, { 'content-length': 10 }).write('12345'));
    expect(await halting.send({ timeoutMs: 50 })).toEqual({ failure: 'timeout' });
  });

  it('names what the system says', async () => {
    const nobody = await createLoadHttp().open({ hostname: '127.0.0.1', port: 1, method: 'GET', path: '/', headers: {} }, 1);
    expect(await nobody.send(send)).toEqual({ failure: 'ECONNREFUSED' });
    const rude = await connect((request) => request.socket.destroy());
    expect(await rude.send(send)).toEqual({ failure: 'ECONNRESET' });
    const halting = await connect((request, response) => {
      response.writeHead(200, { 'content-length': 10 }).write('12345', () => request.socket.destroy());
    });
    expect(await halting.send(send)).toEqual({ failure: 'ECONNRESET' });
  });

  it('sends again what met a connection that the server had just closed', async () => {
    let count = 0;
    const connections = await connect((request, response) => {
      count += 1;
      // The second request on a connection meets its end, as when a server's keep-alive time runs out at that moment.
      if (count === 2) request.socket.destroy();
      else response.end('ok');
    }, { connections: 1 });
    await connections.send(send);
    expect(await connections.send(send)).toEqual({ status: 200, bytes: 2 });
    expect([count, connections.opened]).toEqual([3, 2]);
  });

  it('cuts off what is under way when it is closed, and sends nothing after', async () => {
    const connections = await connect(() => undefined, { server: (server) => server.on('request', () => connections.close()) });
    expect(await connections.send(send)).toEqual({ failure: 'aborted' });
    expect(await connections.send(send)).toEqual({ failure: 'aborted' });
    connections.close();
  });
});
