// Stacks by what they left in Docker: nothing is asked but the labels, so a lost state folder and a dead cluster do not matter.
import type { StackFacts } from '../model/fact.ts';
import { clusterName, DOCKER_STACK_LABEL } from '../model/label.ts';
import { readStackRecord, type StackRecord } from '../model/record.ts';
import type { Docker } from '../ports.ts';

/** Every stack of which anything exists in the engine. Reads only. */
export async function discoverLabelled(docker: Pick<Docker, 'listNetworks' | 'listContainers' | 'listVolumes'>): Promise<readonly StackFacts[]> {
  const labels = [DOCKER_STACK_LABEL];
  const [networks, containers, volumes] = await Promise.all([
    docker.listNetworks({ labels }), docker.listContainers({ labels }), docker.listVolumes({ labels }),
  ]);
  const stacks = new Map<string, StackFacts>();
  for (const thing of [...networks, ...containers, ...volumes]) {
    const record = readStackRecord(thing.labels);
    if (record === undefined) continue;
    // One stack has many things; the one whose record is whole says the most.
    const known = stacks.get(record.stack);
    if (known?.port === undefined) stacks.set(record.stack, factsOf(record));
  }
  return [...stacks.values()];
}

function factsOf({ stack, provider, cluster, ports }: StackRecord): StackFacts {
  return { stack, provider, cluster: cluster === '' ? clusterName(stack) : cluster, port: ports[0]?.host };
}
