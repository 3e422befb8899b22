// What a request can ask for, each within bounds: a query must not be able to end the pod.

/** Largest value of each parameter; all are whole numbers from 0. */
export const LIMITS = { sleep: 60_000, prime: 20_000_000, bloat: 256 };

/** @returns {{sleep: number, prime: number, bloat: number} | {error: string}} */
export function readWork(query) {
  const work = { sleep: 0, prime: 0, bloat: 0 };
  for (const [name, limit] of Object.entries(LIMITS)) {
    const text = query.get(name);
    if (text === null) continue;
    if (!/^\d{1,9}$/.test(text) || Number(text) > limit) {
      return { error: `${name} must be a whole number from 0 to ${limit}` };
    }
    work[name] = Number(text);
  }
  return work;
}

/** Largest prime up to `limit`, by a sieve: about 50 ms of CPU for ten million. Undefined below 2. */
export function largestPrime(limit) {
  const composite = new Uint8Array(limit + 1);
  for (let number = 2; number * number <= limit; number++) {
    if (composite[number]) continue;
    for (let multiple = number * number; multiple <= limit; multiple += number) composite[multiple] = 1;
  }
  for (let number = limit; number >= 2; number--) {
    if (!composite[number]) return number;
  }
  return undefined;
}

/** Takes this much memory for real: every page is written. */
export function bloat(mebibytes) {
  return Buffer.alloc(mebibytes * 1024 * 1024, 1);
}
