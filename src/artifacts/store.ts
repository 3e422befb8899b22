// The cache of downloads, by content: download, verify, rename; verified again at each use.
import { createHash } from 'node:crypto';
import { dirname, join } from 'node:path';
import { DevstackError, failedError, preconditionError } from '../model/error.ts';
import type { ArtifactRef } from '../model/plan.ts';
import type { Downloads, Files } from '../ports.ts';
import type { Pins } from './lock.ts';
import { candidates, type Mirror } from './mirrors.ts';

const MAX_TEXT_BYTES = 2 ** 20;
/** No artifact of devstack is larger; what grows beyond is not what was asked for. */
const MAX_BYTES = 2 * 2 ** 30;
/** A download by another process may be slow; waiting for it beats doing it twice. */
const LOCK_WAIT_MS = 30 * 60_000;

export interface StoreWorld {
  readonly files: Files;
  readonly downloads: Downloads;
  readonly pins: Pins;
  /** Absolute. */
  readonly cache: string;
  readonly mirrors: readonly Mirror[];
  /** For what a person should know although it went well. */
  note(message: string): void;
}

export interface FetchOptions {
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((done: number, total: number | undefined) => void) | undefined;
}

export interface Store {
  has(artifact: ArtifactRef): Promise<boolean>;
  /** `at`: where to keep it instead of under its hash; `mode` of the file then (a tool needs a name and the right to run). */
  fetch(artifact: ArtifactRef, options: FetchOptions, place?: Place): Promise<string>;
  /** A small text through the same places, neither pinned nor kept. */
  fetchText(url: string, options: FetchOptions): Promise<string>;
}

export interface Place {
  readonly path: string;
  readonly mode: number;
}

export function createStore(world: StoreWorld): Store {
  return {
    async has(artifact) {
      const sha256 = artifact.sha256 ?? (await world.pins.of(artifact.url));
      return sha256 !== undefined && (await world.files.sha256(blobPath(world, sha256))) === sha256;
    },
    fetch: (artifact, options, place) => fetchArtifact({ world, artifact, options, place }),
    fetchText: (url, options) => fetchText(world, url, options),
  };
}

interface Job {
  readonly world: StoreWorld;
  readonly artifact: ArtifactRef;
  readonly options: FetchOptions;
  readonly place: Place | undefined;
}

async function fetchArtifact(job: Job): Promise<string> {
  const { world, artifact, options } = job;
  const expected = await expectedHash(job);
  const path = expected === undefined ? undefined : pathOf(job, expected);
  if (path !== undefined && (await world.files.sha256(path)) === expected) return path;
  const part = join(world.cache, 'partial', nameOf(artifact.url));
  // One at a time; whoever waited finds the file there.
  return await world.files.withLock(`${part}.lock`, async () => {
    const now = await expectedHash(job);
    return (await verified(job, now)) ?? (await obtain(job, part, now));
  }, { waitMs: LOCK_WAIT_MS, ...(options.signal === undefined ? {} : { signal: options.signal }) });
}

async function expectedHash({ world, artifact }: Job): Promise<string | undefined> {
  return artifact.sha256 ?? (await world.pins.of(artifact.url));
}

function pathOf({ world, place }: Job, sha256: string): string {
  return place?.path ?? blobPath(world, sha256);
}

function blobPath(world: StoreWorld, sha256: string): string {
  return join(world.cache, 'sha256', sha256.slice(0, 2), sha256);
}

/** A name for what is under way from an address: no address is a safe name by itself. */
function nameOf(url: string): string {
  return createHash('sha256').update(url).digest('hex');
}

/** The file if it is there and right. A wrong one is put aside, for somebody to look at. Only under the lock. */
async function verified(job: Job, expected: string | undefined): Promise<string | undefined> {
  const { world, artifact } = job;
  if (expected === undefined) return undefined;
  const path = pathOf(job, expected);
  const got = await world.files.sha256(path);
  if (got === undefined) return undefined;
  if (got === expected) return path;
  const aside = await quarantine(world, path, got);
  world.note(`the cached ${artifact.name} has changed on the disk; it is kept as ${aside} and fetched again`);
  return undefined;
}

async function quarantine(world: StoreWorld, path: string, got: string): Promise<string> {
  const aside = join(world.cache, 'quarantine', got);
  await world.files.makeDirectory(join(world.cache, 'quarantine'));
  await world.files.rename(path, aside);
  return aside;
}

/** Tries each place in order. A wrong byte is told even when a later place has the right one. */
async function obtain(job: Job, part: string, expected: string | undefined): Promise<string> {
  const { world, artifact } = job;
  await world.files.makeDirectory(join(world.cache, 'partial'));
  const failures: DevstackError[] = [];
  const urls = candidates(artifact.url, world.mirrors);
  for (const [index, url] of urls.entries()) {
    try {
      return await fromOne({ ...job, url, part, expected });
    } catch (cause) {
      if (!isAboutTheSource(cause)) throw cause;
      failures.push(cause);
      const isLast = index === urls.length - 1;
      if (cause.code === 'checksum-mismatch' && !isLast) world.note(`${cause.message} (${cause.reason ?? ''}); trying the next place`);
    }
  }
  throw summary(artifact, failures);
}

/** Another place may do better. A full disk or an abort it cannot help. */
function isAboutTheSource(cause: unknown): cause is DevstackError {
  return cause instanceof DevstackError && ['download-failed', 'checksum-mismatch', 'tls-untrusted'].includes(cause.code);
}

type Try = Job & { readonly url: string; readonly part: string; readonly expected: string | undefined };

async function fromOne(job: Try): Promise<string> {
  const { world, artifact, url, part, expected } = job;
  const isResumed = (await world.files.stat(part)) !== undefined;
  const { contentType, bytes } = await download(job);
  const got = (await world.files.sha256(part)) ?? '';
  if (expected === undefined) return await accept(job, got, contentType);
  if (got === expected) return await keep(job, got);
  const aside = await quarantine(world, part, got);
  // What was here from an earlier try may have been spoilt by a power cut: once more, from nothing.
  if (isResumed) return await fromOne(job);
  throw mismatch({ artifact, url, expected, got, aside, contentType, bytes });
}

async function download({ world, artifact, options, url, part }: Try): Promise<{ readonly bytes: number; readonly contentType: string }> {
  const { signal, onProgress } = options;
  return await world.downloads.download({
    url, path: part, maxBytes: artifact.bytes ?? MAX_BYTES,
    ...(signal === undefined ? {} : { signal }), ...(onProgress === undefined ? {} : { onProgress }),
  });
}

/** The first time that a file without a hash is seen: it is pinned before it is kept, so that it never stays unpinned. */
async function accept(job: Try, got: string, contentType: string): Promise<string> {
  const { world, artifact, url, part } = job;
  if (/text\/html/i.test(contentType)) {
    await world.files.remove(part);
    throw failedError({ code: 'download-failed', message: `could not download ${url}`, reason: WEB_PAGE, details: { url, status: 200 } });
  }
  await world.pins.record(artifact.url, got);
  world.note(`${artifact.name} came without a known hash; from now on only sha256 ${got} is accepted for ${artifact.url}`);
  return await keep(job, got);
}

async function keep(job: Try, sha256: string): Promise<string> {
  const { files } = job.world;
  const path = pathOf(job, sha256);
  await files.makeDirectory(dirname(path));
  await files.setMode(job.part, job.place?.mode ?? 0o600);
  await files.rename(job.part, path);
  return path;
}

async function fetchText(world: StoreWorld, url: string, options: FetchOptions): Promise<string> {
  const part = join(world.cache, 'partial', nameOf(url));
  const signal = options.signal === undefined ? {} : { signal: options.signal };
  await world.files.makeDirectory(join(world.cache, 'partial'));
  return await world.files.withLock(`${part}.lock`, async () => {
    const failures: DevstackError[] = [];
    for (const place of candidates(url, world.mirrors)) {
      try {
        await world.downloads.download({ url: place, path: part, maxBytes: MAX_TEXT_BYTES, ...signal });
        return (await world.files.readText(part)) ?? '';
      } catch (cause) {
        if (!isAboutTheSource(cause)) throw cause;
        failures.push(cause);
      } finally {
        await world.files.remove(part);
      }
    }
    throw summary({ name: url, url }, failures);
  }, { waitMs: LOCK_WAIT_MS, ...signal });
}

const WEB_PAGE = 'a web page came instead: does this network want you to log in first?';

interface Mismatch {
  readonly artifact: ArtifactRef;
  readonly url: string;
  readonly expected: string;
  readonly got: string;
  readonly aside: string;
  readonly contentType: string;
  readonly bytes: number;
}

function mismatch({ artifact, url, expected, got, aside, contentType, bytes }: Mismatch): DevstackError {
  const details = { url, expected, got, quarantine: aside };
  const isPage = /text\/html/i.test(contentType);
  return failedError({
    code: 'checksum-mismatch', message: `${url} is not the ${artifact.name} that was pinned`, details,
    reason: isPage ? `${WEB_PAGE} (sha256 ${got})` : `its sha256 is ${got}, expected ${expected} (${bytes} bytes, kept as ${aside})`,
    hints: [isPage
      ? { text: 'Log in to the network, then run the command again' }
      : { text: 'Look at what came', command: `head -c 300 '${aside}'` }],
  });
}

/** The gravest of them; when none is, all with their reasons. */
function summary(artifact: ArtifactRef, failures: readonly DevstackError[]): DevstackError {
  const ofCode = (code: string) => failures.find((failure) => failure.code === code);
  const grave = ofCode('checksum-mismatch') ?? ofCode('tls-untrusted');
  if (grave !== undefined) return grave;
  const reason = failures.map((failure) => `${String(failure.details?.['url'])}: ${failure.reason ?? failure.message}`).join('; ');
  const details = { url: artifact.url, tried: failures.map((failure) => String(failure.details?.['url'])) };
  if (failures.some((failure) => failure.details?.['status'] !== undefined)) {
    return failedError({
      code: 'download-failed', message: `could not download ${artifact.name}`, reason, details,
      hints: [{ text: 'See what the server says', command: `curl -fLI '${artifact.url}'` }],
    });
  }
  return preconditionError({
    code: 'offline', message: `${artifact.name} is not in the cache and cannot be downloaded`, reason, details,
    hints: [{ text: 'See whether the address can be reached from here', command: `curl -fLI '${artifact.url}'` }],
  });
}
