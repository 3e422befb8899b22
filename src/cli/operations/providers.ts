// Use cases `providers` and the choice of one: what this machine can run a stack on, and what `up` takes when nobody names it.
import { discoverStacks, findProvider, isWithoutEngine, providerIds } from '../../clusters/index.ts';
import type { Availability, ClusterProvider } from '../../clusters/provider.ts';
import { isDevstackError } from '../../model/error.ts';
import type { StackSpec } from '../../model/stack.ts';
import type { Ports } from '../../ports.ts';
import type { ProviderChoice, ProviderReport, RunOptions } from '../use-cases.ts';
import { providerContext } from './up.ts';

/** What has to be there for a provider that makes its clusters itself. Looks only; fetches nothing. */
async function ownAvailability(provider: ClusterProvider, ports: Ports, signal: AbortSignal): Promise<Availability> {
  if (provider.engine !== undefined) return { isUsable: true, why: 'it needs no container engine, and installs nothing', hints: [] };
  const engine = await engineOf(ports, signal);
  if (!engine.isUsable) return engine;
  const { programs = [], tools, title } = provider;
  const found = await Promise.all([...programs, ...tools].map((name) => ports.processes.find(name)));
  const missing = programs.find((_, index) => found[index] === undefined);
  if (missing !== undefined) return { isUsable: false, why: `${title} needs the command ${missing}, which is not on PATH`, hints: [{ text: 'see where programs are looked for', command: 'echo $PATH' }] };
  const fetched = tools.filter((_, index) => found[programs.length + index] === undefined);
  const how = fetched.length > 0 ? `; ${fetched.join(' and ')} is fetched when first needed` : tools.length === 0 ? '' : `; ${tools.join(' and ')} is on PATH`;
  return { isUsable: true, why: `${engine.why}${how}`, hints: [] };
}

async function engineOf(ports: Ports, signal: AbortSignal): Promise<Availability> {
  try {
    const { serverVersion } = await ports.docker.info(signal);
    return { isUsable: true, why: `Docker ${serverVersion} answers`, hints: [] };
  } catch (cause) {
    if (!isDevstackError(cause)) throw cause;
    return { isUsable: false, why: cause.message, hints: cause.hints };
  }
}

function availabilityOf(provider: ClusterProvider, ports: Ports, signal: AbortSignal): Promise<Availability> {
  return provider.availability?.(providerContext(ports, signal)) ?? ownAvailability(provider, ports, signal);
}

/** All of them, in the order in which one is chosen. */
export async function surveyProviders(ports: Ports, { signal }: RunOptions): Promise<readonly ProviderReport[]> {
  const providers = await Promise.all(providerIds.map((id) => findProvider(id)));
  const [reports, choice] = await Promise.all([
    Promise.all(providers.map(async ({ id, title, runtime }, index) => {
      const provider = providers[index];
      return { id, title, runtime, ...(provider === undefined ? { isUsable: false, why: '', hints: [] } : await availabilityOf(provider, ports, signal)) };
    })),
    chooseProvider(ports, { name: undefined, provider: providerIds[0] ?? '' }, signal),
  ]);
  return reports.map((report) => ({ ...report, ...(report.id === choice.provider && choice.why !== undefined ? { chosen: choice.why } : {}) }));
}

/**
 * The provider of the stack where it exists; else the first that makes a cluster of its own; else somebody's that answers, which only
 * a person can allow. Where nothing can be used it is the wanted one, whose own errors say why.
 */
export async function chooseProvider(ports: Ports, wish: { readonly name: string | undefined } & Pick<StackSpec, 'provider'>, signal: AbortSignal): Promise<ProviderChoice> {
  const existing = wish.name === undefined ? undefined : (await stacksOf(ports)).find(({ stack }) => stack === wish.name);
  if (existing !== undefined && providerIds.includes(existing.provider)) {
    const { provider, cluster, stack } = existing;
    return { provider, cluster, why: provider === wish.provider ? undefined : `stack ${stack} is there already`, isSomebodys: false };
  }
  const wanted = await findProvider(wish.provider);
  const candidates = await Promise.all(providerIds.map((id) => findProvider(id)));
  const fitting = candidates.filter((provider) => provider.runtime === wanted.runtime && provider.engine === undefined);
  for (const isOwn of [true, false]) {
    for (const provider of fitting.filter(({ capabilities }) => capabilities.ownsCluster === isOwn)) {
      // A context has to be named: which of them is meant, nobody can know.
      if (!isOwn && provider.problems(anySpec(wish)).length > 0) continue;
      const { isUsable, why } = await availabilityOf(provider, ports, signal);
      if (isUsable) return { provider: provider.id, why: isOwn ? 'it makes a cluster of its own here, and removes all of it' : why, isSomebodys: !isOwn };
    }
  }
  return { provider: wish.provider, why: undefined, isSomebodys: false };
}

async function stacksOf(ports: Ports) {
  try {
    return await discoverStacks(ports);
  } catch (cause) {
    if (isWithoutEngine(cause)) return [];
    throw cause;
  }
}

/** A spec that says no more than the defaults do. */
function anySpec({ name, provider }: { readonly name: string | undefined } & Pick<StackSpec, 'provider'>): StackSpec {
  return {
    name: name ?? '', provider, cluster: '', preset: '', nodes: 1, managers: 1, kubernetes: undefined, nodeImage: undefined, port: 0, portIsFixed: false, addons: [],
    ingress: '', domain: 'auto', samples: [], images: [], fit: false, versions: {}, timeoutMs: 0,
  };
}
