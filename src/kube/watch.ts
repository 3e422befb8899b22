// A watch that outlives what cuts it: closed connections, expired versions, a server that restarts. Never ends by itself.
import { DevstackError, isAbortError } from '../model/error.ts';
import { parseJson } from '../model/json.ts';
import { at, type GroupVersionKind, isKubeObject, type KubeObject, stringAt } from '../model/object.ts';
import type { Clock, WatchEvent } from '../ports.ts';
import { hasCode } from './failure.ts';

export interface WatchSource {
  /** The kind as it was asked for; what comes may call itself PartialObjectMetadata. */
  readonly kind: GroupVersionKind;
  /** All objects now, and the version that a watch goes on from (empty: the kind is unknown). */
  list(): Promise<{ readonly items: readonly KubeObject[]; readonly resourceVersion: string }>;
  /** Lines of a watch from a version on. */
  open(resourceVersion: string): Promise<AsyncIterable<string>>;
  onListed(): void;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

const FIRST_DELAY_MS = 100;
const MAX_DELAY_MS = 2_000;
/** A server that is gone for longer is not restarting. */
const GIVE_UP_MS = 60_000;

function keyOf(object: KubeObject): string {
  return `${object.metadata.namespace ?? ''}/${object.metadata.name}`;
}

/** What changed between two sights of the same name. */
function differences(known: Map<string, KubeObject>, items: readonly KubeObject[]): readonly WatchEvent[] {
  const events: WatchEvent[] = [];
  const present = new Set(items.map(keyOf));
  for (const [key, object] of known) if (!present.has(key)) events.push({ type: 'DELETED', object });
  for (const object of items) {
    const before = known.get(keyOf(object));
    if (before === undefined) events.push({ type: 'ADDED', object });
    else if (before.metadata.uid !== object.metadata.uid) events.push({ type: 'DELETED', object: before }, { type: 'ADDED', object });
    else if (before.metadata.resourceVersion !== object.metadata.resourceVersion) events.push({ type: 'MODIFIED', object });
  }
  return events;
}

type Line =
  | { readonly kind: 'event'; readonly event: WatchEvent }
  | { readonly kind: 'bookmark'; readonly version: string | undefined }
  | { readonly kind: 'error'; readonly expired: boolean };

/** Undefined for a line that was cut off. */
function parseLine(text: string, kind: GroupVersionKind): Line | undefined {
  const value = parseJson(text);
  const type = stringAt(value, 'type');
  const object = at(value, 'object');
  if (type === 'BOOKMARK') return { kind: 'bookmark', version: stringAt(object, 'metadata', 'resourceVersion') };
  if (type === 'ERROR') return { kind: 'error', expired: at(object, 'code') === 410 };
  if ((type === 'ADDED' || type === 'MODIFIED' || type === 'DELETED') && isKubeObject(object)) {
    return { kind: 'event', event: { type, object: { ...(object as KubeObject), apiVersion: kind.apiVersion, kind: kind.kind } } };
  }
  return undefined;
}

/** Failures that the next try may not meet. */
function isPassing(error: unknown): boolean {
  return hasCode(error, 'kube-unreachable', 'kube-error', 'kube-expired', 'kube-unknown-kind', 'kube-not-found', 'kube-webhook');
}

class Watcher {
  readonly #source: WatchSource;
  readonly #known = new Map<string, KubeObject>();
  /** Empty: list before the next watch. */
  #version = '';
  #delayMs = FIRST_DELAY_MS;
  #failingSince: number | undefined;

  constructor(source: WatchSource) {
    this.#source = source;
  }

  async* run(): AsyncGenerator<WatchEvent> {
    while (!this.#source.signal.aborted) {
      try {
        if (this.#version === '') yield* this.#list();
        if (this.#version !== '') yield* this.#follow();
        await this.#pause(undefined);
      } catch (error) {
        if (this.#source.signal.aborted) return;
        if (isAbortError(error) || !isPassing(error)) throw error;
        if (hasCode(error, 'kube-expired', 'kube-unknown-kind', 'kube-not-found')) this.#version = '';
        await this.#pause(error);
      }
    }
  }

  async* #list(): AsyncGenerator<WatchEvent> {
    const { items, resourceVersion } = await this.#source.list();
    this.#version = resourceVersion;
    for (const event of differences(this.#known, items)) yield this.#note(event);
    this.#source.onListed();
    if (resourceVersion !== '') this.#heard();
  }

  async* #follow(): AsyncGenerator<WatchEvent> {
    for await (const text of await this.#source.open(this.#version)) {
      const line = parseLine(text, this.#source.kind);
      if (line === undefined) return;
      if (line.kind === 'error') {
        this.#version = '';
        return;
      }
      this.#heard();
      if (line.kind === 'bookmark') this.#version = line.version ?? this.#version;
      else {
        this.#version = line.event.object.metadata.resourceVersion ?? this.#version;
        yield this.#note(line.event);
      }
    }
    // The server closed the watch because its time was over: nothing failed.
    this.#heard();
  }

  #note(event: WatchEvent): WatchEvent {
    const { object } = event;
    if (event.type === 'DELETED') this.#known.delete(keyOf(object));
    else this.#known.set(keyOf(object), object);
    return event;
  }

  #heard(): void {
    this.#delayMs = FIRST_DELAY_MS;
    this.#failingSince = undefined;
  }

  async #pause(error: unknown): Promise<void> {
    const { clock, signal } = this.#source;
    if (error instanceof DevstackError && error.code === 'kube-unreachable') {
      this.#failingSince ??= clock.monotonic();
      if (clock.monotonic() - this.#failingSince > GIVE_UP_MS) throw error;
    }
    await clock.sleep(this.#delayMs, signal).catch((cause: unknown) => {
      if (!signal.aborted) throw cause;
    });
    this.#delayMs = Math.min(this.#delayMs * 2, MAX_DELAY_MS);
  }
}

/**
 * First what is there as ADDED, then changes, until the signal aborts (then it just ends) or the consumer stops.
 * After an expired version it lists again and makes up the DELETED events that it missed.
 * Throws what no later try can mend (`kube-forbidden`, `kube-unauthorized`), and `kube-unreachable` after a minute of it.
 */
export function watchObjects(source: WatchSource): AsyncGenerator<WatchEvent> {
  return new Watcher(source).run();
}
