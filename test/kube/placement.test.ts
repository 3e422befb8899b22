import { describe, expect, it } from 'vitest';
import { placementOf, requestsOf } from '../../src/kube/placement.ts';
import { parseQuantity } from '../../src/kube/quantity.ts';
import type { KubeObject } from '../../src/model/object.ts';

const MEBI = 2 ** 20;

function pod(requests: object, rest: { readonly spec?: object; readonly metadata?: object; readonly status?: object } = {}): KubeObject {
  return {
    apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p', namespace: 'n', ...rest.metadata },
    spec: { containers: [{ name: 'c', resources: { requests } }], ...rest.spec }, status: { ...rest.status },
  };
}

function node(name: string, cpu: string, rest: { readonly taints?: readonly object[]; readonly ready?: string } = {}): KubeObject {
  return {
    apiVersion: 'v1', kind: 'Node', metadata: { name }, spec: { taints: rest.taints ?? [] },
    status: { allocatable: { cpu, memory: '1Gi' }, conditions: [{ type: 'Ready', status: rest.ready ?? 'True' }] },
  };
}

const bound = (requests: object, rest: Parameters<typeof pod>[1] = {}) => pod(requests, { ...rest, spec: { nodeName: 'a', ...rest.spec } });
const insufficient = { conditions: [{ type: 'PodScheduled', status: 'False', message: '0/1 nodes are available: 1 Insufficient cpu.' }] };
const taint = (key: string) => ({ key, effect: 'NoSchedule' });

describe('a pod that the scheduler refused', () => {
  const wanted = pod({ cpu: '300m', memory: '64Mi' });

  it('is told in figures when no node has room', () => {
    expect(placementOf(wanted, [node('a', '2')], [bound({ cpu: '1880m' })])).toEqual({ kind: 'full', message: 'needs 300m CPU, node a has 120m CPU left' });
  });

  it('is told by the roomiest node, and by memory too', () => {
    const big = pod({ cpu: '3', memory: '2Gi' });
    expect(placementOf(big, [node('a', '1'), node('b', '2')], [])).toEqual({ kind: 'full', message: 'needs 3000m CPU and 2048Mi memory, node b has 2000m CPU and 1024Mi memory left' });
  });

  it.each<readonly [string, readonly KubeObject[], readonly KubeObject[]]>([
    ['no node has joined', [], []],
    ['a node is not ready', [node('a', '1', { ready: 'False' })], [bound({ cpu: '1' })]],
    ['a node has just joined', [node('a', '1', { taints: [taint('node.kubernetes.io/not-ready')] })], [bound({ cpu: '1' })]],
    ['a cloud has yet to look at a node', [node('a', '1', { taints: [taint('node.cloudprovider.kubernetes.io/uninitialized')] })], [bound({ cpu: '1' })]],
    ['a pod is leaving', [node('a', '1')], [bound({ cpu: '1' }, { metadata: { deletionTimestamp: 'now' } })]],
    ['a job will end', [node('a', '1')], [bound({ cpu: '1' }, { metadata: { ownerReferences: [{ kind: 'Job' }] } })]],
    ['a pod is over', [node('a', '1')], [bound({ cpu: '1' }, { status: { phase: 'Succeeded' } })]],
  ])('may still be placed: %s', (_name, nodes, pods) => {
    expect(placementOf({ ...wanted, status: insufficient }, nodes, pods)).toEqual({ kind: 'open' });
  });

  it('counts only nodes that take it', () => {
    const nodes = [node('a', '8', { taints: [taint('gpu')] }), node('b', '1')];
    expect(placementOf(wanted, nodes, [bound({ cpu: '1' }, { spec: { nodeName: 'b' } })])).toEqual({ kind: 'full', message: 'needs 300m CPU, node b has 0m CPU left' });
    const tolerant = pod({ cpu: '300m' }, { spec: { tolerations: [{ key: 'gpu', operator: 'Exists' }] }, status: insufficient });
    expect(placementOf(tolerant, nodes, [])).toEqual({ kind: 'open' });
  });

  it('may still be placed when the node lost its taint after the scheduler looked', () => {
    const tainted = { conditions: [{ type: 'PodScheduled', status: 'False', message: '0/1 nodes are available: 1 node(s) had untolerated taint(s). no new claims to deallocate' }] };
    expect(placementOf({ ...wanted, status: tainted }, [node('a', '8')], [])).toEqual({ kind: 'open' });
    expect(placementOf({ ...wanted, status: tainted }, [node('a', '8', { taints: [taint('gpu')] })], [])).toEqual({ kind: 'other' });
    const mixed = { conditions: [{ type: 'PodScheduled', status: 'False', message: "0/2 nodes are available: 1 node(s) had untolerated taint(s), 1 node(s) didn't match Pod's node affinity/selector." }] };
    expect(placementOf({ ...wanted, status: mixed }, [node('a', '8'), node('b', '8', { taints: [taint('gpu')] })], [])).toEqual({ kind: 'other' });
  });

  it('is left to the scheduler’s own words when room is not what it lacks', () => {
    expect(placementOf(wanted, [node('a', '8')], [])).toEqual({ kind: 'other' });
    expect(placementOf(wanted, [node('a', '8', { taints: [taint('gpu')] })], [])).toEqual({ kind: 'other' });
  });
});

describe('what a pod asks for', () => {
  it('is its containers and sidecars, or its greediest init container', () => {
    const greedy = pod({}, {
      spec: {
        initContainers: [
          { name: 'side', restartPolicy: 'Always', resources: { requests: { cpu: '100m' } } }, { name: 'init', resources: { requests: { cpu: '2', memory: '10Mi' } } },
        ],
        containers: [{ name: 'a', resources: { requests: { cpu: '500m', memory: '100Mi' } } }, { name: 'b' }], overhead: { cpu: '50m' },
      },
    });
    const { cpu, memory } = requestsOf(greedy);
    expect(cpu).toBeCloseTo(2.15);
    expect(memory).toBe(100 * MEBI);
  });

  it.each([['250m', 0.25], ['2', 2], ['128Mi', 128 * MEBI], ['1G', 1e9], ['1e3', 1000], ['1.5Gi', 1.5 * 2 ** 30], [2, 2], ['', 0], ['abc', 0], [undefined, 0]])('%s is %s', (text, value) => {
    expect(parseQuantity(text)).toBe(value);
  });
});
