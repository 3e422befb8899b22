// The rehearsal as a provider: the contract that all keep, and what becomes of it when its process is killed or its ports are taken.
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { rehearsal } from '../../src/clusters/rehearsal/index.ts';
import { placeOf, readProcess, readRecord } from '../../src/clusters/rehearsal/place.ts';
import { providerContract } from '../contracts/provider-contract.ts';
import { type RehearsalWorld, rehearsalWorld } from './world.ts';

providerContract('the rehearsal', async () => {
  const world = await rehearsalWorld();
  const plan = { ...(await world.plan()), settings: { domain: 'localhost' } };
  const place = placeOf(world.ports, plan.stack);
  return {
    provider: rehearsal, plan, context: world.context,
    identity: async () => (await readRecord(world.ports.files, place))?.token ?? '',
    async cleanUp() {
      const left = world.background.count;
      const folder = await world.ports.files.stat(place.folder);
      await world.remove();
      return left === 0 && folder === undefined;
    },
  };
});

describe('the process of a rehearsal', () => {
  let world: RehearsalWorld;
  beforeEach(async () => { world = await rehearsalWorld(); });
  afterEach(async () => {
    await rehearsal.destroy('dev', 'devstack-dev', world.context);
    await world.remove();
  });

  test('killed, it is told apart from one that was stopped, and comes back with its objects', async () => {
    const plan = await world.plan();
    const access = await rehearsal.create(plan, world.context);
    if (access.runtime !== 'kubernetes') throw new Error('a rehearsal is a Kubernetes');
    const client = await world.ports.kubeConnector.connect(access);
    await client.create({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'kept', namespace: 'default' }, data: { a: 'b' } });
    const place = placeOf(world.ports, plan.stack);
    const mark = await readProcess(world.ports.files, place);
    if (mark === undefined) throw new Error('no process');
    // As `stop` does it, but without a word to the record: what a kill leaves.
    await world.background.end(mark);
    expect(await rehearsal.observe('dev', 'devstack-dev', world.context)).toMatchObject({ state: 'stopped', reason: expect.stringContaining('nobody asked') });
    expect(await rehearsal.create(plan, world.context)).toEqual(access);
    expect(await client.get({ apiVersion: 'v1', kind: 'ConfigMap', name: 'kept', namespace: 'default' })).toMatchObject({ data: { a: 'b' } });
    client.close();
  });

  test('a mark that names another process ends nothing and counts as none', async () => {
    const plan = await world.plan();
    await rehearsal.create(plan, world.context);
    await rehearsal.power?.stop(plan, world.context);
    const place = placeOf(world.ports, plan.stack);
    await world.ports.files.write(place.process, JSON.stringify({ pid: process.pid, place: 'another machine', host: 'x', started: '1' }));
    expect(await rehearsal.observe('dev', 'devstack-dev', world.context)).toMatchObject({ state: 'stopped' });
    expect((await rehearsal.destroy('dev', 'devstack-dev', world.context)).join()).not.toContain('process');
  });

  test('its port taken by somebody else is said, and nothing is begun', async () => {
    const plan = await world.plan();
    const server = createServer();
    await new Promise<void>((resolve) => { server.listen(plan.ports[0]?.host, '127.0.0.1', resolve); });
    await expect(rehearsal.create(plan, world.context)).rejects.toMatchObject({ code: 'rehearsal-port-taken', exit: 3 });
    expect(world.background.count).toBe(0);
    await new Promise((resolve) => { server.close(resolve); });
  });

  test('turns away who does not bring its token', async () => {
    const access = await rehearsal.create(await world.plan(), world.context);
    if (access.runtime !== 'kubernetes') throw new Error('a rehearsal is a Kubernetes');
    const server = /http:\/\/127\.0\.0\.1:\d+/.exec(await readFile(access.kubeconfig, 'utf8'))?.[0] ?? '';
    expect((await fetch(`${server}/api/v1/namespaces`)).status).toBe(401);
  });

  test('ends by itself when its folder is gone', async () => {
    const plan = await world.plan();
    await rehearsal.create(plan, world.context);
    const place = placeOf(world.ports, plan.stack);
    await world.ports.files.remove(place.folder);
    await world.background.idle();
    expect(await world.ports.files.stat(place.folder)).toBeUndefined();
  });
});
