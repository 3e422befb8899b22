// Which swarm a command is about, and how to reach its manager.
import { findProvider } from '../../clusters/index.ts';
import type { ClusterProvider } from '../../clusters/provider.ts';
import { preconditionError } from '../../model/error.ts';
import type { ClusterPlan } from '../../model/plan.ts';
import type { OnProgress, Ports } from '../../ports.ts';
import { type SwarmRun, type SwarmTarget, targetOf } from '../../swarm/target.ts';
import type { RunOptions } from '../use-cases.ts';
import { clusterPlanOf } from './power.ts';
import { pickStack } from './status.ts';
import { providerContext } from './up.ts';

export interface Located {
  readonly target: SwarmTarget;
  readonly provider: ClusterProvider;
  readonly cluster: ClusterPlan;
}

/** Throws `stack-unknown`, `stack-ambiguous`, `stack-no-swarm`. */
export async function locateSwarm(ports: Ports, stack: string | undefined, { signal }: RunOptions): Promise<Located> {
  const found = await pickStack(ports, stack, 'swarm');
  const provider = await findProvider(found.provider);
  const context = providerContext(ports, signal);
  const [facts, access] = await Promise.all([provider.observe(found.stack, found.cluster, context), provider.access(found.stack, found.cluster, context)]);
  if (access?.runtime !== 'swarm') {
    throw preconditionError({
      code: 'stack-no-swarm', message: `stack ${found.stack} is not running, or is no swarm`,
      ...(facts.reason === undefined ? {} : { reason: facts.reason }), hints: [{ text: 'make a swarm', command: 'devstack up swarm' }],
    });
  }
  return { target: targetOf({ stack: found.stack, cluster: found.cluster, provider: provider.id, access }, facts.settings), provider, cluster: clusterPlanOf(found, facts) };
}

export function runOf(ports: Ports, { signal }: RunOptions, onProgress: OnProgress = () => undefined): SwarmRun {
  return { ports, signal, onProgress };
}

/** Into the nodes goes what this engine has; the rest is pulled by the nodes. */
export async function loadImages(ports: Ports, { provider, cluster, images }: Pick<Located, 'provider' | 'cluster'> & { readonly images: readonly string[] }, run: SwarmRun): Promise<void> {
  const local = await Promise.all(images.map((image) => ports.docker.inspectImage(image)));
  const known = images.filter((_image, index) => local[index] !== undefined);
  const missing = (await provider.images?.missing(cluster, known, run)) ?? [];
  for (const image of missing) await provider.images?.load(cluster, image, run);
}
