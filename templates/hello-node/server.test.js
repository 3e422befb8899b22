// Run with: npm test
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, test } from 'node:test';
import { createHello } from './server.js';

const server = createHello();
const get = async (path) => {
  const response = await fetch(`http://127.0.0.1:${server.address().port}${path}`);
  return [response.status, await response.text()];
};

before(() => once(server.listen(0, '127.0.0.1'), 'listening'));
after(() => server.close());

test('says hello', async () => {
  assert.deepEqual(await get('/'), [200, 'Hello World!\n']);
});

test('says hello to the target', async () => {
  process.env.TARGET = 'Knative';
  assert.deepEqual(await get('/?x=1'), [200, 'Hello Knative!\n']);
  delete process.env.TARGET;
});

test('answers the probe, and 404 to anything else', async () => {
  assert.equal((await get('/healthz'))[0], 200);
  assert.equal((await get('/nothing'))[0], 404);
  assert.equal((await get('//'))[0], 404);
});
