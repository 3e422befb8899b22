// Connections of our client to API servers of tests, and the two controllers without which nothing that is deleted ever goes.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClock } from '../../src/host/clock.ts';
import { createFiles } from '../../src/host/files.ts';
import { createYaml } from '../../src/host/yaml.ts';
import { createConnector } from '../../src/kube/client.ts';
import { isJsonObject, type JsonObject } from '../../src/model/json.ts';
import { arrayAt } from '../../src/model/object.ts';
import type { KubeClient } from '../../src/ports.ts';
import { startRealApiServer } from '../rehearsal/real-api-server.ts';

export interface ApiServer {
  /** A client of its own. `as`: somebody without any rights. */
  connect(options?: { readonly as?: string }): Promise<KubeClient>;
  readonly kubeconfig: string;
  close(): Promise<void>;
}

/** Our client for a kubeconfig given as JSON. */
export async function openServer(kubeconfig: JsonObject, stop: () => Promise<void>): Promise<ApiServer> {
  const folder = mkdtempSync(join(tmpdir(), 'devstack-kube-test-'));
  const clients: KubeClient[] = [];
  const path = join(folder, 'kubeconfig');
  writeFileSync(path, JSON.stringify(kubeconfig), { mode: 0o600 });
  const connector = createConnector({ files: createFiles(), yaml: createYaml(), clock: createClock() });
  return {
    kubeconfig: path,
    async connect({ as } = {}) {
      const file = as === undefined ? path : join(folder, `as-${as}`);
      if (as !== undefined) writeFileSync(file, JSON.stringify(impersonating(kubeconfig, as)), { mode: 0o600 });
      const client = await connector.connect({ runtime: 'kubernetes', kubeconfig: file, context: 'test' });
      clients.push(client);
      return client;
    },
    async close() {
      for (const client of clients) client.close();
      await stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function impersonating(kubeconfig: JsonObject, as: string): JsonObject {
  const users = arrayAt(kubeconfig, 'users').filter(isJsonObject).map((entry) => ({ ...entry, user: { ...(entry['user'] as JsonObject), as } }));
  return { ...kubeconfig, users };
}

export async function startRealServer(assets: string): Promise<ApiServer> {
  const real = await startRealApiServer(assets);
  return openServer(JSON.parse(real.kubeconfig()) as JsonObject, () => real.close());
}

/** Where the real programs are, or undefined: then tests of this tier are skipped. */
export const ASSETS = process.env['KUBEBUILDER_ASSETS'];
