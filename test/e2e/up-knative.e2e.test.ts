// The main job, for real: a cluster from nothing, proved by a request, and gone again without a trace.
import { readdir, readFile } from 'node:fs/promises';
import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { $ as zx } from 'zx';
import { devstack, dockerThings, FOREIGN_KUBECONFIG, type Home, makeHome, start } from './devstack.ts';

const NAME = 'test-spine';
const CLUSTER = 'devstack-test-spine';
const PORT = 18180;

interface Reply { readonly status: number; readonly server: string; readonly body: string }

function ask(address: string, host: string): Promise<Reply> {
  const [hostname, port] = address.split(':');
  return new Promise((resolve, reject) => {
    const sent = request({ hostname, port, path: '/', headers: { host }, timeout: 30_000 }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (part) => { body += part; });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, server: String(response.headers['server']), body }));
    });
    sent.on('error', reject).end();
  });
}

/** Who listens on these ports, as the kernel says: address and port in hexadecimal, the bytes of the address reversed; 0A is LISTEN. */
async function listeners(ports: readonly number[]): Promise<readonly string[]> {
  const tables = await Promise.all(['tcp', 'tcp6'].map((name) => readFile(`/proc/net/${name}`, 'utf8')));
  return tables.flatMap((table) => table.split('\n')).flatMap((line) => {
    const [, local = '', , state] = line.trim().split(/\s+/);
    const [address = '', port = ''] = local.split(':');
    if (state !== '0A' || !ports.includes(Number.parseInt(port, 16))) return [];
    return [`${[...address.matchAll(/../g)].map(([byte]) => Number.parseInt(byte, 16)).reverse().join('.')}:${Number.parseInt(port, 16)}`];
  }).sort();
}

describe.skipIf(process.env['DEVSTACK_LAB'] === undefined)('up knative', () => {
  let home: Home;
  let kubectl: (...args: string[]) => Promise<string>;

  beforeAll(async () => { home = await makeHome(NAME); });
  afterAll(() => home.remove());

  test('stopped by Ctrl-C in the middle, it tells what is left and how to go on', async () => {
    const up = start(home, ['up', 'knative', '--name', NAME, '--port', String(PORT), '--json']);
    let asked = 0;
    for await (const line of up.stdout) {
      if (asked === 0 && String(line).includes('"apply:knative-serving"') && String(line).includes('"started"')) {
        asked = performance.now();
        await up.kill('SIGINT');
      }
    }
    const stopped = await up;
    expect(stopped.exitCode).toBe(130);
    expect(performance.now() - asked).toBeLessThan(10_000); // 5 s on a machine that is not shared
    const { error } = JSON.parse(stopped.stdout.trim().split('\n').at(-1) ?? '');
    expect(error).toMatchObject({ code: 'interrupted', hints: [{ command: expect.stringContaining('devstack up knative') }, { command: `devstack down ${NAME}` }] });
  });

  test('the next up goes on, and ends with an answer of the workload through Envoy', async () => {
    const up = await devstack(home, 'up', 'knative', '--name', NAME, '--port', String(PORT), '--json');
    expect(up.exitCode, up.stderr + up.stdout).toBe(0);
    expect(up.result).toMatchObject({
      v: 1, type: 'result', ok: true, stack: NAME, context: `kind-${CLUSTER}`,
      endpoints: [{ name: 'hello', address: `127.0.0.1:${PORT}`, status: 200, verified: true }],
    });
    kubectl = async (...args) => (await zx({ quiet: true })`kubectl --kubeconfig ${up.result.kubeconfig} --context ${up.result.context} ${args}`).stdout;
    const reply = await ask(up.result.endpoints[0].address, up.result.endpoints[0].host);
    expect(reply).toMatchObject({ status: 200, server: 'envoy' });
    expect(reply.body).toContain('Hello');
  });

  test('a second up changes nothing', async () => {
    const versions = () => kubectl('get', 'deployments,services,configmaps,crds,clusterroles', '-A', '-l', `devstack.dev/stack=${NAME}`, '-o', 'jsonpath={range .items[*]}{.kind}/{.metadata.name}={.metadata.generation}/{.metadata.managedFields[?(@.manager=="devstack")].time}{"\\n"}{end}');
    const before = await versions();
    const up = await devstack(home, 'up', 'knative', '--name', NAME, '--json');
    expect(up.exitCode, up.stderr + up.stdout).toBe(0);
    expect(up.result).toMatchObject({ ok: true, changed: 0, endpoints: [{ verified: true, address: `127.0.0.1:${PORT}` }] });
    expect(await versions()).toBe(before);
  });

  test('status asks the endpoint, env points kubectl at the stack', async () => {
    const status = await devstack(home, 'status', NAME, '--json');
    expect(status.exitCode, status.stdout).toBe(0);
    const env = await devstack(home, 'env', NAME, '--shell', 'sh');
    const nodes = await zx({ quiet: true, env: home.env })`bash -c ${`${env.stdout}\nkubectl get nodes -o name`}`;
    expect(nodes.stdout).toContain(`node/${CLUSTER}-control-plane`);
  });

  test('merged into the user\'s kubeconfig on demand, the rest of which stays as it was', async () => {
    const up = await devstack(home, 'up', 'knative', '--name', NAME, '--merge', '--json');
    expect(up.exitCode, up.stderr + up.stdout).toBe(0);
    const merged = await readFile(home.userKubeconfig, 'utf8');
    expect(merged).toContain('# keep me');
    expect(merged).toContain('current-context: elsewhere');
    expect(merged).toContain(`kind-${CLUSTER}`);
  });

  test('what a person edited is kept and told', async () => {
    await kubectl('-n', 'knative-serving', 'patch', 'configmap', 'config-deployment', '--type', 'merge', '-p', '{"data":{"registries-skipping-tag-resolving":"mine.local"}}');
    const up = await devstack(home, 'up', 'knative', '--name', NAME, '--json');
    expect(up.exitCode, up.stderr + up.stdout).toBe(0);
    expect(up.result.kept).toMatchObject([{ ref: { name: 'config-deployment' }, manager: 'kubectl-patch' }]);
    expect(await kubectl('-n', 'knative-serving', 'get', 'configmap', 'config-deployment', '-o', 'jsonpath={.data.registries-skipping-tag-resolving}')).toBe('mine.local');
  });

  test('hello scales to zero and answers again', async () => {
    await kubectl('wait', '--for=delete', 'pod', '-l', 'serving.knative.dev/service=hello', '--timeout=240s');
    const status = await devstack(home, 'status', NAME, '--json');
    expect(status.exitCode, status.stdout).toBe(0);
  });

  test('stopped it takes no CPU, started it answers again', async () => {
    expect((await devstack(home, 'stop', NAME, '--json')).result).toMatchObject({ ok: true, wasRunning: true });
    expect((await zx({ quiet: true })`docker ps -q --filter name=${CLUSTER}`).stdout).toBe('');
    const { result } = await devstack(home, 'start', NAME, '--json');
    expect(result).toMatchObject({ ok: true, endpoints: [{ name: 'hello', status: 200, verified: true }] });
    console.log(`start: ${result.durationMs} ms`);
  });

  test('nothing listens off loopback', async () => {
    const ports = (await zx({ quiet: true })`docker ps --filter name=${CLUSTER} --format {{.Ports}}`).stdout;
    expect(ports).toContain(`127.0.0.1:${PORT}`);
    expect(ports).not.toMatch(/0\.0\.0\.0|\[?::\]?:/);
    const published = [...ports.matchAll(/:(\d+)->/g)].map(([, port]) => Number(port));
    expect(await listeners(published)).toEqual(published.map((port) => `127.0.0.1:${port}`).sort());
  });

  test('a second stack on the same port is refused before anything is made', async () => {
    const up = await devstack(home, 'up', 'base', '--name', `${NAME}-two`, '--port', String(PORT), '--json');
    expect(up.exitCode).toBe(3);
    expect(up.result).toMatchObject({ ok: false, error: { code: 'port-taken' } });
    expect(await dockerThings(`${CLUSTER}-two`)).toEqual([]);
  });

  test('down leaves nothing, without any state on this machine, and the user\'s kubeconfig is as it was', async () => {
    const down = await devstack({ ...home, env: { ...home.env, XDG_STATE_HOME: `${home.directory}/other-state` } }, 'down', NAME, '--yes', '--json');
    expect(down.exitCode, down.stderr + down.stdout).toBe(0);
    expect(down.result.removed.length).toBeGreaterThan(0);
    expect(await dockerThings(CLUSTER)).toEqual([]);
    expect(await readFile(home.userKubeconfig, 'utf8')).toBe(FOREIGN_KUBECONFIG);
  });

  test('run gives a command a cluster, its exit code back, and removes the cluster', async () => {
    const ran = await devstack(home, 'run', 'base', '--name', NAME, '--port', String(PORT), '--artifacts', `${home.directory}/out`, '--json', '--', 'sh', '-c', 'kubectl get nodes -o name >&2; exit 7');
    expect(ran.exitCode, ran.stderr + ran.stdout).toBe(7);
    expect(ran.stderr).toContain(`node/${CLUSTER}-control-plane`);
    expect(await readdir(`${home.directory}/out`)).toEqual(expect.arrayContaining(['events.json', 'logs', 'pods.json']));
    expect(await dockerThings(CLUSTER)).toEqual([]);
  });

  test('killed in the middle, down finds everything', async () => {
    const up = start(home, ['up', 'base', '--name', NAME, '--port', String(PORT), '--json']);
    for await (const line of up.stdout) {
      if (String(line).includes('"cluster"') && (await dockerThings(`${CLUSTER}-control-plane`)).length > 0) break;
    }
    await up.kill('SIGKILL');
    await up;
    const down = await devstack(home, 'down', NAME, '--yes', '--json');
    expect(down.exitCode, down.stderr + down.stdout).toBe(0);
    expect(await dockerThings(CLUSTER)).toEqual([]);
  });
});
