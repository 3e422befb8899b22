// Addons whose programs the laboratory cannot run: stand-ins answer their probes. Tested is what is devstack's own part: the order of
// installing, waiting, removing; that nothing stays behind. That traffic flows, or that a certificate is issued, is not.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { clusterState, type Kubectl, kubectlOf } from './cluster-state.ts';
import { devstack, type Home, makeHome } from './devstack.ts';

const NAME = 'test-addons-standins';
const PORT = 18150;

const MINE = {
  apiVersion: 'serving.knative.dev/v1', kind: 'Service', metadata: { name: 'mine', namespace: 'default' },
  spec: { template: { spec: { containers: [{ image: 'ghcr.io/knative/helloworld-go:latest', imagePullPolicy: 'IfNotPresent' }] } } },
};

/** What the real programs would make, and their pods wait for. */
type Help = readonly (readonly string[])[];
const ISTIO: Help = [['-n', 'istio-system', 'create', 'configmap', 'istio-ca-root-cert', '--from-literal=root-cert.pem=any']];
const CONTOUR: Help = ['contour-external', 'contour-internal'].flatMap((namespace) => ['contourcert', 'envoycert'].map((secret) => (
  ['-n', namespace, 'create', 'secret', 'generic', secret, '--from-literal=any=any']
)));

describe.skipIf(process.env['DEVSTACK_LAB'] === undefined)('addons with stand-ins', () => {
  let home: Home;
  let kubectl: Kubectl;
  let before: ReadonlyMap<string, string>;

  const addon = (...args: string[]) => devstack(home, 'addon', ...args, '--name', NAME, '--fit', '--json', '--yes');

  async function helpAlong(help: Help): Promise<void> {
    for (const namespace of new Set(help.map(([, name]) => name ?? ''))) await kubectl('wait', '--for=create', `namespace/${namespace}`, '--timeout=120s');
    await Promise.all(help.map((args) => kubectl(...args)));
  }

  /** A new cluster goes on making accounts and settings of its own for a while after its API server answers. */
  async function untilSettled(): Promise<void> {
    for (const namespace of ['default', 'kube-system', 'kube-public', 'kube-node-lease', 'local-path-storage']) {
      await kubectl('-n', namespace, 'wait', '--for=create', 'serviceaccount/default', 'configmap/kube-root-ca.crt', '--timeout=120s');
    }
    await kubectl('-n', 'kube-system', 'rollout', 'status', 'daemonset/kube-proxy', '--timeout=120s');
    await kubectl('-n', 'kube-system', 'rollout', 'status', 'deployment/coredns', '--timeout=120s');
    await kubectl('-n', 'local-path-storage', 'rollout', 'status', 'deployment/local-path-provisioner', '--timeout=120s');
  }

  async function takeBack(help: Help): Promise<void> {
    await Promise.all(help.map(([, namespace = '', , kind = '', ...rest]) => kubectl('-n', namespace, 'delete', kind, rest[0] === 'generic' ? rest[1] ?? '' : rest[0] ?? '')));
  }

  async function expectAsBefore(): Promise<void> {
    const after = await clusterState(kubectl);
    expect([...after.keys()].filter((name) => !before.has(name))).toEqual([]);
    expect([...before].filter(([name, object]) => after.get(name) !== object).map(([name]) => name)).toEqual([]);
  }

  beforeAll(async () => {
    home = await makeHome(NAME);
    const up = await devstack(home, 'up', 'base', '--name', NAME, '--port', String(PORT), '--fit', '--json');
    expect(up.exitCode, up.stderr + up.stdout).toBe(0);
    kubectl = kubectlOf(up.result);
    await untilSettled();
    before = await clusterState(kubectl);
  });
  afterAll(() => home.remove());

  test.each([
    ['istio', ISTIO, ['istio']],
    ['contour', CONTOUR, ['contour']],
    ['gateway-api', [], ['gateway-api']],
  ])('%s: installed, ready, removed without a trace', async (_name, help, names) => {
    const [added] = await Promise.all([addon('add', ...names), helpAlong(help)]);
    expect(added.exitCode, added.stderr + added.stdout).toBe(0);
    const again = await addon('add', ...names);
    expect(again.result).toMatchObject({ ok: true, changed: 0 });
    await takeBack(help);
    const removed = await addon('remove', ...names);
    expect(removed.exitCode, removed.stderr + removed.stdout).toBe(0);
    await expectAsBefore();
  });

  test.each([
    ['istio', ISTIO, ['net-istio', 'istio']],
    ['contour', CONTOUR, ['net-contour', 'contour']],
    ['gateway-api', ISTIO, ['net-gateway-api', 'istio', 'gateway-api']],
  ])('Serving with the ingress %s: every part becomes ready, and all of it goes again', async (ingress, help, parts) => {
    const [added] = await Promise.all([addon('add', 'serving', '--ingress', ingress), helpAlong(help)]);
    expect(added.exitCode, added.stderr + added.stdout).toBe(0);
    expect(await kubectl('-n', 'knative-serving', 'get', 'configmap', 'config-network', '-o', 'jsonpath={.data.ingress-class}')).toBe(`${ingress}.ingress.networking.knative.dev`);
    expect(await kubectl('get', 'services', '-A', '-o', 'jsonpath={.items[?(@.metadata.name=="devstack-ingress")].spec.ports[0].nodePort}')).toBe('31080');
    const rival = await addon('add', 'serving', '--ingress', 'kourier');
    expect(rival.result).toMatchObject({ ok: true, changed: 0 });
    await takeBack(help);
    const removed = await addon('remove', 'serving', ...parts);
    expect(removed.exitCode, removed.stderr + removed.stdout).toBe(0);
    await expectAsBefore();
  });

  test('Serving with Kourier: what people made with it goes first, while the ingress still runs', async () => {
    const added = await addon('add', 'serving', '--ingress', 'kourier');
    expect(added.exitCode, added.stderr + added.stdout).toBe(0);
    const file = join(home.directory, 'mine.json');
    await writeFile(file, JSON.stringify(MINE));
    await kubectl('create', '-f', file);
    await kubectl('wait', 'ksvc/mine', '--for=condition=Ready', '--timeout=180s');
    const plan = await devstack(home, 'addon', 'remove', 'serving', 'kourier', '--name', NAME, '--dry-run');
    expect(plan.stdout).toMatch(/made with Knative Serving: service default\/mine.*Remove Kourier ingress.*Remove Knative Serving/s);
    const removed = await addon('remove', 'serving', 'kourier');
    expect(removed.exitCode, removed.stderr + removed.stdout).toBe(0);
    await expectAsBefore();
  });

  test('cert-manager: nobody fills in the CA here, so it is not called ready; what was begun can be removed', async () => {
    const added = await addon('add', 'cert-manager', '--timeout', '60s');
    expect(added.exitCode, added.stdout).toBe(4);
    expect(added.result.error.cause).toMatch(/x509|certificate/);
    const removed = await addon('remove', 'cert-manager');
    expect(removed.exitCode, removed.stderr + removed.stdout).toBe(0);
    await expectAsBefore();
  });

  test('MetalLB: gets the high end of the nodes\' own network', async () => {
    const secret: Help = [['-n', 'metallb-system', 'create', 'secret', 'generic', 'memberlist', '--from-literal=secretkey=any']];
    // Its stand-in answers no webhook: without the configuration the pool is let through.
    const unguard = async () => {
      await kubectl('wait', '--for=create', 'validatingwebhookconfiguration/metallb-webhook-configuration', '--timeout=120s');
      await kubectl('delete', 'validatingwebhookconfiguration', 'metallb-webhook-configuration');
    };
    const [added] = await Promise.all([addon('add', 'metallb'), helpAlong(secret), unguard()]);
    expect(added.exitCode, added.stderr + added.stdout).toBe(0);
    const range = await kubectl('-n', 'metallb-system', 'get', 'ipaddresspool', 'devstack', '-o', 'jsonpath={.spec.addresses[0]}');
    const node = await kubectl('get', 'nodes', '-o', 'jsonpath={.items[0].status.addresses[?(@.type=="InternalIP")].address}');
    expect(range.split('.').slice(0, 2)).toEqual(node.split('.').slice(0, 2));
    await takeBack(secret);
    const removed = await addon('remove', 'metallb');
    expect(removed.exitCode, removed.stderr + removed.stdout).toBe(0);
    await expectAsBefore();
  });
});
