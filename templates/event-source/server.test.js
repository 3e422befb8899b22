// Run with: npm test
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { afterEach, test } from 'node:test';
import { createSource } from './server.js';

const open = [];
const listen = async (server) => {
  open.push(server);
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return `http://127.0.0.1:${server.address().port}`;
};
const send = async (url, query = '', body = '{"text":"hi"}') => {
  const response = await fetch(`${url}/send${query}`, { method: 'POST', body });
  return [response.status, await response.json()];
};
afterEach(() => open.splice(0).forEach((server) => server.close()));

test('sends the body to the sink as a CloudEvent', async () => {
  const received = [];
  const sink = await listen(createServer(async (request, response) => {
    received.push({ headers: request.headers, body: Buffer.concat(await request.toArray()).toString() });
    response.writeHead(202).end();
  }));
  const [status, event] = await send(await listen(createSource(sink)), '?type=com.example.order');
  assert.equal(status, 202);
  assert.deepEqual(
    [received[0].headers['ce-type'], received[0].headers['ce-id'], received[0].headers['ce-specversion'], received[0].body],
    ['com.example.order', event.id, '1.0', '{"text":"hi"}'],
  );
});

test('says what is wrong with the request', async () => {
  const url = await listen(createSource('http://127.0.0.1:1'));
  assert.equal((await send(url, '?type=a%0d%0ab'))[0], 400);
  assert.equal((await send(url, '', '{'))[0], 400);
  assert.equal((await send(url, '', `"${'x'.repeat(1024 * 1024)}"`))[0], 413);
});

test('says what is wrong with the sink', async () => {
  assert.equal((await send(await listen(createSource(undefined))))[0], 503);
  const refusing = await listen(createServer((_request, response) => response.writeHead(404).end()));
  assert.deepEqual([(await send(await listen(createSource(refusing))))[1].error], ['the broker answered 404']);
  assert.deepEqual((await send(await listen(createSource('http://127.0.0.1:1'))))[0], 502);
});

test('explains itself', async () => {
  assert.match(await (await fetch(`${await listen(createSource(undefined))}/`)).text(), /POST \/send/);
});
