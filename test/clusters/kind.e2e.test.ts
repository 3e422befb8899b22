// kind for real: the contract of a provider, early access, a kill at several moments, clusters that are not ours.
import { rm } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { kind } from '../../src/clusters/kind/index.ts';
import type { ProviderContext } from '../../src/clusters/provider.ts';
import type { KubeClient } from '../../src/ports.ts';
import { providerContract } from '../contracts/provider-contract.ts';
import { bundlePrograms, killAt, startProgram } from './killed-process.ts';
import { engineFacts, specOf } from './kind/kind-spec.ts';
import { buildImage, leftOf, realSubject, run } from './real-engine.ts';
import { type RealPorts, realPorts } from './real-ports.ts';

const NAME = 'test-kind';
const CLUSTER = 'devstack-test-kind';
const PORT = 18120;
const IMAGE = 'devstack-test-kind-image:dev';
const REGISTRY = { image: 'registry:2', port: 18121 };
const BUNDLE = fileURLToPath(new URL('../../node_modules/.devstack-test-kind', import.meta.url));

const nodeImage = process.env['DEVSTACK_NODE_IMAGE'];
const planOf = (nodes = 1) => ({ ...kind.plan(specOf({ name: NAME, cluster: CLUSTER, nodes, nodeImage }), PORT, engineFacts), settings: { domain: 'localhost' } });
const contextOf = ({ ports }: RealPorts, signal = AbortSignal.timeout(590_000)): ProviderContext => ({ ports, signal, onProgress: () => undefined });

/** kind keeps what a node has in an anonymous volume. */
async function volumesOf(real: RealPorts, ...nodes: readonly string[]): Promise<readonly string[]> {
  const names = await run(real, 'docker', 'inspect', '--format', '{{range .Mounts}}{{if eq .Type "volume"}}{{.Name}} {{end}}{{end}}', ...nodes);
  return names.split(/\s+/).filter((name) => name !== '');
}

interface PodWish {
  readonly name: string;
  readonly image: string;
  readonly node?: string;
}

async function podPhase(client: KubeClient, { name, image, node }: PodWish, signal: AbortSignal): Promise<unknown> {
  const containers = [{ name: 'main', image, imagePullPolicy: name === 'loaded' ? 'Never' : 'Always' }];
  const spec = { restartPolicy: 'Never', containers, ...(node === undefined ? {} : { nodeName: node }) };
  await client.create({ apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace: 'default' }, spec }, signal);
  for await (const { object } of client.watch({ apiVersion: 'v1', kind: 'Pod' }, { namespace: 'default', fieldSelector: `metadata.name=${name}` }, signal)) {
    const { phase } = object['status'] as { readonly phase?: string };
    if (phase === 'Succeeded' || phase === 'Failed') return phase;
  }
  return undefined;
}

describe.skipIf(process.env['DEVSTACK_LAB'] === undefined)('kind for real', () => {
  let real: RealPorts;
  let context: ProviderContext;
  beforeAll(async () => { real = await realPorts(); });
  beforeEach(() => { context = contextOf(real); });
  afterAll(async () => {
    await kind.destroy(NAME, CLUSTER, contextOf(real));
    await real.ports.processes.run('docker', ['rmi', '--force', IMAGE, `localhost:${REGISTRY.port}/devstack-test-kind/pushed:1`]);
    await real.remove();
    await rm(BUNDLE, { recursive: true, force: true });
  });

  providerContract('kind', () => realSubject({ provider: kind, plan: planOf(), image: IMAGE, registry: REGISTRY, contextOf: (own) => contextOf(own) }));

  test('two nodes: reached early, they know each other by name, a loaded image runs, no volume stays', async () => {
    const started = performance.now();
    const access = await kind.create(planOf(2), context);
    const early = performance.now() - started;
    if (access.runtime !== 'kubernetes') throw new Error('no Kubernetes');
    const client = await real.ports.kubeConnector.connect(access);
    expect(await client.get({ apiVersion: 'v1', kind: 'Namespace', name: 'kube-system' }, context.signal)).toBeDefined();
    await kind.finish?.(planOf(2), context);
    const whole = performance.now() - started;
    process.stderr.write(`API server after ${(early / 1000).toFixed(1)} s, kind ended after ${(whole / 1000).toFixed(1)} s\n`);
    expect(early).toBeLessThan(whole);
    for (const [from, to] of [['control-plane', 'worker'], ['worker', 'control-plane']]) {
      expect(await run(real, 'docker', 'exec', `${CLUSTER}-${from}`, 'getent', 'hosts', `${CLUSTER}-${to}`)).toContain(`${CLUSTER}-${to}`);
    }
    await buildImage(real, IMAGE, 'build=3');
    await kind.images?.load(planOf(2), IMAGE, context);
    expect(await podPhase(client, { name: 'loaded', image: IMAGE }, context.signal)).toBe('Succeeded');
    // Each node takes what was pushed from the registry; outside of this machine nobody reaches it.
    await kind.registry?.ensure({ stack: NAME, cluster: CLUSTER, ...REGISTRY }, context);
    const pushed = `localhost:${REGISTRY.port}/devstack-test-kind/pushed:1`;
    await run(real, 'docker', 'tag', IMAGE, pushed);
    await real.ports.docker.pushImage(pushed, () => undefined);
    for (const node of ['control-plane', 'worker']) {
      expect(await podPhase(client, { name: `pulled-${node}`, image: pushed, node: `${CLUSTER}-${node}` }, context.signal), node).toBe('Succeeded');
    }
    expect(await run(real, 'docker', 'port', `${CLUSTER}-registry`)).toBe(`5000/tcp -> 127.0.0.1:${REGISTRY.port}`);
    client.close();
    const volumes = await volumesOf(real, `${CLUSTER}-control-plane`, `${CLUSTER}-worker`, `${CLUSTER}-registry`);
    expect(volumes).toHaveLength(3);
    expect(await kind.destroy(NAME, CLUSTER, context)).toEqual(expect.arrayContaining([`container ${CLUSTER}-worker`, `container ${CLUSTER}-registry`, `network ${CLUSTER}`]));
    expect(await leftOf(real, CLUSTER)).toEqual([]);
    const remaining = (await run(real, 'docker', 'volume', 'ls', '--quiet')).split('\n');
    expect(volumes.filter((volume) => remaining.includes(volume))).toEqual([]);
  });

  test('a cluster of that name that somebody made by hand is refused and lives on', async () => {
    const id = await run(real, 'docker', 'create', '--name', `${CLUSTER}-control-plane`, '--label', `io.x-k8s.kind.cluster=${CLUSTER}`, 'busybox:1.37');
    try {
      expect(await kind.observe(NAME, CLUSTER, context)).toMatchObject({ state: 'foreign' });
      await expect(kind.create(planOf(), context)).rejects.toMatchObject({ code: 'cluster-not-ours' });
      await expect(kind.destroy(NAME, CLUSTER, context)).rejects.toMatchObject({ code: 'cluster-not-ours' });
      expect(await leftOf(real, CLUSTER)).toEqual([`container ${CLUSTER}-control-plane`]);
    } finally {
      await run(real, 'docker', 'rm', '--force', id);
    }
  });

  test('a port that is taken between check and bind: its name is told, and nothing is left', async () => {
    const id = await run(real, 'docker', 'run', '--detach', '--publish', `127.0.0.1:${PORT}:80`, 'busybox:1.37', 'sleep', '120');
    try {
      await expect(kind.create(planOf(), context)).rejects.toMatchObject({ code: 'kind-port-taken', message: expect.stringContaining(String(PORT)) });
      expect(await leftOf(real, CLUSTER)).toEqual([]);
    } finally {
      await run(real, 'docker', 'rm', '--force', '--volumes', id);
    }
  });

  test('Ctrl-C while kubeadm runs: stopped within 5 s, nothing is left', async () => {
    const stop = new AbortController();
    const phases: string[] = [];
    const onProgress = (message: string) => {
      phases.push(message);
      if (message === 'starting control-plane') stop.abort();
    };
    let stopped = 0;
    stop.signal.addEventListener('abort', () => { stopped = performance.now(); });
    await expect(kind.create(planOf(), { ...context, signal: stop.signal, onProgress })).rejects.toMatchObject({ name: 'AbortError' });
    expect(performance.now() - stopped).toBeLessThan(5_000);
    expect(await leftOf(real, CLUSTER)).toEqual([]);
  });

  describe('kill -9', () => {
    beforeAll(() => bundlePrograms([new URL('./kind/make-cluster.ts', import.meta.url)], BUNDLE));
    const start = () => startProgram(`${BUNDLE}/make-cluster.mjs`, NAME, CLUSTER, String(PORT));

    test.each(['preparing nodes', 'starting control-plane', 'access'])('at "%s": destroy leaves nothing', async (moment) => {
      const home = await killAt(start(), moment);
      await kind.destroy(NAME, CLUSTER, context);
      expect(await leftOf(real, CLUSTER)).toEqual([]);
      await rm(home, { recursive: true, force: true });
    });

    test('the next up makes it anew', async () => {
      const home = await killAt(start(), 'preparing nodes');
      await kind.create(planOf(), context);
      await kind.finish?.(planOf(), context);
      expect(await kind.observe(NAME, CLUSTER, context)).toMatchObject({ state: 'running', nodes: 1 });
      await kind.destroy(NAME, CLUSTER, context);
      await rm(home, { recursive: true, force: true });
    });
  });
});
