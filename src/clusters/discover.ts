// Which stacks exist, told by Docker labels alone: works without any file of ours on this machine.
import type { StackFacts } from '../model/fact.ts';
import { isJsonObject } from '../model/json.ts';
import { clusterName, DOCKER_PROVIDER_LABEL, DOCKER_RECORD_LABEL, DOCKER_STACK_LABEL } from '../model/label.ts';
import type { Docker, DockerNetwork } from '../ports.ts';

function portOf(network: DockerNetwork): number | undefined {
  try {
    const record: unknown = JSON.parse(network.labels[DOCKER_RECORD_LABEL] ?? '{}');
    const port = isJsonObject(record) ? record['port'] : undefined;
    return typeof port === 'number' ? port : undefined;
  } catch {
    return undefined; // a label that somebody else wrote
  }
}

/** Every stack has one network that carries its labels, made before anything else of it. Sorted by name. */
export async function discoverStacks(docker: Pick<Docker, 'listNetworks'>): Promise<readonly StackFacts[]> {
  const networks = await docker.listNetworks({ labels: [DOCKER_STACK_LABEL] });
  return networks
    .map((network) => {
      const stack = network.labels[DOCKER_STACK_LABEL] ?? '';
      return { stack, provider: network.labels[DOCKER_PROVIDER_LABEL] ?? '', cluster: clusterName(stack), port: portOf(network) };
    })
    .sort((a, b) => a.stack.localeCompare(b.stack));
}
