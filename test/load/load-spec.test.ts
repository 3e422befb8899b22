import { describe, expect, it } from 'vitest';
import { assertLoadSpec, isLoopback, type LoadSpec } from '../../src/load/load-spec.ts';

const spec: LoadSpec = { target: { hostname: '127.0.0.1', port: 8080, method: 'GET', path: '/?a=b', headers: {} }, arrival: { model: 'open', rps: 50 }, concurrency: 100, durationMs: 30_000, timeoutMs: 10_000 };

describe('assertLoadSpec', () => {
  it('takes a load on this machine', () => {
    expect(() => assertLoadSpec(spec, false)).not.toThrow();
    expect(() => assertLoadSpec({ ...spec, arrival: { model: 'closed' } }, false)).not.toThrow();
  });

  it.each<[Partial<LoadSpec>, string]>([
    [{ arrival: { model: 'open', rps: 0 } }, 'rate'], [{ arrival: { model: 'open', rps: Number.NaN } }, 'rate'], [{ arrival: { model: 'open', rps: 1e9 } }, 'rate'],
    [{ concurrency: 0 }, 'concurrency'], [{ concurrency: 1.5 }, 'whole'], [{ concurrency: 1e6 }, 'concurrency'],
    [{ durationMs: 0 }, 'duration'], [{ durationMs: Number.POSITIVE_INFINITY }, 'duration'], [{ timeoutMs: 0 }, 'timeout'],
    [{ arrival: { model: 'open', rps: 10_000 }, durationMs: 3_600_000 }, 'more than'],
    [{ target: { ...spec.target, path: 'x' } }, 'path'], [{ target: { ...spec.target, path: '/a\r\nHost: b' } }, 'path'], [{ target: { ...spec.target, port: 0 } }, 'port'],
  ])('refuses %j', (change, word) => {
    expect(() => assertLoadSpec({ ...spec, ...change }, true)).toThrow(expect.objectContaining({ code: 'load-invalid', exit: 2, reason: expect.stringContaining(word) }));
  });

  it('loads other machines only when asked by name', () => {
    const remote = { ...spec, target: { ...spec.target, hostname: 'example.com' } };
    expect(() => assertLoadSpec(remote, false)).toThrow(expect.objectContaining({ code: 'load-target-remote', exit: 2 }));
    expect(() => assertLoadSpec(remote, true)).not.toThrow();
  });
});

it.each(['127.0.0.1', '127.255.0.9', 'localhost', 'LOCALHOST', '::1', '[::1]'])('%s is this machine', (host) => {
  expect(isLoopback(host)).toBe(true);
});
it.each(['128.0.0.1', '127.0.0.1.sslip.io', '127.0.0', '127.0.0.256', '0127.0.0.1', '2130706433', '0.0.0.0', '::', 'localhost.evil.example', '10.0.0.1', ''])('%s is not', (host) => {
  expect(isLoopback(host)).toBe(false);
});
