import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isPlausible, plausibleCounts } from '../../src/load/chance.ts';

describe('plausibleCounts', () => {
  it('knows the binomial distribution', () => {
    // For 200 throws at one in ten, P(X ≤ 7) is 0.00048 and P(X ≤ 8) 0.00139; P(X > 35) is 0.00039 and P(X > 34) 0.00078.
    expect(plausibleCounts(0.1, 200)).toEqual({ low: 8, high: 35 });
    expect(plausibleCounts(0.5, 10)).toEqual({ low: 0, high: 10 });
  });

  it('allows nothing where nothing is left to chance', () => {
    expect([plausibleCounts(0, 50), plausibleCounts(1, 50), plausibleCounts(0.5, 0)]).toEqual([{ low: 0, high: 0 }, { low: 50, high: 50 }, { low: 0, high: 0 }]);
  });

  it('is close to the normal distribution for large totals, which has no exact sum', () => {
    const { low, high } = plausibleCounts(0.1, 100_000);
    expect(low).toBeGreaterThan(10_000 - 330);
    expect(high).toBeLessThan(10_000 + 330);
    expect(high - low).toBeGreaterThan(600);
  });

  it('mirrors', () => {
    fc.assert(fc.property(fc.double({ min: 0.01, max: 0.99, noNaN: true }), fc.integer({ min: 0, max: 500 }), (share, total) => {
      const [one, other] = [plausibleCounts(share, total), plausibleCounts(1 - share, total)];
      // Rounding may move an end by one.
      return one.low <= share * total && share * total <= one.high && Math.abs(one.low - (total - other.high)) <= 1 && Math.abs(one.high - (total - other.low)) <= 1;
    }));
  });
});

it('tells a canary of 10 % from one of 20 %', () => {
  expect([isPlausible(41, 0.1, 400), isPlausible(80, 0.1, 400), isPlausible(0, 0.1, 400)]).toEqual([true, false, false]);
});
