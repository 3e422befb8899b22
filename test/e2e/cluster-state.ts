// Everything a cluster holds, to compare before with after; and kubectl with an explicit target.
import { $ as zx } from 'zx';

export type Kubectl = (...args: string[]) => Promise<string>;

export function kubectlOf(target: { readonly kubeconfig: string; readonly context: string }): Kubectl {
  return async (...args) => (await zx({ quiet: true })`kubectl --kubeconfig ${target.kubeconfig} --context ${target.context} ${args}`).stdout;
}

/** Come and go by themselves: pods of what scales, what is counted from them, news, and whose turn it is. */
const RESTLESS = /^(events|leases|pods|replicasets|endpoints|endpointslices|podautoscalers|serverlessservices|metrics)(\.|$)|metrics\.k8s\.io$/;

interface Item { readonly kind: string; readonly apiVersion: string; readonly metadata: Record<string, unknown>; readonly [field: string]: unknown }

/** Objects by `Kind namespace/name`, with their uid and all that is wanted of them, without what servers write beside it. */
export async function clusterState(kubectl: Kubectl): Promise<ReadonlyMap<string, string>> {
  const kinds = (await kubectl('api-resources', '--verbs=list', '-o', 'name')).split('\n').filter((name) => name !== '' && !RESTLESS.test(name));
  const { items } = JSON.parse(await kubectl('get', kinds.join(','), '-A', '-o', 'json')) as { items: readonly Item[] };
  return new Map(items.map((item) => {
    const { status: _status, metadata, ...rest } = item;
    const { resourceVersion: _version, managedFields: _fields, ...meta } = metadata;
    return [`${item.apiVersion} ${item.kind} ${metadata['namespace'] ?? ''}/${metadata['name']}`, JSON.stringify({ ...rest, metadata: meta })];
  }));
}
