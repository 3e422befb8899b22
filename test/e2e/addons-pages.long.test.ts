// Addons with a page of their own: a way to it over loopback, a token that lets in and is kept nowhere. The laboratory has none of their
// images, so one that answers on their ports stands in: that Headlamp, Prometheus and Grafana do what they should is not tested.
import { createServer } from 'node:net';
import { networkInterfaces } from 'node:os';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ProcessPromise, $ as zx } from 'zx';
import { clusterState, type Kubectl, kubectlOf } from './cluster-state.ts';
import { devstack, type Home, makeHome, start } from './devstack.ts';

const NAME = 'test-addons-pages';
const PORT = 18152;
const PAGE = 'devstack-test/page:1';
const DOCKERFILE = `FROM busybox:1.37
RUN mkdir -p /www/- /www/api && echo page | tee /www/index.html /www/-/ready /www/api/health
ENTRYPOINT ["sh", "-c", "httpd -p 4466 -h /www; httpd -p 9090 -h /www; exec httpd -f -p 3000 -h /www", "page"]
`;
const IMAGES = ['ghcr.io/headlamp-k8s/headlamp:v0.44.0', 'quay.io/prometheus/prometheus:v3.5.0', 'docker.io/grafana/grafana:12.3.1'];
const TOKEN = /eyJ[\w-]+\.[\w-]+\.[\w-]+/;

/** Resolves with all that was said as soon as it has the words. */
function until(process: ProcessPromise, words: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let said = '';
    const hear = (chunk: unknown) => { said += String(chunk); if (said.includes(words)) resolve(said); };
    process.stdout.on('data', hear);
    process.stderr.on('data', hear);
    void process.then(({ exitCode }) => reject(new Error(`ended with ${exitCode} before it said ${words}: ${said}`)));
  });
}

/** True when nobody listens on this address: it can be bound. */
function isFree(address: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer().once('error', () => resolve(false)).listen(port, address, () => server.close(() => resolve(true)));
  });
}

describe.skipIf(process.env['DEVSTACK_LAB'] === undefined)('pages of addons', () => {
  let home: Home;
  let kubectl: Kubectl;
  let target: { kubeconfig: string; context: string };
  let before: ReadonlyMap<string, string>;

  beforeAll(async () => {
    home = await makeHome(NAME);
    await zx({ quiet: true, input: DOCKERFILE })`docker build -t ${PAGE} -`;
    const up = await devstack(home, 'up', 'base', '--name', NAME, '--port', '18151', '--fit', '--json');
    expect(up.exitCode, up.stderr + up.stdout).toBe(0);
    target = up.result;
    kubectl = kubectlOf(target);
    await zx({ quiet: true })`kind load docker-image ${PAGE} --name devstack-${NAME}`;
    for (const namespace of ['default', 'kube-system', 'kube-public', 'kube-node-lease', 'local-path-storage']) {
      await kubectl('-n', namespace, 'wait', '--for=create', 'serviceaccount/default', 'configmap/kube-root-ca.crt', '--timeout=120s');
    }
    for (const [namespace, workload] of [['kube-system', 'daemonset/kube-proxy'], ['kube-system', 'deployment/coredns'], ['local-path-storage', 'deployment/local-path-provisioner']] as const) {
      await kubectl('-n', namespace, 'rollout', 'status', workload, '--timeout=120s');
    }
    before = await clusterState(kubectl);
  });
  afterAll(async () => {
    await home.remove();
    await zx({ quiet: true, nothrow: true })`docker image rm ${PAGE}`;
  });

  test('what is not installed is told, with the command that adds it', async () => {
    const open = await devstack(home, 'open', 'dashboard', '--name', NAME, '--json');
    expect(open.exitCode).toBe(3);
    expect(open.result.error).toMatchObject({ code: 'addon-not-installed', hints: [{ command: `devstack addon add dashboard --name ${NAME}` }] });
    const pageless = await devstack(home, 'open', 'metrics-server', '--name', NAME, '--json');
    expect(pageless.result.error).toMatchObject({ code: 'addon-without-page', exit: 2, cause: 'those that have one: dashboard, monitoring' });
  });

  test('both are installed and become ready', async () => {
    const rules = IMAGES.flatMap((image) => ['--image', `${image}=docker.io/${PAGE}`]);
    const added = await devstack(home, 'addon', 'add', 'dashboard', 'monitoring', '--name', NAME, '--fit', ...rules, '--json');
    expect(added.exitCode, added.stderr + added.stdout).toBe(0);
    const again = await devstack(home, 'addon', 'add', 'dashboard', 'monitoring', '--name', NAME, '--json');
    expect(again.result).toMatchObject({ ok: true, changed: 0 });
  });

  test.each([['dashboard', '/'], ['monitoring', '/api/health']])('%s answers on loopback, there only, until Ctrl-C', async (addon, path) => {
    const process = start(home, ['open', addon, '--name', NAME, '--port', String(PORT), '--json']);
    const said = await until(process, 'Ctrl-C ends it');
    expect(said).toContain(`http://127.0.0.1:${PORT}/`);
    expect(await (await fetch(`http://127.0.0.1:${PORT}${path}`)).text()).toContain('page');
    const others = Object.values(networkInterfaces()).flatMap((list) => list ?? []).filter(({ family, internal }) => family === 'IPv4' && !internal);
    for (const { address } of others) expect(await isFree(address, PORT), address).toBe(true);
    const taken = await devstack(home, 'open', addon, '--name', NAME, '--port', String(PORT), '--json');
    expect(taken.result.error).toMatchObject({ code: 'port-taken' });
    await process.kill('SIGINT');
    const { stdout, stderr } = await process;
    expect(stdout + stderr).not.toMatch(TOKEN);
    expect(await isFree('127.0.0.1', PORT)).toBe(true);
  });

  test('on a terminal the token is shown once, lets in, and is in no file', async () => {
    const bin = start(home, []).cmd.split(' ')[1] ?? '';
    const process = zx({ env: { ...home.env, CI: '' }, cwd: home.directory, quiet: true, nothrow: true })`script -qefc ${`${globalThis.process.execPath} ${bin} open dashboard --print --name ${NAME} --port ${PORT}`} /dev/null`;
    await until(process, 'eyJ');
    await process.kill('SIGINT');
    const { stdout } = await process;
    const [token = '', ...more] = stdout.match(new RegExp(TOKEN, 'g')) ?? [];
    expect(more).toEqual([]);
    const { stdout: server } = await zx({ quiet: true })`kubectl --kubeconfig ${target.kubeconfig} --context ${target.context} config view --minify -o ${'jsonpath={.clusters[0].cluster.server}'}`;
    const rights = await zx({ quiet: true })`kubectl --kubeconfig /dev/null --server ${server} --insecure-skip-tls-verify --token ${token} auth can-i delete namespaces`;
    expect(rights.stdout.trim()).toBe('yes');
    expect((await zx({ quiet: true, nothrow: true })`grep -rl ${token} ${home.directory}`).stdout).toBe('');
  });

  test('removed without a trace', async () => {
    const removed = await devstack(home, 'addon', 'remove', 'dashboard', 'monitoring', '--name', NAME, '--yes', '--json');
    expect(removed.exitCode, removed.stderr + removed.stdout).toBe(0);
    const after = await clusterState(kubectl);
    expect([...after.keys()].filter((name) => !before.has(name))).toEqual([]);
    expect([...before].filter(([name, object]) => after.get(name) !== object).map(([name]) => name)).toEqual([]);
  });
});
