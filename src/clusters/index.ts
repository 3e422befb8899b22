// The table of providers. A new one is a folder beside this file and a line here.
import { usageError } from '../model/error.ts';
import type { ClusterProvider } from './provider.ts';

export { discoverStacks } from './discover.ts';

const loaders: { readonly [id: string]: () => Promise<ClusterProvider> } = {
  kind: async () => (await import('./kind/index.ts')).kind,
  swarm: async () => (await import('./swarm/index.ts')).swarm,
};

export const providerIds: readonly string[] = Object.keys(loaders);

/** Throws `provider-unknown` (exit 2). */
export async function findProvider(id: string): Promise<ClusterProvider> {
  const load = Object.hasOwn(loaders, id) ? loaders[id] : undefined;
  if (load === undefined) {
    throw usageError({ code: 'provider-unknown', message: `there is no provider ${id}`, reason: `providers: ${providerIds.join(', ')}`,
      hints: [{ text: 'take one of them', command: `devstack up --provider ${providerIds[0] ?? 'kind'}` }] });
  }
  return load();
}
