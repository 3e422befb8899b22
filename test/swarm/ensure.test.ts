import { describe, expect, it } from 'vitest';
import { failedError } from '../../src/model/error.ts';
import type { ServiceSpec, SwarmNode, SwarmService } from '../../src/model/swarm.ts';
import type { Swarm } from '../../src/ports.ts';
import { watched } from '../../src/swarm/deploy.ts';
import { changeService, ensureBlob, ensureNetwork, ensureService } from '../../src/swarm/ensure.ts';
import { findNode } from '../../src/swarm/nodes.ts';
import { changed } from '../../src/swarm/service.ts';
import { findService } from '../../src/swarm/target.ts';
import { only } from '../fakes/ports.ts';

const MINE = { 'dev.devstack.member-of': 'dev' };
const SPEC: ServiceSpec = {
  Name: 'web', Labels: MINE, TaskTemplate: { ContainerSpec: { Image: 'a:1', Env: ['A=1', 'B=2'] }, Networks: [{ Target: 'id' }] }, Mode: { Replicated: { Replicas: 2 } }, EndpointSpec: { Mode: 'dnsrr' },
};

/** A manager with one service in it, which answers as an engine does: with defaults that nobody asked for. */
function manager(stored?: ServiceSpec): { readonly swarm: Swarm; readonly writes: string[]; readonly now: () => ServiceSpec | undefined } {
  const writes: string[] = [];
  let spec = stored;
  let version = 1;
  const answer = (): SwarmService | undefined => spec && ({
    ID: 'w', Version: { Index: version }, CreatedAt: '', UpdatedAt: '',
    Spec: { ...spec, TaskTemplate: { ForceUpdate: 3, Runtime: 'container', ...spec.TaskTemplate, ContainerSpec: { Isolation: 'default', ...spec.TaskTemplate.ContainerSpec } as ServiceSpec['TaskTemplate']['ContainerSpec'] & object } },
  });
  const swarm = only<Swarm>('swarm', {
    get: (async () => answer()) as Swarm['get'],
    create: (async (_kind: string, wanted: ServiceSpec) => { writes.push('create'); spec = wanted; return 'w'; }) as Swarm['create'],
    update: (async (_kind: string, _id: string, change: { readonly spec: ServiceSpec }) => { writes.push('update'); spec = change.spec; version += 1; }) as Swarm['update'],
  });
  return { swarm, writes, now: () => spec };
}

describe('a service', () => {
  it('is made once, and not touched when it is as wanted', async () => {
    const { swarm, writes } = manager();
    expect(await ensureService(swarm, SPEC)).toEqual({ id: 'w', outcome: 'created' });
    expect(await ensureService(swarm, SPEC)).toEqual({ id: 'w', outcome: 'unchanged' });
    expect(writes).toEqual(['create']);
  });

  it.each<[string, (spec: ServiceSpec) => ServiceSpec]>([
    ['another image', (spec) => ({ ...spec, TaskTemplate: { ...spec.TaskTemplate, ContainerSpec: { Image: 'a:2' } } })],
    ['a line less in the environment', (spec) => ({ ...spec, TaskTemplate: { ...spec.TaskTemplate, ContainerSpec: { Image: 'a:1', Env: ['A=1'] } } })],
    ['no environment at all', (spec) => ({ ...spec, TaskTemplate: { ...spec.TaskTemplate, ContainerSpec: { Image: 'a:1' } } })],
    ['another number', (spec) => ({ ...spec, Mode: { Replicated: { Replicas: 0 } } })],
  ])('%s: changed, and tasks that need not be replaced are not', async (_what, edit) => {
    const { swarm, writes, now } = manager();
    await ensureService(swarm, SPEC);
    expect(await ensureService(swarm, edit(SPEC))).toEqual({ id: 'w', outcome: 'changed' });
    expect(writes).toEqual(['create', 'update']);
    expect(now()?.TaskTemplate.ForceUpdate).toBe(3);
  });

  it('what somebody else changed is undone', async () => {
    const { swarm, now } = manager();
    await ensureService(swarm, SPEC);
    const spoilt = now();
    if (spoilt === undefined) throw new Error('no service');
    const other = manager({ ...spoilt, Mode: { Replicated: { Replicas: 9 } } });
    expect(await ensureService(other.swarm, SPEC)).toMatchObject({ outcome: 'changed' });
  });

  it('of somebody else is not touched', async () => {
    const { swarm, writes } = manager({ ...SPEC, Labels: {} });
    await expect(ensureService(swarm, SPEC)).rejects.toMatchObject({ code: 'swarm-name-taken' });
    expect(writes).toEqual([]);
  });

  it('changed by two at once: the second reads again', async () => {
    const { swarm } = manager(SPEC);
    let conflicts = 2;
    const racing = only<Swarm>('swarm', {
      get: swarm.get,
      update: async (...args: Parameters<Swarm['update']>) => {
        conflicts -= 1;
        if (conflicts >= 0) throw failedError({ code: 'swarm-conflict', message: 'update out of sequence' });
        await swarm.update(...args);
      },
    });
    await expect(changeService(racing, 'w', ({ Spec }) => Spec)).resolves.toMatchObject({ ID: 'w' });
    conflicts = 99;
    await expect(changeService(racing, 'w', ({ Spec }) => Spec)).rejects.toMatchObject({ code: 'swarm-conflict' });
  });
});

it('an external network or secret must be there', async () => {
  const empty = only<Swarm>('swarm', { get: async () => undefined, list: async () => [] });
  await expect(ensureBlob(empty, { kind: 'secret', key: 'a', name: 'a', isExternal: true })).rejects.toMatchObject({ code: 'swarm-external-missing' });
});

it('a network of somebody else is not used', async () => {
  const swarm = only<Swarm>('swarm', { list: (async () => [{ Id: 'n', Name: 'front', Labels: null }]) as Swarm['list'] });
  await expect(ensureNetwork(swarm, { Name: 'front', Driver: 'overlay', Attachable: false, Labels: MINE })).rejects.toMatchObject({ code: 'swarm-name-taken' });
});

describe('a change to a service that runs', () => {
  it('only what was asked for', () => {
    expect(changed(SPEC, { image: 'a:2', env: { B: '3', C: '4' } })).toEqual({ ...SPEC, TaskTemplate: { ...SPEC.TaskTemplate, ContainerSpec: { Image: 'a:2', Env: ['A=1', 'B=3', 'C=4'] } } });
    expect(changed(SPEC, { force: true }).TaskTemplate.ForceUpdate).toBe(1);
    expect(changed(SPEC, { parallelism: 2, delay: 5e9, onFailure: 'rollback', order: 'start-first', monitor: 1e9 }).UpdateConfig).toEqual({
      Parallelism: 2, Delay: 5e9, FailureAction: 'rollback', Order: 'start-first', Monitor: 1e9,
    });
  });

  it('a service with a health check needs no long watch, unless its file says how long', () => {
    const healthy = { ...SPEC, TaskTemplate: { ContainerSpec: { Image: 'a', Healthcheck: { Test: ['CMD', 'true'] } } } };
    expect(watched(healthy)).toEqual({ UpdateConfig: { Parallelism: 1, Monitor: 250_000_000 } });
    expect(watched({ ...healthy, UpdateConfig: { Monitor: 7 } })).toEqual({});
    expect(watched(SPEC)).toEqual({});
  });
});

describe('names', () => {
  const service = (Name: string): SwarmService => ({ ID: Name, Version: { Index: 1 }, CreatedAt: '', UpdatedAt: '', Spec: { Name, TaskTemplate: {} } });
  const swarm = only<Swarm>('swarm', { list: (async () => ['web', 'chat_db', 'a_api', 'b_api'].map(service)) as Swarm['list'] });
  it.each([['web', 'web'], ['db', 'chat_db'], ['a_api', 'a_api']])('service %s is %s', async (name, expected) => {
    expect((await findService(swarm, { stack: 'dev' }, name)).Spec.Name).toBe(expected);
  });
  it.each([['api', /api could be a_api or b_api/], ['gone', /stack dev has no service gone/]])('service %s is refused', async (name, message) => {
    await expect(findService(swarm, { stack: 'dev' }, name)).rejects.toMatchObject({ code: 'service-unknown', message: expect.stringMatching(message) });
  });

  const node = (ID: string, Hostname: string): SwarmNode => ({ ID, Version: { Index: 1 }, CreatedAt: '', UpdatedAt: '', Spec: {}, Description: { Hostname } });
  const nodes = [node('abc1', 'manager-1'), node('abd2', 'worker-1')];
  it.each([['worker-1', 'abd2'], ['abc1', 'abc1'], ['abd', 'abd2']])('node %s is %s', (name, id) => expect(findNode(nodes, name).ID).toBe(id));
  it.each(['ab', 'worker-9', ''])('node "%s" is refused', (name) => {
    expect(() => findNode(nodes, name)).toThrow(expect.objectContaining({ code: 'node-unknown', reason: 'nodes: manager-1, worker-1' }));
  });
});
