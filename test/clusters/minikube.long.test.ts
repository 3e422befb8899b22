// minikube for real: the contract of a provider; a pause behind devstack's back; a kill while it starts. What minikube needs besides on
// such a machine is said by its own configuration.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { minikube } from '../../src/clusters/minikube/index.ts';
import type { ProviderContext } from '../../src/clusters/provider.ts';
import { providerContract } from '../contracts/provider-contract.ts';
import { engineFacts, specOf } from './kind/kind-spec.ts';
import { leftOf, realSubject } from './real-engine.ts';
import { type RealPorts, realPorts } from './real-ports.ts';

const NAME = 'test-mkc';
const CLUSTER = 'devstack-test-mkc';
const PORT = 18420;
const IMAGE = 'devstack-test-mkc-image:dev';

const planOf = () => ({ ...minikube.plan(specOf({ name: NAME, provider: 'minikube', cluster: CLUSTER, nodeImage: undefined }), PORT, engineFacts), settings: { domain: 'localhost' } });
const contextOf = ({ ports }: RealPorts, signal = AbortSignal.timeout(590_000)): ProviderContext => ({ ports, signal, onProgress: () => undefined });

async function runMinikube(real: RealPorts, ...args: readonly string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await real.ports.processes.run('minikube', args, { env: { KUBECONFIG: `${real.home}/none` } });
  if (exitCode !== 0) throw new Error(`minikube ${args.join(' ')}: ${stderr}`);
  return stdout.trim();
}

/** What hangs on the profile, in words. */
async function left(real: RealPorts): Promise<readonly string[]> {
  const profiles = JSON.parse(await runMinikube(real, 'profile', 'list', '--output', 'json')) as { readonly valid: readonly { readonly Name: string }[]; readonly invalid: readonly { readonly Name: string }[] };
  return [...await leftOf(real, CLUSTER), ...[...profiles.valid, ...profiles.invalid].filter(({ Name }) => Name === CLUSTER).map(() => 'profile')];
}

describe.skipIf(process.env['DEVSTACK_LONG'] === undefined)('minikube for real', () => {
  let real: RealPorts;
  beforeAll(async () => { real = await realPorts(); });
  afterAll(async () => {
    await minikube.destroy(NAME, CLUSTER, contextOf(real));
    await real.ports.processes.run('docker', ['rmi', '--force', IMAGE]);
    await real.remove();
  });

  providerContract('minikube', async () => {
    const subject = await realSubject({ provider: minikube, plan: planOf(), image: IMAGE, identity: '{{.ID}} {{.Networks}}', contextOf: (own) => contextOf(own) });
    return { ...subject, cleanUp: async () => await subject.cleanUp() && (await left(real)).length === 0 };
  });

  test('stopped at its work: nothing is left, and the next one is whole; paused is told, and woken; nothing listens off loopback', async () => {
    const stop = new AbortController();
    const onProgress = (message: string) => { if (message === 'creating container') stop.abort(); };
    await expect(minikube.create(planOf(), { ...contextOf(real, stop.signal), onProgress })).rejects.toMatchObject({ name: 'AbortError' });
    // Under four seconds of clean-up something may stay; it is known as ours.
    await minikube.destroy(NAME, CLUSTER, contextOf(real));
    expect(await left(real)).toEqual([]);
    const context = contextOf(real);
    await minikube.create(planOf(), context);
    const [node] = await real.ports.docker.listContainers({ name: CLUSTER });
    expect(node?.ports.map(({ hostAddress }) => hostAddress)).toEqual(node?.ports.map(() => '127.0.0.1'));
    await runMinikube(real, 'pause', '--profile', CLUSTER);
    expect(await minikube.observe(NAME, CLUSTER, context)).toMatchObject({ state: 'stopped', reason: expect.stringContaining('paused') });
    await minikube.create(planOf(), context);
    expect(await minikube.observe(NAME, CLUSTER, context)).toMatchObject({ state: 'running' });
    expect((await minikube.destroy(NAME, CLUSTER, context)).length).toBeGreaterThan(2);
    expect(await left(real)).toEqual([]);
  });
});
