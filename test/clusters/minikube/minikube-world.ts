// minikube over a fake engine: the real provider, real files and processes, an executable with recorded answers, a node in memory.
import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { minikube } from '../../../src/clusters/minikube/index.ts';
import type { ProviderContext } from '../../../src/clusters/provider.ts';
import { createFiles } from '../../../src/host/files.ts';
import { createProcesses } from '../../../src/host/process.ts';
import { createYaml } from '../../../src/host/yaml.ts';
import type { ClusterPlan } from '../../../src/model/plan.ts';
import type { StackSpec } from '../../../src/model/stack.ts';
import { createKubeconfigs } from '../../../src/state/kubeconfig.ts';
import { type FakeContainer, FakeEngine } from '../../fakes/docker-engine.ts';
import { fakeClient, fakePorts } from '../../fakes/ports.ts';
import { serveContainerd } from '../kind/containerd.ts';
import { engineFacts, specOf } from '../kind/kind-spec.ts';

const BIN = fileURLToPath(new URL('../../fixtures/bin', import.meta.url));
const ADMIN = `apiVersion: v1
kind: Config
clusters: [{name: minikube, cluster: {certificate-authority-data: Q0E=, server: 'https://control-plane.minikube.internal:8443'}}]
users: [{name: admin, user: {client-certificate-data: Q0VSVA==, client-key-data: S0VZ}}]
`;
export const CLUSTER = 'devstack-dev';
export const NETWORK = 'devstack-dev-minikube';

export function planOf(given: Partial<StackSpec> = {}): ClusterPlan {
  return { ...minikube.plan(specOf({ provider: 'minikube', nodeImage: undefined, ...given }), 8080, engineFacts), settings: { domain: 'localhost' } };
}

export interface MinikubeWorld {
  readonly engine: FakeEngine;
  readonly context: ProviderContext;
  readonly progress: string[];
  /** Command lines of minikube. */
  seen(): Promise<string>;
  /** Where minikube puts its next node. */
  network: string;
  /** What minikube itself says of the profile from now on. */
  say(state: string): Promise<void>;
  remove(): Promise<void>;
}

export async function minikubeWorld(): Promise<MinikubeWorld> {
  const home = await mkdtemp(join(tmpdir(), 'devstack-test-'));
  const [statePath, seenPath] = [join(home, 'profile'), join(home, 'seen')];
  await appendFile(seenPath, '');
  const env = { PATH: `${BIN}:/usr/bin:/bin`, HOME: home, FAKE_MINIKUBE: statePath, FAKE_MINIKUBE_SEEN: seenPath };
  const engine = new FakeEngine();
  serveNode(engine);
  const [progress, processes] = [[] as string[], createProcesses(env)];
  const base = { env, files: createFiles(), yaml: createYaml(), folders: { state: join(home, 'state'), cache: home, config: home }, home: () => home };
  const ports = fakePorts({
    ...base, docker: engine.docker, kubeconfigs: createKubeconfigs(base),
    processes: {
      find: (name) => processes.find(name),
      async run(command, args, options) {
        const result = await processes.run(command, args, options);
        if (result.exitCode === 0) follow(engine, args, world.network);
        return result;
      },
    },
    artifacts: { tool: async () => join(BIN, 'minikube'), fetch: async () => '', has: async () => true },
    kubeConnector: { connect: async (access) => fakeClient({ access, version: async () => 'v1.34.4' }) },
  });
  const world: MinikubeWorld = {
    engine, progress, network: NETWORK, context: { ports, signal: new AbortController().signal, onProgress: (message) => progress.push(message) },
    seen: () => readFile(seenPath, 'utf8'), say: (state) => writeFile(statePath, `${state}\n`), remove: () => rm(home, { recursive: true, force: true }),
  };
  return world;
}

/** Containers come, stop and go as minikube is told. */
function follow(engine: FakeEngine, args: readonly string[], network: string): void {
  const node = engine.containers.find(({ name }) => name === CLUSTER);
  if (args[0] === 'start') {
    if (node === undefined) addNode(engine, network);
    else node.state = 'running';
  }
  if (args[0] === 'stop' && node !== undefined) node.state = 'exited';
  if (args[0] === 'delete' && node !== undefined) engine.containers.splice(engine.containers.indexOf(node), 1);
}

export function addNode(engine: FakeEngine, network = NETWORK): FakeContainer {
  return engine.addContainer(CLUSTER, {
    labels: { 'name.minikube.sigs.k8s.io': CLUSTER }, networks: [network],
    ports: [{ hostAddress: '127.0.0.1', hostPort: 8080, containerPort: 31080 }, { hostAddress: '127.0.0.1', hostPort: 40123, containerPort: 8443 }],
    files: new Map([['/etc/kubernetes/admin.conf', ADMIN]]),
  });
}

function serveNode(engine: FakeEngine): void {
  serveContainerd(engine);
  const containerd = engine.onExec;
  engine.onExec = (container, command, stdin) => {
    const [, path] = /> (\S+)$/.exec(command.at(-1) ?? '') ?? [];
    if (command[0] !== 'sh' || path === undefined) return containerd(container, command, stdin);
    container.files.set(path, '1.34.4\n');
    return { exitCode: 0, stdout: '', stderr: '' };
  };
}
