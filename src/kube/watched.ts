// The objects of some kinds as they are now, kept up to date by watches.
import { isAbortError } from '../model/error.ts';
import { type GroupVersionKind, groupOf, type KubeObject, type ObjectRef, refKey, refOf } from '../model/object.ts';
import type { KubeClient, ListOptions, WatchOptions } from '../ports.ts';

export class Watched {
  readonly #client: KubeClient;
  readonly #signal: AbortSignal;
  readonly #objects = new Map<string, KubeObject>();
  readonly #started = new Set<string>();
  /** Watches that have not yet given all that is there. */
  readonly #unlisted = new Set<string>();
  #failure: { readonly error: unknown } | undefined;
  #wake: (() => void) | undefined;
  #hasNews = false;

  constructor(client: KubeClient, signal: AbortSignal) {
    this.#client = client;
    this.#signal = signal;
  }

  /** Begins to watch, once. `isVital`: its failure is the failure of `changed`; else what cannot be read stays unknown. */
  watch(kind: GroupVersionKind, options: ListOptions, isVital: boolean): void {
    const key = JSON.stringify([groupOf(kind.apiVersion), kind.kind, options]);
    if (this.#started.has(key)) return;
    this.#started.add(key);
    this.#unlisted.add(key);
    const onListed = () => {
      if (this.#unlisted.delete(key)) this.#notify();
    };
    void this.#follow(kind, { ...options, onListed }).catch((error: unknown) => {
      if (this.#signal.aborted && isAbortError(error)) return;
      if (isVital) this.#failure ??= { error };
      onListed();
      this.#notify();
    });
  }

  /** True when each watch has given all that was there, or cannot: what is not known by now does not exist. */
  get isComplete(): boolean {
    return this.#unlisted.size === 0;
  }

  get(ref: ObjectRef): KubeObject | undefined {
    return this.#objects.get(refKey(ref));
  }

  all(kind: string): readonly KubeObject[] {
    return [...this.#objects.values()].filter((object) => object.kind === kind);
  }

  /** Resolves when something changed since it resolved last, or after `within` does. Throws when a vital watch failed, or the signal aborted. */
  async changed(within?: Promise<void>): Promise<void> {
    if (!this.#hasNews) {
      const news = new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      const onAbort = () => this.#notify();
      this.#signal.addEventListener('abort', onAbort, { once: true });
      if (this.#signal.aborted) this.#notify();
      await (within === undefined ? news : Promise.race([news, within]));
      this.#signal.removeEventListener('abort', onAbort);
    }
    this.#hasNews = false;
    if (this.#failure !== undefined) throw this.#failure.error;
    this.#signal.throwIfAborted();
  }

  async #follow(kind: GroupVersionKind, options: WatchOptions): Promise<void> {
    for await (const { type, object } of this.#client.watch(kind, options, this.#signal)) {
      const key = refKey(refOf(object));
      if (type === 'DELETED') this.#objects.delete(key);
      else this.#objects.set(key, object);
      this.#notify();
    }
  }

  #notify(): void {
    this.#hasNews = true;
    this.#wake?.();
    this.#wake = undefined;
  }
}
