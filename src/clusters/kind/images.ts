// Images for kind's nodes.
import { imageLoader } from '../containerd/images.ts';
import { readHoldings } from './holdings.ts';

export const images = imageLoader(async ({ stack, cluster }, { ports }) => {
  const { nodes } = await readHoldings(ports.docker, { stack, cluster });
  return nodes.filter((node) => node.state === 'running').map((node) => node.name);
});
