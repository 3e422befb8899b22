// The built program on a machine with only Node: no engine, no network, nothing on PATH. From nothing to an answer, and back to nothing.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import http from 'node:http';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createNetwork } from '../../src/host/network.ts';
import { lifeOf } from '../../src/host/process-identity.ts';
import { isJsonObject, type JsonObject } from '../../src/model/json.ts';
import type { ProcessMark } from '../../src/model/process.ts';

const ROOT = join(import.meta.dirname, '../..');
const LABEL = 'rehearsal: nothing was installed';
/** Far more than it takes; a machine may be busy. */
const PATIENCE_MS = 90_000;

let folder: string;
let home: string;
let port: number;

interface Ended {
  readonly code: number;
  readonly result: JsonObject;
}

/** Another build may replace dist while this runs: the program is a copy. */
function devstack(...words: readonly string[]): Promise<Ended> {
  const env = { PATH: dirname(process.execPath), HOME: home, DEVSTACK_HOME: home, DOCKER_HOST: `unix://${join(home, 'no.sock')}` };
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [join(folder, 'bin/devstack.js'), ...words, '--json'], { env, cwd: home, stdio: ['ignore', 'pipe', 'inherit'] });
    let text = '';
    child.stdout.on('data', (chunk: Buffer) => { text += chunk.toString('utf8'); });
    child.once('close', (code) => {
      const last: unknown = JSON.parse(text.trim().split('\n').at(-1) ?? 'null');
      resolve({ code: code ?? -1, result: isJsonObject(last) ? last : {} });
    });
  });
}

function ask(host: string): Promise<{ readonly status: number; readonly body: string }> {
  return new Promise((resolve, reject) => {
    http.get({ host: '127.0.0.1', port, headers: { host }, agent: false }, (response) => {
      let body = '';
      response.on('data', (chunk: Buffer) => { body += chunk.toString('utf8'); });
      response.once('end', () => resolve({ status: response.statusCode ?? 0, body }));
    }).once('error', reject);
  });
}

const state = (...path: readonly string[]): string => join(home, 'state', ...path);
/** As it is killed by the system, or by somebody in a hurry. */
async function killProcess(): Promise<void> {
  const mark = JSON.parse(await readFile(state('rehearsals', 'dev', 'process.json'), 'utf8')) as ProcessMark;
  process.kill(mark.pid, 'SIGKILL');
  while (await lifeOf(mark) === 'alive') await new Promise((resolve) => { setImmediate(resolve); });
}

/** Command lines of whatever still runs out of this test's home. */
async function processes(): Promise<readonly string[]> {
  const numbers = existsSync('/proc') ? (await readdir('/proc')).filter((name) => /^\d+$/.test(name)) : [];
  const lines = await Promise.all(numbers.map((pid) => Promise.all([readFile(`/proc/${pid}/cmdline`, 'utf8'), readFile(`/proc/${pid}/environ`, 'utf8')]).catch(() => ['', ''])));
  return lines.filter((parts) => parts.some((text) => text.includes(home))).map(([line = '']) => line.replaceAll('\0', ' '));
}

describe.skipIf(!existsSync(join(ROOT, 'dist/main.cjs')))('a machine with only Node', () => {
  let holder: Server | undefined;
  beforeAll(async () => {
    home = await mkdtemp(join(tmpdir(), 'devstack-test-up-'));
    folder = join(home, 'program');
    for (const part of ['bin', 'dist', 'templates', 'package.json']) await cp(join(ROOT, part), join(folder, part), { recursive: true });
    port = await createNetwork().freePort();
  });
  afterAll(async () => {
    await devstack('down', 'dev', '--yes');
    holder?.close();
    await rm(home, { recursive: true, force: true });
  });

  test('is told how to rehearse, where nobody can be asked', async () => {
    const { code, result } = await devstack('up', 'knative');
    expect(code).toBe(3);
    expect(JSON.stringify(result)).toContain('devstack up knative --provider rehearsal');
  }, PATIENCE_MS);

  test('a port that is taken is refused before anything is made', async () => {
    const taken = await createNetwork().freePort();
    holder = createServer().listen(taken, '127.0.0.1');
    const { code, result } = await devstack('up', 'knative', '--provider', 'rehearsal', '--port', String(taken));
    expect([code, JSON.stringify(result)]).toEqual([3, expect.stringContaining('port-taken')]);
    expect(existsSync(state('rehearsals'))).toBe(false);
  }, PATIENCE_MS);

  test('up answers, survives a kill, shows itself, and leaves nothing', async () => {
    const up = await devstack('up', 'knative', '--or-rehearse', '--port', String(port));
    expect([up.code, up.result['label'], up.result['provider']]).toEqual([0, LABEL, 'rehearsal']);
    expect(await ask('hello.default.localhost')).toMatchObject({ status: 200, body: expect.stringContaining('Hello devstack!') });

    await killProcess();
    const dead = await devstack('status', 'dev');
    expect([dead.code, JSON.stringify(dead.result)]).toEqual([1, expect.stringContaining('its process has ended')]);

    const again = await devstack('up', 'knative', '--provider', 'rehearsal');
    expect(again.code).toBe(0);
    const status = await devstack('status', 'dev');
    expect([status.code, JSON.stringify(status.result)]).toEqual([0, expect.stringContaining(`"label":"${LABEL}"`)]);
    expect(await ask('hello.default.localhost')).toMatchObject({ status: 200 });

    const down = await devstack('down', 'dev', '--yes');
    expect([down.code, down.result['label']]).toEqual([0, LABEL]);
    await expect(ask('hello.default.localhost')).rejects.toThrow('ECONNREFUSED');
    expect(await readdir(state('rehearsals'))).toEqual([]);
    // What the killed process ran has three seconds to end before it is forced to.
    while ((await processes()).length > 0) await new Promise((resolve) => { setImmediate(resolve); });
  }, PATIENCE_MS);
});
