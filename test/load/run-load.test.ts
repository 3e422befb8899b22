import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { LoadSpec } from '../../src/load/load-spec.ts';
import { type LoadOptions, runLoad } from '../../src/load/run-load.ts';
import type { LoadSecond } from '../../src/load/timeline.ts';
import { virtualClock, virtualServer } from './virtual-world.ts';

type Answer = Parameters<typeof virtualServer>[1];
const target = { hostname: '127.0.0.1', port: 8080, method: 'GET', path: '/', headers: {} };
const open = (rps: number, rest: Partial<LoadSpec> = {}): LoadSpec => ({ target, arrival: { model: 'open', rps }, concurrency: 10, durationMs: 3_000, timeoutMs: 10_000, ...rest });
const closed = (concurrency: number, rest: Partial<LoadSpec> = {}): LoadSpec => ({ target, arrival: { model: 'closed' }, concurrency, durationMs: 3_000, timeoutMs: 10_000, ...rest });
const takes = (ms: number): Answer => (at) => ({ endsAt: at + ms });
/** Answers in 10 ms, but answers nothing from 1 s to 2 s. */
const stalling: Answer = (at) => ({ endsAt: Math.max(at, at >= 1_000 && at < 2_000 ? 2_000 : at) + 10 });

async function load(spec: LoadSpec, answer: Answer, options: Partial<LoadOptions> = {}) {
  const clock = virtualClock();
  const http = virtualServer(clock, answer);
  const result = await clock.runUntil(runLoad(spec, { clock, http }, { signal: new AbortController().signal, ...options }));
  return { ...result, http };
}
const sum = (seconds: readonly LoadSecond[], key: 'sent' | 'answered' | 'failed') => seconds.reduce((total, second) => total + second[key], 0);

describe('an open load', () => {
  it('sends by the clock, whatever the answers do', async () => {
    const result = await load(open(100), takes(35));
    expect(result).toMatchObject({ sent: 300, answered: 300, unsent: 0, rps: expect.closeTo(300 / 3.025, 2), statuses: { 200: 300 }, failures: {} });
    expect(result.http.started.slice(0, 4)).toEqual([0, 10, 20, 30]);
    expect(result.latency).toMatchObject({ count: 300, p50: expect.closeTo(35, 0), max: expect.closeTo(35, 0) });
  });

  it('charges a stall to every request that was due in it', async () => {
    const result = await load(open(100), stalling);
    // A hundred requests were due while nothing was answered: they waited from 1000 ms down to 0.
    expect(result.latency.max).toBeGreaterThan(1_000);
    expect(result.latency.p90).toBeGreaterThan(700);
    expect(result.latency.p75).toBeGreaterThan(250);
    expect(result.latency.p50).toBeLessThan(20);
    expect(result.http.mostAtATime).toBe(10);
  });

  it('says what was due and never sent', async () => {
    // Ten connections that each take 4 s: of 300 requests that were due only ten could start before the end, and ten after them.
    const result = await load(open(100, { timeoutMs: 5_000 }), takes(4_000));
    expect(result.sent + result.unsent).toBe(300);
    expect(result.unsent).toBeGreaterThan(270);
    expect(result.latency.count).toBe(300);
    expect(result.latency.p50).toBeGreaterThan(5_000);
  });

  it('cuts off what does not end, and counts it with its age', async () => {
    const result = await load(open(1, { durationMs: 1_000, timeoutMs: 500 }), takes(9_999_999));
    expect(result).toMatchObject({ sent: 1, answered: 0, failures: { timeout: 1 }, rps: 0, latency: { count: 1, max: expect.closeTo(500, 0) } });
  });

  it('does not let refused connections look fast', async () => {
    const result = await load(open(10), (at, index) => ({ endsAt: at + 1, ...(index % 2 === 0 ? { reply: { failure: 'ECONNREFUSED' } } : {}) }));
    expect(result).toMatchObject({ sent: 30, answered: 15, failures: { ECONNREFUSED: 15 }, latency: { count: 15 } });
  });

  it('tells the rate over the duration, also of a slow one', async () => {
    expect((await load(open(0.5, { durationMs: 10_000 }), takes(1))).rps).toBeCloseTo(0.5, 5);
  });
});

describe('a closed load', () => {
  it('has as many users as its concurrency', async () => {
    const result = await load(closed(4), takes(100));
    expect(result).toMatchObject({ sent: 120, answered: 120, unsent: 0, rps: expect.closeTo(40, 0) });
    expect(result.http.mostAtATime).toBe(4);
  });

  it('hides a stall, which is why the open one is the default', async () => {
    expect((await load(closed(4), stalling)).latency.p90).toBeLessThan(20);
  });

  it('does not storm a server that refuses', async () => {
    const result = await load(closed(1), (at) => ({ endsAt: at, reply: { failure: 'ECONNREFUSED' } }));
    expect(result.sent).toBeLessThanOrEqual(60);
  });
});

describe('every load', () => {
  it('tells each second when it is over', async () => {
    const seconds: LoadSecond[] = [];
    let replicas = 0;
    await load(open(10), takes(300), { onSecond: (second) => seconds.push(second), replicas: () => ++replicas });
    expect(seconds.slice(0, 3)).toMatchObject([
      { second: 0, sent: 10, answered: 7, inFlight: 3, waiting: 0, replicas: 1 }, { second: 1, sent: 10, answered: 10, replicas: 2 }, { second: 2, sent: 10, replicas: 3 },
    ]);
  });

  it('shows what waits for a connection', async () => {
    const { seconds } = await load(open(100), stalling);
    expect(seconds[1]?.waiting).toBeGreaterThan(80);
    expect(seconds[1]?.inFlight).toBe(10);
  });

  it('counts who answered', async () => {
    const result = await load(open(100), (at, index) => ({ endsAt: at + 5, reply: { status: 200, bytes: 1, body: index % 10 === 0 ? 'v2' : 'v1' } }), { classify: ({ body }) => body });
    expect(result.classes).toEqual({ v1: 270, v2: 30 });
    expect(result.seconds[1]?.classes).toEqual({ v1: 90, v2: 10 });
  });

  it.each([open(100), closed(10)])('ends at once when it is stopped, with what there is ($arrival.model)', async (spec) => {
    const stop = new AbortController();
    const result = await load(spec, takes(200), { signal: stop.signal, onSecond: ({ second }) => second === 1 && stop.abort() });
    expect(result.wasStopped).toBe(true);
    expect(result.failures).toEqual({});
    expect(result.sent).toBe(result.answered);
    expect(result.durationMs).toBeLessThanOrEqual(2_000);
    expect(result.rps).toBeCloseTo(result.answered / 2, 5);
  });

  it('loses nothing: what was due was answered, failed, or not sent', async () => {
    const answer = fc.record({ ms: fc.integer({ min: 0, max: 3_000 }), kind: fc.constantFrom('ok', 'error', 'refused') });
    const spec = fc.record({ rps: fc.integer({ min: 1, max: 50 }), concurrency: fc.integer({ min: 1, max: 5 }), timeoutMs: fc.integer({ min: 100, max: 2_000 }), isOpen: fc.boolean() });
    await fc.assert(fc.asyncProperty(fc.array(answer, { minLength: 1, maxLength: 10 }), spec, async (answers, { rps, concurrency, timeoutMs, isOpen }) => {
      const rest = { concurrency, timeoutMs, durationMs: 2_000 };
      const result = await load(isOpen ? open(rps, rest) : closed(concurrency, rest), (at, index) => {
        const { ms, kind } = answers[index % answers.length] ?? { ms: 1, kind: 'ok' };
        return { endsAt: at + ms + 1, ...(kind === 'ok' ? {} : { reply: kind === 'error' ? { status: 503, bytes: 0 } : { failure: 'ECONNREFUSED' } }) };
      });
      const failed = Object.values(result.failures).reduce((a, b) => a + b, 0);
      expect(result.sent).toBe(result.answered + failed);
      if (isOpen) expect(result.sent + result.unsent).toBe(rps * 2);
      expect(Object.values(result.statuses).reduce((a, b) => a + b, 0)).toBe(result.answered);
      expect([sum(result.seconds, 'sent'), sum(result.seconds, 'answered'), sum(result.seconds, 'failed')]).toEqual([result.sent, result.answered, failed]);
      expect(result.http.mostAtATime).toBeLessThanOrEqual(concurrency);
      expect(result.latency.count).toBe(result.answered + result.unsent + (result.failures['timeout'] ?? 0) + (result.failures['aborted'] ?? 0));
    }), { numRuns: 40 });
  });
});
