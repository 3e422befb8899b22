// Run with: npm test
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, test } from 'node:test';
import { createAutoscale } from './server.js';
import { LIMITS, largestPrime } from './work.js';

const server = createAutoscale();
const get = async (path) => {
  const response = await fetch(`http://127.0.0.1:${server.address().port}${path}`);
  return [response.status, await response.json()];
};

before(() => once(server.listen(0, '127.0.0.1'), 'listening'));
after(() => server.close());

test('finds primes', () => {
  assert.deepEqual([0, 1, 2, 3, 4, 100, 10_000].map(largestPrime), [undefined, undefined, 2, 3, 3, 97, 9973]);
});

test('does what the query asks', async () => {
  const [status, body] = await get('/?sleep=50&prime=10000&bloat=5');
  assert.equal(status, 200);
  assert.deepEqual([body.prime, body.bloatMi, body.sleptMs], [9973, 5, 50]);
  assert.ok(body.totalMs >= 49, `took ${body.totalMs} ms`);
});

test('refuses what would end the pod', async () => {
  for (const query of ['bloat=100000', 'prime=-1', 'sleep=1e9', 'sleep=', `prime=${LIMITS.prime + 1}`, 'bloat=0x10']) {
    assert.equal((await get(`/?${query}`))[0], 400, query);
  }
});

test('answers the probe, and 404 to anything else', async () => {
  assert.equal((await get('/healthz'))[0], 200);
  assert.equal((await get('/nothing'))[0], 404);
});
