// Files from the internet: redirects, retries, resume, limits. How the connection is made is in download-route.ts.
import { closeSync, fsync, openSync, writeFileSync, writeSync } from 'node:fs';
import { readFile, rm, stat } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { DevstackError } from '../model/error.ts';
import type { DownloadRequest, Downloads } from '../ports.ts';
import { type Answer, createRouter, type Router, type RouterWorld } from './download-route.ts';
import { fileError } from './file-error.ts';

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
      // Nothing lies beyond what is here. It is whole if the server says so: the last try was cut off after its last byte.
      if (answer.headers['content-range'] === `bytes */${part.bytes}`) return answer.headers['content-type'] ?? '';
      await discard(request);
      throw answer.fault('the server has no more of this file', { transient: true });
    }
    if (answer.status !== 200 && answer.status !== 206) throw statusError(answer);
    if (answer.status === 206 && rangeStart(answer) !== part.bytes) {
      await discard(request);
      throw answer.fault('the server sent another part of the file than asked for', { transient: true });
    }
    return await receive(job, answer, answer.status === 206 ? part.bytes : 0);
  } finally {
    answer.drop();
  }
}

/** Of a part that reaches to the end of the file; NaN for any other. */
function rangeStart(answer: Answer): number {
  const [, start, end, total] = /^bytes (\d+)-(\d+)\/(\d+|\*)$/.exec(answer.headers['content-range'] ?? '') ?? [];
  return total === '*' || Number(end) + 1 === Number(total) ? Number(start) : Number.NaN;
}

async function receive(job: Job, answer: Answer, start: number): Promise<string> {
  const { request } = job;
  const encoding = answer.headers['content-encoding'] ?? 'identity';
  if (encoding !== 'identity') throw answer.fault(`the server sent it compressed (${encoding}), which was not asked for`);
  const length = answer.headers['content-length'];
  const total = length === undefined ? undefined : start + Number(length);
  if (total !== undefined && total > request.maxBytes) throw tooLarge(answer, request.maxBytes);
  const meter = createMeter({ job, answer, start, total });
  try {
    await writeBody(request, answer, { start, count: meter.count, stalled: meter.stalled });
  } finally {
    meter.stop();
  }
  return answer.headers['content-type'] ?? '';
}

interface Writing {
  readonly start: number;
  count(bytes: number): void;
  readonly stalled: Promise<never>;
}

/**
 * Each chunk goes to the disk as it comes, in one breath: a stream that waited for the disk would have to be paused (see
 * NEVER_PAUSE in download-route.ts) or would pile up in memory. Nothing is awaited before somebody listens to the body: it may
 * fail in between, and what it had brought would be lost.
 */
async function writeBody(request: DownloadRequest, answer: Answer, { start, count, stalled }: Writing): Promise<void> {
  const { path } = request;
  // First cut off what is there, then say of which file the rest will be: the other way round, a kill would mix two files.
  const file = openPart(path, start);
  note(request, answer);
  let take: (chunk: Buffer) => void = () => undefined;
  try {
    const received = new Promise<void>((resolve, reject) => {
      take = (chunk) => {
        try {
          count(chunk.length);
          writeWhole(file, chunk, path);
        } catch (cause) {
          reject(cause);
        }
      };
      answer.body.once('end', resolve);
      answer.body.once('error', (cause: unknown) => reject(answer.failure(cause)));
      answer.body.once('close', () => reject(answer.failure(new Error('the answer broke off'))));
      answer.body.on('data', take);
    });
    await Promise.race([received, stalled]);
    await flush(file);
  } catch (cause) {
    throw cause instanceof DevstackError ? cause : fileError(cause, `write ${path}`, path);
  } finally {
    // Before the descriptor is closed: its number may belong to another file in a moment.
    answer.body.off('data', take);
    closeSync(file);
  }
}

function openPart(path: string, start: number): number {
  try {
    return openSync(path, start === 0 ? 'w' : 'a', 0o600);
  } catch (cause) {
    throw fileError(cause, `write ${path}`, path);
  }
}

const flush = promisify(fsync);

function writeWhole(fd: number, chunk: Buffer, path: string): void {
  try {
    for (let done = 0; done < chunk.length; ) done += writeSync(fd, chunk, done);
  } catch (cause) {
    throw fileError(cause, `write ${path}`, path);
  }
}

/** Counts what comes; ends the download when it is too much, or too little in its time. */
interface Measured {
  readonly job: Job;
  readonly answer: Answer;
  readonly start: number;
  readonly total: number | undefined;
}

function createMeter({ job, answer, start, total }: Measured) {
  const { limits, request } = job;
  let done = start;
  let atLastLook = start;
  let toldAt = 0;
  let timer: NodeJS.Timeout | undefined;
  const stalled = new Promise<never>((_, reject) => {
    timer = setInterval(() => {
      if (done - atLastLook < limits.stallBytes) {
        reject(answer.fault(`only ${done - atLastLook} bytes came in ${limits.stallMs / 1000} s`, { transient: true }));
      }
      atLastLook = done;
    }, limits.stallMs);
  });
  // Only the race in writeBody looks at it.
  stalled.catch(() => undefined);
  return {
    stalled,
    stop: () => clearInterval(timer),
    count(bytes: number): void {
      done += bytes;
      if (done > request.maxBytes) throw tooLarge(answer, request.maxBytes);
      const now = performance.now();
      if (now - toldAt < PROGRESS_EVERY_MS && done !== total) return;
      toldAt = now;
      request.onProgress?.(done, total);
    },
  };
}

function tooLarge(answer: Answer, maxBytes: number): DevstackError {
  return answer.fault(`it is larger than the ${maxBytes} bytes that are expected at most`);
}

const TRANSIENT_STATUS: readonly number[] = [408, 425, 429, 500, 502, 503, 504];

function statusError(answer: Answer): DevstackError {
  const transient = TRANSIENT_STATUS.includes(answer.status);
  const retryAfterMs = transient ? retryAfter(answer.headers['retry-after']) : undefined;
  return answer.fault(`the server answered ${answer.status}`, {
    ...(transient ? { transient } : {}), ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
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

function note(request: DownloadRequest, answer: Answer): void {
  const etag = answer.headers['etag'];
  // A weak tag says "much the same", which is not enough to put two halves together.
  const validator = (etag !== undefined && !etag.startsWith('W/') ? etag : undefined) ?? answer.headers['last-modified'] ?? '';
  try {
    writeFileSync(notePath(request), `${request.url}\n${validator}\n`, { mode: 0o600 });
  } catch (cause) {
    throw fileError(cause, `write ${request.path}`, request.path);
  }
}

async function discard(request: DownloadRequest): Promise<void> {
  await rm(request.path, { force: true });
  await rm(notePath(request), { force: true });
}
