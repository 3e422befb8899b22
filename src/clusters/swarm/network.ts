// The network of a stack: its record, and the place of its nodes.
import { isDevstackError, preconditionError } from '../../model/error.ts';
import { DOCKER_STACK_LABEL } from '../../model/label.ts';
import type { ClusterPlan } from '../../model/plan.ts';
import { stackLabels } from '../../model/record.ts';
import type { Docker, DockerNetwork } from '../../ports.ts';
import { addressPlan } from './cluster-plan.ts';

/** Other programs make networks at the same time. */
const TRIES = 5;

/** A plain bridge, for a swarm that needs no addresses of its own. */
export async function makeMarker(docker: Docker, plan: ClusterPlan): Promise<DockerNetwork> {
  return await docker.createNetwork(plan.cluster, stackLabels(plan));
}

/** A bridge whose addresses are ours to give. */
export async function makeNodeNetwork(docker: Docker, plan: ClusterPlan): Promise<DockerNetwork> {
  for (let round = 1; ; round += 1) {
    const addresses = addressPlan(await freeSubnet(docker, plan));
    if (addresses === undefined) throw tooSmall(plan);
    try {
      return await docker.createNetwork(plan.cluster, stackLabels(plan), { subnet: addresses.subnet, range: addresses.range });
    } catch (cause) {
      if (round === TRIES || !isDevstackError(cause) || cause.code !== 'subnet-taken') throw cause;
    }
  }
}

/** The engine itself says which addresses are free: it knows the routes of its machine. A network is made for that, and removed. */
async function freeSubnet(docker: Docker, plan: ClusterPlan): Promise<string> {
  const name = `${plan.cluster}-subnet`;
  for (const left of await docker.listNetworks({ name })) {
    if (left.labels[DOCKER_STACK_LABEL] === plan.stack) await docker.removeNetwork(left.id);
  }
  const probe = await docker.createNetwork(name, stackLabels(plan));
  try {
    const [found] = await docker.listNetworks({ name });
    if (found?.subnet === undefined) throw preconditionError({ code: 'swarm-no-subnet', message: 'the engine does not say which addresses its networks have' });
    return found.subnet;
  } finally {
    await docker.removeNetwork(probe.id);
  }
}

function tooSmall(plan: ClusterPlan) {
  return preconditionError({
    code: 'swarm-no-subnet', message: `the networks of this engine are too small for ${plan.nodes} nodes`,
    reason: 'its default address pools give out networks of fewer than 64 addresses',
    hints: [{ text: 'see default-address-pools', command: 'docker info' }],
  });
}
