// The context provider against a real cluster that devstack did not make: the contract, consent, a cluster that is another one.
// The same cluster under the name docker-desktop is that provider's.
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { context as provider } from '../../src/clusters/context/index.ts';
import { dockerDesktop } from '../../src/clusters/docker-desktop/index.ts';
import type { ClusterProvider, ProviderContext } from '../../src/clusters/provider.ts';
import { providerContract } from '../contracts/provider-contract.ts';
import { engineFacts, specOf } from './kind/kind-spec.ts';
import { buildImage, run } from './real-engine.ts';
import { type RealPorts, realPorts } from './real-ports.ts';

const NAME = 'devstack-test-ctx';
const CONTEXT = `kind-${NAME}`;
const STACK = 'test-ctx';
/** Published at creation, by whoever made the cluster. */
const PORT = 18401;
const IMAGE = 'devstack-test-ctx-image:dev';
const nodeImage = process.env['DEVSTACK_NODE_IMAGE'];

const CONFIG = {
  kind: 'Cluster', apiVersion: 'kind.x-k8s.io/v1alpha4', networking: { apiServerAddress: '127.0.0.1' },
  nodes: [{ role: 'control-plane', ...(nodeImage === undefined ? {} : { image: nodeImage }), extraPortMappings: [{ containerPort: 31080, hostPort: PORT, listenAddress: '127.0.0.1' }] }],
};
const spec = specOf({ name: STACK, provider: 'context', cluster: CONTEXT, nodeImage: undefined, settings: { context: CONTEXT } });

describe.skipIf(process.env['DEVSTACK_LAB'] === undefined)('a cluster that devstack did not make', () => {
  let real: RealPorts;
  let kubeconfig: string;
  beforeAll(async () => {
    real = await realPorts();
    kubeconfig = join(real.home, 'theirs');
    await writeFile(join(real.home, 'kind.json'), JSON.stringify(CONFIG));
    await run(real, 'kind', 'create', 'cluster', '--name', NAME, '--config', join(real.home, 'kind.json'), '--kubeconfig', kubeconfig, '--wait', '60s');
  });
  afterAll(async () => {
    await real.ports.processes.run('kind', ['delete', 'cluster', '--name', NAME, '--kubeconfig', kubeconfig]);
    await real.ports.processes.run('docker', ['rmi', '--force', IMAGE]);
    await real.remove();
  });

  /** As the user's own environment has it. */
  const contextOf = ({ ports }: RealPorts, path = kubeconfig): ProviderContext => ({
    ports: { ...ports, env: { ...ports.env, KUBECONFIG: path } }, signal: AbortSignal.timeout(120_000), onProgress: () => undefined,
  });

  const contract = (name: string, subject: ClusterProvider, wish: typeof spec, rename?: string) => providerContract(name, async () => {
    const own = await realPorts();
    const path = join(own.home, 'user');
    const text = await readFile(kubeconfig, 'utf8');
    await writeFile(path, rename === undefined ? text : text.replaceAll(CONTEXT, rename));
    await buildImage(own, IMAGE, `subject=${name}`);
    const before = await readFile(path, 'utf8');
    return {
      provider: subject, plan: subject.plan(wish, PORT, engineFacts), context: contextOf(own, path), image: IMAGE,
      identity: () => run(own, 'docker', 'ps', '--all', '--no-trunc', '--filter', `name=${NAME}`, '--format', '{{.ID}} {{.State}}'),
      async cleanUp() {
        await subject.destroy(wish.name, wish.cluster, contextOf(own, path));
        const isClean = await readFile(path, 'utf8') === before && (await run(own, 'kind', 'get', 'clusters')).split('\n').includes(NAME);
        await own.remove();
        return isClean;
      },
    };
  });

  contract('context', provider, spec);
  contract('docker-desktop', dockerDesktop, specOf({ name: STACK, provider: 'docker-desktop', cluster: `devstack-${STACK}`, nodeImage: undefined }), 'docker-desktop');

  test('what it can do is asked: version, way in, storage', async () => {
    expect(await provider.admit?.(spec, contextOf(real))).toEqual([expect.stringMatching(/^context kind-devstack-test-ctx: Kubernetes 1\.\d+\.\d+, 1 node; .*127\.0\.0\.1:18401$/)]);
    expect(await provider.observe(STACK, CONTEXT, contextOf(real))).toMatchObject({ state: 'absent', ingressPort: PORT, kubernetes: expect.stringMatching(/^1\./) });
  });

  test('off loopback nothing is sent until its context is named', async () => {
    const path = join(real.home, 'remote');
    const address = await run(real, 'docker', 'inspect', '--format', '{{.NetworkSettings.Networks.kind.IPAddress}}', `${NAME}-control-plane`);
    await writeFile(path, (await readFile(kubeconfig, 'utf8')).replace(/https:\/\/127\.0\.0\.1:\d+/, `https://${address}:6443`));
    await expect(provider.admit?.(spec, contextOf(real, path))).rejects.toMatchObject({ code: 'context-remote', exit: 2 });
    await expect(provider.create(provider.plan(spec, PORT, engineFacts), contextOf(real, path))).rejects.toMatchObject({ code: 'context-remote' });
    expect(await provider.observe(STACK, CONTEXT, contextOf(real, path))).toEqual({ state: 'absent', nodes: 0 });
    const allowed = { ...spec, settings: { ...spec.settings, 'allow-remote': CONTEXT } };
    expect(await provider.admit?.(allowed, contextOf(real, path))).toHaveLength(1);
  });

  test('a user who may not do it is told before anything is done', async () => {
    const path = join(real.home, 'reader');
    await run(real, 'kubectl', '--kubeconfig', kubeconfig, 'create', 'serviceaccount', 'reader');
    await run(real, 'kubectl', '--kubeconfig', kubeconfig, 'create', 'clusterrole', 'reader', '--verb=get,list,watch', '--resource=nodes,services,namespaces,storageclasses.storage.k8s.io');
    await run(real, 'kubectl', '--kubeconfig', kubeconfig, 'create', 'clusterrolebinding', 'reader', '--clusterrole=reader', '--serviceaccount=default:reader');
    const token = await run(real, 'kubectl', '--kubeconfig', kubeconfig, 'create', 'token', 'reader');
    const [head = ''] = (await readFile(kubeconfig, 'utf8')).split('users:');
    await writeFile(path, `${head}users:\n- name: ${CONTEXT}\n  user:\n    token: ${token}\n`);
    await expect(provider.admit?.(spec, contextOf(real, path))).rejects.toMatchObject({ code: 'context-forbidden', reason: expect.stringContaining('customresourcedefinitions') });
  });

  test('a cluster that was made anew under the name is not touched', async () => {
    const mine = contextOf(real);
    await provider.create(provider.plan(spec, PORT, engineFacts), mine);
    const path = join(real.home, 'other');
    await writeFile(path, (await readFile(kubeconfig, 'utf8')));
    const [network] = await mine.ports.docker.listNetworks({ name: `devstack-${STACK}` });
    const labels = Object.fromEntries(Object.entries(network?.labels ?? {}).map(([key, value]) => [key, value.replace(/"cluster-uid":"[^"]*"/, '"cluster-uid":"another"')]));
    await mine.ports.docker.removeNetwork(network?.id ?? '');
    await mine.ports.docker.createNetwork(`devstack-${STACK}`, labels);
    await expect(provider.admit?.(spec, mine)).rejects.toMatchObject({ code: 'context-changed', hints: [{ command: `devstack down ${STACK}` }] });
    expect(await provider.access(STACK, CONTEXT, mine)).toBeUndefined();
    expect(await provider.destroy(STACK, CONTEXT, mine)).toHaveLength(1);
  });

  test('a cluster that does not answer is told so, and its record stays', async () => {
    const mine = contextOf(real);
    await provider.create(provider.plan(spec, PORT, engineFacts), mine);
    await run(real, 'docker', 'pause', `${NAME}-control-plane`);
    try {
      expect(await provider.observe(STACK, CONTEXT, mine)).toMatchObject({ state: 'stopped' });
      await expect(provider.access(STACK, CONTEXT, mine)).rejects.toMatchObject({ code: 'context-unreachable', exit: 3 });
    } finally {
      await run(real, 'docker', 'unpause', `${NAME}-control-plane`);
    }
    await provider.destroy(STACK, CONTEXT, mine);
  });
});
