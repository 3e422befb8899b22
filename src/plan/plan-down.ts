// What `down` does: the whole cluster where devstack owns it, else only what it put in. Pure.
import { addons as table } from '../addons/index.ts';
import type { ClusterProvider } from '../clusters/provider.ts';
import type { ClusterPlan, Plan, RemoveStep, Step } from '../model/plan.ts';
import { afterPart } from './addon-steps.ts';
import { inTurn, type MadeObject, type RemovalStep, removalSteps } from './removal-steps.ts';

export interface DownFacts {
  readonly stack: string;
  readonly cluster: string;
  readonly provider: string;
  /** Parts with an inventory in the cluster, in any order. Only read where the cluster is not ours. */
  readonly parts: readonly string[];
  /** Objects of the kinds that these parts define. Only read where the cluster is not ours. */
  readonly objects: readonly MadeObject[];
}

/** Samples and apps go first: their kinds, and the controllers that let go of them, are of the addons. */
function partSteps({ stack, cluster, parts, objects }: DownFacts): readonly RemovalStep[] {
  const leaving = table.filter(({ id }) => parts.includes(id) || parts.includes(afterPart(id)));
  const ofAddons = new Set(leaving.flatMap(({ id }) => [id, afterPart(id)]));
  const others = parts.filter((part) => !ofAddons.has(part)).map((part): RemoveStep => ({
    kind: 'remove', id: `remove:${part}`, title: `Remove ${part}`, lane: 'Apps', needs: [], stack, part, destructive: true,
  }));
  return inTurn([...others, ...removalSteps(leaving, { stack, cluster, parts, objects })]);
}

export function planDown(facts: DownFacts, provider: ClusterProvider): Plan {
  const cluster: ClusterPlan = {
    stack: facts.stack, cluster: facts.cluster, provider: facts.provider, nodeImage: undefined, kubernetes: undefined,
    nodes: 0, managers: 0, ports: [], settings: {},
  };
  const removal = provider.capabilities.ownsCluster ? [] : partSteps(facts);
  const steps: readonly Step[] = [
    ...removal,
    {
      kind: 'destroy', id: 'destroy', lane: 'Cluster', needs: removal.map(({ id }) => id), cluster, destructive: true,
      title: provider.capabilities.ownsCluster ? `Remove ${provider.title} cluster ${facts.cluster}` : `Forget the stack; the cluster of ${facts.cluster} stays`,
    },
    {
      kind: 'forget', id: 'forget', title: 'Remove kubeconfig and journal', lane: 'This machine', needs: ['destroy'], destructive: true,
      stack: facts.stack, cluster: facts.cluster,
    },
  ];
  return { schema: 1, stack: facts.stack, steps, notes: [], endpoints: [] };
}
