// Durations, names, suggestions.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatExactDuration, parseDuration } from '../../src/config/duration.ts';
import { MAX_NAME_LENGTH, nameFrom, nameProblem } from '../../src/config/stack-name.ts';
import { suggest } from '../../src/config/suggest.ts';

describe('durations', () => {
  test.each([['90s', 90_000], ['10m', 600_000], ['1h', 3_600_000], ['1h30m', 5_400_000], ['1.5s', 1_500], ['250ms', 250], ['24h', 86_400_000]])('%s', (text, ms) => expect(parseDuration(text)).toBe(ms));
  test.each(['', '10', 'm', '0s', '-1s', '1d', '10 m', '1e3s', '25h', '1h1', 'NaNs', '９s'])('%j is none', (text) => expect(parseDuration(text)).toBeUndefined());
  test('are written so that they are read as the same', () => {
    fc.assert(fc.property(fc.integer({ min: 1, max: 86_400_000 }), (ms) => {
      expect(parseDuration(formatExactDuration(ms))).toBe(ms);
    }));
  });
});

describe('names', () => {
  test('what is accepted is what kind, labels and host names accept too', () => {
    fc.assert(fc.property(fc.string({ maxLength: 60 }), (text) => {
      if (nameProblem(text) !== undefined) return;
      expect(text.length).toBeLessThanOrEqual(MAX_NAME_LENGTH);
      expect(text).toMatch(/^[a-z0-9.-]+$/);
      expect(text).toMatch(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/);
    }));
  });
  test.each(['a', 'dev', 'a-1', '0', 'a'.repeat(40)])('%s is a name', (name) => expect(nameProblem(name)).toBeUndefined());
  test('a folder gives a name, or none', () => {
    expect(nameFrom('My Shop (2)')).toBe('my-shop-2');
    expect(nameFrom('日本')).toBeUndefined();
    fc.assert(fc.property(fc.string(), (text) => {
      const name = nameFrom(text);
      if (name !== undefined) expect(nameProblem(name)).toBeUndefined();
    }));
  });
});

test.each([['prot', 'port'], ['sttus', 'status'], ['eventing', 'knative-eventing'], ['UP', 'up'], ['zzz', undefined], ['', undefined], ['x'.repeat(100), undefined]])('%s → %s', (word, meant) => {
  expect(suggest(word, ['port', 'status', 'knative-eventing', 'up', 'help'])).toBe(meant);
});
