// Images for kind's nodes: loaded into them, or taken by them from a registry beside them.
import { imageLoader, type NodesOf } from '../containerd/images.ts';
import { registryKeeper } from '../containerd/registry.ts';
import { readHoldings } from './holdings.ts';

const runningNodes: NodesOf = async ({ stack, cluster }, { ports }) => {
  const { nodes } = await readHoldings(ports.docker, { stack, cluster });
  return nodes.filter((node) => node.state === 'running').map((node) => node.name);
};

export const images = imageLoader(runningNodes);

export const registry = registryKeeper('kind', runningNodes);
