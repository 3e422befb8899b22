// A whole stack in a cluster that somebody else made: up, again, status without the state folder, down; the cluster is as it was.
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { $ as zx } from 'zx';
import { clusterState, type Kubectl, kubectlOf } from './cluster-state.ts';
import { devstack, dockerThings, type Home, makeHome } from './devstack.ts';

const CLUSTER = 'devstack-test-ctx-up';
const CONTEXT = `kind-${CLUSTER}`;
const NAME = 'test-ctx-up';
const PORT = 18402;
const CONFIG = {
  kind: 'Cluster', apiVersion: 'kind.x-k8s.io/v1alpha4', networking: { apiServerAddress: '127.0.0.1' },
  nodes: [{ role: 'control-plane', image: process.env['DEVSTACK_NODE_IMAGE'], extraPortMappings: [{ containerPort: 31080, hostPort: PORT, listenAddress: '127.0.0.1' }] }],
};

describe.skipIf(process.env['DEVSTACK_LONG'] === undefined)('a stack in a cluster that devstack did not make', () => {
  let home: Home;
  let kubectl: Kubectl;
  let before: ReadonlyMap<string, string>;
  let theirs: string;
  beforeAll(async () => {
    home = await makeHome();
    await writeFile(join(home.directory, 'kind.json'), JSON.stringify(CONFIG));
    await zx({ quiet: true })`kind create cluster --name ${CLUSTER} --config ${join(home.directory, 'kind.json')} --kubeconfig ${home.userKubeconfig} --wait 90s`;
    theirs = await readFile(home.userKubeconfig, 'utf8');
    kubectl = kubectlOf({ kubeconfig: home.userKubeconfig, context: CONTEXT });
    await kubectl('-n', 'local-path-storage', 'rollout', 'status', 'deployment/local-path-provisioner', '--timeout=120s');
    await kubectl('-n', 'kube-system', 'rollout', 'status', 'deployment/coredns', '--timeout=120s');
    await kubectl('create', 'namespace', 'theirs');
    await kubectl('-n', 'theirs', 'create', 'configmap', 'keep', '--from-literal=a=b');
    await kubectl('-n', 'theirs', 'wait', '--for=create', 'serviceaccount/default', 'configmap/kube-root-ca.crt', '--timeout=60s');
    before = await clusterState(kubectl);
  });
  afterAll(async () => {
    await devstack(home, 'down', NAME, '--yes');
    await zx({ quiet: true, nothrow: true })`kind delete cluster --name ${CLUSTER} --kubeconfig ${home.userKubeconfig}`;
    await home.remove();
  });

  test('up answers at the port that the cluster has already', async () => {
    const up = await devstack(home, 'up', 'knative', '--context', CONTEXT, '--name', NAME, '--fit', '--json');
    expect(up.exitCode, up.stderr + up.stdout).toBe(0);
    expect(up.result).toMatchObject({ provider: 'context', context: `devstack-${NAME}`, endpoints: [{ name: 'hello', address: `127.0.0.1:${PORT}`, status: 200, verified: true }] });
    expect(await readFile(home.userKubeconfig, 'utf8')).toBe(theirs);
  });

  test('again, without a word about the context: nothing has to change', async () => {
    const up = await devstack(home, 'up', 'knative', '--name', NAME, '--fit', '--json');
    expect(up.exitCode, up.stderr + up.stdout).toBe(0);
    expect(up.result).toMatchObject({ provider: 'context', changed: 0 });
  });

  test('found without the state folder; stop says that it cannot', async () => {
    await rm(join(home.directory, 'state'), { recursive: true, force: true });
    const status = await devstack(home, 'status', NAME, '--json');
    expect(status.exitCode, status.stderr).toBe(0);
    expect((await devstack(home, 'stop', NAME, '--json')).result.error).toMatchObject({ code: 'provider-cannot-stop' });
  });

  test('down takes out what devstack put in, and what was made with it; the rest is as it was', async () => {
    await kubectl('-n', 'theirs', 'create', '-f', await serviceFile(home));
    const down = await devstack(home, 'down', NAME, '--yes', '--json');
    expect(down.exitCode, down.stderr + down.stdout).toBe(0);
    const after = await clusterState(kubectl);
    expect([...after.keys()].filter((key) => !before.has(key))).toEqual([]);
    expect([...before].filter(([key, object]) => after.get(key) !== object).map(([key]) => key)).toEqual([]);
    expect(await dockerThings(`devstack-${NAME}`)).toEqual([`${CLUSTER}-control-plane`]);
    expect(await readFile(home.userKubeconfig, 'utf8')).toBe(theirs);
  });
});

async function serviceFile(home: Home): Promise<string> {
  const path = join(home.directory, 'service.json');
  const containers = [{ image: 'ghcr.io/knative/helloworld-go:latest', imagePullPolicy: 'Never' }];
  await writeFile(path, JSON.stringify({ apiVersion: 'serving.knative.dev/v1', kind: 'Service', metadata: { name: 'theirs' }, spec: { template: { spec: { containers } } } }));
  return path;
}
