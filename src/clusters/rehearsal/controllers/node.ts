// The one node of the rehearsal: what it offers, and what is taken of it.
import type { JsonObject } from '../../../model/json.ts';
import { stringAt } from '../../../model/object.ts';
import { cloneObject, objectAt, objectsAt } from '../server/json.ts';
import { KUBERNETES } from '../server/kinds.ts';
import { milliOf } from '../server/quantity.ts';
import type { Api } from './api.ts';

export const NODE_NAME = 'devstack-rehearsal';
export const NODE_ADDRESS = '127.0.0.1';

export interface NodeSize {
  readonly cpuMilli: number;
  readonly memoryMi: number;
}

/** Unless somebody says otherwise. */
export const NODE_SIZE: NodeSize = { cpuMilli: 8000, memoryMi: 16_384 };

interface Amount {
  readonly cpu: number;
  readonly memory: number;
}

/** Makes the node, ready, unless it is there. */
export async function createNode(api: Api, size: NodeSize): Promise<void> {
  const capacity = { cpu: `${size.cpuMilli}m`, memory: `${size.memoryMi}Mi`, pods: '250', 'ephemeral-storage': '100Gi' };
  const now = api.now();
  const condition = (type: string, status: string, reason: string, message: string): JsonObject => ({ type, status, reason, message, lastHeartbeatTime: now, lastTransitionTime: now });
  await api.create('nodes', {
    apiVersion: 'v1', kind: 'Node',
    metadata: { name: NODE_NAME, labels: { 'kubernetes.io/hostname': NODE_NAME, 'kubernetes.io/os': 'linux', 'kubernetes.io/arch': 'amd64', 'node-role.kubernetes.io/control-plane': '' } },
    status: {
      capacity, allocatable: capacity, addresses: [{ type: 'InternalIP', address: NODE_ADDRESS }, { type: 'Hostname', address: NODE_NAME }],
      conditions: [
        condition('MemoryPressure', 'False', 'KubeletHasSufficientMemory', 'the rehearsal has no memory to run out of'),
        condition('Ready', 'True', 'KubeletReady', 'the rehearsal only pretends to run containers'),
      ],
      nodeInfo: {
        kubeletVersion: KUBERNETES.gitVersion, osImage: 'devstack rehearsal (nothing was installed)', containerRuntimeVersion: 'rehearsal://1', architecture: 'amd64', operatingSystem: 'linux',
        bootID: 'rehearsal', kernelVersion: 'rehearsal', kubeProxyVersion: KUBERNETES.gitVersion, machineID: 'rehearsal', systemUUID: 'rehearsal',
      },
    },
  });
  // A real node comes with this taint and loses it when it is ready.
  await api.update({ key: 'nodes', namespace: '', name: NODE_NAME }, (node) => { node['spec'] = cloneObject({ podCIDR: '10.244.0.0/24' }); });
}

/** Bytes of a quantity in MiB. */
function mebibytes(text: string): number {
  return milliOf(text) / 1000 / 2 ** 20;
}

export function requestsOf(pod: JsonObject): Amount {
  const sum = (list: readonly JsonObject[]): Amount => list.reduce<Amount>((total, container) => {
    const requests = objectAt(container, 'resources', 'requests') ?? {};
    return { cpu: total.cpu + milliOf(String(requests['cpu'] ?? '0')), memory: total.memory + mebibytes(String(requests['memory'] ?? '0')) };
  }, { cpu: 0, memory: 0 });
  return sum(objectsAt(pod, 'spec', 'containers'));
}

/** What is missing for one more pod: `Insufficient cpu`; empty when it fits. */
export function missingFor(api: Api, pod: JsonObject): readonly string[] {
  const node = api.get({ key: 'nodes', namespace: '', name: NODE_NAME });
  const allocatable = objectAt(node, 'status', 'allocatable') ?? {};
  const used = api.list('pods').filter((other) => stringAt(other, 'spec', 'nodeName') === NODE_NAME && !['Succeeded', 'Failed'].includes(stringAt(other, 'status', 'phase') ?? ''))
    .map(requestsOf).reduce((total, one) => ({ cpu: total.cpu + one.cpu, memory: total.memory + one.memory }), { cpu: 0, memory: 0 });
  const wanted = requestsOf(pod);
  return [
    ...used.cpu + wanted.cpu > milliOf(String(allocatable['cpu'] ?? '0')) ? ['Insufficient cpu'] : [],
    ...used.memory + wanted.memory > mebibytes(String(allocatable['memory'] ?? '0')) ? ['Insufficient memory'] : [],
  ];
}
