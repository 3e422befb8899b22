// Contexts of the user's own kubeconfig files, read and never written; and the kubeconfig of a stack made from one of them.
import { delimiter, dirname, isAbsolute, join } from 'node:path';
import { preconditionError } from '../../model/error.ts';
import { isJsonObject, type Json, type JsonObject } from '../../model/json.ts';
import { arrayAt, at, stringAt } from '../../model/object.ts';
import type { Ports } from '../../ports.ts';

type World = Pick<Ports, 'files' | 'yaml' | 'env' | 'platform'>;

/** The entries behind one context, all of one file. File names in them are absolute. */
export interface ContextEntry {
  readonly name: string;
  /** The file. */
  readonly path: string;
  /** Address of the API server. */
  readonly server: string;
  readonly cluster: JsonObject;
  readonly user: JsonObject;
  /** A program that the kubeconfig wants to be run for credentials. */
  readonly plugin: string | undefined;
}

/** Keys of a kubeconfig whose values are names of files, relative to its folder. */
const FILE_KEYS: readonly string[] = ['certificate-authority', 'client-certificate', 'client-key', 'tokenFile', 'token-file'];
/** Above any real one; a wrong path should not be read into memory. */
const MAX_BYTES = 16 * 2 ** 20;

/** In kubectl's order. */
function userFiles({ env, platform }: World): readonly string[] {
  const named = (env['KUBECONFIG'] ?? '').split(delimiter).filter((path) => path !== '');
  const home = platform.os === 'windows' ? env['USERPROFILE'] : env['HOME'];
  return named.length > 0 || home === undefined || home === '' ? named : [join(home, '.kube', 'config')];
}

interface Source {
  readonly path: string;
  readonly config: Json;
}

async function readSource(path: string, { files, yaml }: World): Promise<Source | undefined> {
  const found = await files.stat(path, { follow: true });
  if (found?.kind !== 'file' || found.size > MAX_BYTES) return undefined;
  const text = await files.readText(path);
  try {
    const config = text === undefined ? undefined : yaml.parseAll(text, path)[0];
    return config === undefined ? undefined : { path, config };
  } catch {
    // Somebody's broken file is no reason to fail: the context asked for may be in another one.
    return undefined;
  }
}

function named({ config }: Source, list: string, name: string | undefined): Json | undefined {
  return arrayAt(config, list).find((candidate) => name !== undefined && stringAt(candidate, 'name') === name);
}

/** Relative file names in a kubeconfig count from its own folder. */
function inner(source: Source, found: Json | undefined, key: string): JsonObject | undefined {
  const value = at(found, key);
  if (!isJsonObject(value)) return undefined;
  return Object.fromEntries(Object.entries(value).map(([name, field]) => (
    FILE_KEYS.includes(name) && typeof field === 'string' && !isAbsolute(field) ? [name, join(dirname(source.path), field)] : [name, field]
  )));
}

function entryIn(source: Source, name: string): ContextEntry | undefined {
  const context = inner(source, named(source, 'contexts', name), 'context');
  const cluster = inner(source, named(source, 'clusters', stringAt(context, 'cluster')), 'cluster');
  const user = inner(source, named(source, 'users', stringAt(context, 'user')), 'user');
  const server = stringAt(cluster, 'server');
  if (cluster === undefined || user === undefined || server === undefined || !URL.canParse(server)) return undefined;
  return { name, path: source.path, server, cluster, user, plugin: stringAt(user, 'exec', 'command') ?? stringAt(user, 'auth-provider', 'name') };
}

async function readSources(world: World): Promise<readonly Source[]> {
  const read = await Promise.all(userFiles(world).map((path) => readSource(path, world)));
  return read.filter((source) => source !== undefined);
}

/** Names of all contexts, in the order of the files. */
export async function contextNames(world: World): Promise<readonly string[]> {
  const sources = await readSources(world);
  return [...new Set(sources.flatMap(({ config }) => arrayAt(config, 'contexts').flatMap((entry) => stringAt(entry, 'name') ?? [])))];
}

/** The first file that has the context whole, as kubectl's order goes; undefined when none has. */
export async function findContext(name: string, world: World): Promise<ContextEntry | undefined> {
  for (const source of await readSources(world)) {
    const entry = entryIn(source, name);
    if (entry !== undefined) return entry;
  }
  return undefined;
}

/** Throws `context-unknown`. */
export async function requireContext(name: string, world: World): Promise<ContextEntry> {
  const found = await findContext(name, world);
  if (found !== undefined) return found;
  const names = await contextNames(world);
  throw preconditionError({
    code: 'context-unknown', message: `no kubeconfig of yours has a usable context ${name}`,
    reason: names.length === 0 ? 'there are no contexts at all' : `contexts: ${names.slice(0, 8).join(', ')}${names.length > 8 ? ` and ${names.length - 8} more` : ''}`,
    hints: [{ text: 'see them', command: 'kubectl config get-contexts' }],
  });
}

/** A file with this one context, under a name that no other tool gives: written into the user's own file it hides nothing. */
export function kubeconfigOf(entry: ContextEntry, name: string, { yaml }: Pick<Ports, 'yaml'>): string {
  return yaml.stringify({
    apiVersion: 'v1', kind: 'Config', 'current-context': name,
    clusters: [{ name, cluster: entry.cluster }], contexts: [{ name, context: { cluster: name, user: name } }], users: [{ name, user: entry.user }],
  });
}
