import { expect, test } from 'vitest';
import { pageOf } from '../../../src/cli/operations/browser.ts';
import { failedError } from '../../../src/model/error.ts';
import type { Endpoint } from '../../../src/model/plan.ts';
import type { HttpRequest } from '../../../src/ports.ts';
import { fakePorts } from '../../fakes/ports.ts';

const endpoint: Endpoint = { name: 'quantum', url: 'http://quantum.default.localhost:8080/answer', host: 'quantum.default.localhost', address: '127.0.0.1:8080', path: '/answer', curl: 'curl' };
const options = { emit: () => undefined, signal: new AbortController().signal };

async function page(given: Endpoint, status: number) {
  const asked: HttpRequest[] = [];
  const http = {
    async request(request: HttpRequest) {
      asked.push(request);
      if (status === 0) throw failedError({ code: 'request-failed', message: 'nobody answers' });
      return { status, headers: {}, body: '' };
    },
  };
  return { asked, url: await pageOf(fakePorts({ http }), given, options) };
}

test.each([200, 302])('a browser gets the root of an app that answers there (%i)', async (status) => {
  const { asked, url } = await page(endpoint, status);
  expect(url).toBe('http://quantum.default.localhost:8080/');
  expect(asked).toMatchObject([{ url: 'http://127.0.0.1:8080/', headers: { host: 'quantum.default.localhost' } }]);
});

test.each([404, 500, 0])('else what proves it (%i)', async (status) => {
  expect((await page(endpoint, status)).url).toBe(endpoint.url);
});

test('an app that is proved by its root is not asked again', async () => {
  expect(await page({ ...endpoint, url: 'http://a/', path: '/' }, 200)).toEqual({ asked: [], url: 'http://a/' });
});
