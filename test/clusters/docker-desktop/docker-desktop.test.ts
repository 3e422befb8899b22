import { describe, expect, test } from 'vitest';
import { type DesktopState, desktopProblem, desktopState } from '../../../src/clusters/docker-desktop/desktop.ts';
import { dockerDesktop } from '../../../src/clusters/docker-desktop/index.ts';
import type { ProviderContext } from '../../../src/clusters/provider.ts';
import { createYaml } from '../../../src/host/yaml.ts';
import { preconditionError } from '../../../src/model/error.ts';
import type { Files, KubeConnector, Network, Ports, Processes, ProcessResult } from '../../../src/ports.ts';
import { FakeEngine } from '../../fakes/docker-engine.ts';
import { fakePorts, only } from '../../fakes/ports.ts';
import { specOf } from '../kind/kind-spec.ts';

const CONFIG = `apiVersion: v1
kind: Config
clusters: [{name: docker-desktop, cluster: {server: 'https://kubernetes.docker.internal:6443'}}]
contexts: [{name: docker-desktop, context: {cluster: docker-desktop, user: docker-desktop}}]
users: [{name: docker-desktop, user: {token: t}}]
`;

interface Machine {
  /** What `docker desktop status` says; undefined: there is no such plugin. */
  readonly plugin?: string;
  readonly kubernetes?: string;
  readonly isDesktopEngine?: boolean;
  readonly hasContext?: boolean;
}

function worldOf({ plugin, kubernetes, isDesktopEngine = false, hasContext = false }: Machine): Ports {
  const engine = new FakeEngine();
  if (isDesktopEngine) engine.info = { ...engine.info, operatingSystem: 'Docker Desktop' };
  const answer = (text: string | undefined, key: string): ProcessResult => (
    text === undefined ? { exitCode: 1, stdout: '', stderr: "docker: 'desktop' is not a docker command." } : { exitCode: 0, stdout: JSON.stringify({ [key]: text }), stderr: '' }
  );
  return fakePorts({
    docker: engine.docker, yaml: createYaml(), env: { KUBECONFIG: '/config' },
    platform: { os: 'linux', arch: 'amd64', cpus: 4, memoryMi: 8192 },
    files: only<Files>('files', { stat: async () => (hasContext ? { kind: 'file', size: 1, mode: 0o600, modifiedMs: 0 } : undefined), readText: async () => CONFIG }),
    processes: only<Processes>('processes', { find: async () => '/usr/bin/docker', run: async (_command, args) => (args.includes('kubernetes') ? answer(kubernetes, 'State') : answer(plugin, 'Status')) }),
    network: only<Network>('network', { resolve: async () => ['127.0.0.1'] }),
    kubeConnector: only<KubeConnector>('kubeConnector', { connect: async () => { throw preconditionError({ code: 'kube-unreachable', message: 'refused', reason: 'ECONNREFUSED' }); } }),
  });
}

const CASES: readonly (readonly [DesktopState, Machine])[] = [
  ['absent', {}],
  ['stopped', { hasContext: true }],
  ['stopped', { plugin: 'stopped', hasContext: true }],
  ['starting', { plugin: 'starting', hasContext: true }],
  ['paused', { plugin: 'paused', isDesktopEngine: true, hasContext: true }],
  ['disabled', { plugin: 'running', isDesktopEngine: true }],
  ['disabled', { isDesktopEngine: true }],
  ['reset', { plugin: 'running', kubernetes: 'Running', isDesktopEngine: true }],
  ['enabled', { plugin: 'running', isDesktopEngine: true, hasContext: true }],
];

describe('what is wrong with Docker Desktop', () => {
  test.each(CASES)('%s: %j', async (state, machine) => {
    const world = worldOf(machine);
    expect(await desktopState(world, new AbortController().signal)).toBe(state);
    const problem = desktopProblem(state);
    expect(problem?.hints.length ?? 1).toBe(1);
    const context: ProviderContext = { ports: world, signal: new AbortController().signal, onProgress: () => undefined };
    await expect(dockerDesktop.admit?.(specOf({ provider: 'docker-desktop' }), context)).rejects.toMatchObject({ code: problem?.code ?? 'context-unreachable', exit: 3 });
  });
});

test('its port is that of a load balancer, free to choose', () => {
  const plan = dockerDesktop.plan(specOf({ provider: 'docker-desktop' }), 8081, { version: '', operatingSystem: '', arch: 'amd64', cpus: 4, memoryMi: 1, cgroupVersion: '2', rootless: false, containerdStore: false, endpoint: '' });
  expect(plan).toMatchObject({ cluster: 'docker-desktop', ports: [{ host: 8081 }], settings: { expose: 'load-balancer', context: 'docker-desktop' } });
});
