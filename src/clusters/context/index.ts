// The context provider: any cluster that a kubeconfig of the user leads to.
import { existingProvider, SETTINGS } from '../existing/provider.ts';
import type { ClusterProvider } from '../provider.ts';

export const context: ClusterProvider = existingProvider({
  id: 'context', title: 'context',
  contextOf: (spec) => spec.settings?.[SETTINGS.context],
  contextNamed: (cluster) => cluster,
});
