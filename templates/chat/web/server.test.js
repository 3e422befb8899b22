// Run with: npm test. The room is in memory here; the stack's own test is to say something in one browser and see it in another.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { afterEach, beforeEach, test } from 'node:test';
import { createChat } from './server.js';

let chat;
let isDown;
let url;
const memoryRoom = (onMessage) => {
  let count = 0;
  return {
    say: async (name, text) => {
      if (isDown) throw new Error('down');
      onMessage({ id: `${++count}-0`, name, text });
    },
    close: async () => {},
  };
};
const say = async (body) => {
  const response = await fetch(`${url}/messages`, { method: 'POST', body: typeof body === 'string' ? body : JSON.stringify(body) });
  return response.status;
};
/** The first `count` messages of a listener. */
async function hear(count, headers = {}) {
  const response = await fetch(`${url}/events`, { headers });
  let text = '';
  for await (const chunk of response.body) {
    text += Buffer.from(chunk).toString();
    const heard = [...text.matchAll(/^data: (.*)$/gm)].map(([, data]) => JSON.parse(data).text);
    if (heard.length >= count) return heard;
  }
  return undefined;
}

beforeEach(async () => {
  isDown = false;
  chat = createChat(memoryRoom);
  await once(chat.server.listen(0, '127.0.0.1'), 'listening');
  url = `http://127.0.0.1:${chat.server.address().port}`;
});
afterEach(() => chat.stop());

test('what one says, all hear', async () => {
  const heard = [hear(1), hear(1)];
  // Both are listening once they have been answered; what is said before would reach them too.
  assert.equal(await say({ name: 'ada', text: ' hello ' }), 201);
  assert.deepEqual(await Promise.all(heard), [['hello'], ['hello']]);
  assert.equal((await (await fetch(`${url}/messages`)).json()).messages[0].name, 'ada');
});

test('who comes back hears only what was missed', async () => {
  for (const text of ['one', 'two', 'three']) await say({ name: 'ada', text });
  assert.deepEqual(await hear(1, { 'last-event-id': '2-0' }), ['three']);
  assert.deepEqual(await hear(3, { 'last-event-id': 'unknown' }), ['one', 'two', 'three']);
});

test('refuses what is not a message', async () => {
  for (const body of ['', 'null', '[]', {}, { name: 'ada' }, { name: '', text: 'x' }, { name: 'ada', text: 'x'.repeat(501) }, 'x'.repeat(9_000)]) {
    assert.equal(await say(body), 400);
  }
});

test('says so when the database is away, and stays healthy itself', async () => {
  isDown = true;
  assert.equal(await say({ name: 'ada', text: 'hello' }), 503);
  assert.equal((await fetch(`${url}/healthz`)).status, 200);
});

test('a message of markup stays text', async () => {
  await say({ name: 'ada', text: '\n\ndata: {"forged": true}' });
  assert.deepEqual(await hear(1), ['data: {"forged": true}']);
});
