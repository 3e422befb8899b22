// Addons on a real cluster: together with Serving, added to it, proved by an event and by an autoscaler, and taken out without a trace.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { $ as zx } from 'zx';
import { clusterState, type Kubectl, kubectlOf } from './cluster-state.ts';
import { devstack, dockerThings, type Home, makeHome } from './devstack.ts';

const NAME = 'test-addons';
const PORT = 18150;
const DISPLAY = 'gcr.io/knative-releases/knative.dev/eventing/cmd/event_display';
const LOAD_IMAGE = 'ghcr.io/knative/autoscale-go:latest';

const SINK = [
  {
    apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'sink', namespace: 'default' },
    spec: {
      selector: { matchLabels: { app: 'sink' } },
      template: { metadata: { labels: { app: 'sink' } }, spec: { containers: [{ name: 'sink', image: DISPLAY, imagePullPolicy: 'IfNotPresent' }] } },
    },
  },
  { apiVersion: 'v1', kind: 'Service', metadata: { name: 'sink', namespace: 'default' }, spec: { selector: { app: 'sink' }, ports: [{ port: 80, targetPort: 8080 }] } },
];
const TRIGGER = {
  apiVersion: 'eventing.knative.dev/v1', kind: 'Trigger', metadata: { name: 'sink', namespace: 'default' },
  spec: { broker: 'default', filter: { attributes: { type: 'dev.devstack.test' } }, subscriber: { ref: { apiVersion: 'v1', kind: 'Service', name: 'sink' } } },
};
const BURN = {
  apiVersion: 'serving.knative.dev/v1', kind: 'Service', metadata: { name: 'burn', namespace: 'default' },
  spec: {
    template: {
      metadata: {
        annotations: {
          'autoscaling.knative.dev/class': 'hpa.autoscaling.knative.dev', 'autoscaling.knative.dev/metric': 'cpu', 'autoscaling.knative.dev/target': '50',
          'autoscaling.knative.dev/min-scale': '1', 'autoscaling.knative.dev/max-scale': '3', 'autoscaling.knative.dev/window': '15s',
        },
      },
      spec: { containers: [{ image: LOAD_IMAGE, imagePullPolicy: 'IfNotPresent', resources: { requests: { cpu: '20m' } } }] },
    },
  },
};

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : expect.fail('no port');
}

/** Resolves with the output as soon as it has the text. */
function until(child: ChildProcess, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let seen = '';
    child.stdout?.on('data', (chunk) => { seen += chunk; if (seen.includes(text)) resolve(seen); });
    child.once('exit', (code) => reject(new Error(`ended with ${code} before it said ${text}: ${seen}`)));
  });
}

describe.skipIf(process.env['DEVSTACK_LAB'] === undefined)('addons', () => {
  let home: Home;
  let folder: string;
  let kubectl: Kubectl;
  let target: { kubeconfig: string; context: string };
  const children: ChildProcess[] = [];

  async function apply(...objects: readonly object[]): Promise<void> {
    const file = join(folder, 'objects.json');
    await writeFile(file, JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }));
    await kubectl('apply', '-f', file);
  }

  function run(command: string, ...args: string[]): ChildProcess {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'ignore'] });
    children.push(child);
    return child;
  }

  beforeAll(async () => {
    home = await makeHome(NAME);
    folder = await mkdtemp(join(tmpdir(), 'devstack-test-addons-'));
  });
  afterAll(async () => {
    for (const child of children) child.kill();
    await home.remove();
    await rm(folder, { recursive: true, force: true });
  });

  test('what does not fit is refused before anything is made, with what would', async () => {
    const up = await devstack(home, 'up', 'knative', '--with', 'eventing,metrics-server', '--name', NAME, '--port', String(PORT), '--json');
    expect(up.exitCode).toBe(3);
    expect(up.result.error).toMatchObject({ code: 'does-not-fit' });
    const commands = up.result.error.hints.map((hint: { command?: string }) => hint.command ?? '');
    expect(commands.filter((command: string) => /--fit|--nodes 2/.test(command)).length).toBe(2);
    expect(await dockerThings(`devstack-${NAME}`)).toEqual([]);
  });

  test('one command brings Serving, Kourier, Eventing and metrics-server up', async () => {
    const up = await devstack(home, 'up', 'knative', '--with', 'eventing,metrics-server', '--fit', '--name', NAME, '--port', String(PORT), '--json');
    expect(up.exitCode, up.stderr + up.stdout).toBe(0);
    expect(up.result).toMatchObject({ ok: true, endpoints: [{ name: 'hello', verified: true }] });
    target = { kubeconfig: up.result.kubeconfig, context: up.result.context };
    kubectl = kubectlOf(target);
    expect(await kubectl('get', 'broker', 'default', '-o', 'jsonpath={.status.conditions[?(@.type=="Ready")].status}')).toBe('True');
    expect(await kubectl('get', 'apiservice', 'v1beta1.metrics.k8s.io', '-o', 'jsonpath={.status.conditions[?(@.type=="Available")].status}')).toBe('True');
  });

  test('a second up changes nothing, also without --fit', async () => {
    const up = await devstack(home, 'up', 'knative', '--with', 'eventing,metrics-server', '--name', NAME, '--json');
    expect(up.exitCode, up.stderr + up.stdout).toBe(0);
    expect(up.result).toMatchObject({ ok: true, changed: 0, kept: [] });
  });

  test('an event that is sent in arrives at a sink', async () => {
    await apply(...SINK, TRIGGER);
    await kubectl('wait', 'trigger/sink', '--for=condition=Ready', '--timeout=120s');
    await kubectl('rollout', 'status', 'deployment/sink', '--timeout=120s');
    const port = await freePort();
    await until(run('kubectl', '--kubeconfig', target.kubeconfig, '--context', target.context, '-n', 'knative-eventing', 'port-forward', 'service/broker-ingress', `${port}:80`), 'Forwarding');
    const display = until(run('kubectl', '--kubeconfig', target.kubeconfig, '--context', target.context, 'logs', '-f', 'deployment/sink'), 'wanted');
    for (const [id, type] of [['passed-by', 'other'], ['wanted', 'dev.devstack.test']] as const) {
      const sent = await fetch(`http://127.0.0.1:${port}/default/default`, {
        method: 'POST', body: '{"a":1}', headers: { 'ce-id': id, 'ce-specversion': '1.0', 'ce-type': type, 'ce-source': '/test', 'content-type': 'application/json' },
      });
      expect(sent.status).toBe(202);
    }
    const seen = await display;
    expect(seen).toContain('id: wanted');
    expect(seen).not.toContain('passed-by');
  });

  test('what stands on an addon keeps it there', async () => {
    const kourier = await devstack(home, 'addon', 'remove', 'kourier', '--name', NAME, '--yes', '--json');
    expect(kourier.exitCode).toBe(2);
    expect(kourier.result.error).toMatchObject({ code: 'addon-needed', hints: [{ command: `devstack addon remove kourier knative-serving --name ${NAME}` }] });
    const serving = await devstack(home, 'addon', 'remove', 'kourier', 'serving', '--name', NAME, '--yes', '--json');
    expect(serving.result.error).toMatchObject({ code: 'addon-in-use', message: expect.stringContaining('sample-hello') });
    const listed = await devstack(home, 'addon', 'list', '--name', NAME, '--json');
    const installed = listed.result.addons.filter((addon: { state: string }) => addon.state === 'installed').map((addon: { id: string }) => addon.id);
    expect(installed.sort()).toEqual(['knative-eventing', 'knative-serving', 'kourier', 'metrics-server']);
  });

  test('removing says first what people made with it, and removes that too', async () => {
    const plan = await devstack(home, 'addon', 'remove', 'eventing', '--name', NAME, '--dry-run');
    expect(plan.stdout).toContain('first what people made with it: trigger default/sink');
    expect(await kubectl('get', 'trigger', 'sink', '-o', 'name')).toContain('sink');
    const removed = await devstack(home, 'addon', 'remove', 'eventing', '--name', NAME, '--yes', '--json');
    expect(removed.exitCode, removed.stderr + removed.stdout).toBe(0);
    await kubectl('delete', 'deployment/sink', 'service/sink');
    expect(await kubectl('get', 'crd', '-o', 'name')).not.toMatch(/eventing|messaging|sources\.knative/);
  });

  test('added and removed again, the cluster is as before, object for object', async () => {
    await kubectl('wait', '--for=delete', 'pod', '-l', 'serving.knative.dev/service=hello', '--timeout=240s'); // its Deployment holds the number of its pods
    const before = await clusterState(kubectl);
    expect(before.size).toBeGreaterThan(100);
    const added = await devstack(home, 'addon', 'add', 'eventing', 'hpa', '--name', NAME, '--json');
    expect(added.exitCode, added.stderr + added.stdout).toBe(0);
    expect(added.result.changed).toBeGreaterThan(0);
    expect((await clusterState(kubectl)).size).toBeGreaterThan(before.size);
    const again = await devstack(home, 'addon', 'add', 'eventing', 'hpa', '--name', NAME, '--json');
    expect(again.result).toMatchObject({ changed: 0, notes: ['Knative Eventing is installed already', 'Knative HPA class is installed already'] });
    const removed = await devstack(home, 'addon', 'remove', 'hpa', 'eventing', '--name', NAME, '--yes', '--json');
    expect(removed.exitCode, removed.stderr + removed.stdout).toBe(0);
    const after = await clusterState(kubectl);
    expect([...after.keys()].sort()).toEqual([...before.keys()].sort());
    expect([...before].filter(([name, object]) => after.get(name) !== object).map(([name]) => name)).toEqual([]);
  });

  test('with the HPA class a load makes replicas rise, and its end makes them fall', async () => {
    const added = await devstack(home, 'addon', 'add', 'hpa', '--name', NAME, '--json');
    expect(added.exitCode, added.stderr + added.stdout).toBe(0);
    expect(await kubectl('top', 'nodes')).toMatch(/devstack-test-addons-control-plane +\d+m/);
    await zx({ quiet: true })`kind load docker-image ${LOAD_IMAGE} --name devstack-${NAME}`;
    await apply(BURN);
    await kubectl('wait', 'ksvc/burn', '--for=condition=Ready', '--timeout=180s');
    const load = run('hey', '-z', '300s', '-c', '4', '-host', 'burn.default.localhost', `http://127.0.0.1:${PORT}/?prime=200000`);
    const deployment = 'deployment/burn-00001-deployment';
    await kubectl('wait', deployment, '--for=jsonpath={.status.readyReplicas}=3', '--timeout=240s');
    load.kill();
    await kubectl('wait', deployment, '--for=jsonpath={.status.replicas}=1', '--timeout=300s');
    await kubectl('delete', 'ksvc', 'burn');
  });

  test('a wish that cannot be is refused before any effect', async () => {
    const twice = await devstack(home, 'up', 'knative', '--name', NAME, '--ingress', 'gloo', '--json');
    expect(twice.exitCode).toBe(2);
    expect(twice.result.error).toMatchObject({ code: 'addon-ended', message: expect.stringContaining('2026-12-31') });
    const other = await devstack(home, 'plan', 'knative', '--name', NAME, '--ingress', 'contour', '--json');
    expect(other.result.plan.notes).toContain('the stack has the ingress kourier; another one needs a new stack');
    expect(other.result.plan.steps.map((step: { id: string }) => step.id)).not.toContain('apply:contour');
  });
});
