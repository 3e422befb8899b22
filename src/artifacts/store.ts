// The cache of downloads, by content: download, verify, rename; verified again at each use.
import { createHash } from 'node:crypto';
import { join } from 'node:path';
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
  const found = await verified(job, await expectedHash(job));
  if (found !== undefined) return found;
  const part = join(world.cache, 'partial', nameOf(artifact.url));
  // One download at a time; whoever waited finds the file there.
  return await world.files.withLock(`${part}.lock`, async () => {
    const expected = await expectedHash(job);
    return (await verified(job, expected)) ?? (await obtain(job, part, expected));
  }, { waitMs: LOCK_WAIT_MS, ...(options.signal === undefined ? {} : { signal: options.signal }) });
}

/** A name for what is under way from an address: no address is a safe name by itself. */
function nameOf(url: string): string {
  return createHash('sha256').update(url).digest('hex');
}

async function expectedHash({ world, artifact }: Job): Promise<string | undefined> {
  return artifact.sha256 ?? (await world.pins.of(artifact.url));
}

function blobPath(world: StoreWorld, sha256: string): string {
  return join(world.cache, 'sha256', sha256.slice(0, 2), sha256);
}

/** The file if it is there and right. A wrong one is put aside, for somebody to look at. */
async function verified({ world, artifact, place }: Job, expected: string | undefined): Promise<string | undefined> {
  if (expected === undefined) return undefined;
  const path = place?.path ?? blobPath(world, expected);
  const got = await world.files.sha256(path);
  if (got === undefined || got === expected) return got === undefined ? undefined : path;
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
      if (cause.code === 'checksum-mismatch' && index < urls.length - 1) world.note(`${cause.message} (${cause.reason ?? ''}); trying the next place`);
    }
  }
  throw summary(artifact, failures);
}

/** Another place may do better. A full disk or an abort it cannot help. */
function isAboutTheSource(cause: unknown): cause is DevstackError {
  return cause instanceof DevstackError && ['download-failed', 'checksum-mismatch', 'tls-untrusted'].includes(cause.code);
}

async function fromOne(job: Job & { readonly url: string; readonly part: string; readonly expected: string | undefined }): Promise<string> {
  const { world, artifact, options, url, part, expected } = job;
  const { contentType, bytes } = await world.downloads.download({
    url, path: part, maxBytes: artifact.bytes ?? MAX_BYTES,
    ...(options.signal === undefined ? {} : { signal: options.signal }),
    ...(options.onProgress === undefined ? {} : { onProgress: options.onProgress }),
  });
  const got = (await world.files.sha256(part)) ?? '';
  if (expected !== undefined && got !== expected) {
    const aside = await quarantine(world, part, got);
    throw mismatch({ artifact, url, expected, got, aside, contentType, bytes });
  }
  if (expected === undefined && /text\/html/i.test(contentType)) {
    await world.files.remove(part);
    throw failedError({
      code: 'download-failed', message: `could not download ${url}`, reason: WEB_PAGE, details: { url, status: 200 },
    });
  }
  if (expected === undefined) {
    await world.pins.record(artifact.url, got);
    world.note(`${artifact.name} came without a known hash; from now on only sha256 ${got} is accepted for ${artifact.url}`);
  }
  const path = job.place?.path ?? blobPath(world, got);
  await world.files.makeDirectory(join(path, '..'));
  await world.files.setMode(part, job.place?.mode ?? 0o600);
  await world.files.rename(part, path);
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
    hints: [isPage ? { text: 'Log in to the network, then run the command again' } : { text: 'Look at what came', command: `head -c 300 '${aside}'` }],
  });
}

function summary(artifact: ArtifactRef, failures: readonly DevstackError[]): DevstackError {
  const wrong = failures.find((failure) => failure.code === 'checksum-mismatch');
  if (wrong !== undefined) return wrong;
  const [only] = failures;
  const answered = failures.some((failure) => failure.details?.['status'] !== undefined);
  if (only !== undefined && (failures.some((failure) => failure.code === 'tls-untrusted') || answered)) {
    return failures.find((failure) => failure.code === 'tls-untrusted') ?? (failures.length === 1 ? only : allFailed(artifact, failures));
  }
  return preconditionError({
    code: 'offline', message: `${artifact.name} is not in the cache and cannot be downloaded`, reason: reasons(failures),
    details: { url: artifact.url, tried: failures.map((failure) => String(failure.details?.['url'])) },
    hints: [{ text: 'See whether the address can be reached from here', command: `curl -fLI '${artifact.url}'` }],
    cause: only,
  });
}

function allFailed(artifact: ArtifactRef, failures: readonly DevstackError[]): DevstackError {
  return failedError({
    code: 'download-failed', message: `could not download ${artifact.name}`, reason: reasons(failures),
    details: { url: artifact.url, tried: failures.map((failure) => String(failure.details?.['url'])) },
    hints: [{ text: 'See what the server says', command: `curl -fLI '${artifact.url}'` }],
  });
}

function reasons(failures: readonly DevstackError[]): string {
  return failures.map((failure) => `${String(failure.details?.['url'])}: ${failure.reason ?? failure.message}`).join('; ');
}
