import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createFiles } from '../../src/host/files.ts';
import { createYaml } from '../../src/host/yaml.ts';
import { createConnector } from '../../src/kube/client.ts';
import { steppedClock } from '../fakes/ports.ts';
import { json, type ScriptedServer, startScriptedServer } from './scripted-server.ts';

const CANARY = 'canary-secret-0987654321';

describe('connecting by a kubeconfig', () => {
  let folder: string;
  let server: ScriptedServer;
  const connector = createConnector({ files: createFiles(), yaml: createYaml(), clock: steppedClock() });

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'devstack-connect-'));
    server = await startScriptedServer(() => json(200, { gitVersion: 'v1.34.4' }));
  });
  afterEach(async () => {
    await server.close();
    rmSync(folder, { recursive: true, force: true });
  });

  function write(parts: { readonly user?: object; readonly cluster?: object; readonly context?: object; readonly text?: string }): string {
    const path = join(folder, 'config');
    const config = {
      clusters: [{ name: 'k', cluster: { server: server.url, ...parts.cluster } }], users: [{ name: 'u', user: parts.user ?? {} }],
      contexts: [{ name: 'other', context: { cluster: 'k', user: 'nobody' } }, { name: 'mine', context: { cluster: 'k', user: 'u', ...parts.context } }], 'current-context': 'other',
    };
    writeFileSync(path, parts.text ?? JSON.stringify(config));
    return path;
  }

  async function headersWith(parts: Parameters<typeof write>[0]) {
    const client = await connector.connect({ runtime: 'kubernetes', kubeconfig: write(parts), context: 'mine' });
    expect(await client.version()).toBe('v1.34.4');
    client.close();
    return server.asked[0]?.headers ?? {};
  }

  const failed = (parts: Parameters<typeof write>[0], context = 'mine') => connector.connect({ runtime: 'kubernetes', kubeconfig: write(parts), context });

  it('takes the named context, never the current one', async () => {
    expect(await headersWith({ user: { token: 'mine' } })).toMatchObject({ authorization: 'Bearer mine', 'user-agent': 'devstack' });
  });

  it('reads a token from a file beside the kubeconfig', async () => {
    mkdirSync(join(folder, 'keys'));
    writeFileSync(join(folder, 'keys/token'), 'from-file\n');
    expect(await headersWith({ user: { tokenFile: 'keys/token' } })).toMatchObject({ authorization: 'Bearer from-file' });
  });

  it('passes on whom to act as', async () => {
    expect(await headersWith({ user: { token: 't', as: 'jane' } })).toMatchObject({ 'impersonate-user': 'jane' });
  });

  it('asks a credential plugin', async () => {
    const plugin = join(folder, 'plugin');
    writeFileSync(plugin, `#!/bin/sh\necho '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"from-plugin"}}'\n`);
    chmodSync(plugin, 0o755);
    const exec = { apiVersion: 'client.authentication.k8s.io/v1', command: plugin, interactiveMode: 'Never' };
    expect(await headersWith({ user: { exec } })).toMatchObject({ authorization: 'Bearer from-plugin' });
  });

  it('says that a plugin failed, and not what it said', async () => {
    const plugin = join(folder, 'plugin');
    writeFileSync(plugin, `#!/bin/sh\necho ${CANARY} >&2\nexit 1\n`);
    chmodSync(plugin, 0o755);
    const error = await failed({ user: { exec: { apiVersion: 'client.authentication.k8s.io/v1', command: plugin } } }).catch((failure: unknown) => failure);
    expect(error).toMatchObject({ code: 'kube-unauthorized', message: `the credential plugin ${plugin} of context mine failed` });
    expect(JSON.stringify({ ...(error as object) })).not.toContain(CANARY);
  });

  it.each([
    ['a context that is not there', {}, 'gone', 'it holds other, mine'],
    ['a context without its user', {}, 'other', 'the user of the context is missing'],
    ['a context without its cluster', { context: { cluster: 'gone' } }, 'mine', 'the cluster of the context is missing'],
    ['a server that is no address', { cluster: { server: 'localhost' } }, 'mine', '"localhost" is no address of a server'],
    ['a server in a file', { cluster: { server: 'file:///etc/passwd' } }, 'mine', '"file:///etc/passwd" is no address of a server'],
    ['an empty file', { text: '' }, 'mine', 'it holds no contexts'],
    ['a list', { text: '- a' }, 'mine', 'it holds no contexts'],
  ])('refuses %s', async (_name, parts, context, reason) => {
    await expect(failed(parts, context)).rejects.toMatchObject({ code: 'kubeconfig-invalid', exit: 3, reason });
  });

  it('refuses broken YAML, a missing file and a missing key', async () => {
    await expect(failed({ text: 'a: [' })).rejects.toMatchObject({ code: 'kubeconfig-invalid' });
    await expect(connector.connect({ runtime: 'kubernetes', kubeconfig: join(folder, 'none'), context: 'x' })).rejects.toMatchObject({ code: 'kubeconfig-missing', exit: 3 });
    await expect(failed({ user: { 'client-key': 'gone.pem' } })).rejects.toMatchObject({ code: 'kubeconfig-invalid', reason: expect.stringMatching(/^client-key .*gone\.pem does not exist$/) });
  });
});
