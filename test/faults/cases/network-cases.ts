// D. Downloads: a real web server that misbehaves, and the real cache.
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished } from 'vitest';
import { createDownloads } from '../../../src/host/download.ts';
import { createProcesses } from '../../../src/host/process.ts';
import { proxyFor } from '../../../src/host/proxy.ts';
import { failedError } from '../../../src/model/error.ts';
import { artifactsWorld, sha256 } from '../../artifacts/world.ts';
import { serve } from '../../fakes/file-server.ts';
import { temporaryFolder } from '../../host/folder.ts';
import { expectCode, type FaultCase, strikeAt } from './case.ts';

const BODY = randomBytes(50_000);
const LIMITS = { stallMs: 150, stallBytes: 1024, tries: 3, pauseMs: 1, longestPauseMs: 50 };

type Answer = (response: ServerResponse, count: number, range: string | undefined) => void;

async function download(answer: Answer, url?: string): Promise<string> {
  const server = await serve((request, response, count) => answer(response, count, request.headers.range));
  const path = join(temporaryFolder(), 'part');
  await createDownloads({ env: {}, userAgent: 'test' }, LIMITS).download({ url: url ?? `${server.url}/file`, path, maxBytes: 100_000 });
  expect(readFileSync(path).equals(BODY)).toBe(true);
  return `whole after ${server.requests.length} requests`;
}

const arrives = (number: number, fault: string, injected: string, answer: Answer): FaultCase => ({ number, fault, injected, expected: 'tried again, whole', run: () => download(answer) });
const fails = (number: number, fault: string, injected: string, answer: Answer, url?: string): FaultCase => ({
  number, fault, injected, expected: 'download-failed, nothing half used', run: () => expectCode('download-failed', () => download(answer, url)),
});

/** Through the cache, against a pin. */
async function fetched(answer: Answer, options: { readonly sha?: string; readonly mirror?: Answer } = {}): Promise<string> {
  const server = await serve((_, response, count) => answer(response, count, undefined));
  const mirror = options.mirror;
  const mirrored = mirror === undefined ? undefined : await serve((_, response, count) => mirror(response, count, undefined));
  const { artifacts } = artifactsWorld(mirrored === undefined ? {} : { mirrors: [mirrored.url] });
  const path = await artifacts.fetch({ name: 'file', url: `${server.url}/file`, sha256: options.sha ?? sha256(BODY) });
  expect(readFileSync(path).equals(BODY)).toBe(true);
  return 'the right bytes';
}

function selfSigned(): { readonly key: Buffer; readonly cert: Buffer } {
  const folder = temporaryFolder();
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', key, '-out', cert, '-days', '2', '-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1'], { stdio: 'ignore' });
  return { key: readFileSync(key), cert: readFileSync(cert) };
}

/** A publisher of a program, whose hash is as `sums` says. */
async function tool(sums: Answer): Promise<string> {
  const server = await serve((request, response, count) => (request.url === '/kind' ? void response.end(BODY) : sums(response, count, undefined)));
  const tools = [{ name: 'kind' as const, version: '0.33.0', minimum: '0.32.1', versionCommand: ['version'], versionPattern: /(.*)/, platforms: ['linux/amd64' as const], url: () => `${server.url}/kind`, checksumSuffix: '.sha256sum' }];
  return artifactsWorld({ tools, processes: createProcesses({ PATH: '' }) }).artifacts.tool('kind');
}

const whole: Answer = (response) => void response.end(BODY);
const status = (code: number, headers = {}): Answer => (response, count) => void (count === 1 ? response.writeHead(code, headers).end('no') : response.end(BODY));

export const networkCases: readonly FaultCase[] = [
  fails(50, 'the name does not resolve', 'a name below .invalid', whole, 'http://nowhere.invalid/file'),
  fails(51, 'connection refused', 'a port that nobody has', whole, 'http://127.0.0.1:1/file'),
  { number: 52, fault: 'an authority that nobody knows', injected: 'a certificate that signs itself', expected: 'refused, with the variable that trusts it', run: () => expectCode('tls-untrusted', async () => {
    const server = await serve((_, response) => void response.end(BODY), selfSigned());
    await createDownloads({ env: {}, userAgent: 'test' }, LIMITS).download({ url: server.url, path: join(temporaryFolder(), 'part'), maxBytes: 100_000 });
  }) },
  { number: 53, fault: 'a captive portal', injected: '200 with a web page', expected: 'refused, never cached', run: () => expectCode(/checksum-mismatch|download-failed/, () => fetched((response) => void response.setHeader('content-type', 'text/html').end('<html>log in</html>'))) },
  fails(54, '404', 'status 404', (response) => void response.writeHead(404).end()),
  fails(54, '403', 'status 403', (response) => void response.writeHead(403).end()),
  arrives(54, '429 with Retry-After', 'status 429 once', status(429, { 'retry-after': '0' })),
  arrives(54, '503', 'status 503 once', status(503)),
  arrives(54, '500', 'status 500 once', status(500)),
  arrives(55, 'a body that is cut off', 'half of it, once', (response, count, range) => {
    response.setHeader('etag', '"a"');
    if (count === 1) return void response.setHeader('content-length', BODY.length).write(BODY.subarray(0, 20_000), () => response.socket?.end());
    const start = Number(/^bytes=(\d+)-$/.exec(range ?? '')?.[1] ?? 0);
    return void response.writeHead(start === 0 ? 200 : 206, start === 0 ? {} : { 'content-range': `bytes ${start}-${BODY.length - 1}/${BODY.length}` }).end(BODY.subarray(start));
  }),
  { number: 56, fault: 'a wrong Content-Length', injected: 'a shorter body with a right header, always', expected: 'never taken for whole', run: () => expectCode('download-failed', () => download((response) => void response.setHeader('content-length', BODY.length + 10).write(BODY, () => response.socket?.end()))) },
  { number: 57, fault: 'a flipped bit', injected: 'other bytes than pinned', expected: 'checksum-mismatch', run: () => expectCode('checksum-mismatch', () => fetched((response) => void response.end(Buffer.concat([BODY.subarray(1), Buffer.from('x')])))) },
  { number: 57, fault: 'a flipped bit in the cache', injected: 'a cached file is changed', expected: 'fetched again', run: async () => {
    const server = await serve((_, response) => void response.end(BODY));
    const { artifacts } = artifactsWorld();
    const artifact = { name: 'file', url: `${server.url}/file`, sha256: sha256(BODY) };
    writeFileSync(await artifacts.fetch(artifact), 'changed');
    expect(readFileSync(await artifacts.fetch(artifact)).equals(BODY)).toBe(true);
    return `the right bytes, ${server.requests.length} requests`;
  } },
  { number: 58, fault: 'a stale mirror', injected: 'the mirror has other bytes', expected: 'passed over', run: () => fetched(whole, { mirror: (response) => void response.end('older') }) },
  ...['file:///etc/passwd', 'ftp://x/y', 'data:,x'].map((location) => fails(59, `a redirect to ${location}`, 'status 302', (response) => void response.writeHead(302, { location }).end())),
  fails(59, 'redirects without an end', 'always to itself', (response) => void response.writeHead(302, { location: '/again' }).end()),
  fails(60, 'a drip of one byte a second', 'ever slower than the limit', (response) => {
    response.setHeader('content-length', BODY.length);
    const timer = setInterval(() => response.write('x'), 40);
    response.on('close', () => clearInterval(timer));
  }),
  arrives(61, 'a stall at 99 %', 'silence before the last bytes, once', (response, count) => (count === 1 ? void response.setHeader('content-length', BODY.length).write(BODY.subarray(0, -10)) : void response.end(BODY))),
  arrives(62, 'a file that changes while it is resumed', 'another tag at the second request', (response, count) => {
    response.setHeader('etag', `"${count}"`);
    return count === 1 ? void response.setHeader('content-length', BODY.length).write(Buffer.alloc(20_000), () => response.socket?.end()) : void response.end(BODY);
  }),
  fails(63, 'a body without an end', 'more than the limit', (response) => void response.end(Buffer.alloc(200_000))),
  fails(63, 'a compressed body that nobody asked for', 'content-encoding: gzip', (response) => void response.setHeader('content-encoding', 'gzip').end(BODY)),
  { number: 64, fault: 'a proxy, and NO_PROXY without this machine', injected: 'HTTP_PROXY alone', expected: 'this machine is asked directly', run: async () => { expect(proxyFor(new URL('http://127.0.0.1:8080/'), { HTTP_PROXY: 'http://proxy:3128' })).toBeUndefined(); return 'no proxy'; } },
  { number: 64, fault: 'a proxy that is no address', injected: 'HTTPS_PROXY=nonsense', expected: 'its variable is named', run: () => expectCode(/proxy/, () => proxyFor(new URL('https://example.com/'), { HTTPS_PROXY: '::nonsense::' })) },
  { number: 65, fault: 'an address of IPv6 alone', injected: 'a server on ::1', expected: 'whole', run: async () => {
    const server = createServer((_, response) => void response.end(BODY));
    server.listen(0, '::1');
    // Not every machine has it.
    const hasIt = await Promise.race([once(server, 'listening').then(() => true), once(server, 'error').then(() => false)]);
    if (!hasIt) return 'no IPv6 on this machine';
    onTestFinished(() => void server.close());
    const { bytes } = await createDownloads({ env: {}, userAgent: 'test' }, LIMITS).download({ url: `http://[::1]:${(server.address() as AddressInfo).port}/file`, path: join(temporaryFolder(), 'part'), maxBytes: 100_000 });
    expect(bytes).toBe(BODY.length);
    return 'whole';
  } },
  { number: 66, fault: 'a registry that limits its rate', injected: 'toomanyrequests', expected: 'told, the next up mends it', run: strikeAt(/^docker inspectImage/, () => ({ name: 'limit', before: () => failedError({ code: 'image-pull-failed', message: 'no', reason: 'toomanyrequests: You have reached your pull rate limit' }) })) },
  { number: 67, fault: 'offline with one file missing', injected: 'a fetch fails', expected: 'told before anything is made, the next up mends it', run: strikeAt(/^artifacts fetch/, () => ({ name: 'offline', before: () => failedError({ code: 'offline', message: 'no network' }) })) },
  { number: 67, fault: 'offline with a full cache', injected: 'the server is gone', expected: 'no request', run: async () => {
    const { artifacts } = artifactsWorld();
    const server = await serve((_, response, count) => void (count === 1 ? response.end(BODY) : response.destroy()));
    const artifact = { name: 'file', url: `${server.url}/file`, sha256: sha256(BODY) };
    await artifacts.fetch(artifact);
    await artifacts.fetch(artifact);
    expect(server.requests).toHaveLength(1);
    return 'one request in two runs';
  } },
  { number: 68, fault: 'the hash of a program is not to be had', injected: '404 at its sum', expected: 'not run', run: () => expectCode('checksum-unavailable', () => tool((response) => void response.writeHead(404).end())) },
  { number: 68, fault: 'the hash of a program is no hash', injected: 'a web page in its place', expected: 'not run', run: () => expectCode('checksum-unavailable', () => tool((response) => void response.end('<html>log in</html>'))) },
];
