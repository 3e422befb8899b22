// Images in and out of an engine. A failed pull is a good answer with an error among its events.
import { createInterface } from 'node:readline';
import { type DevstackError, failedError } from '../model/error.ts';
import { withTag } from '../model/image-name.ts';
import { isJsonObject, parseJson } from '../model/json.ts';
import { stringAt } from '../model/object.ts';
import type { DockerImage } from '../ports.ts';
import type { Engine } from './docker.ts';
import { imageMissing } from './docker-refusal.ts';
import { apiFailure } from './engine-api.ts';

/** First version of the API whose export takes a platform (engine 28). */
const EXPORTS_PLATFORM = [1, 48] as const;

interface TransferRequest {
  readonly reference: string;
  readonly onProgress: (message: string) => void;
  readonly signal: AbortSignal | undefined;
}

interface Transfer extends TransferRequest {
  readonly verb: 'pull' | 'push';
  /** Whether the layer of an event is through, by what the event says; undefined where it says nothing of that. */
  isThrough(status: string): boolean | undefined;
  begin(): Promise<NodeJS.ReadableStream>;
  failure(reason: string, cause: unknown): DevstackError;
}

/** The engine moves the layers; its events tell which are through, and the last of them why it could not. */
async function transfer(engine: Engine, { reference, onProgress, signal, verb, isThrough, begin, failure }: Transfer): Promise<void> {
  await engine.attempt(`${verb} the image ${reference}`, async () => {
    const layers = new Map<string, boolean>();
    try {
      await readEvents(await begin(), (event) => {
        const id = stringAt(event, 'id');
        const through = isThrough(stringAt(event, 'status') ?? '');
        if (id === undefined || through === undefined) return;
        layers.set(id, through);
        onProgress(`${verb}ing ${reference}: ${[...layers.values()].filter(Boolean).length} of ${layers.size} layers`);
      });
    } catch (cause) {
      signal?.throwIfAborted();
      const reason = cause instanceof EventFailure ? cause.message : apiFailure(cause)?.message;
      throw reason === undefined ? cause : failure(reason, cause);
    }
  });
}

export async function pullImage(engine: Engine, request: TransferRequest): Promise<void> {
  const { signal } = request;
  // Engines pull every tag of a name without one.
  const reference = withTag(request.reference);
  await transfer(engine, {
    ...request, reference, verb: 'pull',
    isThrough: (status) => (/^(?:Pulling fs layer|Already exists|Pull complete)$/.test(status) ? status !== 'Pulling fs layer' : undefined),
    begin: () => engine.api.stream({ method: 'POST', path: '/images/create', query: { fromImage: reference }, signal }),
    failure: (reason, cause) => pullFailure(reference, reason, cause),
  });
}

function pullFailure(reference: string, reason: string, cause: unknown): DevstackError {
  const isLimited = /toomanyrequests|rate limit/i.test(reason);
  return failedError({
    code: 'image-pull-failed', message: `the image ${reference} cannot be pulled`, reason, cause, details: { image: reference },
    hints: [isLimited
      ? { text: 'The registry limits unknown users: log in', command: 'docker login' }
      : { text: 'Try it alone', command: `docker pull ${reference}` }],
  });
}

/** Layers that the registry has are only named. */
export async function pushImage(engine: Engine, request: TransferRequest): Promise<void> {
  const { reference, signal } = request;
  const at = reference.lastIndexOf(':');
  const [repository, tag] = [reference.slice(0, at), reference.slice(at + 1)];
  await transfer(engine, {
    ...request, verb: 'push',
    isThrough: (status) => (/^(?:Preparing|Layer already exists|Mounted from .*|Pushed)$/.test(status) ? status !== 'Preparing' : undefined),
    // The engine insists on credentials: none are empty ones.
    begin: () => engine.client.getImage(repository).push({ tag, authconfig: {}, ...(signal === undefined ? {} : { abortSignal: signal }) }),
    failure: (reason, cause) => pushFailure(reference, reason, cause),
  });
}

function pushFailure(reference: string, reason: string, cause: unknown): DevstackError {
  if (/does not exist locally|no such image/i.test(reason)) return imageMissing(reference, { reason, cause });
  return failedError({
    code: 'image-push-failed', message: `the image ${reference} cannot be pushed`, reason, cause, details: { image: reference },
    hints: [{ text: 'see whether its registry runs', command: 'devstack status' }],
  });
}

/** The archive of one platform: the others of a pulled image are named in it but are not there (kubernetes-sigs/kind#3795). */
export async function saveImage(engine: Engine, reference: string, image: DockerImage | undefined): Promise<NodeJS.ReadableStream> {
  if (image === undefined) {
    throw imageMissing(reference);
  }
  return await engine.attempt(`save the image ${reference}`, async () => {
    const platform = (await exportsPlatform(engine)) ? { platform: JSON.stringify({ os: image.os, architecture: image.architecture }) } : {};
    return await engine.api.stream({ method: 'GET', path: `/images/${reference}/get`, query: platform });
  });
}

async function exportsPlatform(engine: Engine): Promise<boolean> {
  const version = await engine.api.request<{ readonly ApiVersion?: string }>({ method: 'GET', path: '/version' });
  const [major = 0, minor = 0] = (version.ApiVersion ?? '').split('.').map(Number);
  return major > EXPORTS_PLATFORM[0] || (major === EXPORTS_PLATFORM[0] && minor >= EXPORTS_PLATFORM[1]);
}

export async function loadImage(engine: Engine, archive: NodeJS.ReadableStream): Promise<void> {
  await engine.attempt('load an image', async () => {
    const broken = new Promise<never>((_, reject) => archive.once('error', reject));
    // Only the race below looks at it.
    broken.catch(() => undefined);
    await Promise.race([broken, load(engine, archive)]);
  });
}

async function load(engine: Engine, archive: NodeJS.ReadableStream): Promise<void> {
  try {
    await readEvents(await engine.client.loadImage(archive, { quiet: true }), () => undefined);
  } catch (cause) {
    if (cause instanceof EventFailure) throw failedError({ code: 'docker-failed', message: 'could not load an image', reason: cause.message, cause });
    throw cause;
  }
}

/** What an engine reports as an event of an answer that began well. */
class EventFailure extends Error {}

async function readEvents(stream: NodeJS.ReadableStream, onEvent: (event: unknown) => void): Promise<void> {
  for await (const line of createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY })) {
    const event = eventOf(line);
    const error = stringAt(event, 'errorDetail', 'message') ?? stringAt(event, 'error');
    if (error !== undefined) throw new EventFailure(error);
    onEvent(event);
  }
}

function eventOf(line: string): unknown {
  const value = parseJson(line);
  return isJsonObject(value) ? value : undefined;
}
