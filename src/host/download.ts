// Files from the internet: redirects, retries, resume, limits. How the connection is made is in download-route.ts.
import { createWriteStream } from 'node:fs';
import { readFile, rm, stat, writeFile } from 'node:fs/promises';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { DevstackError } from '../model/error.ts';
import type { DownloadRequest, Downloads } from '../ports.ts';
import { type Answer, createRouter, downloadError, type Router, type RouterWorld } from './download-route.ts';
import { errnoOf, fileError } from './file-error.ts';

export interface DownloadLimits {
  /** At least `stallBytes` must come in each `stallMs`; a total time would punish large files on slow lines. */
  readonly stallMs: number;
  readonly stallBytes: number;
  /** Tries that brought nothing, in a row. */
  readonly tries: number;
  /** First pause between tries; it doubles. */
  readonly pauseMs: number;
  /** A server that wants a longer pause (Retry-After) is given up. */
  readonly longestPauseMs: number;
}

const LIMITS: DownloadLimits = { stallMs: 30_000, stallBytes: 16_384, tries: 4, pauseMs: 300, longestPauseMs: 60_000 };
const PROGRESS_EVERY_MS = 100;

export function createDownloads(world: RouterWorld, limits: DownloadLimits = LIMITS): Downloads {
  const router = createRouter(world);
  return { download: (request) => download({ router, limits, request }) };
}

interface Job {
  readonly router: Router;
  readonly limits: DownloadLimits;
  readonly request: DownloadRequest;
}

/** How far a file has come. `validator` proves that the server still has the same one. */
interface Part {
  readonly bytes: number;
  readonly validator: string | undefined;
}

async function download(job: Job): Promise<{ readonly bytes: number; readonly contentType: string }> {
  const { limits, request } = job;
  let empty = 0;
  for (;;) {
    const part = await partOf(request);
    try {
      const contentType = await attempt(job, part);
      await rm(notePath(request), { force: true });
      return { bytes: (await stat(request.path)).size, contentType };
    } catch (cause) {
      request.signal?.throwIfAborted();
      if (cause instanceof DevstackError && cause.code === 'disk-full') await discard(request);
      const pause = pauseAfter(cause, limits.pauseMs * 2 ** empty);
      if (pause === undefined || pause > limits.longestPauseMs) throw cause;
      empty = (await partOf(request)).bytes > part.bytes ? 0 : empty + 1;
      if (empty >= limits.tries) throw cause;
      await delay(pause, undefined, request.signal === undefined ? {} : { signal: request.signal });
    }
  }
}

/** Undefined: trying again will not help. */
function pauseAfter(cause: unknown, usual: number): number | undefined {
  if (!(cause instanceof DevstackError) || cause.details?.['transient'] !== true) return undefined;
  const wanted = cause.details['retryAfterMs'];
  return typeof wanted === 'number' ? wanted : usual;
}

async function attempt(job: Job, part: Part): Promise<string> {
  const { request, router } = job;
  const isResuming = part.bytes > 0 && part.validator !== undefined;
  const headers = isResuming ? { range: `bytes=${part.bytes}-`, 'if-range': part.validator ?? '' } : {};
  const answer = await router.get(request.url, headers, request.signal);
  try {
    if (isResuming && answer.status === 416) {
      // Nothing lies beyond what is here: it is whole, or it is another file. Only a fresh start can tell.
      await discard(request);
      throw downloadError(answer.url, 'the server has no more of this file', { transient: true });
    }
    if (answer.status !== 200 && answer.status !== 206) throw statusError(answer);
    const start = answer.status === 206 ? rangeStart(answer, part) : 0;
    return await receive(job, answer, start);
  } finally {
    answer.drop();
  }
}

function rangeStart(answer: Answer, part: Part): number {
  const start = Number(/^bytes (\d+)-/.exec(answer.headers['content-range'] ?? '')?.[1] ?? Number.NaN);
  if (start !== part.bytes) throw downloadError(answer.url, 'the server sent another part of the file than asked for', { transient: true });
  return start;
}

async function receive(job: Job, answer: Answer, start: number): Promise<string> {
  const { request } = job;
  const encoding = answer.headers['content-encoding'] ?? 'identity';
  if (encoding !== 'identity') throw downloadError(answer.url, `the server sent it compressed (${encoding}), which was not asked for`);
  const length = answer.headers['content-length'];
  const total = length === undefined ? undefined : start + Number(length);
  if (total !== undefined && total > request.maxBytes) throw tooLarge(answer.url, request.maxBytes);
  await note(request, answer);
  const meter = new Meter({ job, url: answer.url, start, total });
  const file = createWriteStream(request.path, { flags: start === 0 ? 'w' : 'a', mode: 0o600, flush: true });
  try {
    await pipeline(answer.body, meter, file);
  } catch (cause) {
    throw receiveError(cause, request, answer);
  } finally {
    meter.stop();
  }
  return answer.headers['content-type'] ?? '';
}

function receiveError(cause: unknown, request: DownloadRequest, answer: Answer): unknown {
  if (cause instanceof DevstackError) return cause;
  if (errnoOf(cause) !== undefined && /^(?:EN|E[A-Z]+)/.test(errnoOf(cause) ?? '') && isFromFile(cause)) return fileError(cause, `write ${request.path}`, request.path);
  return answer.failure(cause);
}

/** Errors of files name their system call and path; those of connections name an address or nothing. */
function isFromFile(cause: unknown): boolean {
  const { syscall } = cause as NodeJS.ErrnoException;
  return syscall === 'open' || (syscall === 'write' && !('address' in (cause as object)) && ['ENOSPC', 'EDQUOT', 'EIO', 'EROFS', 'EFBIG'].includes(errnoOf(cause) ?? ''));
}

/** Counts what passes; ends the download when it is too much, or too little in its time. */
class Meter extends Transform {
  readonly #options: { readonly job: Job; readonly url: string; readonly total: number | undefined };
  readonly #timer: NodeJS.Timeout;
  #done: number;
  #atLastLook: number;
  #toldAt = 0;

  constructor(options: { readonly job: Job; readonly url: string; readonly start: number; readonly total: number | undefined }) {
    super();
    const { limits } = options.job;
    this.#options = options;
    this.#done = options.start;
    this.#atLastLook = options.start;
    this.#timer = setInterval(() => {
      if (this.#done - this.#atLastLook < limits.stallBytes) {
        const reason = `only ${this.#done - this.#atLastLook} bytes came in ${limits.stallMs / 1000} s`;
        this.destroy(downloadError(options.url, reason, { transient: true }));
      }
      this.#atLastLook = this.#done;
    }, limits.stallMs);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: (error: Error | null, chunk?: Buffer) => void): void {
    const { job, url, total } = this.#options;
    this.#done += chunk.length;
    if (this.#done > job.request.maxBytes) {
      done(tooLarge(url, job.request.maxBytes));
      return;
    }
    const now = performance.now();
    if (now - this.#toldAt >= PROGRESS_EVERY_MS || this.#done === total) {
      this.#toldAt = now;
      job.request.onProgress?.(this.#done, total);
    }
    done(null, chunk);
  }
}

function tooLarge(url: string, maxBytes: number): DevstackError {
  return downloadError(url, `it is larger than the ${maxBytes} bytes that are expected at most`);
}

const TRANSIENT_STATUS: readonly number[] = [408, 425, 429, 500, 502, 503, 504];

function statusError(answer: Answer): DevstackError {
  const transient = TRANSIENT_STATUS.includes(answer.status);
  const retryAfterMs = transient ? retryAfter(answer.headers['retry-after']) : undefined;
  return downloadError(answer.url, `the server answered ${answer.status}`, {
    status: answer.status, ...(transient ? { transient } : {}), ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  });
}

/** Seconds or a date. */
function retryAfter(value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  if (/^\d+$/.test(value)) return Number(value) * 1000;
  const until = Date.parse(value) - Date.now();
  return Number.isNaN(until) ? undefined : Math.max(0, until);
}

// ── the part that is here ───────────────────────────────────────────────────────────────────────────────────────────

/** Beside the bytes: which file of which server they belong to. */
const notePath = (request: DownloadRequest): string => `${request.path}.from`;

async function partOf(request: DownloadRequest): Promise<Part> {
  const size = await stat(request.path).then((found) => found.size, () => 0);
  const text = await readFile(notePath(request), 'utf8').catch(() => '');
  const [url, validator] = text.split('\n');
  return { bytes: size, validator: url === request.url && validator !== '' ? validator : undefined };
}

async function note(request: DownloadRequest, answer: Answer): Promise<void> {
  const etag = answer.headers['etag'];
  // A weak tag says "much the same", which is not enough to put two halves together.
  const validator = (etag !== undefined && !etag.startsWith('W/') ? etag : undefined) ?? answer.headers['last-modified'] ?? '';
  await writeFile(notePath(request), `${request.url}\n${validator}\n`, { mode: 0o600 }).catch((cause: unknown) => {
    throw fileError(cause, `write ${request.path}`, request.path);
  });
}

async function discard(request: DownloadRequest): Promise<void> {
  await rm(request.path, { force: true });
  await rm(notePath(request), { force: true });
}
