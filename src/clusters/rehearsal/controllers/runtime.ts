// Runs controllers: one queue for each, one object at a time, again when somebody was faster, later when it asks for it.
import { isStatus } from '../server/status.ts';
import type { StoreEvent } from '../server/store.ts';
import { type Ref, refOf } from './api.ts';
import type { Controller, World } from './controller.ts';

const RETRY_MS = 50;
const keyOf = (ref: Ref): string => `${ref.key}|${ref.namespace}|${ref.name}`;

class Queue {
  readonly controller: Controller;
  readonly #world: World;
  readonly #runtime: Runtime;
  readonly #waiting = new Map<string, Ref>();
  readonly #later = new Map<string, AbortController>();
  #isRunning = false;

  constructor(controller: Controller, world: World, runtime: Runtime) {
    this.controller = controller;
    this.#world = { ...world, api: world.api.as(controller.name) };
    this.#runtime = runtime;
  }

  offer(event: StoreEvent): void {
    for (const watch of this.controller.watches) {
      if (watch.key !== event.key && watch.key !== '*') continue;
      for (const ref of watch.of === undefined ? [refOf(event.key, event.object)] : watch.of(event, this.#world)) this.add(ref);
    }
  }

  add(ref: Ref): void {
    if (this.#runtime.isClosed) return;
    this.#waiting.set(keyOf(ref), ref);
    if (this.#isRunning) return;
    this.#isRunning = true;
    this.#runtime.begin();
    // After the write that woke us, never inside it.
    setImmediate(() => { this.#drain().catch((error: unknown) => { this.#runtime.onBug(error); }).finally(() => this.#runtime.end()); });
  }

  async #drain(): Promise<void> {
    try {
      for (let next = this.#waiting.entries().next(); next.done !== true; next = this.#waiting.entries().next()) {
        const [key, ref] = next.value;
        this.#waiting.delete(key);
        if (!this.#runtime.isClosed) await this.#reconcile(key, ref);
      }
    } finally {
      this.#isRunning = false;
    }
  }

  async #reconcile(key: string, ref: Ref): Promise<void> {
    this.#later.get(key)?.abort();
    this.#later.delete(key);
    let again: number | undefined;
    try {
      again = await this.controller.reconcile(ref, this.#world);
    } catch (error) {
      // Refused, or somebody was faster: look again soon. Anything else is a mistake of ours.
      if (!isStatus(error, 409) && !isStatus(error, 403) && !isStatus(error, 404) && !isStatus(error, 500)) this.#runtime.onBug(error);
      again = RETRY_MS;
    }
    if (again !== undefined) this.#addLater(key, ref, again);
  }

  #addLater(key: string, ref: Ref, ms: number): void {
    const stop = new AbortController();
    this.#later.set(key, stop);
    this.#world.clock.sleep(ms, stop.signal).then(() => {
      if (this.#later.get(key) === stop) this.#later.delete(key);
      this.add(ref);
    }, () => undefined);
  }

  close(): void {
    for (const stop of this.#later.values()) stop.abort();
    this.#later.clear();
    this.#waiting.clear();
  }
}

export class Runtime {
  readonly #queues: readonly Queue[];
  readonly #stop: () => void;
  readonly onBug: (error: unknown) => void;
  #busy = 0;
  #idle: (() => void)[] = [];
  isClosed = false;

  constructor(controllers: readonly Controller[], world: World, onBug: (error: unknown) => void) {
    this.onBug = onBug;
    this.#queues = controllers.map((controller) => new Queue(controller, world, this));
    this.#stop = world.api.core.store.watch(undefined, (event) => { for (const queue of this.#queues) queue.offer(event); });
    // What was there before counts as just added.
    for (const { key, objects } of world.api.core.store.snapshot().shelves) {
      for (const object of objects) for (const queue of this.#queues) queue.offer({ type: 'ADDED', key, revision: 0, object, previous: undefined });
    }
  }

  /** Lets a controller look at an object, without an event. */
  wake(controller: Controller, ref: Ref): void {
    for (const queue of this.#queues) if (queue.controller === controller) queue.add(ref);
  }

  begin(): void {
    this.#busy += 1;
  }

  end(): void {
    this.#busy -= 1;
    if (this.#busy > 0) return;
    for (const resolve of this.#idle.splice(0)) resolve();
  }

  /** Resolves when no controller has anything to do right now (some may wait for a time). */
  async settled(): Promise<void> {
    while (this.#busy > 0) await new Promise<void>((resolve) => { this.#idle.push(resolve); });
  }

  close(): void {
    this.isClosed = true;
    this.#stop();
    for (const queue of this.#queues) queue.close();
  }
}
