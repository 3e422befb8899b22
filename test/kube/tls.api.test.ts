// Whom the client believes: the server of its kubeconfig, and no other.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { rootCertificates } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isJsonObject, type JsonObject } from '../../src/model/json.ts';
import { arrayAt } from '../../src/model/object.ts';
import { type RealApiServer, startRealApiServer } from '../rehearsal/real-api-server.ts';
import { ASSETS, openServer } from './api-servers.ts';

describe.skipIf(ASSETS === undefined)('TLS (KUBEBUILDER_ASSETS)', () => {
  let real: RealApiServer;

  beforeAll(async () => {
    real = await startRealApiServer(ASSETS ?? '');
  });
  afterAll(() => real?.close());

  async function versionWith(cluster: JsonObject): Promise<string> {
    const config = JSON.parse(real.kubeconfig()) as JsonObject;
    const clusters = arrayAt(config, 'clusters').filter(isJsonObject).map((entry) => ({ ...entry, cluster: { server: real.url, ...cluster } }));
    const server = await openServer({ ...config, clusters }, async () => undefined);
    try {
      return await (await server.connect()).version();
    } finally {
      await server.close();
    }
  }

  const own = () => join(real.folder, 'certs/apiserver.crt');
  const base64 = (text: string) => Buffer.from(text).toString('base64');

  it('accepts the CA of the kubeconfig, as a file or as data', async () => {
    expect(await versionWith({ 'certificate-authority': own() })).toMatch(/^v1\./);
    expect(await versionWith({ 'certificate-authority-data': base64(readFileSync(own(), 'utf8')) })).toMatch(/^v1\./);
  });

  it.each([['another CA', () => ({ 'certificate-authority-data': base64(rootCertificates[0] ?? '') })], ['no CA', () => ({})]])('refuses a server that %s vouches for', async (_name, cluster) => {
    await expect(versionWith(cluster())).rejects.toMatchObject({ code: 'kube-unreachable', message: `the API server at ${real.url} is not the one of this kubeconfig` });
  });

  it('refuses a server of another name', async () => {
    await expect(versionWith({ 'certificate-authority': own(), 'tls-server-name': 'elsewhere.example' })).rejects.toMatchObject({ code: 'kube-unreachable' });
  });
});
