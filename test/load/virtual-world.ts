// A clock and a server in virtual time: an hour of load takes a moment, and the same moment each time.
import type { Clock, LoadHttp, LoadReply } from '../../src/ports.ts';

export interface VirtualClock extends Clock {
  /** Lets time pass, from one sleeper to the next, until the promise is settled. */
  runUntil<T>(promise: Promise<T>): Promise<T>;
}

interface Sleeper {
  readonly at: number;
  readonly order: number;
  wake(): void;
}

const microtasks = () => new Promise<void>((resolve) => setImmediate(resolve));

export function virtualClock(): VirtualClock {
  const sleepers = new Set<Sleeper>();
  let [now, order] = [0, 0];
  return {
    now: () => 1_700_000_000_000 + now,
    monotonic: () => now,
    sleep: (ms, signal) => new Promise((resolve, reject) => {
      const wake = () => {
        signal?.removeEventListener('abort', stop);
        resolve();
      };
      const sleeper = { at: now + ms, order: order++, wake };
      const stop = () => {
        sleepers.delete(sleeper);
        reject(new DOMException('aborted', 'AbortError'));
      };
      if (signal?.aborted === true) return stop();
      signal?.addEventListener('abort', stop, { once: true });
      sleepers.add(sleeper);
    }),
    async runUntil(promise) {
      let isSettled = false;
      const settled = promise.finally(() => {
        isSettled = true;
      });
      settled.catch(() => undefined);
      for (;;) {
        await microtasks();
        if (isSettled) return settled;
        const [next] = [...sleepers].sort((a, b) => a.at - b.at || a.order - b.order);
        if (next === undefined) throw new Error('nothing will ever happen');
        sleepers.delete(next);
        now = next.at;
        next.wake();
      }
    },
  };
}

export interface VirtualServer extends LoadHttp {
  readonly started: number[];
  readonly mostAtATime: number;
}

/** A server that answers each request when `answer` says so: when it ends (in ms of the clock), and what. */
export function virtualServer(clock: VirtualClock, answer: (at: number, index: number) => { readonly endsAt: number; readonly reply?: LoadReply }): VirtualServer {
  const started: number[] = [];
  let [atATime, mostAtATime] = [0, 0];
  return {
    started,
    get mostAtATime() {
      return mostAtATime;
    },
    open: async () => {
      const closed = new AbortController();
      return {
        async send({ timeoutMs }) {
          const at = clock.monotonic();
          const { endsAt, reply } = answer(at, started.push(at) - 1);
          mostAtATime = Math.max(mostAtATime, ++atATime);
          const isLate = endsAt - at > timeoutMs;
          const isCut = await clock.sleep(isLate ? timeoutMs : Math.max(0, endsAt - at), closed.signal).then(() => false, () => true);
          atATime -= 1;
          if (isCut) return { failure: 'aborted' };
          return isLate ? { failure: 'timeout' } : (reply ?? { status: 200, bytes: 2, body: 'ok' });
        },
        opened: 1,
        close: () => closed.abort(),
      };
    },
  };
}
