// The entry: a Kubernetes API server in this process, on 127.0.0.1 only. Objects live in memory; RBAC is not enforced.
import type { AddressInfo } from 'node:net';
import type { JsonObject } from '../../../model/json.ts';
import type { Clock, Yaml } from '../../../ports.ts';
import { bootstrap } from './bootstrap.ts';
import type { Admission, Core } from './core.ts';
import { Definitions } from './definitions.ts';
import { createHttpServer, type ServiceProxy } from './http.ts';
import { Registry } from './registry.ts';
import type { LogSource } from './special.ts';
import { type Snapshot, Store } from './store.ts';

export interface ApiServerOptions {
  /** Times of objects, time-outs of watches. May be virtual. */
  readonly clock: Clock;
  /** 0 or absent: any free one. */
  readonly port?: number;
  /** Answers what is sent to Services by way of the API server. */
  readonly proxy?: ServiceProxy;
  /** What clients must bring; without it everybody on this machine may do everything. */
  readonly token?: string;
  /** Reads YAML bodies; without it only JSON is understood. */
  readonly yaml?: Yaml;
  /** What an earlier server left (`ApiServer.snapshot`). */
  readonly snapshot?: Snapshot;
  /** Events of each kind that are kept for watchers that come back; older ones get 410. */
  readonly logLimit?: number;
  /** May refuse or delay writes. */
  readonly admissions?: readonly Admission[];
  /** Where the logs of pods come from. */
  readonly logs?: LogSource;
  /** Told of mistakes of the server itself; they are answered with 500. */
  readonly onBug?: (error: unknown) => void;
}

export interface ApiServer {
  /** `http://127.0.0.1:<port>` */
  readonly url: string;
  readonly core: Core;
  readonly store: Store;
  /** Of a context that leads here, as JSON (which is YAML). */
  kubeconfig(): string;
  /** Everything there is, to be given to a later server. */
  snapshot(): Snapshot;
  close(): Promise<void>;
}

export type { Snapshot };

/** Of a context that leads to a server at this address. */
export function kubeconfigOf(url: string, options: { readonly name?: string; readonly token?: string | undefined } = {}): JsonObject {
  const { name = 'devstack-rehearsal', token } = options;
  return {
    apiVersion: 'v1', kind: 'Config', 'current-context': name, preferences: {},
    // Some clients take plain HTTP only when told that TLS does not matter. Nothing secret travels, and nothing leaves this machine.
    clusters: [{ name, cluster: { server: token === undefined ? url : `${url}/${token}`, 'insecure-skip-tls-verify': true } }],
    users: [{ name, user: {} }], contexts: [{ name, context: { cluster: name, user: name, namespace: 'default' } }],
  };
}

/** Listens when it returns. Rejects with the system's error when the port is taken. */
export async function startApiServer(options: ApiServerOptions): Promise<ApiServer> {
  const store = new Store(options.logLimit === undefined ? {} : { logLimit: options.logLimit });
  const core: Core = { store, registry: new Registry(), clock: options.clock, admissions: new Set(options.admissions), aggregated: new Set() };
  const definitions = new Definitions(core);
  if (options.snapshot === undefined) await bootstrap(core);
  else {
    store.restore(options.snapshot);
    definitions.restore();
  }
  const http = createHttpServer({ core, yaml: options.yaml, logs: options.logs ?? (() => []), proxy: options.proxy, token: options.token, onBug: options.onBug ?? (() => undefined) });
  await new Promise<void>((resolve, reject) => {
    http.once('error', reject);
    http.listen(options.port ?? 0, '127.0.0.1', resolve);
  });
  const url = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
  const close = async (): Promise<void> => {
    definitions.close();
    const closed = new Promise<void>((resolve) => { http.close(() => { resolve(); }); });
    http.closeAllConnections();
    await closed;
  };
  return { url, core, store, kubeconfig: () => JSON.stringify(kubeconfigOf(url, { token: options.token })), snapshot: () => store.snapshot(), close };
}
