// Which provider is there, and which one is chosen: over fakes of the machine.
import { describe, expect, test } from 'vitest';
import { chooseProvider, surveyProviders } from '../../../src/cli/operations/providers.ts';
import { createYaml } from '../../../src/host/yaml.ts';
import { preconditionError } from '../../../src/model/error.ts';
import { stackLabels } from '../../../src/model/record.ts';
import type { Files, KubeConnector, Network, Ports, Processes } from '../../../src/ports.ts';
import { FakeEngine } from '../../fakes/docker-engine.ts';
import { fakeClient, fakePorts, only } from '../../fakes/ports.ts';

const CONFIG = `apiVersion: v1
kind: Config
clusters: [{name: c, cluster: {server: 'https://127.0.0.1:6443'}}, {name: far, cluster: {server: 'https://203.0.113.7'}}]
contexts: [{name: docker-desktop, context: {cluster: c, user: u}}, {name: prod, context: {cluster: far, user: u}}]
users: [{name: u, user: {token: t}}]
`;

interface Machine {
  readonly programs?: readonly string[];
  readonly hasEngine?: boolean;
  readonly kubeconfig?: string;
}

function machine({ programs = ['docker', 'kind'], hasEngine = true, kubeconfig }: Machine): { readonly ports: Ports; readonly engine: FakeEngine; readonly connected: string[] } {
  const engine = new FakeEngine();
  const connected: string[] = [];
  const noEngine = async () => { throw preconditionError({ code: 'docker-not-running', message: 'no Docker engine answers', hints: [{ text: 'start it', command: 'sudo systemctl start docker' }] }); };
  const docker = hasEngine ? engine.docker : { ...engine.docker, info: noEngine, listNetworks: noEngine, listContainers: noEngine, listVolumes: noEngine };
  const ports = fakePorts({
    docker, yaml: createYaml(), env: { KUBECONFIG: '/config' }, platform: { os: 'linux', arch: 'amd64', cpus: 4, memoryMi: 8192 }, folders: { state: '/state', cache: '/cache', config: '/config' },
    files: only<Files>('files', {
      stat: async () => (kubeconfig === undefined ? undefined : { kind: 'file', size: 1, mode: 0o600, modifiedMs: 0 }), readText: async (path) => (path === '/config' ? kubeconfig : undefined), list: async () => [],
    }),
    processes: only<Processes>('processes', { find: async (name) => (programs.includes(name) ? `/usr/bin/${name}` : undefined), run: async () => ({ exitCode: 1, stdout: '', stderr: '' }) }),
    network: only<Network>('network', { resolve: async () => [] }),
    kubeConnector: only<KubeConnector>('kubeConnector', {
      async connect(access) {
        connected.push(access.context);
        return fakeClient({ access, version: async () => 'v1.34.4' });
      },
    }),
  });
  return { ports, engine, connected };
}
const signal = new AbortController().signal;
const survey = (ports: Ports) => surveyProviders(ports, { signal, emit: () => undefined });
const choose = (ports: Ports) => chooseProvider(ports, { name: 'dev', provider: 'kind' }, signal);

describe('what there is', () => {
  test('an engine and kind', async () => {
    const { ports, connected } = machine({});
    const reports = await survey(ports);
    expect(Object.fromEntries(reports.map(({ id, isUsable }) => [id, isUsable]))).toEqual({ kind: true, minikube: true, 'docker-desktop': false, context: false, swarm: true, rehearsal: true });
    expect(reports.filter(({ chosen }) => chosen !== undefined).map(({ id }) => id)).toEqual(['kind']);
    expect(reports.find(({ id }) => id === 'minikube')?.why).toContain('minikube is fetched when first needed');
    expect(connected).toEqual([]);
  });

  test('no engine: each says so with one command, and nothing is chosen', async () => {
    const reports = await survey(machine({ hasEngine: false }).ports);
    expect(reports.find(({ id }) => id === 'kind')).toMatchObject({ isUsable: false, hints: [{ command: 'sudo systemctl start docker' }] });
    expect(reports.filter(({ chosen }) => chosen !== undefined)).toEqual([]);
    expect(reports.every(({ isUsable, hints }) => isUsable || hints.some(({ command }) => command !== undefined))).toBe(true);
  });

  test('contexts are named, those off this machine marked, and only the one of Docker Desktop is asked', async () => {
    const { ports, connected } = machine({ kubeconfig: CONFIG });
    const reports = await survey(ports);
    expect(reports.find(({ id }) => id === 'context')).toMatchObject({ isUsable: true, why: 'your kubeconfig has docker-desktop, prod (needs --allow-remote)', hints: [{ command: 'devstack up --context docker-desktop' }] });
    expect(connected).toEqual(['docker-desktop']);
  });
});

test('a cluster that does not answer in time is no reason to stop', async () => {
  const { ports } = machine({ kubeconfig: CONFIG });
  const silent = only<KubeConnector>('kubeConnector', {
    connect: async (access) => fakeClient({ access, version: async () => { throw new DOMException('its time is up', 'AbortError'); } }),
  });
  const reports = await survey({ ...ports, kubeConnector: silent });
  expect(reports.find(({ id }) => id === 'docker-desktop')).toMatchObject({ isUsable: false });
});

describe('what is chosen', () => {
  test('the provider of the stack that exists', async () => {
    const { ports, engine } = machine({});
    engine.addNetwork('devstack-dev-minikube', stackLabels({ stack: 'dev', cluster: 'devstack-dev', provider: 'minikube', nodeImage: undefined, kubernetes: undefined, nodes: 1, managers: 1, ports: [], settings: {} }));
    expect(await choose(ports)).toEqual({ provider: 'minikube', cluster: 'devstack-dev', why: 'stack dev is there already', isSomebodys: false });
  });

  test('somebody’s cluster only where none can be made', async () => {
    expect(await choose(machine({ kubeconfig: CONFIG }).ports)).toMatchObject({ provider: 'kind', isSomebodys: false });
    expect(await choose(machine({ programs: [], kubeconfig: CONFIG }).ports)).toMatchObject({ provider: 'docker-desktop', isSomebodys: true });
  });

  test('nothing: the default stays, and says itself what it lacks', async () => {
    expect(await choose(machine({ hasEngine: false }).ports)).toEqual({ provider: 'kind', why: undefined, isSomebodys: false });
  });
});
