// The table of providers. A new one is a folder beside this file and a line here.
import { isDevstackError, usageError } from '../model/error.ts';
import type { StackFacts } from '../model/fact.ts';
import type { Ports } from '../ports.ts';
import { discoverLabelled } from './discover.ts';
import type { ClusterProvider } from './provider.ts';

const loaders: { readonly [id: string]: () => Promise<ClusterProvider> } = {
  kind: async () => (await import('./kind/index.ts')).kind,
  minikube: async () => (await import('./minikube/index.ts')).minikube,
  'docker-desktop': async () => (await import('./docker-desktop/index.ts')).dockerDesktop,
  context: async () => (await import('./context/index.ts')).context,
  swarm: async () => (await import('./swarm/index.ts')).swarm,
  rehearsal: async () => (await import('./rehearsal/index.ts')).rehearsal,
};

/** What runs a stack where no container engine answers. */
export const ENGINELESS = 'rehearsal';

/** The provider that naming a context means. */
export const CONTEXT_PROVIDER = 'context';

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

type World = Pick<Ports, 'docker' | 'files' | 'folders'>;

/** Stacks that leave nothing in an engine. */
const finders: readonly ((ports: World) => Promise<readonly StackFacts[]>)[] = [
  async (ports) => (await import('./rehearsal/place.ts')).findRehearsals(ports),
];

/** True for the errors of an engine that is not there: what is elsewhere can be told without it. */
export function isWithoutEngine(error: unknown): boolean {
  return isDevstackError(error) && ['docker-missing', 'docker-not-running'].includes(error.code);
}

/** Every stack of which anything exists, by name. Reads only. Throws what the engine throws, unless there are stacks that need none. */
export async function discoverStacks(ports: World): Promise<readonly StackFacts[]> {
  const [elsewhere, [labelled]] = await Promise.all([Promise.all(finders.map((find) => find(ports))), Promise.allSettled([discoverLabelled(ports.docker)])]);
  const found = elsewhere.flat();
  if (labelled.status === 'rejected' && (found.length === 0 || !isWithoutEngine(labelled.reason))) throw labelled.reason;
  return [...labelled.status === 'fulfilled' ? labelled.value : [], ...found].sort((a, b) => a.stack.localeCompare(b.stack, 'en'));
}
