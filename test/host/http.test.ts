import { expect, test } from 'vitest';
import { createHttp } from '../../src/host/http.ts';
import { serve, serveProxy } from '../fakes/file-server.ts';

const http = createHttp();

test('sends what it is told, to where it is told: Host header, method, body', async () => {
  const server = await serve((request, response) => {
    let body = '';
    request.on('data', (chunk) => (body += chunk)).on('end', () => response.writeHead(418, { 'x-a': ['1', '2'] }).end(`${request.method} ${request.headers.host} ${request.url} ${body}`));
  });
  const answer = await http.request({ url: `${server.url}/p?q=1`, method: 'POST', headers: { host: 'hello.default.example.com' }, body: 'ping', timeoutMs: 5000 });
  expect(answer).toMatchObject({ status: 418, body: 'POST hello.default.example.com /p?q=1 ping', headers: { 'x-a': '1, 2' } });
});

test('a redirect is an answer like any other', async () => {
  const server = await serve((_, response) => response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end());
  expect(await http.request({ url: server.url, timeoutMs: 5000 })).toMatchObject({ status: 302, headers: { location: 'http://127.0.0.1:1/' } });
  expect(server.requests).toHaveLength(1);
});

test('no proxy, whatever the environment says', async () => {
  const proxy = await serveProxy();
  const server = await serve((_, response) => response.end('direct'));
  process.env['http_proxy'] = proxy.url;
  try {
    expect((await http.request({ url: server.url, timeoutMs: 5000 })).body).toBe('direct');
    expect(proxy.seen).toEqual([]);
  } finally {
    delete process.env['http_proxy'];
  }
});

test('each request has a connection of its own', async () => {
  const server = await serve((request, response) => response.end(String(request.socket.remotePort)));
  const ports = [await http.request({ url: server.url, timeoutMs: 5000 }), await http.request({ url: server.url, timeoutMs: 5000 })].map(({ body }) => body);
  expect(new Set(ports).size).toBe(2);
});

test('why there was no answer', async () => {
  const silent = await serve(() => undefined);
  const cut = await serve((request) => request.socket.destroy());
  const half = await serve((_, response) => response.setHeader('content-length', 10).write('x', () => response.socket?.end()));
  const reasons: readonly (readonly [string, number, RegExp])[] = [
    ['http://127.0.0.1:1/', 5000, /nothing listens/],
    [silent.url, 100, /no answer came within 100 ms/],
    [cut.url, 5000, /connection was cut/],
    [half.url, 5000, /stopped before its end/],
    ['http://no-such-name.invalid/', 5000, /resolve/],
  ];
  for (const [url, timeoutMs, reason] of reasons) {
    await expect(http.request({ url, timeoutMs })).rejects.toMatchObject({ code: 'request-failed', exit: 1, reason: expect.stringMatching(reason), details: { url } });
  }
});

test('an abort is an abort', async () => {
  const controller = new AbortController();
  const server = await serve(() => controller.abort());
  await expect(http.request({ url: server.url, timeoutMs: 5000, signal: controller.signal })).rejects.toMatchObject({ name: 'AbortError' });
  await expect(http.request({ url: server.url, timeoutMs: 5000, signal: AbortSignal.abort() })).rejects.toMatchObject({ name: 'AbortError' });
});
