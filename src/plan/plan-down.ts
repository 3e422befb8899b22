// What `down` does: the whole cluster where devstack owns it, else only what it put in. Pure.
import type { ClusterProvider } from '../clusters/provider.ts';
import type { ClusterPlan, Plan, Step } from '../model/plan.ts';

export interface DownFacts {
  readonly stack: string;
  readonly cluster: string;
  readonly provider: string;
  /** Parts with an inventory in the cluster, in the order they were installed. Only read where the cluster is not ours. */
  readonly parts: readonly string[];
}

export function planDown(facts: DownFacts, provider: ClusterProvider): Plan {
  const cluster: ClusterPlan = {
    stack: facts.stack, cluster: facts.cluster, provider: facts.provider, nodeImage: undefined, kubernetes: undefined,
    nodes: 0, managers: 0, ports: [], settings: {},
  };
  const steps: Step[] = [];
  if (!provider.capabilities.ownsCluster) {
    let before: readonly string[] = [];
    for (const part of [...facts.parts].reverse()) {
      steps.push({ kind: 'remove', id: `remove:${part}`, title: `Remove ${part}`, lane: 'Parts', needs: before, stack: facts.stack, part, destructive: true });
      before = [`remove:${part}`];
    }
  }
  const removed = steps.map((step) => step.id);
  steps.push({ kind: 'destroy', id: 'destroy', title: `Remove ${provider.title} cluster ${facts.cluster}`, lane: 'Cluster', needs: removed, cluster, destructive: true });
  steps.push({ kind: 'forget', id: 'forget', title: 'Remove kubeconfig and journal', lane: 'This machine', needs: ['destroy'],
    stack: facts.stack, cluster: facts.cluster, destructive: true });
  return { schema: 1, stack: facts.stack, steps, notes: [], endpoints: [] };
}
