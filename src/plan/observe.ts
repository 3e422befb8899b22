// Reads the world into Facts, all at once. Changes nothing.
import { discoverStacks, isWithoutEngine } from '../clusters/index.ts';
import type { ClusterProvider, ProviderContext } from '../clusters/provider.ts';
import { isDevstackError } from '../model/error.ts';
import type { ClusterFacts, DomainFacts, EngineFacts, Facts, PartFacts, StackFacts } from '../model/fact.ts';
import { REGISTRY_PORTS } from '../model/plan.ts';
import type { StackSpec } from '../model/stack.ts';
import type { DockerInfo, Network } from '../ports.ts';
import { DOMAIN_LADDER } from './domain.ts';

const RESOLVE_TIMEOUT_MS = 1_500;
const LOOPBACK = '127.0.0.1';
/** After the wanted port: what people know, then whatever is free. */
const FURTHER_PORTS = [8080, 8081, 8082, 8888] as const;
const MEBI = 1024 * 1024;

export function engineFacts(info: DockerInfo, endpoint: string): EngineFacts {
  const arch = info.architecture === 'x86_64' ? 'amd64' : info.architecture === 'aarch64' ? 'arm64' : info.architecture;
  return {
    version: info.serverVersion, operatingSystem: info.operatingSystem, arch, cpus: info.cpus, memoryMi: Math.floor(info.memoryBytes / MEBI),
    cgroupVersion: info.cgroupVersion, rootless: info.rootless, containerdStore: info.containerdStore, endpoint,
  };
}

/** Does every name under a domain lead to this machine, by the system's resolver? */
export async function probeDomain(domain: string, network: Network): Promise<DomainFacts> {
  const addresses = await network.resolve(`probe.${domain}`, RESOLVE_TIMEOUT_MS);
  if (addresses.includes(LOOPBACK)) return { domain, resolves: true, reason: `resolves to ${LOOPBACK}` };
  const [other] = addresses;
  return { domain, resolves: false, reason: other === undefined ? 'does not resolve (offline, or filtered as a rebinding answer)' : `resolves to ${other}` };
}

/** Down the ladder until one resolves; the later ones are not asked. */
async function probeLadder(domains: readonly string[], network: Network): Promise<readonly DomainFacts[]> {
  const asked = domains.map((domain) => probeDomain(domain, network));
  const facts: DomainFacts[] = [];
  for (const answer of asked) {
    facts.push(await answer);
    if (facts.at(-1)?.resolves === true) break;
  }
  return facts;
}

async function freeOf(candidates: readonly number[], network: Network): Promise<readonly number[]> {
  const free = await Promise.all(candidates.map((port) => network.canBind(port)));
  return candidates.filter((_, index) => free[index]);
}

async function freePorts(wanted: number, network: Network): Promise<readonly number[]> {
  const found = await freeOf([...new Set([wanted, ...FURTHER_PORTS])], network);
  return found.length > 0 ? found : [await network.freePort()];
}

function domainsOf(spec: StackSpec, cluster: ClusterFacts): readonly string[] {
  if (spec.domain !== 'auto') return [spec.domain];
  const kept = cluster.settings?.['domain'];
  return kept === undefined ? DOMAIN_LADDER : [kept];
}

/** What is installed; undefined when the API server cannot be asked, which the step `cluster` then mends or explains. */
async function partsOf(spec: StackSpec, provider: ClusterProvider, context: ProviderContext): Promise<readonly PartFacts[] | undefined> {
  const { ports, signal } = context;
  try {
    const access = await provider.access(spec.name, spec.cluster, context);
    if (access?.runtime !== 'kubernetes') return undefined;
    const client = await ports.kubeConnector.connect(access);
    const inventories = await ports.kubeSets.inventories(client, spec.name, signal).finally(() => client.close());
    return inventories.map(({ part, complete }) => ({ part, complete }));
  } catch (error) {
    if (isDevstackError(error)) return undefined;
    throw error;
  }
}

/** The container engine, or what a provider that needs none offers in its place. */
export async function engineOf(provider: ClusterProvider, { ports, signal }: Pick<ProviderContext, 'ports' | 'signal'>): Promise<EngineFacts> {
  return provider.engine?.(ports) ?? engineFacts(await ports.docker.info(signal), ports.docker.endpoint);
}

/** An engine that is not there is no matter for a provider that does without. */
async function stacksOf(provider: ClusterProvider, ports: ProviderContext['ports']): Promise<readonly StackFacts[]> {
  try {
    return await discoverStacks(ports);
  } catch (error) {
    if (provider.engine !== undefined && isWithoutEngine(error)) return [];
    throw error;
  }
}

/** Facts for planning a stack. Throws what the engine throws: `docker-missing`, `docker-not-running`, `docker-no-permission`. */
export async function observe(spec: StackSpec, provider: ClusterProvider, context: ProviderContext): Promise<Facts> {
  const { ports } = context;
  const [engine, cluster, stacks, images] = await Promise.all([
    engineOf(provider, context), provider.observe(spec.name, spec.cluster, context), stacksOf(provider, ports), provider.engine === undefined ? ports.docker.listImages() : [],
  ]);
  const [domains, free, registryPorts, parts] = await Promise.all([
    probeLadder(domainsOf(spec, cluster), ports.network), freePorts(spec.port, ports.network), freeOf(REGISTRY_PORTS, ports.network), cluster.state === 'running' ? partsOf(spec, provider, context) : [],
  ]);
  return {
    engine, cluster, stacks, freePorts: free, registryPorts, domains,
    localImages: images.flatMap((image) => image.tags), ...(parts === undefined ? {} : { parts }),
  };
}

