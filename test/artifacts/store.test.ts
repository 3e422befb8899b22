import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { serve } from '../fakes/file-server.ts';
import { artifactsWorld, sha256 } from './world.ts';

const GOOD = 'kind: Namespace\n';
const BAD = 'kind: Trojan\n';
const pinned = (url: string) => ({ name: 'serving-core', url, sha256: sha256(GOOD) });
const fileServer = (body = GOOD) => serve((_, response) => response.end(body));

describe('pinned', () => {
  test('is fetched once, kept by its content, and found again without a request', async () => {
    const server = await fileServer();
    const { artifacts, cache, notes } = artifactsWorld();
    const artifact = pinned(`${server.url}/core.yaml`);
    expect(await artifacts.has(artifact)).toBe(false);
    const path = await artifacts.fetch(artifact);
    expect(path).toBe(join(cache, 'sha256', sha256(GOOD).slice(0, 2), sha256(GOOD)));
    expect(readFileSync(path, 'utf8')).toBe(GOOD);
    expect(await artifacts.has(artifact)).toBe(true);
    expect(await artifacts.fetch(artifact)).toBe(path);
    expect(server.requests).toHaveLength(1);
    expect(readdirSync(join(cache, 'partial'))).toEqual([]);
    expect(notes).toEqual([]);
  });

  test('a wrong byte is refused and named: address, expected, got, and where it is kept', async () => {
    const server = await fileServer(BAD);
    const { artifacts, cache } = artifactsWorld();
    const error: unknown = await artifacts.fetch(pinned(server.url)).catch((cause: unknown) => cause);
    expect(error).toMatchObject({
      code: 'checksum-mismatch', exit: 1, message: expect.stringContaining(server.url),
      details: { url: server.url, expected: sha256(GOOD), got: sha256(BAD), quarantine: join(cache, 'quarantine', sha256(BAD)) },
    });
    expect(readFileSync(join(cache, 'quarantine', sha256(BAD)), 'utf8')).toBe(BAD);
    expect(existsSync(join(cache, 'sha256'))).toBe(false);
    await expect(artifacts.fetch(pinned(server.url))).rejects.toMatchObject({ code: 'checksum-mismatch' });
  });

  test('a web page instead of the file says that the network wants a login', async () => {
    const server = await serve((_, response) => response.setHeader('content-type', 'text/html; charset=utf-8').end('<html>Welcome to the hotel'));
    await expect(artifactsWorld().artifacts.fetch(pinned(server.url))).rejects.toMatchObject({ code: 'checksum-mismatch', reason: expect.stringContaining('log in') });
  });

  test('a file that has changed in the cache is put aside and fetched again; without a network it is refused', async () => {
    let isUp = true;
    const server = await serve((_, response) => (isUp ? response.end(GOOD) : response.socket?.destroy()));
    const { artifacts, notes, cache } = artifactsWorld();
    const artifact = pinned(server.url);
    const path = await artifacts.fetch(artifact);
    writeFileSync(path, BAD);
    expect(await artifacts.has(artifact)).toBe(false);
    expect(readFileSync(await artifacts.fetch(artifact), 'utf8')).toBe(GOOD);
    expect(notes).toEqual([expect.stringContaining('has changed on the disk')]);
    expect(existsSync(join(cache, 'quarantine', sha256(BAD)))).toBe(true);
    writeFileSync(path, BAD);
    isUp = false;
    await expect(artifacts.fetch(artifact)).rejects.toMatchObject({ code: 'offline', exit: 3 });
  });

  test('larger than the pin says: ended before it fills the disk', async () => {
    const server = await fileServer(GOOD + BAD);
    await expect(artifactsWorld().artifacts.fetch({ ...pinned(server.url), bytes: GOOD.length })).rejects.toMatchObject({ code: 'download-failed', reason: expect.stringContaining('larger') });
  });

  test('two at once download once, each gets the file', async () => {
    const server = await serve((_, response) => setImmediate(() => response.end(GOOD)));
    const one = artifactsWorld();
    const other = artifactsWorld({}, one.folder);
    const paths = await Promise.all([one, other, one, other].map(({ artifacts }) => artifacts.fetch(pinned(server.url))));
    expect(new Set(paths).size).toBe(1);
    expect(server.requests).toHaveLength(1);
  });

  test('a part that was spoilt on the disk: once more from nothing', async () => {
    const server = await serve((request, response) => {
      response.setHeader('etag', '"1"');
      if (request.headers.range === undefined) response.end(GOOD);
      else response.writeHead(206, { 'content-range': `bytes 5-${GOOD.length - 1}/${GOOD.length}` }).end(GOOD.slice(5));
    });
    const { artifacts, cache } = artifactsWorld();
    const part = join(cache, 'partial', sha256(server.url));
    mkdirSync(join(cache, 'partial'), { recursive: true });
    writeFileSync(part, '\0\0\0\0\0');
    writeFileSync(`${part}.from`, `${server.url}\n"1"\n`);
    expect(readFileSync(await artifacts.fetch(pinned(server.url)), 'utf8')).toBe(GOOD);
    expect(server.requests.map(({ headers }) => headers.range)).toEqual(['bytes=5-', undefined]);
  });

  test('an abort leaves what came for the next time', async () => {
    const controller = new AbortController();
    const server = await serve((_, response) => {
      response.setHeader('etag', '"1"').setHeader('content-length', 100).write('x'.repeat(50));
    });
    const { artifacts, cache } = artifactsWorld();
    const fetching = artifacts.fetch(pinned(server.url), { signal: controller.signal, onProgress: () => controller.abort() });
    await expect(fetching).rejects.toMatchObject({ name: 'AbortError' });
    expect(readdirSync(join(cache, 'partial')).sort()).toEqual([sha256(server.url), `${sha256(server.url)}.from`]);
  });
});

describe('not pinned', () => {
  test('is taken as it comes the first time, said so, and nothing else from then on', async () => {
    let body = GOOD;
    const server = await serve((_, response) => response.end(body));
    const artifact = { name: 'beta', url: `${server.url}/beta.yaml` };
    const { artifacts, notes, state, cache } = artifactsWorld();
    expect(await artifacts.has(artifact)).toBe(false);
    await artifacts.fetch(artifact);
    expect(notes).toEqual([expect.stringContaining(sha256(GOOD))]);
    expect(await artifacts.has(artifact)).toBe(true);
    expect(JSON.parse(readFileSync(join(state, 'artifacts.lock.json'), 'utf8'))).toEqual({ schema: 1, sha256: { [artifact.url]: sha256(GOOD) } });
    writeFileSync(join(cache, 'sha256', sha256(GOOD).slice(0, 2), sha256(GOOD)), 'damaged');
    body = BAD;
    await expect(artifacts.fetch(artifact)).rejects.toMatchObject({ code: 'checksum-mismatch', details: { expected: sha256(GOOD), got: sha256(BAD) } });
  });

  test('a web page is no file, and is not pinned', async () => {
    const server = await serve((_, response) => response.setHeader('content-type', 'text/html').end('<html>'));
    const { artifacts, state } = artifactsWorld();
    await expect(artifacts.fetch({ name: 'beta', url: server.url })).rejects.toMatchObject({ code: 'download-failed', reason: expect.stringContaining('log in') });
    expect(existsSync(state)).toBe(false);
  });

  test('a damaged lock is refused: an empty one would accept anything', async () => {
    const server = await fileServer();
    const { artifacts, state } = artifactsWorld();
    mkdirSync(state, { recursive: true });
    for (const text of ['', '{', '[]', '{"schema":2,"sha256":{}}', '{"schema":1,"sha256":{"https://x":"abc"}}', '{"schema":1}']) {
      writeFileSync(join(state, 'artifacts.lock.json'), text);
      await expect(artifacts.fetch({ name: 'beta', url: server.url }), text).rejects.toMatchObject({ code: 'artifact-lock-invalid', hints: [{ command: expect.stringContaining('rm ') }] });
    }
  });
});

describe('mirrors', () => {
  test('DEVSTACK_MIRROR first, then those of the configuration, then the own place', async () => {
    const own = await fileServer();
    const first = await serve((_, response) => response.writeHead(404).end());
    const second = await serve((_, response) => response.writeHead(500).end());
    const { artifacts } = artifactsWorld({ env: { DEVSTACK_MIRROR: first.url }, mirrors: ['http://127.0.0.1:1', `${own.url}/x/ -> ${second.url}/`] });
    await artifacts.fetch(pinned(`${own.url}/x/core.yaml`));
    expect(first.requests[0]?.url).toBe(`/127.0.0.1:${own.port}/x/core.yaml`);
    expect(second.requests[0]?.url).toBe('/core.yaml');
    expect(own.requests).toHaveLength(1);
  });

  test('a mirror with a wrong byte is passed over, but not in silence', async () => {
    const own = await fileServer();
    const stale = await fileServer(BAD);
    const { artifacts, notes } = artifactsWorld({ mirrors: [stale.url] });
    expect(readFileSync(await artifacts.fetch(pinned(own.url)), 'utf8')).toBe(GOOD);
    expect(notes).toEqual([expect.stringContaining(stale.url)]);
  });

  test('when all fail: each is named with its reason, and a wrong byte weighs more than a refusal', async () => {
    const missing = await serve((_, response) => response.writeHead(404).end());
    const wrong = await fileServer(BAD);
    await expect(artifactsWorld({ mirrors: [missing.url] }).artifacts.fetch(pinned('http://127.0.0.1:1/x')))
      .rejects.toMatchObject({ code: 'download-failed', reason: expect.stringMatching(/answered 404.*nothing listens/) });
    await expect(artifactsWorld({ mirrors: [wrong.url] }).artifacts.fetch(pinned('http://127.0.0.1:1/x'))).rejects.toMatchObject({ code: 'checksum-mismatch' });
    await expect(artifactsWorld().artifacts.fetch(pinned('http://127.0.0.1:1/x'))).rejects.toMatchObject({ code: 'offline', hints: [{ command: expect.stringContaining('curl') }] });
  });

  test('one that is none is refused before anything is asked', () => {
    expect(() => artifactsWorld({ env: { DEVSTACK_MIRROR: 'nonsense' } })).toThrow(expect.objectContaining({ code: 'mirror-invalid' }));
  });
});

test('the cache is for its owner alone', async () => {
  const server = await fileServer();
  const { artifacts, cache } = artifactsWorld();
  const path = await artifacts.fetch(pinned(server.url));
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(statSync(cache).mode & 0o777).toBe(0o700);
});
