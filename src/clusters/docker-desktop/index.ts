// The docker-desktop provider: the Kubernetes of Docker Desktop. It is used as it is; never enabled, reset or removed.
import { answeringVersion } from '../existing/answering.ts';
import { findContext } from '../existing/kubeconfig.ts';
import { existingProvider } from '../existing/provider.ts';
import type { Availability, ClusterProvider, ProviderContext } from '../provider.ts';
import { CONTEXT, desktopProblem, desktopState } from './desktop.ts';

export const dockerDesktop: ClusterProvider = existingProvider({
  id: 'docker-desktop', title: 'Docker Desktop', hasLoadBalancer: true,
  contextOf: () => CONTEXT,
  contextNamed: () => CONTEXT,
  async explain({ ports, signal }) {
    const problem = desktopProblem(await desktopState(ports, signal));
    if (problem !== undefined) throw problem;
  },
  availability,
});

async function availability(context: ProviderContext): Promise<Availability> {
  const entry = await findContext(CONTEXT, context.ports);
  const version = entry === undefined ? undefined : await answeringVersion(entry, context);
  if (version !== undefined) return { isUsable: true, why: `its Kubernetes ${version.replace(/^v/, '')} answers`, hints: [{ text: 'use it', command: 'devstack up --provider docker-desktop' }] };
  const problem = desktopProblem(await desktopState(context.ports, context.signal));
  return problem === undefined
    ? { isUsable: false, why: 'its Kubernetes does not answer', hints: [{ text: 'see what it says', command: `kubectl --context ${CONTEXT} get nodes` }] }
    : { isUsable: false, why: problem.message, hints: problem.hints };
}
