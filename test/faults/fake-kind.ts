// kind as a program on fakes: it makes the node through the engine, step by step, and dies with devstack, whose lifeline it holds.
import type { ProcessOptions, ProcessResult } from '../../src/ports.ts';
import type { FakeContainer } from '../fakes/docker-engine.ts';
import type { Life } from './life.ts';
import type { World } from './world.ts';

export const CANARY = 'Y2FuYXJ5LXNlY3JldC0xMjM0NTY3ODk=';
const ADMIN = `apiVersion: v1
kind: Config
clusters: [{name: kubernetes, cluster: {certificate-authority-data: Q0E=, server: 'https://node:6443'}}]
contexts: [{name: admin, context: {cluster: kubernetes, user: admin}}]
users: [{name: admin, user: {client-certificate-data: Q0VSVA==, client-key-data: ${CANARY}}}]
current-context: admin
`;
const API_PORT = 40123;
const SUCCESS: ProcessResult = { exitCode: 0, stdout: '', stderr: '' };

interface KindConfig {
  readonly name: string;
  readonly nodes: readonly { readonly role: string; readonly extraPortMappings?: readonly { readonly containerPort: number; readonly hostPort: number; readonly listenAddress: string }[] }[];
}

function nodeOf(config: KindConfig, network: string): Partial<FakeContainer> & { readonly name: string } {
  const mappings = config.nodes[0]?.extraPortMappings ?? [];
  return {
    name: `${config.name}-control-plane`, labels: { 'io.x-k8s.kind.cluster': config.name, 'io.x-k8s.kind.role': 'control-plane' }, networks: [network],
    ports: [
      ...mappings.map(({ containerPort, hostPort, listenAddress }) => ({ hostAddress: listenAddress, hostPort, containerPort })),
      { hostAddress: '127.0.0.1', hostPort: API_PORT, containerPort: 6443 },
    ],
    files: new Map([['/kind/version', 'v1.36.4\n']]),
  };
}

/** `kind create cluster`. Every step is a point where the run can die; what the engine was asked for, it does all the same. */
export async function createCluster(world: World, life: Life, args: readonly string[], options: ProcessOptions): Promise<ProcessResult> {
  const text = world.disk.text(args[args.indexOf('--config') + 1] ?? '');
  if (text === undefined) return { exitCode: 1, stdout: '', stderr: 'ERROR: failed to create cluster: error reading file: no such file or directory' };
  const config = JSON.parse(text) as KindConfig;
  let isMade = false;
  const network = options.env?.['KIND_EXPERIMENTAL_DOCKER_NETWORK'] ?? 'kind';
  const step = async (name: string) => {
    await world.turn();
    options.signal?.throwIfAborted();
    const fault = await life.reach(`kind: ${name}`);
    const error = fault?.before?.(name) ?? fault?.after?.(name);
    if (error !== undefined) throw error;
    if (isMade && !world.engine.containers.some((container) => container.name === `${config.name}-control-plane` && container.state === 'running')) throw new Error('the node is not running');
  };
  const say = (line: string) => options.onLine?.(line, 'stderr');
  try {
    await step('node asked for');
    const node = nodeOf(config, network);
    world.engine.unlisted.set(node.name, { id: `node-${world.time}`, image: 'image', state: 'running', ...node } as FakeContainer);
    say(' • Preparing nodes 📦  ...');
    await step('node is being made');
    world.engine.list(node.name);
    isMade = true;
    if (!world.engine.networks.some(({ name }) => name === network)) {
      world.engine.find(node.name).state = 'created';
      throw new Error(`network ${network} not found`);
    }
    await step('node made');
    say(' • Starting control-plane 🕹️  ...');
    world.engine.find(node.name).files.set('/etc/kubernetes/admin.conf', ADMIN);
    await step('kubeadm has written its kubeconfig');
    await world.boot(node.name);
    for (const phase of ['control plane up', 'network installed', 'storage installed']) await step(phase);
    return SUCCESS;
  } catch (error) {
    if (options.signal?.aborted === true) throw error;
    return { exitCode: 1, stdout: '', stderr: `ERROR: failed to create cluster: ${error instanceof Error ? error.message : String(error)}` };
  }
}
