// Images into the nodes of somebody's cluster, where these are containers of the local engine. Other nodes pull for themselves.

import { preconditionError } from '../../model/error.ts';
import { LOCAL_PREFIX } from '../../model/image-name.ts';
import { clusterName } from '../../model/label.ts';
import type { ClusterPlan } from '../../model/plan.ts';
import { imageLoader } from '../containerd/images.ts';
import type { ImageLoader, ProviderContext } from '../provider.ts';

/** Containers that have the name of a node. */
async function nodeContainers({ stack }: Pick<ClusterPlan, 'stack'>, { ports, signal }: ProviderContext): Promise<readonly string[]> {
  const client = await ports.kubeConnector.connect({ runtime: 'kubernetes', kubeconfig: ports.kubeconfigs.pathOf(stack), context: clusterName(stack) });
  try {
    const [nodes, containers] = await Promise.all([client.list({ apiVersion: 'v1', kind: 'Node' }, {}, signal), ports.docker.listContainers({})]);
    const names = nodes.items.map(({ metadata }) => metadata.name);
    return containers.filter(({ name, state }) => state === 'running' && names.includes(name)).map(({ name }) => name);
  } finally {
    client.close();
  }
}

const loader = imageLoader(nodeContainers);

export const containerImages: ImageLoader = {
  async missing(plan, wanted, context) {
    if ((await nodeContainers(plan, context)).length > 0) return await loader.missing(plan, wanted, context);
    return wanted.filter((image) => image.startsWith(LOCAL_PREFIX));
  },

  async load(plan, image, context) {
    if ((await nodeContainers(plan, context)).length > 0) return await loader.load(plan, image, context);
    throw preconditionError({
      code: 'context-no-image-load', message: `the image ${image} cannot be put into the nodes of ${plan.cluster}`,
      reason: 'they are no containers of this engine: they take images from a registry only',
      hints: [{ text: 'take a cluster that devstack makes', command: 'devstack up --provider kind' }],
    });
  },
};
