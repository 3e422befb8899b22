// The docker-desktop provider: the Kubernetes of Docker Desktop. It is used as it is; never enabled, reset or removed.
import { existingProvider } from '../existing/provider.ts';
import type { ClusterProvider } from '../provider.ts';
import { CONTEXT, desktopProblem, desktopState } from './desktop.ts';

export const dockerDesktop: ClusterProvider = existingProvider({
  id: 'docker-desktop', title: 'Docker Desktop', hasLoadBalancer: true,
  contextOf: () => CONTEXT,
  contextNamed: () => CONTEXT,
  async explain({ ports, signal }) {
    const problem = desktopProblem(await desktopState(ports, signal));
    if (problem !== undefined) throw problem;
  },
});
