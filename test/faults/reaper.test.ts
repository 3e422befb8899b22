// The reaper on fakes: a run bound to its process is killed anywhere, and nothing is left; what is not its own stays.
import { beforeAll, expect, test } from 'vitest';
import type { Snapshot } from '../../src/clusters/rehearsal/server/store.ts';
import { emptyCluster } from './cluster.ts';
import { remains } from './invariants.ts';
import { Life } from './life.ts';
import { killLeashed } from './reaper-kills.ts';
import { BASE, down, reap, up, upLeashed } from './runs.ts';
import { World } from './world.ts';

let empty: Snapshot;
beforeAll(async () => { empty = await emptyCluster(); });

test('a run is killed, anywhere: its reaper leaves nothing, within 15 seconds', async () => {
  expect(await killLeashed(empty, 25)).toEqual([]);
}, 60_000);

test('a stack with a time to live stays until then, also when its run is over', async () => {
  const world = new World(empty);
  const begun = world.time;
  await upLeashed(world, {}, { ttlMs: 7_200_000 });
  expect(await reap(world)).toMatchObject({ said: 'removed' });
  expect(world.time - begun).toBeGreaterThanOrEqual(7_200_000);
  expect(remains(world)).toEqual([]);
});

test('what was removed and made again, without a reaper, is let be', async () => {
  const world = new World(empty);
  await upLeashed(world, {}, { ttlMs: 1_000 });
  await down(world);
  expect(await up(world, {}, BASE)).toMatchObject({ exit: 0 });
  world.time += 3_600_000;
  expect(await reap(world)).toMatchObject({ said: 'released' });
  expect(world.cluster()).toBeDefined();
});

test('a second up with a reaper replaces the first one', async () => {
  const world = new World(empty);
  await upLeashed(world, {}, { ttlMs: 1_000 });
  const first = world.started.at(-1) ?? [];
  await upLeashed(world, {}, { ttlMs: 7_200_000 });
  world.started.push(first);
  world.time += 60_000;
  expect(await reap(world)).toMatchObject({ said: 'released' });
  expect(world.cluster()).toBeDefined();
});

test('what devstack has not made it does not remove', async () => {
  const world = new World(empty);
  await upLeashed(world, { killAt: 40 }, { parent: 'self' });
  const labels = { 'io.x-k8s.kind.cluster': 'mine' };
  world.engine.addContainer('mine-control-plane', { labels, networks: ['kind'] });
  await reap(world);
  expect(world.engine.containers.map(({ name }) => name)).toEqual(['other-db', 'mine-control-plane']);
});

test('what a run that failed leaves for finding out why: the journal, also when there is no cluster to ask', async () => {
  const world = new World(empty);
  await up(world, { killAt: 60 }, BASE);
  const { useCases, options } = world.useCases(new Life());
  expect(await useCases.collect('dev', '/out', options)).toBeGreaterThanOrEqual(1);
  expect(JSON.parse(world.disk.text('/out/journal.json') ?? '')).toMatchObject([{ command: 'up', steps: expect.arrayContaining([expect.objectContaining({ step: 'cluster', state: 'intent' })]) }]);
});
