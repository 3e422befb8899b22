// down, status, env, doctor, config, init: at the rim of main().
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { StackStatus } from '../../src/cli/use-cases.ts';
import { endpoint, lastLine, run, stackFacts } from './harness.ts';

let folder: string;
beforeEach(async () => { folder = await mkdtemp(join(tmpdir(), 'devstack-test-cli-')); });
afterEach(() => rm(folder, { recursive: true, force: true }));

describe('down', () => {
  test('removes the named stack and ends with a receipt', async () => {
    const result = await run(['down', 'lab', '--yes']);
    expect(result).toMatchObject({ code: 0, stdout: 'Removed stack lab in 2.3s: 1 thing\n  - container devstack-dev-control-plane\n' });
    expect(result.asked.map(({ call }) => call)).toEqual(['planDown lab', 'down lab']);
  });

  test('takes the only stack, and names several instead of guessing', async () => {
    const one = await run(['down', '--yes'], { useCases: { stacks: async () => stackFacts('lab') } });
    expect(one.asked.map(({ call }) => call)).toEqual(['planDown lab', 'down lab']);
    const two = await run(['down', '--yes', '--json'], { useCases: { stacks: async () => stackFacts('lab', 'dev') } });
    expect(two).toMatchObject({ code: 2, asked: [] });
    expect(lastLine(two)).toMatchObject({ error: { code: 'stack-ambiguous', details: { stacks: ['lab', 'dev'] }, hints: [{ command: 'devstack down lab' }] } });
  });

  test('of nothing is nothing, and no failure', async () => {
    expect(await run(['down', '--yes'])).toMatchObject({ code: 0, stdout: 'Nothing to remove: there are no stacks here\n' });
    const unknown = await run(['down', 'gone', '--yes'], { useCases: { down: async (plan) => ({ stack: plan.stack, removed: [], kept: [], durationMs: 1 }) } });
    expect(unknown).toMatchObject({ code: 0, stdout: 'Nothing to remove: there is nothing of stack gone here\n' });
  });

  test.each([{ env: {} }, { env: { CI: 'true' }, isTerminal: true }])('never asks where nobody can answer: it names --yes %j', async (options) => {
    const result = await run(['down', 'lab'], options);
    expect(result.code).toBe(2);
    expect(result.stderr).toContain('--yes');
    expect(result.asked.map(({ call }) => call)).toEqual(['planDown lab']);
  });

  test('--dry-run shows and stops', async () => {
    const result = await run(['down', 'lab', '--dry-run']);
    expect(result.code).toBe(0);
    expect(result.stdout).toContain('Remove kubeconfig and journal (removes)');
    expect(result.asked.map(({ call }) => call)).toEqual(['planDown lab']);
  });

  test('takes the name from devstack.yaml of the folder', async () => {
    await writeFile(join(folder, 'devstack.yaml'), 'version: 1\nname: fromfile\n');
    expect((await run(['down', '--yes'], { cwd: folder })).asked[0]?.call).toBe('planDown fromfile');
    expect((await run(['down', '--yes'], { cwd: folder, env: { DEVSTACK_NAME: 'fromenv' } })).asked[0]?.call).toBe('planDown fromenv');
    expect((await run(['down', 'said', '--yes'], { cwd: folder })).asked[0]?.call).toBe('planDown said');
  });
});

describe('status', () => {
  const good: StackStatus = {
    stack: 'dev', provider: 'kind', cluster: 'devstack-dev', state: 'running', context: 'kind-devstack-dev', kubeconfig: '/state/dev', kubernetes: '1.34.4', hints: [],
    parts: [{ part: 'kourier', state: 'ready', message: '', objects: 21 }, { part: 'sample-hello', state: 'ready', message: '', objects: 1, replicas: 0 }], endpoints: [{ ...endpoint, status: 200, verified: true, durationMs: 9 }],
  };

  test('is 0 when all is verified', async () => {
    const result = await run(['status'], { useCases: { status: async () => [good] } });
    expect(result).toMatchObject({ code: 0, stderr: '' });
    expect(result.stdout).toMatchInlineSnapshot(`
      "dev: running, kind cluster devstack-dev, Kubernetes 1.34.4
        ✔  kourier       21 objects
        ✔  sample-hello  1 object, 0 replicas
        ✔  hello  http://hello.default.127.0.0.1.sslip.io:8080/  200 in 9 ms
      "
    `);
  });

  test('is 1 when something is not, and still shows all of it', async () => {
    const bad: StackStatus = { ...good, endpoints: [{ ...endpoint, status: 503, verified: false, reason: 'answered 503\u001b[2J' }], hints: [{ text: 'look', command: 'devstack doctor' }] };
    const result = await run(['status', '--json'], { useCases: { status: async () => [bad] } });
    expect(result.code).toBe(1);
    expect(lastLine(result)).toMatchObject({
      ok: false, error: { code: 'stack-not-ready', message: 'dev: hello did not answer: answered 503' }, stacks: [{ stack: 'dev', endpoints: [{ verified: false }] }], endpoints: [{ status: 503 }],
    });
  });

  test('of nothing says how to make something', async () => {
    expect(await run(['status'])).toMatchObject({ code: 0, stdout: 'No stacks here. Make one: devstack up knative\n' });
  });
});

describe('env', () => {
  test.each([
    ['bash', `export KUBECONFIG='/state/dev/kube config'\n# eval "$(devstack env dev)"\n`],
    ['fish', `set -gx KUBECONFIG '/state/dev/kube config'\n# devstack env dev | source\n`],
    ['powershell', `$env:KUBECONFIG = '/state/dev/kube config'\n# devstack env dev | Out-String | Invoke-Expression\n`],
  ])('speaks %s', async (shell, text) => {
    expect((await run(['env', '--shell', shell])).stdout).toBe(text);
  });

  test('follows $SHELL', async () => {
    expect((await run(['env'], { env: { SHELL: '/usr/bin/fish' } })).stdout).toMatch(/^set -gx/);
    expect((await run(['env'], { env: { SHELL: '/bin/zsh' } })).stdout).toMatch(/^export/);
    expect((await run(['env'], { env: { PSModulePath: 'x' } })).stdout).toMatch(/^\$env:/);
  });

  test.each(["it's", '$(id)', '`id`', '"; id; "', '\\'])('bash reads back the path %j', async (name) => {
    const kubeconfig = `/state/${name}`;
    const { stdout } = await run(['env', '--shell', 'bash'], { useCases: { env: async () => ({ stack: 'dev', kubeconfig, context: 'c' }) } });
    const { execFileSync } = await import('node:child_process');
    expect(execFileSync('bash', ['-c', `${stdout}\nprintf %s "$KUBECONFIG"`], { encoding: 'utf8' })).toBe(kubeconfig);
  });
});

describe('doctor', () => {
  test('is 3 when something is missing, with its command', async () => {
    const result = await run(['doctor', '--port', '80'], {
      useCases: {
        doctor: async ({ spec: { port } }) => [
          { id: 'engine', title: 'Docker engine', state: 'ok', message: '26.1.5' },
          { id: 'port', title: `Port ${port}`, state: 'failed', message: 'taken by nginx', fix: { text: 'take another', command: 'devstack up --port 8081' } },
        ],
      },
    });
    expect(result.code).toBe(3);
    expect(result.stdout).toMatchInlineSnapshot(`
      "  ✔ Docker engine  26.1.5
        ✖ Port 80        taken by nginx
          next: take another
                $ devstack up --port 8081

      1 failure, 0 warnings, 1 in order
      "
    `);
    expect(result.stderr).toBe('');
  });
});

describe('config', () => {
  test('shows every value with where it comes from, without secrets', async () => {
    await writeFile(join(folder, 'devstack.yaml'), 'version: 1\nname: shop\n# a comment\nport: 80\nproxy: http://ada:hunter22@proxy:3128\n');
    const result = await run(['config', '--port', '8081'], { cwd: folder, env: { DEVSTACK_WITH: 'knative-serving' } });
    expect(result.code).toBe(0);
    expect(result.stdout).toMatchInlineSnapshot(`
      "SETTING      VALUE                         FROM
      name         shop                          devstack.yaml:2
      preset       knative                       default
      provider     kind                          default
      context      -                             not set
      allowRemote  -                             not set
      kubernetes   -                             not set
      nodeImage    -                             not set
      nodes        1                             default
      managers     1                             default
      autolock     -                             not set
      encrypt      -                             not set
      existing     -                             not set
      port         8081                          --port
      addons       knative-serving               preset knative, DEVSTACK_WITH
      ingress      kourier                       default
      domain       auto                          default
      samples      hello                         preset knative
      images       none                          default
      mirrors      none                          default
      proxy        http://[redacted]@proxy:3128  devstack.yaml:5
      caFile       -                             not set
      fit          false                         default
      versions     none                          default
      timeout      10m                           default
      "
    `);
  });
});

describe('init', () => {
  test('writes a file that means what was asked, named after the folder, and never over another', async () => {
    const first = await run(['init', 'base', '--port', '8099'], { cwd: folder });
    expect(first).toMatchObject({ code: 0, stdout: 'Wrote devstack.yaml. Next: devstack up\n' });
    const { settings } = lastLine(await run(['config', '--json'], { cwd: folder })) as { settings: { [name: string]: { value: unknown; origin: string } } };
    expect(settings).toMatchObject({ preset: { value: 'base', origin: 'devstack.yaml:8' }, port: { value: 8099 } });
    expect(settings['name']?.value).toMatch(/^devstack-test-cli-/);
    await writeFile(join(folder, 'devstack.yaml'), 'mine');
    const second = await run(['init'], { cwd: folder });
    expect(second.code).toBe(2);
    expect(second.stderr).toContain('devstack init --force');
    expect(await readFile(join(folder, 'devstack.yaml'), 'utf8')).toBe('mine');
    expect((await run(['init', '--force'], { cwd: folder })).code).toBe(0);
  });

  test('every commented line is a setting that may be switched on', async () => {
    const { stdout } = await run(['init', '--print']);
    const all = stdout.replace(/^# ((?:[a-zA-Z]+:| {2}).*)$/gm, '$1');
    await writeFile(join(folder, 'devstack.yaml'), all.replaceAll('nodeImage', '# nodeImage').replace('caFile: ./corporate-ca.pem', ''));
    expect(await run(['config'], { cwd: folder })).toMatchObject({ code: 0, stderr: '' });
  });
});
