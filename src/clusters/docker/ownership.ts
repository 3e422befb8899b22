// Whose the networks and containers of an engine are: what every provider asks whose clusters Docker holds.
import { isDevstackError, preconditionError } from '../../model/error.ts';
import type { ClusterState } from '../../model/fact.ts';
import { readStackRecord } from '../../model/record.ts';
import type { Docker, DockerContainer, DockerNetwork } from '../../ports.ts';

export interface Target {
  readonly stack: string;
  readonly cluster: string;
}

export interface Condition {
  readonly state: ClusterState;
  readonly reason?: string;
}

type Labelled = Pick<DockerNetwork, 'name' | 'labels'>;

/** Whether its labels say that this provider made it for this stack. */
export function isOurs({ labels }: Pick<Labelled, 'labels'>, stack: string, provider: string): boolean {
  const record = readStackRecord(labels);
  return record !== undefined && record.stack === stack && record.provider === provider;
}

/** Made for the network of that name and never started. Where the network is gone, its run was killed, and somebody was faster to remove that. */
export function isStranded({ state, networks }: DockerContainer, network: string): boolean {
  return state === 'created' && networks.length === 1 && networks[0] === network;
}

/** Whose it is, in one line. */
export function ownerOf(kind: 'network' | 'container', { name, labels }: Labelled): string {
  const owner = readStackRecord(labels);
  const whose = owner === undefined ? 'was not made by devstack' : `belongs to stack ${owner.stack} of provider ${owner.provider}`;
  return `the Docker ${kind} ${name} ${whose}`;
}

/** Why a name is taken where containers are ours by the network they hang on: by that network, or by a container beside it. */
export function foreignReason(network: DockerNetwork | undefined, container: DockerContainer | undefined, cluster: string): string | undefined {
  if (network !== undefined) return ownerOf('network', network);
  return container === undefined ? undefined : `the container ${container.name} is not on a network that devstack made for ${cluster}`;
}

/** The text of a file that was written into a node when its cluster was whole; undefined without node or file. */
export async function readFinished(docker: Docker, node: DockerContainer | undefined, path: string): Promise<string | undefined> {
  if (node === undefined) return undefined;
  try {
    return (await docker.readFile(node.name, path))?.trim();
  } catch (cause) {
    // Gone since it was listed: another run, forced to end, has just removed it.
    if (isDevstackError(cause) && /no such container/i.test(cause.reason ?? '')) return undefined;
    throw cause;
  }
}

/** Throws `cluster-not-ours`: the name is taken by something that devstack did not make. `up` is the command that takes another one. */
export function refuseForeign({ foreign }: { readonly foreign: string | undefined }, { cluster, stack }: Target, up = 'devstack up'): void {
  if (foreign === undefined) return;
  throw preconditionError({
    code: 'cluster-not-ours', message: `a cluster ${cluster} exists that devstack did not make`, reason: foreign,
    hints: [{ text: 'take another name', command: `${up} --name ${stack}-2` }],
  });
}
