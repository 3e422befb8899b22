import { expect, it } from 'vitest';
import type { Clock, Swarm } from '../../src/ports.ts';
import { waitForServices } from '../../src/swarm/wait.ts';
import { only } from '../fakes/ports.ts';
import { type Frame, recording } from './recordings.ts';

/** A clock that somebody else moves; whoever sleeps wakes when its time has come. */
function playback(frames: readonly Frame[]): { readonly clock: Clock; readonly swarm: Swarm; readonly now: () => number } {
  let now = 0;
  const frame = (): Frame => {
    const found = frames.findLast(({ ms }) => ms <= now) ?? frames[0];
    if (found === undefined) throw new Error('an empty recording');
    return found;
  };
  const clock = only<Clock>('clock', {
    monotonic: () => now,
    sleep: async (ms, signal) => {
      signal?.throwIfAborted();
      now += ms;
    },
  });
  const swarm = only<Swarm>('swarm', {
    get: (async () => frame().service) as Swarm['get'],
    list: (async (kind: string, filter?: { readonly [name: string]: readonly string[] }) => {
      if (kind === 'node') return frame().nodes;
      return filter?.['_up-to-date'] === undefined ? frame().tasks : frame().tasks.filter(({ ID }) => frame().upToDate.has(ID));
    }) as Swarm['list'],
    logs: async () => ['starting', 'no database', ''],
    async *events() { /* a manager that never tells anything */ },
  });
  return { clock, swarm, now: () => now };
}

const OPTIONS = { onProgress: () => undefined, signal: new AbortController().signal };

it('reports within 0.3 s of the last task', async () => {
  const frames = recording('create');
  const lastTaskAt = frames.at(-1)?.ms ?? Number.NaN;
  const { clock, swarm, now } = playback(frames);
  await expect(waitForServices(swarm, ['rec'], { ...OPTIONS, clock })).resolves.toMatchObject([{ state: 'converged', running: 3 }]);
  expect(now() - lastTaskAt).toBeLessThanOrEqual(300);
});

it('reports at once when a health check has said so', async () => {
  const frames = recording('create-healthy');
  const { clock, swarm, now } = playback(frames);
  await waitForServices(swarm, ['rec'], { ...OPTIONS, clock });
  expect(now() - (frames.at(-1)?.ms ?? Number.NaN)).toBeLessThanOrEqual(50);
});

it('is not deceived by a program that runs for a moment, and brings its log', async () => {
  const { clock, swarm } = playback(recording('create-crash'));
  await expect(waitForServices(swarm, ['rec'], { ...OPTIONS, clock })).rejects.toMatchObject({
    code: 'swarm-service-failed', message: 'service rec2 cannot run: task: non-zero exit (3)', reason: 'its last line of log: no database',
    details: { service: 'rec2', kind: 'crashed', log: ['starting', 'no database', ''] },
    hints: [{ command: 'devstack logs rec2' }],
  });
});

it('ends with the failure of an update that was rolled back', async () => {
  const { clock, swarm } = playback(recording('update-image-missing-rollback'));
  await expect(waitForServices(swarm, ['rec'], { ...OPTIONS, clock })).rejects.toMatchObject({
    code: 'swarm-service-failed', details: { kind: 'image-missing' }, message: 'service rec: the update failed and was rolled back: No such image: example.com/absent:1',
  });
});

it('a service that somebody removes meanwhile ends the wait', async () => {
  const { clock, swarm } = playback(recording('create'));
  const gone = { ...swarm, get: async () => undefined, list: swarm.list, events: swarm.events };
  await expect(waitForServices(gone, ['rec'], { ...OPTIONS, clock })).rejects.toMatchObject({ code: 'swarm-service-gone' });
});

it('a wait whose time is up says what it saw last; one that is stopped only ends', async () => {
  const timeUp = new DOMException('The operation timed out', 'TimeoutError');
  for (const [reason, expected] of [
    [timeUp, { code: 'not-ready', reason: expect.stringMatching(/^rec 0\/3 running/) }],
    [new DOMException('stopped', 'AbortError'), { name: 'AbortError' }],
  ] as const) {
    const stop = new AbortController();
    const { clock, swarm } = playback(recording('create').slice(0, 2));
    const waiting = waitForServices(swarm, ['rec'], { clock, signal: stop.signal, onProgress: () => stop.abort(reason) });
    await expect(waiting).rejects.toMatchObject(expected);
  }
});
