// A clock that only moves when told to, so that ten minutes of waiting play in milliseconds.
import { setImmediate as turn } from 'node:timers/promises';
import type { Clock } from '../../ports.ts';

interface Timer {
  readonly at: number;
  readonly order: number;
  wake(): void;
}

export interface VirtualClock extends Clock {
  /** Moves on, waking every sleeper at its time; `settled` is awaited after each, so that what it caused happens before the next. */
  advance(ms: number, settled?: () => Promise<void>): Promise<void>;
  /** Moves on by itself to the next sleeper whenever nothing happens for a moment. Returns what ends that. */
  run(settled?: () => Promise<void>): () => void;
}

/** Real milliseconds without any news after which virtual time moves on. */
const QUIET_MS = 2;

function abortError(): Error {
  return new DOMException('The operation was aborted', 'AbortError');
}

/** Starts at `start` milliseconds since the epoch. */
export function createVirtualClock(start = Date.UTC(2026, 0, 1)): VirtualClock {
  const timers = new Set<Timer>();
  let time = start;
  let count = 0;
  const next = (): Timer | undefined => [...timers].sort((left, right) => left.at - right.at || left.order - right.order)[0];
  const settle = async (settled: (() => Promise<void>) | undefined): Promise<void> => {
    for (let index = 0; index < 3; index += 1) {
      await turn();
      await settled?.();
    }
  };
  const fire = (timer: Timer): void => {
    timers.delete(timer);
    time = Math.max(time, timer.at);
    timer.wake();
  };
  return {
    now: () => time,
    monotonic: () => time - start,
    sleep: (ms, signal) => new Promise((resolve, reject) => {
      if (signal?.aborted === true) {
        reject(abortError());
        return;
      }
      count += 1;
      const timer: Timer = { at: time + Math.max(0, ms), order: count, wake: resolve };
      timers.add(timer);
      signal?.addEventListener('abort', () => {
        if (timers.delete(timer)) reject(abortError());
      }, { once: true });
    }),
    async advance(ms, settled) {
      const end = time + ms;
      await settle(settled);
      for (let timer = next(); timer !== undefined && timer.at <= end; timer = next()) {
        fire(timer);
        await settle(settled);
      }
      time = end;
    },
    run(settled) {
      const stop = new AbortController();
      const loop = async (): Promise<void> => {
        while (!stop.signal.aborted) {
          await settle(settled);
          await new Promise((resolve) => setTimeout(resolve, QUIET_MS));
          await settled?.();
          const timer = next();
          if (timer !== undefined && !stop.signal.aborted) fire(timer);
        }
      };
      void loop();
      return () => stop.abort();
    },
  };
}
