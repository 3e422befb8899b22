// kind over a fake engine: the real provider, real files and processes, an executable that behaves like kind, nodes in memory.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { kind } from '../../../src/clusters/kind/index.ts';
import type { ProviderContext } from '../../../src/clusters/provider.ts';
import { createClock } from '../../../src/host/clock.ts';
import { createFiles } from '../../../src/host/files.ts';
import { createProcesses } from '../../../src/host/process.ts';
import { createYaml } from '../../../src/host/yaml.ts';
import type { ClusterPlan } from '../../../src/model/plan.ts';
import type { StackSpec } from '../../../src/model/stack.ts';
import type { KubeClient, Ports, ProcessOptions } from '../../../src/ports.ts';
import { createKubeconfigs } from '../../../src/state/kubeconfig.ts';
import { type FakeContainer, FakeEngine } from '../../fakes/docker-engine.ts';
import { fakeClient, fakePorts } from '../../fakes/ports.ts';
import { engineFacts, NODE_IMAGE, specOf } from './kind-spec.ts';

const BIN = fileURLToPath(new URL('../../fixtures/bin', import.meta.url));
const ADMIN = `apiVersion: v1
kind: Config
clusters: [{name: kubernetes, cluster: {certificate-authority-data: Q0E=, server: 'https://node:6443'}}]
contexts: [{name: admin, context: {cluster: kubernetes, user: admin}}]
users: [{name: admin, user: {client-certificate-data: Q0VSVA==, client-key-data: S0VZ}}]
current-context: admin
`;
const API_PORT = 40123;
export const CLUSTER = 'devstack-dev';

export { engineFacts, NODE_IMAGE, specOf };

export function planOf(given: Partial<StackSpec> = {}): ClusterPlan {
  return { ...kind.plan(specOf(given), 8080, engineFacts), settings: { domain: 'localhost' } };
}

export interface KindWorld {
  readonly engine: FakeEngine;
  readonly ports: Ports;
  readonly context: ProviderContext;
  readonly home: string;
  readonly progress: string[];
  /** Stops the run, as Ctrl-C does. */
  abort(): void;
  /** What the fake kind was given: its configuration, its environment, its arguments. */
  seen(): Promise<string>;
  /** Lets the fake kind `gate` go on. */
  openGate(): Promise<void>;
  /** Resolves when a line of progress has this text. */
  until(text: string): Promise<void>;
  remove(): Promise<void>;
}

/** `behaviour` is FAKE_KIND of test/fixtures/bin/kind. */
export async function kindWorld(behaviour = 'success'): Promise<KindWorld> {
  const home = await mkdtemp(join(tmpdir(), 'devstack-test-'));
  const [seenPath, gate] = [join(home, 'seen'), join(home, 'gate')];
  execFileSync('mkfifo', [gate]);
  const env = { PATH: `${BIN}:/usr/bin:/bin`, HOME: home, FAKE_KIND: behaviour, FAKE_KIND_SEEN: seenPath, FAKE_KIND_GATE: gate };
  const engine = new FakeEngine();
  engine.addImage(NODE_IMAGE);
  const files = createFiles();
  const [progress, waiting, stop] = [[] as string[], new Set<() => void>(), new AbortController()];
  const base = { env, files, yaml: createYaml(), folders: { state: join(home, 'state'), cache: home, config: home }, home: () => home };
  const processes = createProcesses(env);
  const ports = fakePorts({
    ...base, http: { request: async () => ({ status: 200, headers: {}, body: '{}' }) }, clock: createClock(), docker: engine.docker, kubeconfigs: createKubeconfigs(base),
    processes: {
      find: (name) => processes.find(name),
      run: (command, args, options) => processes.run(command, args, args[0] === 'create' ? withNodes(engine, args, options) : options),
    },
    artifacts: { tool: async () => join(BIN, 'kind'), fetch: async () => '', has: async () => true },
    kubeConnector: { connect: async (access) => clientOf(engine, access, ['success', 'gate'].includes(behaviour)) },
  });
  const context: ProviderContext = {
    ports, signal: stop.signal,
    onProgress(message) {
      progress.push(message);
      for (const look of waiting) look();
    },
  };
  return {
    engine, ports, context, home, progress,
    abort: () => stop.abort(),
    seen: () => readFile(seenPath, 'utf8'),
    openGate: () => writeFile(gate, 'go\n'),
    until: (text) => new Promise((resolve) => {
      const look = () => progress.some((line) => line.includes(text)) && resolve();
      waiting.add(look);
      look();
    }),
    remove: () => rm(home, { recursive: true, force: true }),
  };
}

/** The nodes come to be as kind tells of them. */
function withNodes(engine: FakeEngine, args: readonly string[], options: ProcessOptions = {}): ProcessOptions {
  const config = JSON.parse(readFileSync(args[args.indexOf('--config') + 1] ?? '', 'utf8')) as { readonly name: string; readonly nodes: readonly { readonly role: string }[] };
  return {
    ...options,
    onLine(line, stream) {
      if (line.includes('• Preparing nodes')) {
        for (const [index, node] of config.nodes.entries()) addNode(engine, config.name, node.role, index);
      }
      if (line.includes('• Starting control-plane')) engine.find(`${config.name}-control-plane`).files.set('/etc/kubernetes/admin.conf', ADMIN);
      options.onLine?.(line, stream);
    },
  };
}

/** As kind makes it; `network` is the cluster's unless told. */
export function addNode(engine: FakeEngine, cluster: string, role = 'control-plane', index = 0, network = cluster): FakeContainer {
  const name = role === 'control-plane' ? `${cluster}-control-plane` : `${cluster}-worker${index < 2 ? '' : index}`;
  const published = [{ hostAddress: '127.0.0.1', hostPort: 8080, containerPort: 31080 }, { hostAddress: '127.0.0.1', hostPort: API_PORT, containerPort: 6443 }];
  return engine.addContainer(name, {
    labels: { 'io.x-k8s.kind.cluster': cluster, 'io.x-k8s.kind.role': role }, networks: [network], ports: role === 'control-plane' ? published : [],
    files: new Map([['/kind/version', 'v1.34.4\n']]),
  });
}

/** A whole cluster, as an earlier run left it. */
export function addCluster(engine: FakeEngine, labels: { readonly [key: string]: string }, nodes = 1): void {
  engine.addNetwork(CLUSTER, labels);
  for (let index = 0; index < nodes; index += 1) addNode(engine, CLUSTER, index === 0 ? 'control-plane' : 'worker', index);
  const { files } = engine.find(`${CLUSTER}-control-plane`);
  files.set('/etc/kubernetes/admin.conf', ADMIN);
  files.set('/kind/devstack-finished', 'v1.34.4\n');
}

/** `isUp`: the API server comes to answer. */
function clientOf(engine: FakeEngine, access: KubeClient['access'], isUp: boolean): KubeClient {
  return fakeClient({
    access,
    async raw() {
      if (!isUp || engine.containers.every((container) => container.state !== 'running')) throw new Error('connection refused');
      return { status: 200, body: 'ok' };
    },
    version: async () => 'v1.34.4',
  });
}
