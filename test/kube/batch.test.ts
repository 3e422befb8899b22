import { describe, expect, it } from 'vitest';
import { Batch, mapLimited } from '../../src/kube/batch.ts';

const never = new AbortController().signal;

/** Promises that a test ends by hand. */
function gates() {
  const open: (() => void)[] = [];
  return { open, wait: () => new Promise<void>((resolve) => open.push(resolve)) };
}

describe('a batch', () => {
  it('keeps order and limit', async () => {
    const started: number[] = [];
    let running = 0;
    let most = 0;
    const results = await mapLimited([1, 2, 3, 4, 5, 6], 2, never, async (item) => {
      started.push(item);
      running += 1;
      most = Math.max(most, running);
      await new Promise(setImmediate);
      running -= 1;
      return item * 10;
    });
    expect([started, most, results]).toEqual([[1, 2, 3, 4, 5, 6], 2, [10, 20, 30, 40, 50, 60]]);
  });

  it('starts no more after a failure, and throws it when all that runs has ended', async () => {
    const { open, wait } = gates();
    const started: string[] = [];
    const batch = new Batch(2, never);
    void batch.run(async () => {
      started.push('slow');
      await wait();
      started.push('slow ended');
    });
    void batch.run(async () => {
      throw new Error('first');
    });
    void batch.run(async () => {
      started.push('too late');
    });
    const finishing = batch.finish().catch((error: unknown) => [...started, String(error)]);
    await new Promise(setImmediate);
    for (const end of open) end();
    expect(await finishing).toEqual(['slow', 'slow ended', 'Error: first']);
  });

  it('starts no more after an abort', async () => {
    const stop = new AbortController();
    const started: number[] = [];
    const running = mapLimited([1, 2, 3], 1, stop.signal, async (item) => {
      started.push(item);
      stop.abort();
    });
    await expect(running).rejects.toMatchObject({ name: 'AbortError' });
    expect(started).toEqual([1]);
  });

  it('waits for what was added while it waited', async () => {
    const done: string[] = [];
    const batch = new Batch(1, never);
    void batch.run(async () => {
      done.push('first');
      void batch.run(async () => {
        done.push('second');
      });
    });
    await batch.finish();
    expect(done).toEqual(['first', 'second']);
  });
});
