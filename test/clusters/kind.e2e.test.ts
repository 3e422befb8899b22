// kind for real: the contract of a provider, early access, a kill at several moments, clusters that are not ours.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { kind } from '../../src/clusters/kind/index.ts';
import type { ProviderContext } from '../../src/clusters/provider.ts';
import type { KubeClient } from '../../src/ports.ts';
import { providerContract } from '../contracts/provider-contract.ts';
import { engineFacts, specOf } from './kind/kind-spec.ts';
import { type RealPorts, realPorts } from './real-ports.ts';

const NAME = 'test-kind';
const CLUSTER = 'devstack-test-kind';
const PORT = 18120;
const IMAGE = 'devstack-test-kind-image:dev';
const BUNDLE = fileURLToPath(new URL('../../node_modules/.devstack-test-kind', import.meta.url));

const nodeImage = process.env['DEVSTACK_NODE_IMAGE'];
const planOf = (nodes = 1) => ({ ...kind.plan(specOf({ name: NAME, cluster: CLUSTER, nodes, nodeImage }), PORT, engineFacts), settings: { domain: 'localhost' } });
const contextOf = ({ ports }: RealPorts, signal = AbortSignal.timeout(590_000)): ProviderContext => ({ ports, signal, onProgress: () => undefined });

async function docker(real: RealPorts, ...args: readonly string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await real.ports.processes.run('docker', args);
  if (exitCode !== 0) throw new Error(`docker ${args.join(' ')}: ${stderr}`);
  return stdout.trim();
}

/** Containers, networks and volumes that hang on the cluster, in words. */
async function left(real: RealPorts): Promise<readonly string[]> {
  const [containers, networks] = await Promise.all([
    docker(real, 'ps', '-a', '--filter', `name=${CLUSTER}`, '--format', 'container {{.Names}}'), docker(real, 'network', 'ls', '--filter', `name=${CLUSTER}`, '--format', 'network {{.Name}}'),
  ]);
  return `${containers}\n${networks}`.split('\n').filter((line) => line !== '');
}

/** kind keeps what a node has in an anonymous volume. */
async function volumesOf(real: RealPorts, ...nodes: readonly string[]): Promise<readonly string[]> {
  const names = await docker(real, 'inspect', '--format', '{{range .Mounts}}{{if eq .Type "volume"}}{{.Name}} {{end}}{{end}}', ...nodes);
  return names.split(/\s+/).filter((name) => name !== '');
}

async function buildImage(real: RealPorts, build: number): Promise<void> {
  const container = await docker(real, 'create', 'busybox:1.37', 'true');
  await docker(real, 'commit', '--change', `LABEL build=${build}`, '--change', 'CMD ["true"]', container, IMAGE);
  await docker(real, 'rm', '--volumes', container);
}

async function podPhase(client: KubeClient, signal: AbortSignal): Promise<unknown> {
  const containers = [{ name: 'main', image: IMAGE, imagePullPolicy: 'Never' }];
  await client.create({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'loaded', namespace: 'default' }, spec: { restartPolicy: 'Never', containers } }, signal);
  for await (const { object } of client.watch({ apiVersion: 'v1', kind: 'Pod' }, { namespace: 'default', fieldSelector: 'metadata.name=loaded' }, signal)) {
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
    await real.ports.processes.run('docker', ['rmi', '--force', IMAGE]);
    await real.remove();
    await rm(BUNDLE, { recursive: true, force: true });
  });

  providerContract('kind', async () => {
    const own = await realPorts();
    await buildImage(own, 1);
    return {
      provider: kind, plan: planOf(), context: contextOf(own), image: IMAGE,
      identity: () => docker(own, 'ps', '-a', '--no-trunc', '--filter', `name=${CLUSTER}`, '--format', '{{.ID}}'),
      rebuildImage: () => buildImage(own, 2),
      async cleanUp() {
        await kind.destroy(NAME, CLUSTER, contextOf(own));
        const clean = await own.isUserFileUntouched();
        await own.remove();
        return clean && (await left(real)).length === 0;
      },
    };
  });

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
      expect(await docker(real, 'exec', `${CLUSTER}-${from}`, 'getent', 'hosts', `${CLUSTER}-${to}`)).toContain(`${CLUSTER}-${to}`);
    }
    await buildImage(real, 3);
    await kind.images?.load(planOf(2), IMAGE, context);
    expect(await podPhase(client, context.signal)).toBe('Succeeded');
    client.close();
    const volumes = await volumesOf(real, `${CLUSTER}-control-plane`, `${CLUSTER}-worker`);
    expect(volumes).toHaveLength(2);
    expect(await kind.destroy(NAME, CLUSTER, context)).toEqual(expect.arrayContaining([`container ${CLUSTER}-worker`, `network ${CLUSTER}`]));
    expect(await left(real)).toEqual([]);
    const remaining = (await docker(real, 'volume', 'ls', '--quiet')).split('\n');
    expect(volumes.filter((volume) => remaining.includes(volume))).toEqual([]);
  });

  test('a cluster of that name that somebody made by hand is refused and lives on', async () => {
    const id = await docker(real, 'create', '--name', `${CLUSTER}-control-plane`, '--label', `io.x-k8s.kind.cluster=${CLUSTER}`, 'busybox:1.37');
    try {
      expect(await kind.observe(NAME, CLUSTER, context)).toMatchObject({ state: 'foreign' });
      await expect(kind.create(planOf(), context)).rejects.toMatchObject({ code: 'cluster-not-ours' });
      await expect(kind.destroy(NAME, CLUSTER, context)).rejects.toMatchObject({ code: 'cluster-not-ours' });
      expect(await left(real)).toEqual([`container ${CLUSTER}-control-plane`]);
    } finally {
      await docker(real, 'rm', '--force', id);
    }
  });

  test('a port that is taken between check and bind: its name is told, and nothing is left', async () => {
    const id = await docker(real, 'run', '--detach', '--publish', `127.0.0.1:${PORT}:80`, 'busybox:1.37', 'sleep', '120');
    try {
      await expect(kind.create(planOf(), context)).rejects.toMatchObject({ code: 'kind-port-taken', message: expect.stringContaining(String(PORT)) });
      expect(await left(real)).toEqual([]);
    } finally {
      await docker(real, 'rm', '--force', '--volumes', id);
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
    expect(await left(real)).toEqual([]);
  });

  describe('kill -9', () => {
    beforeAll(async () => {
      const entry = fileURLToPath(new URL('./kind/make-cluster.ts', import.meta.url));
      const bundle = await rolldown({ input: entry, platform: 'node', external: (id) => !/^[./]/.test(id), logLevel: 'silent' });
      await bundle.write({ dir: BUNDLE, format: 'esm', entryFileNames: '[name].mjs', chunkFileNames: '[name]-[hash].mjs' });
    });

    test.each(['preparing nodes', 'starting control-plane', 'access'])('at "%s": destroy leaves nothing', async (moment) => {
      const child = spawn(process.execPath, [`${BUNDLE}/make-cluster.mjs`, NAME, CLUSTER, String(PORT)], { stdio: ['ignore', 'pipe', 'inherit'] });
      const home = await killAt(child, moment);
      await kind.destroy(NAME, CLUSTER, context);
      expect(await left(real)).toEqual([]);
      await rm(home, { recursive: true, force: true });
    });

    test('the next up makes it anew', async () => {
      const child = spawn(process.execPath, [`${BUNDLE}/make-cluster.mjs`, NAME, CLUSTER, String(PORT)], { stdio: ['ignore', 'pipe', 'inherit'] });
      const home = await killAt(child, 'preparing nodes');
      await kind.create(planOf(), context);
      await kind.finish?.(planOf(), context);
      expect(await kind.observe(NAME, CLUSTER, context)).toMatchObject({ state: 'running', nodes: 1 });
      await kind.destroy(NAME, CLUSTER, context);
      await rm(home, { recursive: true, force: true });
    });
  });
});

/** Kills the process as soon as it has told this; returns its home folder. */
async function killAt(child: ChildProcess, moment: string): Promise<string> {
  let home = '';
  if (child.stdout === null) throw new Error('no stdout');
  const ended = once(child, 'exit');
  for await (const line of createInterface({ input: child.stdout })) {
    if (line.startsWith('home ')) home = line.slice(5);
    if (line === moment) child.kill('SIGKILL');
  }
  expect(await ended).toEqual([null, 'SIGKILL']);
  return home;
}
