// The stack that a command about an app is about, and what is known of it.
import { findAddon } from '../../addons/index.ts';
import { findProvider } from '../../clusters/index.ts';
import type { ClusterProvider } from '../../clusters/provider.ts';
import type { KubernetesAccess } from '../../model/access.ts';
import { preconditionError } from '../../model/error.ts';
import type { ClusterFacts, StackFacts } from '../../model/fact.ts';
import { groupOf, type ObjectRef } from '../../model/object.ts';
import type { ClusterPlan } from '../../model/plan.ts';
import { appPart, type DeployKind } from '../../plan/plan-deploy.ts';
import type { Inventory, KubeClient, Ports } from '../../ports.ts';
import type { AppRef } from '../app-use-cases.ts';
import type { RunOptions } from '../use-cases.ts';
import { clusterPlanOf } from './power.ts';
import { pickStack } from './status.ts';
import { providerContext } from './up.ts';

export interface AppTarget {
  readonly found: StackFacts;
  readonly provider: ClusterProvider;
  readonly access: KubernetesAccess;
  readonly facts: ClusterFacts;
  readonly cluster: ClusterPlan;
  /** Host port that leads to the ingress. */
  readonly port: number | undefined;
}

/** Throws `stack-unknown`, `stack-ambiguous`, `stack-not-running`. */
export async function appTarget(ports: Ports, stack: string | undefined, { signal }: RunOptions): Promise<AppTarget> {
  const found = await pickStack(ports, stack, 'kubernetes');
  const provider = await findProvider(found.provider);
  const context = providerContext(ports, signal);
  const [facts, access] = await Promise.all([provider.observe(found.stack, found.cluster, context), provider.access(found.stack, found.cluster, context)]);
  if (provider.runtime !== 'kubernetes') {
    throw preconditionError({ code: 'stack-no-kubernetes', message: `stack ${found.stack} is a swarm: this needs Kubernetes`, hints: [{ text: 'make a stack for it beside the swarm', command: 'devstack up knative' }] });
  }
  if (access?.runtime !== 'kubernetes') {
    throw preconditionError({
      code: 'stack-not-running', message: `stack ${found.stack} is not running`,
      hints: [{ text: 'bring it back', command: `devstack up --name ${found.stack}` }],
    });
  }
  const cluster = clusterPlanOf(found, facts);
  return { found, provider, access, facts, cluster, port: cluster.ports[0]?.host };
}

/** Runs `work` with an open connection to the target. */
export async function withTarget<T>(ports: Ports, stack: string | undefined, options: RunOptions, work: (target: AppTarget, client: KubeClient) => Promise<T>): Promise<T> {
  const target = await appTarget(ports, stack, options);
  const client = await ports.kubeConnector.connect(target.access);
  return work(target, client).finally(() => client.close());
}

const PREFIX = appPart('');

export function installedAddons(inventories: readonly Inventory[]): readonly string[] {
  return inventories.filter(({ part, complete }) => complete && findAddon(part) !== undefined).map(({ part }) => part);
}

export async function listApps(ports: Ports, stack: string | undefined, options: RunOptions): Promise<readonly AppRef[]> {
  return withTarget(ports, stack, options, async ({ found, provider }, client) => {
    const inventories = await ports.kubeSets.inventories(client, found.stack, options.signal);
    return inventories.filter(({ part }) => part.startsWith(PREFIX)).map(({ part, refs }) => ({ ...refOfApp(part.slice(PREFIX.length), found.stack, refs), label: provider.label }));
  });
}

function refOfApp(app: string, stack: string, refs: readonly ObjectRef[]): AppRef {
  const service = refs.find((ref) => ref.kind === 'Service' && groupOf(ref.apiVersion) === 'serving.knative.dev');
  const kind: DeployKind = service === undefined ? 'deployment' : 'knative';
  return { app, kind, stack, namespace: (service ?? refs.find(({ namespace }) => namespace !== undefined))?.namespace ?? 'default' };
}
