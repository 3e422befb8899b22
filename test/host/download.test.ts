import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { createDownloads, type DownloadLimits } from '../../src/host/download.ts';
import { serve, serveProxy } from '../fakes/file-server.ts';
import { temporaryFolder } from './folder.ts';

const BODY = randomBytes(300_000);
const LIMITS: DownloadLimits = { stallMs: 150, stallBytes: 1024, tries: 3, pauseMs: 1, longestPauseMs: 50 };

function setUp(env: { readonly [name: string]: string } = {}, cafile?: string) {
  const folder = temporaryFolder();
  const path = join(folder, 'part');
  const downloads = createDownloads({ env, userAgent: 'devstack/test', ...(cafile === undefined ? {} : { cafile }) }, LIMITS);
  const get = (url: string, more: { readonly maxBytes?: number; readonly signal?: AbortSignal; onProgress?(done: number, total: number | undefined): void } = {}) =>
    downloads.download({ url, path, maxBytes: 10_000_000, ...more });
  return { folder, path, get };
}

const received = (path: string): Buffer => readFileSync(path);

describe('whole', () => {
  test('writes the bytes, tells the progress, asks for them as they are', async () => {
    const server = await serve((_, response) => response.setHeader('content-type', 'text/yaml').end(BODY));
    const { path, get } = setUp();
    const seen: (readonly [number, number | undefined])[] = [];
    expect(await get(`${server.url}/a`, { onProgress: (done, total) => seen.push([done, total]) })).toEqual({ bytes: BODY.length, contentType: 'text/yaml' });
    expect(received(path).equals(BODY)).toBe(true);
    expect(seen.at(-1)).toEqual([BODY.length, BODY.length]);
    expect(server.requests[0]?.headers).toMatchObject({ 'accept-encoding': 'identity', 'user-agent': 'devstack/test' });
    expect(existsSync(`${path}.from`)).toBe(false);
  });

  test('an empty file', async () => {
    const server = await serve((_, response) => response.end());
    const { get } = setUp();
    expect((await get(server.url)).bytes).toBe(0);
  });

  test('a server that closes after the body while the disk is slower', async () => {
    const big = randomBytes(5_000_000);
    const server = await serve((_, response) => response.setHeader('connection', 'close').end(big));
    const { path, get } = setUp();
    await get(server.url);
    expect(received(path).equals(big)).toBe(true);
  });
});

describe('cut off', () => {
  const withTag = (tag: string) => serve((request, response, count) => {
    response.setHeader('etag', tag);
    if (count === 1) {
      response.setHeader('content-length', BODY.length);
      response.write(BODY.subarray(0, 100_000), () => response.socket?.end());
      return;
    }
    const start = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1]);
    if (request.headers['if-range'] === tag && start > 0) {
      response.writeHead(206, { 'content-range': `bytes ${start}-${BODY.length - 1}/${BODY.length}` }).end(BODY.subarray(start));
    } else response.end(BODY);
  });

  test('goes on where it was, when the server still has the same file', async () => {
    const server = await withTag('"one"');
    const { path, get } = setUp();
    expect((await get(server.url)).bytes).toBe(BODY.length);
    expect(received(path).equals(BODY)).toBe(true);
    expect(server.requests[1]?.headers).toMatchObject({ 'if-range': '"one"', range: expect.stringMatching(/^bytes=[1-9]\d*-$/) });
  });

  test('also in another run', async () => {
    const { path, get } = setUp();
    const server = await serve((request, response) => {
      response.setHeader('etag', '"x"');
      if (request.headers.range === undefined) response.end(BODY);
      else response.writeHead(206, { 'content-range': `bytes 5-${BODY.length - 1}/${BODY.length}` }).end(BODY.subarray(5));
    });
    writeFileSync(path, BODY.subarray(0, 5));
    writeFileSync(`${path}.from`, `${server.url}/f\n"x"\n`);
    await get(`${server.url}/f`);
    expect(server.requests[0]?.headers.range).toBe('bytes=5-');
    expect(received(path).equals(BODY)).toBe(true);
  });

  test('starts anew when the file has changed, and with a weak tag or none', async () => {
    const server = await serve((_, response, count) => {
      response.setHeader('etag', `"${count}"`);
      if (count === 1) response.setHeader('content-length', 400_000).write(randomBytes(100_000), () => response.socket?.end());
      else response.end(BODY);
    });
    const { path, get } = setUp();
    await get(server.url);
    expect(received(path).equals(BODY)).toBe(true);

    const weak = await withTag('W/"one"');
    const again = setUp();
    await again.get(weak.url);
    expect(weak.requests[1]?.headers.range).toBeUndefined();
    expect(received(again.path).equals(BODY)).toBe(true);
  });

  test('starts anew when the server sends another part than asked for', async () => {
    const server = await serve((request, response, count) => {
      response.setHeader('etag', '"x"');
      if (count === 1) response.setHeader('content-length', BODY.length).write(BODY.subarray(0, 1000), () => response.socket?.end());
      else if (request.headers.range !== undefined && count === 2) response.writeHead(206, { 'content-range': `bytes 0-${BODY.length - 1}/${BODY.length}` }).end(BODY);
      else response.writeHead(416, { 'content-range': 'bytes */7' }).end();
    });
    const { path, get } = setUp();
    await expect(get(server.url)).rejects.toMatchObject({ code: 'download-failed' });
    expect(existsSync(path)).toBe(false);
  });

  test('after its last byte: nothing is fetched twice', async () => {
    const { path, get } = setUp();
    const server = await serve((_, response) => response.writeHead(416, { 'content-range': `bytes */${BODY.length}` }).end());
    writeFileSync(path, BODY);
    writeFileSync(`${path}.from`, `${server.url}\n"x"\n`);
    expect((await get(server.url)).bytes).toBe(BODY.length);
    expect(server.requests).toHaveLength(1);
  });

  test('again and again without a byte: gives up', async () => {
    const server = await serve((request) => request.socket.destroy());
    const { get } = setUp();
    await expect(get(server.url)).rejects.toMatchObject({ code: 'download-failed', exit: 1, details: { url: `${server.url}/` } });
    expect(server.requests).toHaveLength(LIMITS.tries);
  });
});

describe('too slow, too large, not as it should be', () => {
  test('a stall is ended and tried again; a drip is a stall', async () => {
    for (const drip of [false, true]) {
      const server = await serve((_, response) => {
        response.setHeader('content-length', 1_000_000).write('x');
        if (!drip) return;
        const timer = setInterval(() => response.write('x'), 20);
        response.once('close', () => clearInterval(timer));
      });
      const { get } = setUp();
      await expect(get(server.url)).rejects.toMatchObject({ code: 'download-failed', reason: expect.stringContaining('bytes came in 0.15 s') });
    }
  });

  test('more than the limit is refused: by its length before, by its bytes on the way', async () => {
    const server = await serve((request, response) => {
      if (request.url === '/length') response.setHeader('content-length', 2000);
      response.write(Buffer.alloc(2000));
      response.end();
    });
    const { get } = setUp();
    for (const path of ['length', 'bytes']) {
      await expect(get(`${server.url}/${path}`, { maxBytes: 1000 })).rejects.toMatchObject({ code: 'download-failed', reason: expect.stringContaining('1000 bytes') });
    }
    expect(server.requests).toHaveLength(2);
  });

  test('compressed although nobody asked', async () => {
    const server = await serve((_, response) => response.setHeader('content-encoding', 'gzip').end('x'));
    await expect(setUp().get(server.url)).rejects.toMatchObject({ code: 'download-failed', reason: expect.stringContaining('gzip') });
  });

  test('not HTTP at all', async () => {
    const server = await serve((request) => request.socket.end('SSH-2.0-OpenSSH_9.6\r\n'));
    await expect(setUp().get(server.url)).rejects.toMatchObject({ code: 'download-failed', reason: expect.stringContaining('does not speak HTTP') });
  });

  test('an abort ends it at once', async () => {
    const controller = new AbortController();
    const server = await serve((_, response) => {
      response.setHeader('content-length', 1_000_000).write('x');
      controller.abort();
    });
    await expect(setUp().get(server.url, { signal: controller.signal })).rejects.toMatchObject({ name: 'AbortError' });
  });

  test.runIf(process.platform === 'linux')('a full disk is told as such and leaves nothing', async () => {
    const server = await serve((_, response) => response.end(BODY));
    const downloads = createDownloads({ env: {}, userAgent: 'x' }, LIMITS);
    const folder = temporaryFolder();
    execFileSync('ln', ['-s', '/dev/full', join(folder, 'part')]);
    await expect(downloads.download({ url: server.url, path: join(folder, 'part'), maxBytes: 1e6 })).rejects.toMatchObject({ code: 'disk-full', exit: 3 });
    expect(existsSync(join(folder, 'part'))).toBe(false);
    expect(existsSync(join(folder, 'part.from'))).toBe(false);
  });
});

describe('answers', () => {
  test('404 and 403 at once; 503 and 429 after a pause, as the server wishes it', async () => {
    for (const status of [404, 403]) {
      const server = await serve((_, response) => response.writeHead(status).end());
      await expect(setUp().get(server.url)).rejects.toMatchObject({ code: 'download-failed', details: { status } });
      expect(server.requests).toHaveLength(1);
    }
    const server = await serve((_, response, count) => {
      if (count === 1) response.writeHead(503).end();
      else if (count === 2) response.writeHead(429, { 'retry-after': '0' }).end();
      else response.end(BODY);
    });
    expect((await setUp().get(server.url)).bytes).toBe(BODY.length);
    const later = await serve((_, response) => response.writeHead(429, { 'retry-after': '3600' }).end());
    await expect(setUp().get(later.url)).rejects.toMatchObject({ details: { status: 429, retryAfterMs: 3_600_000 } });
    expect(later.requests).toHaveLength(1);
  });

  test('redirects are followed, a few', async () => {
    const server = await serve((request, response) => {
      if (request.url === '/a') response.writeHead(302, { location: '/b?c=d' }).end();
      else if (request.url === '/loop') response.writeHead(301, { location: '/loop' }).end();
      else response.end(`got ${request.url}`);
    });
    const { path, get } = setUp();
    await get(`${server.url}/a`);
    expect(received(path).toString()).toBe('got /b?c=d');
    await expect(get(`${server.url}/loop`)).rejects.toMatchObject({ code: 'download-failed', reason: expect.stringContaining('redirects') });
  });

  test.each(['file:///etc/passwd', 'ftp://x/y', 'javascript:alert(1)', '//[', 'data:,x'])('a redirect to %s is refused', async (location) => {
    const server = await serve((_, response) => response.writeHead(302, { location }).end());
    await expect(setUp().get(server.url)).rejects.toMatchObject({ code: 'download-failed', reason: expect.stringContaining('redirects to') });
  });

  test('credentials of an address go to its server and into no message, nor to the next server', async () => {
    const other = await serve((_, response) => response.writeHead(404).end());
    const server = await serve((_, response) => response.writeHead(302, { location: other.url }).end());
    const error: unknown = await setUp().get(server.url.replace('://', '://me:s%40cret@')).catch((cause: unknown) => cause);
    expect(server.requests[0]?.headers.authorization).toBe(`Basic ${Buffer.from('me:s@cret').toString('base64')}`);
    expect(other.requests[0]?.headers.authorization).toBeUndefined();
    expect(JSON.stringify(error) + String(error)).not.toMatch(/s@cret|s%40cret/);
  });

  test.each(['file:///etc/passwd', 'ftp://x', 'nonsense', ''])('%j is no address', async (url) => {
    await expect(setUp().get(url)).rejects.toMatchObject({ code: 'download-url-invalid', exit: 2 });
  });

  test('nobody listens; the name does not resolve', async () => {
    await expect(setUp().get('http://127.0.0.1:1/x')).rejects.toMatchObject({ code: 'download-failed', reason: expect.stringContaining('refused') });
    await expect(setUp().get('http://no-such-name.invalid/x')).rejects.toMatchObject({ code: 'download-failed', reason: expect.stringContaining('resolve') });
  });
});

describe('TLS', () => {
  const certificate = (folder: string) => {
    const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
    execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', key, '-out', cert, '-days', '2', '-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1,DNS:files.test'], { stdio: 'ignore' });
    return { key: readFileSync(key), cert: readFileSync(cert), file: cert };
  };

  test('an unknown authority is refused with the variable to set; with it, or --cafile, it is trusted', async () => {
    const { key, cert, file } = certificate(temporaryFolder());
    const server = await serve((_, response) => response.end(BODY), { key, cert });
    await expect(setUp().get(server.url)).rejects.toMatchObject({ code: 'tls-untrusted', exit: 3, hints: [{ command: expect.stringContaining('NODE_EXTRA_CA_CERTS') }] });
    expect((await setUp({ NODE_EXTRA_CA_CERTS: file }).get(server.url)).bytes).toBe(BODY.length);
    expect((await setUp({}, file).get(server.url)).bytes).toBe(BODY.length);
    await expect(setUp({}, '/no/such/ca.pem').get(server.url)).rejects.toMatchObject({ message: expect.stringContaining('/no/such/ca.pem') });
  });

  test('no way down from https to http', async () => {
    const { key, cert, file } = certificate(temporaryFolder());
    const plain = await serve((_, response) => response.end(BODY));
    const server = await serve((_, response) => response.writeHead(302, { location: plain.url }).end(), { key, cert });
    await expect(setUp({}, file).get(server.url)).rejects.toMatchObject({ code: 'download-failed', reason: expect.stringContaining('not https') });
    expect(plain.requests).toHaveLength(0);
  });

  test('through a proxy: https by a tunnel, http by address, this machine directly', async () => {
    const { key, cert, file } = certificate(temporaryFolder());
    const server = await serve((_, response) => response.end(BODY), { key, cert });
    const proxy = await serveProxy();
    const withPassword = proxy.url.replace('://', '://user:pass@');
    const { path, get } = setUp({ HTTPS_PROXY: withPassword, http_proxy: proxy.url, NODE_EXTRA_CA_CERTS: file });
    expect((await get(`https://files.test:${server.port}/x`)).bytes).toBe(BODY.length);
    expect(proxy.requests[0]?.headers['proxy-authorization']).toBe(`Basic ${Buffer.from('user:pass').toString('base64')}`);
    await get('http://files.test/y');
    expect(received(path).toString()).toBe('proxied http://files.test/y');
    await get(server.url);
    expect(proxy.seen).toEqual([`CONNECT files.test:${server.port}`, 'GET http://files.test/y']);
  });

  test('a proxy that is not there is named in the reason', async () => {
    const error: unknown = await setUp({ HTTPS_PROXY: 'http://user:pass@127.0.0.1:1' }).get('https://files.test/x').catch((cause: unknown) => cause);
    expect(error).toMatchObject({ code: 'download-failed', reason: expect.stringContaining('through the proxy http://127.0.0.1:1'), hints: [{ command: 'env | grep -i _proxy' }] });
  });
});
