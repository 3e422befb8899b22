// Starts a real etcd and kube-apiserver (KUBEBUILDER_ASSETS) for as long as a test runs.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import https from 'node:https';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const TOKEN = 'devstack-test';

export interface RealApiServer {
  readonly url: string;
  readonly token: string;
  readonly folder: string;
  kubeconfig(): string;
  close(): Promise<void>;
}

async function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}

function isReady(url: string): Promise<boolean> {
  return new Promise((resolve) => {
    const request = https.get(`${url}/readyz`, { rejectUnauthorized: false, headers: { authorization: `Bearer ${TOKEN}` } }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    request.once('error', () => resolve(false));
  });
}

function ended(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) resolve();
    else child.once('exit', () => resolve());
  });
}

async function waitReady(url: string, child: ChildProcess): Promise<void> {
  const deadline = Date.now() + 30_000;
  while (!(await isReady(url))) {
    if (child.exitCode !== null) throw new Error(`kube-apiserver ended with ${child.exitCode}`);
    if (Date.now() > deadline) throw new Error('kube-apiserver is not ready after 30 s');
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Ready when it returns: about a second. `assets` is the folder with both programs. */
export async function startRealApiServer(assets: string): Promise<RealApiServer> {
  const folder = mkdtempSync(join(tmpdir(), 'devstack-apiserver-'));
  const [port, client, peer] = [await freePort(), await freePort(), await freePort()];
  execFileSync('openssl', ['genrsa', '-out', join(folder, 'sa.key'), '2048'], { stdio: 'ignore' });
  writeFileSync(join(folder, 'tokens.csv'), `${TOKEN},admin,admin,system:masters\n`, { mode: 0o600 });
  const etcd = spawn(join(assets, 'etcd'), [
    '--data-dir', join(folder, 'etcd'), '--unsafe-no-fsync', '--log-level', 'error',
    '--listen-client-urls', `http://127.0.0.1:${client}`, '--advertise-client-urls', `http://127.0.0.1:${client}`,
    '--listen-peer-urls', `http://127.0.0.1:${peer}`,
  ], { stdio: 'ignore' });
  const api = spawn(join(assets, 'kube-apiserver'), [
    '--etcd-servers', `http://127.0.0.1:${client}`, '--secure-port', String(port), '--bind-address', '127.0.0.1', '--cert-dir', join(folder, 'certs'),
    '--service-account-issuer', 'https://devstack.test', '--service-account-key-file', join(folder, 'sa.key'), '--service-account-signing-key-file', join(folder, 'sa.key'),
    '--token-auth-file', join(folder, 'tokens.csv'), '--authorization-mode', 'RBAC', '--service-cluster-ip-range', '10.96.0.0/16', '--allow-privileged',
    // No controller manager runs beside it, so nobody would make the service accounts that this plugin waits for.
    '--disable-admission-plugins', 'ServiceAccount',
  ], { stdio: 'ignore' });
  const url = `https://127.0.0.1:${port}`;
  const close = async (): Promise<void> => {
    for (const child of [api, etcd]) {
      child.kill('SIGKILL');
      await ended(child);
    }
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await waitReady(url, api);
  } catch (error) {
    await close();
    throw error;
  }
  return { url, token: TOKEN, folder, close, kubeconfig: () => JSON.stringify(kubeconfigOf(url)) };
}

function kubeconfigOf(url: string): object {
  return {
    apiVersion: 'v1', kind: 'Config', 'current-context': 'test',
    clusters: [{ name: 'test', cluster: { server: url, 'insecure-skip-tls-verify': true } }],
    users: [{ name: 'test', user: { token: TOKEN } }],
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'test' } }],
  };
}
