import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { findEngine, isLocalEndpoint } from '../../src/host/docker-endpoint.ts';
import { engineError } from '../../src/host/docker-error.ts';
import { temporaryFolder } from './folder.ts';

type Env = { readonly [name: string]: string };

function setUp() {
  const home = temporaryFolder();
  const write = (path: string, content: unknown) => {
    mkdirSync(join(home, path, '..'), { recursive: true });
    writeFileSync(join(home, path), typeof content === 'string' ? content : JSON.stringify(content));
  };
  const context = (name: string, host: string, folder = '.docker') => {
    write(`${folder}/contexts/meta/${createHash('sha256').update(name).digest('hex')}/meta.json`, { Name: name, Endpoints: { docker: { Host: host, SkipTLSVerify: false } } });
  };
  return { home, write, context, find: (env: Env = {}, os: 'linux' | 'windows' = 'linux') => findEngine({ env, os, home }) };
}

describe('which engine', () => {
  test('DOCKER_HOST before contexts, as the CLI has it; a bare host and port is tcp', async () => {
    const { find, write, context } = setUp();
    write('.docker/config.json', { currentContext: 'colima' });
    context('colima', 'unix:///home/me/.colima/default/docker.sock');
    expect(await find({ DOCKER_HOST: 'unix:///x.sock', DOCKER_CONTEXT: 'colima' })).toEqual({ endpoint: 'unix:///x.sock', source: 'DOCKER_HOST' });
    expect(await find({ DOCKER_HOST: '127.0.0.1:2375' })).toMatchObject({ endpoint: 'tcp://127.0.0.1:2375' });
    expect(await find({ DOCKER_HOST: '' })).toMatchObject({ endpoint: 'unix:///home/me/.colima/default/docker.sock' });
    await expect(find({ DOCKER_HOST: 'tcp://' })).rejects.toMatchObject({ code: 'docker-endpoint-invalid', exit: 2, hints: [{ command: 'unset DOCKER_HOST' }] });
  });

  test('DOCKER_CONTEXT before the current one; DOCKER_CONFIG says where both are', async () => {
    const { find, write, context, home } = setUp();
    write('.docker/config.json', { currentContext: 'one' });
    context('one', 'unix:///one.sock');
    context('two', 'unix:///two.sock');
    context('three', 'unix:///three.sock', 'elsewhere');
    write('elsewhere/config.json', { currentContext: 'three' });
    expect(await find()).toEqual({ endpoint: 'unix:///one.sock', source: 'the docker context "one"', name: 'one' });
    expect(await find({ DOCKER_CONTEXT: 'two' })).toMatchObject({ endpoint: 'unix:///two.sock' });
    expect(await find({ DOCKER_CONFIG: join(home, 'elsewhere') })).toMatchObject({ endpoint: 'unix:///three.sock' });
    await expect(find({ DOCKER_CONTEXT: 'four' })).rejects.toMatchObject({ code: 'docker-context-broken', exit: 3 });
  });

  test('the certificates of a context and of the environment', async () => {
    const { find, context, write, home } = setUp();
    context('tls', 'tcp://127.0.0.1:2376');
    const folder = join('.docker', 'contexts', 'tls', createHash('sha256').update('tls').digest('hex'), 'docker');
    write(join(folder, 'ca.pem'), 'x');
    expect(await find({ DOCKER_CONTEXT: 'tls' })).toMatchObject({ certificates: join(home, folder), skipVerify: false });
    expect(await find({ DOCKER_HOST: 'tcp://127.0.0.1:2376', DOCKER_TLS_VERIFY: '1' })).toMatchObject({ certificates: join(home, '.docker'), skipVerify: false });
    expect(await find({ DOCKER_HOST: 'tcp://127.0.0.1:2376', DOCKER_CERT_PATH: '/certs' })).toMatchObject({ certificates: '/certs', skipVerify: true });
  });

  test('else a socket that is there: the one in the home, the one of the system, the rootless one', async () => {
    const { find, write, home } = setUp();
    write('.docker/config.json', { currentContext: 'default' });
    write('.docker/run/docker.sock', '');
    expect(await find()).toEqual({ endpoint: `unix://${home}/.docker/run/docker.sock`, source: 'the usual place' });
    expect(await setUp().find({}, 'windows')).toMatchObject({ endpoint: 'npipe:////./pipe/docker_engine' });
  });

  test('a configuration that is no JSON is passed over, as the CLI does', async () => {
    const { find, write } = setUp();
    for (const text of ['', '{', '[]', 'null', '{"currentContext":3}']) {
      write('.docker/config.json', text);
      expect((await find()).source).toBe('the usual place');
    }
  });
});

test('which addresses are on this machine', () => {
  for (const endpoint of ['unix:///x', 'npipe:////./pipe/x', 'tcp://127.0.0.1:2375', 'tcp://localhost:1', 'tcp://[::1]:1', 'tcp://127.1.2.3:1']) expect(isLocalEndpoint(endpoint), endpoint).toBe(true);
  for (const endpoint of ['tcp://10.0.0.1:2375', 'tcp://0.0.0.0:1', 'tcp://127.0.0.1.evil.test:1', 'tcp://localhost.evil.test:1', 'ssh://localhost', 'tcp://user@evil.test']) {
    expect(isLocalEndpoint(endpoint) && !endpoint.startsWith('ssh'), endpoint).toBe(false);
  }
});

test('no permission: one command for each system', () => {
  for (const os of ['linux', 'darwin', 'windows'] as const) {
    const cause = Object.assign(new Error('connect EACCES /var/run/docker.sock'), { code: 'EACCES' });
    expect(engineError(cause, 'list', { endpoint: 'unix:///var/run/docker.sock', source: 'the usual place', os, hasCli: true })).toMatchObject({ code: 'docker-no-permission', exit: 3, hints: [{ command: expect.any(String) }] });
  }
});
