// A swarm of containers put to sleep and woken up. A swarm that is the engine itself sleeps and wakes with it.

import type { Access } from '../../model/access.ts';
import { preconditionError } from '../../model/error.ts';
import type { ClusterPlan } from '../../model/plan.ts';
import type { DockerContainer } from '../../ports.ts';
import type { Power, ProviderContext } from '../provider.ts';
import { isContained } from './cluster-plan.ts';
import { readHoldings, refuseForeign } from './holdings.ts';

/** An engine stops its tasks, which have ten seconds for themselves. */
const STOP_SECONDS = 20;

export function powerOf(create: (plan: ClusterPlan, context: ProviderContext) => Promise<Access>): Power {
  return {
    async stop(cluster, { ports, signal, onProgress }) {
      const held = await readHoldings(ports, cluster, signal);
      refuseForeign(held, cluster);
      if (held.record !== undefined && !isContained(held.record)) throw always(cluster);
      onProgress(`stopping ${held.nodes.length} ${held.nodes.length === 1 ? 'node' : 'nodes'}`);
      const stop = async (containers: readonly DockerContainer[]): Promise<void> => {
        await Promise.all(containers.filter(({ state }) => state === 'running').map(({ id }) => ports.docker.stopContainer(id, STOP_SECONDS)));
      };
      await stop(held.gateways);
      await stop(held.nodes);
    },
    start: create,
  };
}

function always({ stack }: ClusterPlan) {
  return preconditionError({
    code: 'swarm-is-the-engine', message: `stack ${stack} is the swarm of the engine itself: it stops with the engine`,
    hints: [{ text: 'remove it, or make one of containers', command: `devstack down ${stack}` }],
  });
}
