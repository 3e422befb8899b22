// Swarms for real: the contract of a provider, secrets that stay secret, the engine itself as a node, a kill at several moments of up, deploy and update.
import { rm } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ProviderContext } from '../../src/clusters/provider.ts';
import { swarm } from '../../src/clusters/swarm/index.ts';
import { providerContract } from '../contracts/provider-contract.ts';
import { bundlePrograms, killAt, startProgram } from './killed-process.ts';
import { engineFacts } from './kind/kind-spec.ts';
import { leftOf, realSubject, run } from './real-engine.ts';
import { type RealPorts, realPorts } from './real-ports.ts';
import { swarmSpec } from './swarm/swarm-spec.ts';

const NAME = 'test-swarm-provider';
const CLUSTER = `devstack-${NAME}`;
const PORT = 18_145;
const IMAGE = 'devstack-test-swarm-image:dev';
const BUNDLE = fileURLToPath(new URL('../../node_modules/.devstack-test-swarm', import.meta.url));

const planOf = (nodes: number, ...wishes: readonly string[]) =>
  swarm.plan(swarmSpec({ name: NAME, cluster: CLUSTER, nodes, settings: Object.fromEntries(wishes.map((wish) => [wish, 'true'])) }), PORT, engineFacts);
const contextOf = ({ ports }: RealPorts, told: string[] = []): ProviderContext => ({ ports, signal: AbortSignal.timeout(300_000), onProgress: (message) => { told.push(message); } });

describe.skipIf(process.env['DEVSTACK_LAB'] === undefined)('swarm for real', () => {
  let real: RealPorts;
  let context: ProviderContext;
  beforeAll(async () => {
    real = await realPorts();
    context = contextOf(real);
  });
  afterAll(async () => {
    await swarm.destroy(NAME, CLUSTER, contextOf(real));
    await real.ports.processes.run('docker', ['rmi', '--force', IMAGE]);
    await real.remove();
    await rm(BUNDLE, { recursive: true, force: true });
  });

  providerContract('swarm of containers', () => realSubject({ provider: swarm, plan: planOf(2), image: IMAGE, contextOf: (own) => contextOf(own) }));

  test('locked at rest: unlocked with the kept key; neither key nor tokens are told; no engine has a port', async () => {
    const told: string[] = [];
    const plan = planOf(1, 'isolated', 'autolock');
    const access = await swarm.create(plan, contextOf(real, told));
    if (access.runtime !== 'swarm') throw new Error('no swarm');
    const manager = real.ports.engines.swarm(access.endpoint);
    const secrets = [await manager.unlockKey(), await manager.joinToken('worker'), await manager.joinToken('manager')];
    const keyFile = `${real.ports.folders.state}/${NAME}/swarm-unlock-key`;
    expect(await real.ports.files.readText(keyFile)).toBe(secrets[0]);
    expect((await real.ports.files.stat(keyFile))?.mode).toBe(0o600);
    expect(await manager.cluster()).toMatchObject({ isAutolocked: true });
    const listening = await run(real, 'docker', 'exec', `${CLUSTER}-manager-1`, 'cat', '/proc/net/tcp', '/proc/net/tcp6');
    // 2375 and 2376, where an engine would listen.
    expect(listening).not.toMatch(/:(0947|0948) \S+ 0A/);
    await swarm.power?.stop(plan, contextOf(real, told));
    await swarm.create(plan, contextOf(real, told));
    expect(await manager.state()).toMatchObject({ local: 'active', isManager: true });
    const labels = await run(real, 'docker', 'inspect', '--format', '{{json .Config}}', `${CLUSTER}-manager-1`);
    for (const secret of secrets) expect(`${told.join('\n')}${labels}`).not.toContain(secret);
    await swarm.destroy(NAME, CLUSTER, context);
    expect(await real.ports.files.stat(keyFile)).toBeUndefined();
    expect(await leftOf(real, CLUSTER)).toEqual([]);
  });

  test('the engine itself: listens on this machine alone, and is afterwards as it was', async ({ skip }) => {
    const before = await real.ports.docker.info();
    if (before.swarm !== 'inactive') return skip('this engine is in a swarm already');
    const networks = async () => (await run(real, 'docker', 'network', 'ls', '--filter', 'name=gwbridge', '--filter', 'name=ingress', '--format', '{{.Name}}'));
    const networksBefore = await networks();
    await swarm.create(planOf(1), context);
    try {
      expect(await swarm.observe(NAME, CLUSTER, context)).toMatchObject({ state: 'running', nodes: 1 });
      expect(await swarm.access(NAME, CLUSTER, context)).toEqual({ runtime: 'swarm', endpoint: real.ports.docker.endpoint });
      await swarm.create(planOf(1), context);
      // Another stack finds a swarm that it did not start.
      const other = swarm.plan(swarmSpec({ name: `${NAME}-2`, cluster: `${CLUSTER}-2` }), PORT, engineFacts);
      await expect(swarm.create(other, context)).rejects.toMatchObject({ code: 'swarm-not-ours' });
      await expect(swarm.power?.stop(planOf(1), context)).rejects.toMatchObject({ code: 'swarm-is-the-engine' });
    } finally {
      await swarm.destroy(NAME, CLUSTER, context);
    }
    expect(await real.ports.docker.info()).toMatchObject({ swarm: 'inactive' });
    expect(await networks()).toBe(networksBefore);
    expect(await leftOf(real, CLUSTER)).toEqual([]);
  });

  test('a network of that name that somebody made by hand is refused and lives on', async () => {
    await run(real, 'docker', 'network', 'create', CLUSTER);
    try {
      expect(await swarm.observe(NAME, CLUSTER, context)).toMatchObject({ state: 'foreign' });
      await expect(swarm.create(planOf(3), context)).rejects.toMatchObject({ code: 'cluster-not-ours' });
      await expect(swarm.destroy(NAME, CLUSTER, context)).rejects.toMatchObject({ code: 'cluster-not-ours' });
      expect(await leftOf(real, CLUSTER)).toEqual([`network ${CLUSTER}`]);
    } finally {
      await run(real, 'docker', 'network', 'rm', CLUSTER);
    }
  });

  describe('kill -9', () => {
    beforeAll(() => bundlePrograms(['make-swarm', 'work-in-swarm'].map((entry) => new URL(`./swarm/${entry}.ts`, import.meta.url)), BUNDLE));
    const start = (entry = 'make-swarm') => startProgram(`${BUNDLE}/${entry}.mjs`, NAME, CLUSTER, String(PORT));

    test.each([['starting 3 nodes', 0], ['starting 3 nodes', 150], ['starting 3 nodes', 600], ['joining', 0], ['joining', 250]])('%s, and %d ms: destroy leaves nothing', async (moment, ms) => {
      const home = await killAt(start(), moment, ms);
      await swarm.destroy(NAME, CLUSTER, context);
      expect(await leftOf(real, CLUSTER)).toEqual([]);
      await rm(home, { recursive: true, force: true });
    });

    test.each([['deploying', 0], ['deploying', 1500], ['all tasks run', 0], ['updating', 0], ['updating', 2500]])('%s in the swarm, and %d ms: destroy leaves nothing', async (moment, ms) => {
      const home = await killAt(start('work-in-swarm'), moment, ms);
      await swarm.destroy(NAME, CLUSTER, context);
      expect(await leftOf(real, CLUSTER)).toEqual([]);
      expect(await real.ports.network.canBind(PORT)).toBe(true);
      await rm(home, { recursive: true, force: true });
    });

    test.each([['starting 3 nodes', 100], ['joining', 0]])('%s, and %d ms: the next up goes on from there', async (moment, ms) => {
      const home = await killAt(start(), moment, ms);
      const access = await swarm.create(planOf(3), context);
      if (access.runtime !== 'swarm') throw new Error('no swarm');
      const nodes = await real.ports.engines.swarm(access.endpoint).list('node');
      expect(nodes.map(({ Description }) => Description?.Hostname).sort()).toEqual(['manager-1', 'worker-1', 'worker-2']);
      await swarm.destroy(NAME, CLUSTER, context);
      expect(await leftOf(real, CLUSTER)).toEqual([]);
      await rm(home, { recursive: true, force: true });
    });
  });
});
