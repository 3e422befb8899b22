// The clock of the machine.
import { setTimeout as delay } from 'node:timers/promises';
import type { Clock } from '../ports.ts';

export function createClock(): Clock {
  return {
    now: () => Date.now(),
    monotonic: () => performance.now(),
    sleep: (ms, signal) => delay(ms, undefined, signal === undefined ? {} : { signal }),
  };
}
