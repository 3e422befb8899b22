import { expect, test } from 'vitest';
import { createClock } from '../../src/host/clock.ts';

const clock = createClock();

test('a sleep ends with its signal', async () => {
  const controller = new AbortController();
  const sleeping = clock.sleep(60_000, controller.signal);
  controller.abort();
  await expect(sleeping).rejects.toMatchObject({ name: 'AbortError' });
  await expect(clock.sleep(60_000, AbortSignal.abort())).rejects.toMatchObject({ name: 'AbortError' });
  await clock.sleep(0);
});

test('time goes on', () => {
  const [wall, steady] = [clock.now(), clock.monotonic()];
  expect(clock.now()).toBeGreaterThanOrEqual(wall);
  expect(clock.monotonic()).toBeGreaterThanOrEqual(steady);
});
