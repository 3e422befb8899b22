// The spec of a small kind stack, and an engine for it.
import type { EngineFacts } from '../../../src/model/fact.ts';
import type { StackSpec } from '../../../src/model/stack.ts';

export const NODE_IMAGE = 'kindest/node:v1.34.4';

export const engineFacts: EngineFacts = {
  version: '29.0.0', operatingSystem: 'Test Linux', arch: 'amd64', cpus: 4, memoryMi: 8192, cgroupVersion: '2', rootless: false, containerdStore: false, endpoint: '',
};

export function specOf(given: Partial<StackSpec> = {}): StackSpec {
  return {
    name: 'dev', provider: 'kind', cluster: 'devstack-dev', preset: 'base', nodes: 1, managers: 1, kubernetes: undefined, nodeImage: NODE_IMAGE, port: 8080,
    portIsFixed: false, addons: [], ingress: 'kourier', domain: 'auto', samples: [], images: [], fit: false, versions: {}, timeoutMs: 60_000, ...given,
  };
}
