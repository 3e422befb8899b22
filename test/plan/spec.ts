// A spec, facts and a provider to plan with.
import type { ClusterProvider, RegistryKeeper } from '../../src/clusters/provider.ts';
import type { EngineFacts, Facts } from '../../src/model/fact.ts';
import type { StackSpec } from '../../src/model/stack.ts';
import { only } from '../fakes/ports.ts';

export const provider = only<ClusterProvider>('provider', {
  id: 'test', title: 'test', tools: ['kind'],
  capabilities: { portsAtCreation: true, ownsCluster: true, canStop: true, loadsImages: true, multiNode: true },
  images: { missing: async () => [], load: async () => undefined },
  plan: (spec, port) => ({
    stack: spec.name, cluster: spec.cluster, provider: 'test', nodeImage: 'node:v1.36.4', kubernetes: spec.kubernetes ?? '1.36.4', nodes: spec.nodes,
    managers: 0, ports: [{ host: port, node: 31080 }], settings: {},
  }),
  registry: only<RegistryKeeper>('registry', {}),
  notes: () => [],
});

export const spec: StackSpec = {
  name: 't', provider: 'test', cluster: 'devstack-t', preset: 'knative', nodes: 1, managers: 1, kubernetes: undefined, nodeImage: undefined,
  port: 8080, portIsFixed: false, addons: ['knative-serving'], ingress: 'kourier', domain: 'auto', samples: ['hello'], images: [], fit: false,
  versions: {}, timeoutMs: 600_000,
};

export const engine: EngineFacts = {
  version: '29.0.0', operatingSystem: 'Linux', arch: 'amd64', cpus: 4, memoryMi: 8192, cgroupVersion: '2', rootless: false, containerdStore: false,
  endpoint: 'unix:///var/run/docker.sock',
};

export const facts: Facts = {
  engine, cluster: { state: 'absent', nodes: 0 }, stacks: [], freePorts: [8080, 8081], registryPorts: [5001, 5002], localImages: [],
  domains: [{ domain: '127.0.0.1.sslip.io', resolves: true, reason: 'resolves to 127.0.0.1' }],
};
