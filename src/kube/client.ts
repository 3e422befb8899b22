// Opens a connection for a kubeconfig and a context. The only home of @kubernetes/client-node, whose parts are loaded as needed.
import { dirname, isAbsolute, join } from 'node:path';
import type { KubernetesAccess } from '../model/access.ts';
import { type DevstackError, failedError, isDevstackError, preconditionError } from '../model/error.ts';
import { isJsonObject, type Json, type JsonObject } from '../model/json.ts';
import { arrayAt, at, stringAt } from '../model/object.ts';
import type { Clock, Files, KubeConnector, Yaml } from '../ports.ts';
import { ApiClient } from './api-client.ts';
import { oneLine } from './failure.ts';
import { type Target, Transport } from './transport.ts';

export interface ConnectorPorts {
  readonly files: Files;
  readonly yaml: Yaml;
  readonly clock: Clock;
}

/** The entries of one context. File names in it are absolute. */
interface Selection {
  readonly cluster: JsonObject;
  readonly user: JsonObject;
  readonly context: JsonObject;
}

const FILE_KEYS = ['certificate-authority', 'client-certificate', 'client-key', 'tokenFile', 'token-file'];

function invalid(access: KubernetesAccess, reason: string, details?: { readonly [key: string]: Json }): DevstackError {
  return preconditionError({
    code: 'kubeconfig-invalid', message: `${access.kubeconfig} cannot be used with context ${access.context}`, reason, ...(details === undefined ? {} : { details }),
  });
}

function named(list: readonly Json[], name: string | undefined): JsonObject | undefined {
  const found = list.find((entry) => name !== undefined && stringAt(entry, 'name') === name);
  return isJsonObject(found) ? found : undefined;
}

/** Relative file names in a kubeconfig count from its own folder. */
function withAbsolutePaths(entry: JsonObject, key: 'cluster' | 'user', folder: string): JsonObject {
  const inner = at(entry, key);
  if (!isJsonObject(inner)) return entry;
  const fixed = Object.entries(inner).map(([name, value]) => (
    FILE_KEYS.includes(name) && typeof value === 'string' && !isAbsolute(value) ? [name, join(folder, value)] : [name, value]
  ));
  return { ...entry, [key]: Object.fromEntries(fixed) };
}

function select(kubeconfig: Json, access: KubernetesAccess): Selection {
  const contexts = arrayAt(kubeconfig, 'contexts');
  const context = named(contexts, access.context);
  if (context === undefined) {
    const names = contexts.map((entry) => stringAt(entry, 'name')).filter((name) => name !== undefined);
    throw invalid(access, names.length === 0 ? 'it holds no contexts' : `it holds ${names.join(', ')}`, { contexts: names });
  }
  const cluster = named(arrayAt(kubeconfig, 'clusters'), stringAt(context, 'context', 'cluster'));
  if (cluster === undefined) throw invalid(access, 'the cluster of the context is missing');
  // Without its user the request would go out without credentials and without the cluster's CA: refuse.
  const user = named(arrayAt(kubeconfig, 'users'), stringAt(context, 'context', 'user'));
  if (user === undefined) throw invalid(access, 'the user of the context is missing');
  const folder = dirname(access.kubeconfig);
  return { cluster: withAbsolutePaths(cluster, 'cluster', folder), user: withAbsolutePaths(user, 'user', folder), context };
}

async function pem(files: Files, access: KubernetesAccess, entry: Json | undefined, name: string): Promise<Buffer | undefined> {
  const data = stringAt(entry, `${name}-data`);
  if (data !== undefined && data !== '') return Buffer.from(data, 'base64');
  const path = stringAt(entry, name);
  if (path === undefined || path === '') return undefined;
  const bytes = await files.readBytes(path);
  if (bytes === undefined) throw invalid(access, `${name} ${path} does not exist`);
  return Buffer.from(bytes);
}

function serverOf(selection: Selection, access: KubernetesAccess): URL {
  const text = stringAt(selection.cluster, 'cluster', 'server') ?? '';
  const server = URL.canParse(text) ? new URL(text) : undefined;
  if (server?.protocol !== 'https:' && server?.protocol !== 'http:') throw invalid(access, `"${oneLine(text, 80)}" is no address of a server`);
  return server;
}

/** What runs in an `exec` entry may fail in its own way; its text may hold secrets and is not shown. */
function pluginError(access: KubernetesAccess, command: string, cause: unknown): DevstackError {
  return failedError({
    code: 'kube-unauthorized', message: `the credential plugin ${oneLine(command, 80)} of context ${access.context} failed`,
    hints: [{ text: 'run it yourself to see why', command: `kubectl --kubeconfig ${access.kubeconfig} --context ${access.context} get --raw /version` }],
    cause,
  });
}

/** CA, client certificate and token: what every local cluster has. Read here, for client-node's own reader takes half a second to load. */
async function plainTarget(selection: Selection, access: KubernetesAccess, files: Files): Promise<Target> {
  const cluster = at(selection.cluster, 'cluster');
  const user = at(selection.user, 'user');
  const [ca, cert, key] = await Promise.all([
    pem(files, access, cluster, 'certificate-authority'), pem(files, access, user, 'client-certificate'), pem(files, access, user, 'client-key'),
  ]);
  const tokenFile = stringAt(user, 'tokenFile') ?? stringAt(user, 'token-file');
  const as = stringAt(user, 'as');
  const servername = stringAt(cluster, 'tls-server-name');
  return {
    server: serverOf(selection, access),
    tls: {
      ...(ca === undefined ? {} : { ca }), ...(cert === undefined ? {} : { cert }), ...(key === undefined ? {} : { key }),
      ...(servername === undefined ? {} : { servername }),
      rejectUnauthorized: at(cluster, 'insecure-skip-tls-verify') !== true,
    },
    authorize: async () => {
      const token = stringAt(user, 'token') ?? (tokenFile === undefined ? undefined : (await files.readText(tokenFile))?.trim());
      return {
        ...(token === undefined || token === '' ? {} : { authorization: `Bearer ${token}` }), ...(as === undefined ? {} : { 'impersonate-user': as }),
      };
    },
  };
}

/** With a credential plugin: client-node runs it, keeps its token and runs it again when that expires. */
async function pluginTarget(selection: Selection, access: KubernetesAccess, files: Files): Promise<Target> {
  const { ExecAuth } = await import('@kubernetes/client-node/dist/exec_auth.js');
  const { newUsers } = await import('@kubernetes/client-node/dist/config_types.js');
  const plain = await plainTarget(selection, access, files);
  const auth = new ExecAuth();
  const [user] = newUsers([selection.user]);
  const ask = async () => {
    const options: { cert?: string; key?: string; headers?: { [name: string]: string } } = {};
    try {
      if (user !== undefined) await auth.applyAuthentication(user, options);
    } catch (cause) {
      throw pluginError(access, stringAt(selection.user, 'user', 'exec', 'command') ?? '', cause);
    }
    return options;
  };
  const first = await ask();
  return {
    ...plain,
    tls: { ...plain.tls, ...(first.cert === undefined ? {} : { cert: first.cert }), ...(first.key === undefined ? {} : { key: first.key }) },
    authorize: async () => ({ ...await plain.authorize(), ...(await ask()).headers }),
  };
}

/** Proxies and the old auth providers (OIDC): rare, so they pay for loading client-node whole. */
async function libraryTarget(selection: Selection, access: KubernetesAccess): Promise<Target> {
  const { KubeConfig } = await import('@kubernetes/client-node/dist/config.js');
  const types = await import('@kubernetes/client-node/dist/config_types.js');
  const config = new KubeConfig();
  config.loadFromOptions({
    clusters: types.newClusters([selection.cluster]), users: types.newUsers([selection.user]), contexts: types.newContexts([selection.context]),
    currentContext: access.context,
  });
  const ask = async () => {
    const options: Parameters<typeof config.applyToHTTPSOptions>[0] = {};
    try {
      await config.applyToHTTPSOptions(options);
    } catch (cause) {
      throw pluginError(access, stringAt(selection.user, 'user', 'auth-provider', 'name') ?? 'proxy', cause);
    }
    return options;
  };
  const { agent } = await ask();
  return {
    server: serverOf(selection, access), tls: {},
    ...(agent === undefined || typeof agent === 'boolean' ? {} : { agent: agent as NonNullable<Target['agent']> }),
    authorize: async () => Object.fromEntries(Object.entries((await ask()).headers ?? {}).map(([name, value]) => [name, String(value)])),
  };
}

async function readSelection(access: KubernetesAccess, { files, yaml }: ConnectorPorts): Promise<Selection> {
  const text = await files.readText(access.kubeconfig);
  if (text === undefined) throw preconditionError({ code: 'kubeconfig-missing', message: `${access.kubeconfig} does not exist` });
  try {
    return select(yaml.parse(text, access.kubeconfig).value, access);
  } catch (error) {
    if (isDevstackError(error) && error.code === 'yaml-invalid') throw invalid(access, error.reason ?? error.message);
    throw error;
  }
}

/** Reads the kubeconfig at each connect; nothing of the environment, no current context, no other file is ever looked at. */
export function createConnector(ports: ConnectorPorts): KubeConnector {
  return {
    async connect(access) {
      const selection = await readSelection(access, ports);
      const user = at(selection.user, 'user');
      const needsLibrary = at(user, 'auth-provider') !== undefined || stringAt(selection.cluster, 'cluster', 'proxy-url') !== undefined;
      const target = needsLibrary
        ? await libraryTarget(selection, access)
        : at(user, 'exec') !== undefined
          ? await pluginTarget(selection, access, ports.files)
          : await plainTarget(selection, access, ports.files);
      return new ApiClient(access, new Transport(target, ports.clock), ports.clock);
    },
  };
}
