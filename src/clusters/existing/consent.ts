// Which clusters are used without asking: those of this machine. Any other one only when the person names it.
import { usageError } from '../../model/error.ts';
import type { Ports } from '../../ports.ts';
import type { ContextEntry } from './kubeconfig.ts';

const RESOLVE_TIMEOUT_MS = 1_500;
/** Hosts whose machines the provider of a node says (`spec.providerID`): local ones. A cloud says `aws:///…`, `gce://…`. */
const LOCAL_NODES: readonly string[] = ['kind', 'k3s', 'k3d', 'minikube', 'docker'];

/** True when the API server listens on this machine. */
export async function isLocal({ server }: ContextEntry, { network }: Pick<Ports, 'network'>): Promise<boolean> {
  const host = new URL(server).hostname.replace(/^\[|\]$/g, '');
  if (isLoopback(host) || host === 'localhost') return true;
  if (/^[\d.]+$|:/.test(host)) return false;
  const addresses = await network.resolve(host, RESOLVE_TIMEOUT_MS);
  return addresses.length > 0 && addresses.every(isLoopback);
}

function isLoopback(host: string): boolean {
  return host === '::1' || /^127(?:\.\d{1,3}){3}$/.test(host);
}

/** A tunnel on loopback may lead anywhere: the nodes say where they are. */
export function isCloudNode(providerId: string | undefined): boolean {
  const scheme = /^([\w-]+):\/\//.exec(providerId ?? '')?.[1];
  return scheme !== undefined && !LOCAL_NODES.includes(scheme);
}

export async function hasConsent(entry: ContextEntry, allowed: string | undefined, ports: Pick<Ports, 'network'>): Promise<boolean> {
  return allowed === entry.name || (entry.plugin === undefined && await isLocal(entry, ports));
}

/** Throws `context-remote`, `context-plugin`: the person has not named this context by --allow-remote. */
export async function requireConsent(entry: ContextEntry, allowed: string | undefined, ports: Pick<Ports, 'network'>): Promise<void> {
  if (await hasConsent(entry, allowed, ports)) return;
  if (!(await isLocal(entry, ports))) throw remote(entry.name, `its API server is ${new URL(entry.server).host}`, allowed);
  throw usageError({
    code: 'context-plugin', message: `context ${entry.name} runs a program to sign in`, reason: `its kubeconfig names ${entry.plugin ?? 'none'}`,
    hints: [{ text: 'if that is what you want, say so', command: allowCommand(entry.name) }],
  });
}

export function remote(context: string, reason: string, allowed?: string) {
  return usageError({
    code: 'context-remote', message: `the cluster of context ${context} is not on this machine, so nothing was sent to it`,
    reason: allowed === undefined ? reason : `${reason}; --allow-remote names ${allowed}`,
    hints: [{ text: 'if it is the one you mean, name it', command: allowCommand(context) }],
  });
}

function allowCommand(context: string): string {
  return `devstack up --context ${context} --allow-remote ${context}`;
}
