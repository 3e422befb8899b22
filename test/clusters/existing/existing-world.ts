// Somebody's cluster over a fake engine: a kubeconfig in a real file, a node in memory, an API server that may be away or another one.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ProviderContext } from '../../../src/clusters/provider.ts';
import { createFiles } from '../../../src/host/files.ts';
import { createYaml } from '../../../src/host/yaml.ts';
import type { KubernetesAccess } from '../../../src/model/access.ts';
import { preconditionError } from '../../../src/model/error.ts';
import type { KubeObject } from '../../../src/model/object.ts';
import type { Network, Processes } from '../../../src/ports.ts';
import { createKubeconfigs } from '../../../src/state/kubeconfig.ts';
import { FakeEngine } from '../../fakes/docker-engine.ts';
import { fakeClient, fakePorts, only } from '../../fakes/ports.ts';
import { serveContainerd } from '../kind/containerd.ts';

const configOf = (context: string, server: string, user = '{token: t}') => `# mine
apiVersion: v1
kind: Config
clusters: [{name: ${context}, cluster: {server: '${server}', certificate-authority: certs/ca.crt}}]
contexts: [{name: ${context}, context: {cluster: ${context}, user: ${context}}}]
users: [{name: ${context}, user: ${user}}]
`;

export interface ExistingWorld {
  readonly engine: FakeEngine;
  readonly context: ProviderContext;
  readonly home: string;
  /** What the API server is: its uid, whether it answers, what may not be created. */
  readonly cluster: { uid: string; isUp: boolean; forbidden: string | undefined; providerId: string | undefined };
  /** Contexts that somebody has connected to, by file. */
  readonly connected: string[];
  /** Writes the user's file anew. */
  configure(context: string, server: string, user?: string): Promise<void>;
  userFile(): Promise<string>;
  remove(): Promise<void>;
}

export async function existingWorld(context = 'k3s-lab'): Promise<ExistingWorld> {
  const home = await mkdtemp(join(tmpdir(), 'devstack-test-'));
  const path = join(home, 'config');
  const engine = new FakeEngine();
  serveContainerd(engine);
  engine.addContainer('lab-node', { ports: [{ hostAddress: '127.0.0.1', hostPort: 18_401, containerPort: 31_080 }] });
  const cluster: ExistingWorld['cluster'] = { uid: 'u1', isUp: true, forbidden: undefined, providerId: undefined };
  const connected: string[] = [];
  const base = { env: { KUBECONFIG: path }, files: createFiles(), yaml: createYaml(), folders: { state: join(home, 'state'), cache: home, config: home }, home: () => home };
  const ports = fakePorts({
    ...base, docker: engine.docker, kubeconfigs: createKubeconfigs(base), platform: { os: 'linux', arch: 'amd64', cpus: 4, memoryMi: 8192 },
    network: only<Network>('network', { resolve: async () => [] }), processes: only<Processes>('processes', { find: async () => undefined }),
    kubeConnector: {
      async connect(access) {
        connected.push(`${access.kubeconfig} ${access.context}`);
        return clientOf(access, cluster);
      },
    },
  });
  const world: ExistingWorld = {
    engine, home, cluster, connected, context: { ports, signal: new AbortController().signal, onProgress: () => undefined },
    configure: (name, server, user) => writeFile(path, configOf(name, server, user)), userFile: () => readFile(path, 'utf8'),
    remove: () => rm(home, { recursive: true, force: true }),
  };
  await world.configure(context, 'https://127.0.0.1:6443');
  return world;
}

function clientOf(access: KubernetesAccess, cluster: ExistingWorld['cluster']) {
  const answering = async <T>(answer: T): Promise<T> => {
    if (!cluster.isUp) throw preconditionError({ code: 'kube-unreachable', message: 'refused', reason: 'ECONNREFUSED' });
    return answer;
  };
  const node: KubeObject = {
    apiVersion: 'v1', kind: 'Node', metadata: { name: 'lab-node' }, status: { allocatable: { cpu: '4', memory: '8Gi' } },
    ...(cluster.providerId === undefined ? {} : { spec: { providerID: cluster.providerId } }),
  };
  return fakeClient({
    access,
    version: () => answering('v1.34.4'),
    get: () => answering({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'kube-system', uid: cluster.uid } }),
    list: ({ kind }) => answering({ resourceVersion: '1', items: kind === 'Node' ? [node] : [] }),
    raw: async (_method, _path, body) => answering({ status: 201, body: JSON.stringify({ status: { allowed: cluster.forbidden === undefined || !JSON.stringify(body).includes(cluster.forbidden) } }) }),
  });
}
