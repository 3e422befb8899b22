// The program that answers for images which cannot run here.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, expect, test } from 'vitest';
import { readDockerfile } from '../../src/clusters/rehearsal/images.ts';
import { STAND_IN_PROGRAM, standInKind } from '../../src/clusters/rehearsal/stand-in.ts';
import { createNetwork } from '../../src/host/network.ts';

let child: ChildProcess | undefined;
afterEach(() => { child?.kill('SIGKILL'); });

async function start(image: string, env: { readonly [name: string]: string } = {}): Promise<string> {
  const port = await createNetwork().freePort();
  const given = { ...env, PORT: String(port), STAND_IN: JSON.stringify({ image, kind: standInKind(image) ?? null, why: 'a test' }) };
  child = spawn(process.execPath, ['-e', STAND_IN_PROGRAM], { env: given, stdio: ['ignore', 'pipe', 'inherit'] });
  if (child.stdout !== null) await once(child.stdout, 'data');
  return `http://127.0.0.1:${port}`;
}

test('greets as the sample does, says that it is not the sample, and ends when asked', async () => {
  const response = await fetch(await start('ghcr.io/knative/helloworld-go:latest', { TARGET: 'you' }));
  expect(await response.text()).toMatch(/^Hello you!\nrehearsal: devstack itself answers for ghcr\.io\/knative\/helloworld-go:latest, which was not run \(a test\)\n$/);
  expect(response.headers.get('x-devstack-rehearsal')).toContain('was not run');
  const ended = child === undefined ? undefined : once(child, 'exit');
  child?.kill('SIGTERM');
  expect(await ended).toEqual([0, null]);
});

test('shows requests, variables and statuses as httpbin does', async () => {
  const url = await start('ghcr.io/mccutchen/go-httpbin:2.25.0', { HTTPBIN_ENV_VERSION: '2', SECRET: 'not shown' });
  expect(await (await fetch(`${url}/get?a=b`)).json()).toMatchObject({ args: { a: 'b' }, method: 'GET' });
  expect(await (await fetch(`${url}/env`)).json()).toEqual({ env: { HTTPBIN_ENV_VERSION: '2' }, rehearsal: expect.any(String) });
  expect((await fetch(`${url}/status/418`)).status).toBe(418);
});

test('of any other image it only says what it is', async () => {
  expect(await (await fetch(await start('registry.example/team/shop@sha256:0'))).text()).toContain('answers for registry.example/team/shop@sha256:0');
});

test('a Dockerfile says how its last stage starts', () => {
  const text = 'FROM node AS build\nCMD ["no"]\nFROM node\nENV PORT=8080 DATA_DIR=/data \\\n  PATH=/venv\n# CMD ["neither"]\nVOLUME /data\nENTRYPOINT ["node"]\nCMD ["server.js", "--quiet"]\n';
  expect(readDockerfile(text)).toEqual({ command: ['node', 'server.js', '--quiet'], env: { PORT: '8080', DATA_DIR: '/data' }, volumes: ['/data'] });
  expect(readDockerfile('FROM scratch\nCMD node server.js\n').command).toEqual([]);
});

test('works as autoscale does: sleeps, and burns CPU', async () => {
  const url = await start('ghcr.io/knative/autoscale-go:latest');
  expect(await (await fetch(`${url}/?prime=100&sleep=1`)).text()).toMatch(/^The largest prime up to 100 is 97\.\nSlept for 1 milliseconds\.\n/);
  expect(await (await fetch(`${url}/?sleep=1`)).text()).toMatch(/^Slept for 1 milliseconds\.\n/);
});
