// Some work at once, in order, with a limit; the first failure starts no more and is thrown when all has ended.

export class Batch {
  readonly #limit: number;
  readonly #signal: AbortSignal;
  readonly #waiting: (() => void)[] = [];
  readonly #all: Promise<unknown>[] = [];
  #running = 0;
  #failure: { readonly error: unknown } | undefined;

  constructor(limit: number, signal: AbortSignal) {
    this.#limit = limit;
    this.#signal = signal;
  }

  /** Runs work when there is room. Resolves to undefined when it was not started, or failed: `finish` tells. */
  run<T>(work: () => Promise<T>): Promise<T | undefined> {
    const running = this.#start(work);
    this.#all.push(running);
    return running;
  }

  /** Runs work on each item, begun in their order. */
  each<T>(items: readonly T[], work: (item: T) => Promise<unknown>): Promise<unknown> {
    return Promise.all(items.map((item) => this.run(() => work(item))));
  }

  /** True when no more work is started. */
  get isStopped(): boolean {
    return this.#failure !== undefined || this.#signal.aborted;
  }

  /** Waits for all that was begun. Throws the first failure, or the reason of the signal. */
  async finish(): Promise<void> {
    for (let settled = 0; settled < this.#all.length;) {
      const batch = this.#all.slice(settled);
      settled = this.#all.length;
      await Promise.all(batch);
    }
    if (this.#failure !== undefined) throw this.#failure.error;
    this.#signal.throwIfAborted();
  }

  async #start<T>(work: () => Promise<T>): Promise<T | undefined> {
    if (this.#running >= this.#limit) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    else this.#running += 1;
    try {
      return this.isStopped ? undefined : await work();
    } catch (error) {
      this.#failure ??= { error };
      return undefined;
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#running -= 1;
      else next();
    }
  }
}

/** The results of some work at once, in the order of the items. Throws the first failure when all that was begun has ended. */
export async function mapLimited<T, R>(items: readonly T[], limit: number, signal: AbortSignal, work: (item: T) => Promise<R>): Promise<readonly R[]> {
  const batch = new Batch(limit, signal);
  const results: R[] = [];
  await batch.each([...items.entries()], async ([index, item]) => {
    results[index] = await work(item);
  });
  await batch.finish();
  return results;
}
