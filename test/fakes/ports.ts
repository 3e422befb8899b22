// Small hand-made ports for tests of pure orchestration. What a test does not give must not be touched: it throws.
import type { KubeClient, Ports } from '../../src/ports.ts';

function untouched(path: string): never {
  throw new Error(`the test did not expect ${path}`);
}

/** An object whose every property is a function that fails, except those given. */
export function only<T extends object>(name: string, given: Partial<T>): T {
  return new Proxy(given, {
    get: (target, key) => (key in target ? Reflect.get(target, key) : typeof key === 'symbol' || key === 'then' ? undefined : () => untouched(`${name}.${key}`)),
  }) as T;
}

/** A clock that moves only when somebody sleeps. */
export function steppedClock(start = 0): Ports['clock'] & { readonly slept: number[] } {
  let now = start;
  const slept: number[] = [];
  return {
    slept,
    now: () => now,
    monotonic: () => now,
    sleep: async (ms, signal) => {
      signal?.throwIfAborted();
      slept.push(ms);
      now += ms;
    },
  };
}

export function fakeClient(given: Partial<KubeClient> = {}): KubeClient {
  return only<KubeClient>('kubeClient', { close: () => undefined, ...given });
}

export function fakePorts(given: Partial<Ports>): Ports {
  return new Proxy({ clock: steppedClock(), env: {}, ...given }, {
    get: (target, key) => (key in target ? Reflect.get(target, key) : untouched(`ports.${String(key)}`)),
  }) as Ports;
}
