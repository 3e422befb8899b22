// The objects, in memory: versions that only grow, a log of what happened for watches and for lists of the past, and nothing of HTTP.
import type { JsonObject } from '../../../model/json.ts';
import { stringAt } from '../../../model/object.ts';
import type { Draft } from './json.ts';
import { expired, StatusError } from './status.ts';

export interface StoreEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly key: string;
  readonly revision: number;
  /** As it is now; for DELETED as it was at last, with the version of its deletion. */
  readonly object: JsonObject;
  readonly previous: JsonObject | undefined;
}

export type StoreListener = (event: StoreEvent) => void;

interface Shelf {
  readonly objects: Map<string, JsonObject>;
  /** Names in order; made again after an insert or a delete. */
  order: readonly string[] | undefined;
  log: StoreEvent[];
  /** Events up to this version are forgotten. */
  forgotten: number;
  readonly listeners: Set<StoreListener>;
}

export interface Snapshot {
  readonly revision: number;
  readonly shelves: readonly { readonly key: string; readonly objects: readonly JsonObject[] }[];
}

/** How many events of a kind are kept for watchers that come back. */
const DEFAULT_LOG = 2000;

export class Store {
  readonly #shelves = new Map<string, Shelf>();
  readonly #listeners = new Set<StoreListener>();
  readonly #logLimit: number;
  #revision = 0;

  constructor(options: { readonly logLimit?: number } = {}) {
    this.#logLimit = options.logLimit ?? DEFAULT_LOG;
  }

  get revision(): number {
    return this.#revision;
  }

  #shelf(key: string): Shelf {
    const known = this.#shelves.get(key);
    if (known !== undefined) return known;
    const made: Shelf = { objects: new Map(), order: undefined, log: [], forgotten: this.#revision, listeners: new Set() };
    this.#shelves.set(key, made);
    return made;
  }

  get(key: string, namespace: string, name: string): JsonObject | undefined {
    return this.#shelves.get(key)?.objects.get(`${namespace}/${name}`);
  }

  /** In order of namespace and name. An empty namespace means all. */
  list(key: string, namespace = ''): readonly JsonObject[] {
    const shelf = this.#shelves.get(key);
    if (shelf === undefined) return [];
    shelf.order ??= [...shelf.objects.keys()].sort();
    const result: JsonObject[] = [];
    const prefix = namespace === '' ? '' : `${namespace}/`;
    for (const place of shelf.order) {
      const object = place.startsWith(prefix) ? shelf.objects.get(place) : undefined;
      if (object !== undefined) result.push(object);
    }
    return result;
  }

  /** As `list`, as it was at an earlier version. Throws 410 when that is forgotten. */
  listAt(key: string, namespace: string, revision: number, message: () => string): readonly JsonObject[] {
    const shelf = this.#shelf(key);
    if (revision >= this.#revision) return this.list(key, namespace);
    if (revision < shelf.forgotten) throw expired(message());
    const past = new Map(shelf.objects);
    for (const event of shelf.log.filter((entry) => entry.revision > revision).reverse()) {
      const place = placeOf(event.object);
      if (event.previous === undefined) past.delete(place);
      else past.set(place, event.previous);
    }
    const prefix = namespace === '' ? '' : `${namespace}/`;
    return [...past.keys()].filter((place) => place.startsWith(prefix)).sort().map((place) => past.get(place)).filter((object) => object !== undefined);
  }

  /** The keys under which something is stored. */
  keys(): readonly string[] {
    return [...this.#shelves].filter(([, shelf]) => shelf.objects.size > 0).map(([key]) => key);
  }

  /** Takes the object as its own and gives it the next version. */
  put(key: string, object: Draft): JsonObject {
    const shelf = this.#shelf(key);
    const place = placeOf(object);
    const previous = shelf.objects.get(place);
    this.#revision += 1;
    (object['metadata'] as Draft)['resourceVersion'] = String(this.#revision);
    shelf.objects.set(place, object);
    if (previous === undefined) shelf.order = undefined;
    this.#record(shelf, { type: previous === undefined ? 'ADDED' : 'MODIFIED', key, revision: this.#revision, object, previous });
    return object;
  }

  delete(key: string, namespace: string, name: string): JsonObject | undefined {
    const shelf = this.#shelf(key);
    const place = `${namespace}/${name}`;
    const previous = shelf.objects.get(place);
    if (previous === undefined) return undefined;
    shelf.objects.delete(place);
    shelf.order = undefined;
    this.#revision += 1;
    const object = { ...previous, metadata: { ...previous['metadata'] as JsonObject, resourceVersion: String(this.#revision) } };
    this.#record(shelf, { type: 'DELETED', key, revision: this.#revision, object, previous });
    return object;
  }

  #record(shelf: Shelf, event: StoreEvent): void {
    shelf.log.push(event);
    // In halves, so that a long run does not shift the array at every write.
    if (shelf.log.length > this.#logLimit * 2) {
      const gone = shelf.log.length - this.#logLimit;
      shelf.forgotten = shelf.log[gone - 1]?.revision ?? shelf.forgotten;
      shelf.log = shelf.log.slice(gone);
    }
    for (const listener of [...shelf.listeners, ...this.#listeners]) listener(event);
  }

  /** Forgets the past of every kind: older watches and continued lists get 410, as after an etcd compaction. */
  compact(): void {
    for (const shelf of this.#shelves.values()) {
      shelf.log = [];
      shelf.forgotten = this.#revision;
    }
  }

  /** What happened to a kind after a version; 410 when that is forgotten. */
  since(key: string, revision: number): readonly StoreEvent[] {
    const shelf = this.#shelf(key);
    if (revision < shelf.forgotten) throw expired(`too old resource version: ${revision} (${shelf.forgotten + 1})`);
    return shelf.log.filter((event) => event.revision > revision);
  }

  /** Calls the listener for every later event of a kind, or of all kinds. Returns what ends that. */
  watch(key: string | undefined, listener: StoreListener): () => void {
    const listeners = key === undefined ? this.#listeners : this.#shelf(key).listeners;
    listeners.add(listener);
    return () => {
      listeners.delete(listener);
    };
  }

  snapshot(): Snapshot {
    return { revision: this.#revision, shelves: this.keys().map((key) => ({ key, objects: this.list(key) })) };
  }

  /** Only for a new store. */
  restore(snapshot: Snapshot): void {
    if (this.#revision !== 0) throw new StatusError(500, 'InternalError', 'only a new store can be restored');
    this.#revision = snapshot.revision;
    for (const { key, objects } of snapshot.shelves) {
      const shelf = this.#shelf(key);
      for (const object of objects) shelf.objects.set(placeOf(object), object);
    }
  }
}

function placeOf(object: JsonObject): string {
  return `${stringAt(object, 'metadata', 'namespace') ?? ''}/${stringAt(object, 'metadata', 'name') ?? ''}`;
}
