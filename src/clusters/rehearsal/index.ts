// The provider `rehearsal`: a Kubernetes that is only played, in one process of devstack's own. No engine, no network, nothing installed.
import type { EngineFacts } from '../../model/fact.ts';
import { type ClusterPlan, INGRESS_NODE_PORT } from '../../model/plan.ts';
import type { StackSpec } from '../../model/stack.ts';
import type { ClusterProvider } from '../provider.ts';
import { faultsOf, parseFault } from './controllers/faults.ts';
import { NODE_SIZE } from './controllers/node.ts';
import { createImages } from './images.ts';
import { accessOf, createRehearsal, destroyRehearsal, observeRehearsal, stopRehearsal } from './life.ts';
import { outlineOf } from './outline/index.ts';
import { placeOf } from './place.ts';
import { KUBERNETES } from './server/kinds.ts';

const KUBERNETES_VERSION = KUBERNETES.gitVersion.replace(/^v/, '');

function problemsOf(spec: StackSpec): readonly string[] {
  const problems: string[] = [];
  if (spec.nodes !== 1) problems.push(`a rehearsal has one node, not ${spec.nodes}`);
  if (spec.nodeImage !== undefined) problems.push('a rehearsal has no node image');
  if (spec.kubernetes !== undefined && !`${KUBERNETES_VERSION}.`.startsWith(`${spec.kubernetes.replace(/^v/, '')}.`)) problems.push(`a rehearsal plays Kubernetes ${KUBERNETES_VERSION}, not ${spec.kubernetes}`);
  // Throws what it does not know.
  for (const fault of faultsOf(spec.settings)) parseFault(fault);
  return problems;
}

function planOf(spec: StackSpec, port: number): ClusterPlan {
  return {
    stack: spec.name, cluster: spec.cluster, provider: 'rehearsal', nodeImage: undefined, kubernetes: KUBERNETES_VERSION, nodes: 1, managers: 1,
    ports: [{ host: port, node: INGRESS_NODE_PORT }], settings: { ...spec.settings },
  };
}

export const rehearsal: ClusterProvider = {
  id: 'rehearsal', title: 'rehearsal', runtime: 'kubernetes', tools: [],
  label: 'rehearsal: nothing was installed', fixedSettings: ['faults'],
  capabilities: { portsAtCreation: true, ownsCluster: true, canStop: true, loadsImages: false, multiNode: false },
  plan: planOf,
  problems: problemsOf,
  notes: ({ settings }) => faultsOf(settings).map((fault) => `on purpose, as --rehearse-fault asks: ${fault}`),
  engine: ({ platform }): EngineFacts => ({
    version: '', operatingSystem: 'none: a rehearsal', arch: platform.arch, cpus: NODE_SIZE.cpuMilli / 1000, memoryMi: NODE_SIZE.memoryMi, cgroupVersion: '2', rootless: true,
    containerdStore: false, endpoint: 'none',
  }),
  builder: (stack, ports) => createImages(ports, placeOf(ports, stack)),
  outlineOf,
  observe: (stack, _cluster, { ports }) => observeRehearsal(ports, stack),
  create: createRehearsal,
  access: (stack, _cluster, { ports }) => accessOf(ports, stack),
  destroy: (stack, _cluster, { ports }) => destroyRehearsal(ports, stack),
  power: { stop: ({ stack }, context) => stopRehearsal(stack, context), start: createRehearsal },
};
