// The way to a server: proxy, certificate authorities, redirects.
import { readFile } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { rootCertificates } from 'node:tls';
import type { Dispatcher } from 'undici';
import { type DevstackError, failedError, type Hint, preconditionError, usageError } from '../model/error.ts';
import type { Json } from '../model/json.ts';
import { errnoOf, fileError } from './file-error.ts';
import { isUntrusted, networkReason, rootOf } from './http-error.ts';
import { proxyFor, withoutCredentials } from './proxy.ts';

type Env = { readonly [name: string]: string | undefined };

export interface RouterWorld {
  readonly env: Env;
  readonly userAgent: string;
  /** PEM file with further certificate authorities (a company's proxy that reads TLS). */
  readonly cafile?: string;
}

export interface Answer {
  /** Where it came from in the end, without credentials. */
  readonly url: string;
  readonly status: number;
  readonly headers: { readonly [name: string]: string | undefined };
  readonly body: Readable;
  /** What it means that the body broke off. */
  failure(cause: unknown): DevstackError;
  /** An answer that will not do. */
  fault(reason: string, details?: Details): DevstackError;
  drop(): void;
}

export interface Router {
  get(url: string, headers: { readonly [name: string]: string }, signal: AbortSignal | undefined): Promise<Answer>;
}

const MAX_REDIRECTS = 5;
const CONNECT_MS = 15_000;
const HEADERS_MS = 60_000;
const REDIRECTS: readonly number[] = [301, 302, 303, 307, 308];

/** Where systems keep the authorities that their administrator trusts: Debian, Fedora, SUSE, macOS and BSD. */
const SYSTEM_BUNDLES = ['/etc/ssl/certs/ca-certificates.crt', '/etc/pki/tls/certs/ca-bundle.crt', '/etc/ssl/ca-bundle.pem', '/etc/ssl/cert.pem'];

export function createRouter(world: RouterWorld): Router {
  const dispatchers = new Map<string, Promise<Dispatcher>>();
  const dispatcherFor = (target: URL, proxy: URL | undefined): Promise<Dispatcher> => {
    const isSecure = target.protocol === 'https:' || proxy?.protocol === 'https:';
    const key = `${isSecure} ${proxy?.href ?? ''}`;
    const known = dispatchers.get(key) ?? openDispatcher(world, proxy, isSecure);
    dispatchers.set(key, known);
    return known;
  };
  return {
    async get(url, headers, signal) {
      let target = parse(url);
      for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects += 1) {
        const proxy = proxyFor(target, world.env);
        const dispatcher = await dispatcherFor(target, proxy);
        const answer = await send({ target, headers: { ...headers, ...headersOf(target, world) }, proxy, dispatcher, signal });
        const location = REDIRECTS.includes(answer.status) ? answer.headers['location'] : undefined;
        if (location === undefined) return answer;
        answer.drop();
        target = redirected(target, location);
      }
      throw downloadError(withoutCredentials(target), `it leads on and on: more than ${MAX_REDIRECTS} redirects`);
    },
  };
}

function parse(url: string): URL {
  try {
    const parsed = new URL(url);
    if (parsed.protocol === 'http:' || parsed.protocol === 'https:') return parsed;
  } catch {
    // Said below.
  }
  throw usageError({ code: 'download-url-invalid', message: `${url} cannot be downloaded`, reason: 'it is not an http or https address' });
}

function redirected(from: URL, location: string): URL {
  const shown = withoutCredentials(from);
  let to: URL;
  try {
    to = new URL(location, from);
  } catch {
    throw downloadError(shown, 'it redirects to something that is no address');
  }
  if (to.protocol === 'https:' || (to.protocol === 'http:' && from.protocol === 'http:')) return to;
  throw downloadError(shown, `it redirects to ${withoutCredentials(to)}, which is not https`);
}

function headersOf(target: URL, world: RouterWorld): { readonly [name: string]: string } {
  const credentials = `${decodeURIComponent(target.username)}:${decodeURIComponent(target.password)}`;
  return {
    'user-agent': world.userAgent, accept: '*/*', 'accept-encoding': 'identity',
    ...(target.username === '' ? {} : { authorization: `Basic ${Buffer.from(credentials).toString('base64')}` }),
  };
}

/**
 * undici's parser fails an assertion, as an error nobody can catch, when a server closes the connection after the body
 * (HTTP/1.0, `Connection: close`) while the reader is slower: onHttpSocketEnd → finish → assert(!paused). So it never pauses;
 * what the disk has not taken yet waits in memory.
 */
const NEVER_PAUSE = 2 ** 31 - 1;

interface Sending {
  readonly target: URL;
  readonly headers: { readonly [name: string]: string };
  readonly proxy: URL | undefined;
  readonly dispatcher: Dispatcher;
  readonly signal: AbortSignal | undefined;
}

async function send({ target, headers, proxy, dispatcher, signal }: Sending): Promise<Answer> {
  const url = withoutCredentials(target);
  const done = new AbortController();
  const either = signal === undefined ? done.signal : AbortSignal.any([signal, done.signal]);
  const { request } = await import('undici');
  try {
    const limits = { headersTimeout: HEADERS_MS, bodyTimeout: 0, highWaterMark: NEVER_PAUSE };
    const answer = await request(url, { dispatcher, headers, signal: either, ...limits });
    // Until somebody reads it, an error of the body would be one that nobody handles.
    answer.body.on('error', () => undefined);
    const status = answer.statusCode;
    return {
      url, status, headers: single(answer.headers), body: answer.body, drop: () => done.abort(),
      failure: (cause) => connectionError(cause, { url, proxy, status }),
      fault: (reason, details = {}) => downloadError(url, reason, { status, ...details }),
    };
  } catch (cause) {
    signal?.throwIfAborted();
    throw connectionError(cause, { url, proxy });
  }
}

function single(headers: { readonly [name: string]: string | string[] | undefined }): { readonly [name: string]: string | undefined } {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, Array.isArray(value) ? value[0] : value]));
}

/** Reading all authorities takes some 100 ms, which a mirror without TLS does not need. */
async function openDispatcher(world: RouterWorld, proxy: URL | undefined, isSecure: boolean): Promise<Dispatcher> {
  const { Agent, ProxyAgent } = await import('undici');
  const connect = { timeout: CONNECT_MS, ...(isSecure ? { ca: await authorities(world) } : {}) };
  if (proxy === undefined) return new Agent({ connect });
  // Tunnels are for https: many proxies refuse one to port 80.
  return new ProxyAgent({ uri: proxy.href, proxyTunnel: false, requestTls: connect, proxyTls: connect });
}

/** Node's own, those of the system, and those that the user names. Node reads NODE_EXTRA_CA_CERTS only into its defaults. */
async function authorities(world: RouterWorld): Promise<string[]> {
  const { cafile, env } = world;
  const chosen = cafile === undefined ? undefined : await readFile(cafile, 'utf8').catch((cause: unknown) => {
    throw fileError(cause, `read the certificates in ${cafile}`, cafile);
  });
  // Of these Node only warns when they cannot be read.
  const named = await Promise.all([env['NODE_EXTRA_CA_CERTS'], env['SSL_CERT_FILE']].map((path) => firstReadable(path ? [path] : [])));
  const further = [chosen, ...named, await firstReadable(SYSTEM_BUNDLES)];
  return [...rootCertificates, ...further.filter((text) => text !== undefined)];
}

async function firstReadable(paths: readonly string[]): Promise<string | undefined> {
  for (const path of paths) {
    const text = await readFile(path, 'utf8').catch(() => undefined);
    if (text !== undefined) return text;
  }
  return undefined;
}

// ── errors ──────────────────────────────────────────────────────────────────────────────────────────────────────────

/** `details.transient`: the same request may well work in a moment. */
function downloadError(url: string, reason: string, details: Details = {}, hints: readonly Hint[] = []): DevstackError {
  return failedError({ code: 'download-failed', message: `could not download ${url}`, reason, hints, details: { url, ...details } });
}

type Details = { readonly [key: string]: Json };

/** Asking once more does not help against these. */
const FINAL = new Set([
  'ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'ENETUNREACH', 'EHOSTUNREACH',
  'CERT_HAS_EXPIRED', 'CERT_NOT_YET_VALID', 'ERR_TLS_CERT_ALTNAME_INVALID',
]);

interface Way {
  readonly url: string;
  readonly proxy: URL | undefined;
  /** Absent when no answer had begun. */
  readonly status?: number;
}

function connectionError(cause: unknown, { url, proxy, status }: Way): DevstackError {
  const through = proxy === undefined ? '' : `, through the proxy ${withoutCredentials(proxy)}`;
  const reason = `${networkReason(cause)}${through}`;
  if (isUntrusted(cause)) {
    return preconditionError({
      code: 'tls-untrusted', message: `could not download ${url}: its certificate is not trusted here`, reason, cause, details: { url },
      hints: [{
        text: 'If your network reads TLS (a company proxy, an antivirus), name the certificate of its authority',
        command: 'export NODE_EXTRA_CA_CERTS=/path/to/company-ca.pem',
      }],
    });
  }
  const proxyStatus = /Proxy response \((\d+)\)|Proxy Authentication Required \((407)\)/.exec(cause instanceof Error ? cause.message : '');
  const final = FINAL.has(errnoOf(rootOf(cause)) ?? '') || proxyStatus !== null;
  const hints = proxy === undefined ? [] : [{ text: 'See which proxy is set', command: 'env | grep -i _proxy' }];
  return downloadError(url, reason, { ...(status === undefined ? {} : { status }), ...(final ? {} : { transient: true }) }, hints);
}
