// The context provider: any cluster that a kubeconfig of the user leads to.
import { clusterName } from '../../model/label.ts';
import { hasConsent } from '../existing/consent.ts';
import { contextNames, findContext } from '../existing/kubeconfig.ts';
import { existingProvider, SETTINGS } from '../existing/provider.ts';
import type { Availability, ClusterProvider, ProviderContext } from '../provider.ts';

const MAX_NAMED = 6;

export const context: ClusterProvider = existingProvider({
  id: 'context', title: 'context',
  // A stack that exists says its cluster by itself.
  contextOf: ({ name, cluster, settings }) => settings?.[SETTINGS.context] ?? (cluster === clusterName(name) ? undefined : cluster),
  contextNamed: (cluster) => cluster,
  availability,
});

/** Nothing is asked over the network: which of them answers is for who names one. */
async function availability({ ports }: ProviderContext): Promise<Availability> {
  const names = await contextNames(ports);
  const entries = await Promise.all(names.map((name) => findContext(name, ports)));
  const marks = await Promise.all(entries.map(async (entry) => entry !== undefined && await hasConsent(entry, undefined, ports)));
  const [first] = names.filter((_, index) => marks[index]);
  if (names.length === 0) {
    return { isUsable: false, why: 'no kubeconfig of yours has a context', hints: [{ text: 'see which file kubectl reads', command: 'kubectl config view' }] };
  }
  const named = names.map((name, index) => (marks[index] === true ? name : `${name} (needs --allow-remote)`));
  const why = `your kubeconfig has ${named.slice(0, MAX_NAMED).join(', ')}${named.length > MAX_NAMED ? ` and ${named.length - MAX_NAMED} more` : ''}`;
  return { isUsable: true, why, hints: [{ text: 'use one', command: `devstack up --context ${first ?? names[0] ?? ''}` }] };
}
