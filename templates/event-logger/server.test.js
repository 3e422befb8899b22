// Run with: npm test
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { afterEach, beforeEach, test } from 'node:test';
import { createLogger } from './server.js';

const BINARY = { 'ce-specversion': '1.0', 'ce-type': 'greeting', 'ce-source': '/test', 'ce-id': '1', 'content-type': 'application/json' };
let server;
let lines;
const call = async (path, options) => {
  const response = await fetch(`http://127.0.0.1:${server.address().port}${path}`, options);
  const text = await response.text();
  return [response.status, text === '' ? undefined : JSON.parse(text)];
};
const post = (headers, body) => call('/', { method: 'POST', headers, body });

beforeEach(async () => {
  lines = [];
  server = createLogger((line) => lines.push(line));
  await once(server.listen(0, '127.0.0.1'), 'listening');
});
afterEach(() => server.close());

test('takes an event in binary mode, logs it and shows it', async () => {
  assert.deepEqual(await post(BINARY, '{"text":"hi"}'), [202, undefined]);
  const [, { events }] = await call('/events');
  assert.deepEqual([events[0].type, events[0].source, events[0].data], ['greeting', '/test', { text: 'hi' }]);
  assert.equal(JSON.parse(lines[0]).id, '1');
});

test('takes an event in structured mode', async () => {
  const event = { specversion: '1.0', type: 'greeting', source: '/test', id: '2', data: 7 };
  assert.equal((await post({ 'content-type': 'application/cloudevents+json; charset=utf-8' }, JSON.stringify(event)))[0], 202);
  assert.equal((await call('/events'))[1].events[0].data, 7);
});

test('filters by type, newest first', async () => {
  for (const [id, type] of [['1', 'a'], ['2', 'b'], ['3', 'a']]) await post({ ...BINARY, 'ce-id': id, 'ce-type': type }, '{}');
  const [, { events }] = await call('/events?type=a');
  assert.deepEqual(events.map((event) => event.id), ['3', '1']);
});

test('data that is not JSON stays text', async () => {
  await post({ ...BINARY, 'content-type': 'application/json' }, '{broken');
  assert.equal((await call('/events'))[1].events[0].data, '{broken');
});

test('keeps the newest thousand', async () => {
  for (let id = 0; id < 1_005; id++) await post({ ...BINARY, 'ce-id': String(id) }, '{}');
  const [, { events }] = await call('/events');
  assert.deepEqual([events.length, events[0].id, events.at(-1).id], [1_000, '1004', '5']);
});

test('refuses what is not an event', async () => {
  assert.equal((await post({ 'content-type': 'application/json' }, '{}'))[0], 400);
  for (const body of ['[]', 'null', '{', '{"specversion":"1.0"}']) {
    assert.equal((await post({ 'content-type': 'application/cloudevents+json' }, body))[0], 400, body);
  }
  assert.equal((await post(BINARY, 'x'.repeat(1024 * 1024 + 1)))[0], 413);
  assert.equal((await call('/nothing'))[0], 404);
});
