// The minikube provider: a profile of its own for each stack, in a container of the local Docker engine.
import type { KubernetesAccess } from '../../model/access.ts';
import { failedError, isDevstackError, preconditionError } from '../../model/error.ts';
import type { ClusterFacts } from '../../model/fact.ts';
import type { ClusterPlan } from '../../model/plan.ts';
import { stackLabels } from '../../model/record.ts';
import type { Ports } from '../../ports.ts';
import { imageLoader } from '../containerd/images.ts';
import { type Condition, refuseForeign, type Target } from '../docker/ownership.ts';
import type { ClusterProvider, ProviderContext } from '../provider.ts';
import { readAccess } from './access.ts';
import { clusterPlanOf, networkName, notesOf, PROVIDER, problemsOf, startArguments } from './cluster-plan.ts';
import { FINISHED_FILE, type Holdings, readHoldings } from './holdings.ts';
import { minikubeError, privateFolder, runMinikube, statusOf } from './program.ts';

const MEBI = 2 ** 20;
/** What a failure left must be gone within this, whatever the user's own deadline was. */
const CLEAN_UP_MS = 30_000;
const NETWORK_TRIES = 5;
/** Who presses Ctrl-C waits less. */
const INTERRUPTED_CLEAN_UP_MS = 4_000;

export const minikube: ClusterProvider = {
  id: PROVIDER, title: 'minikube', runtime: 'kubernetes', tools: ['minikube'], programs: ['docker'],
  capabilities: { portsAtCreation: true, ownsCluster: true, canStop: true, loadsImages: true, multiNode: false },
  plan: (spec, port) => clusterPlanOf(spec, port),
  problems: problemsOf,
  notes: notesOf,
  observe: (stack, cluster, context) => observe({ stack, cluster }, context),
  create,
  async access(stack, cluster, context) {
    const held = await readHoldings(context.ports.docker, { stack, cluster });
    return (await conditionOf(held, { stack, cluster }, context)).state === 'running' ? await readAccess(context.ports, { stack, cluster }) : undefined;
  },
  destroy: (stack, cluster, context) => destroy({ stack, cluster }, context),
  images: imageLoader(async (target, { ports }) => {
    const { node } = await readHoldings(ports.docker, target);
    return node?.state === 'running' ? [node.name] : [];
  }),
  power: {
    async stop(cluster, context) {
      refuseForeign(await readHoldings(context.ports.docker, cluster), cluster);
      context.onProgress('stopping the node');
      const result = await runMinikube(cluster.stack, ['stop', '--profile', cluster.cluster, '--output', 'json'], context);
      if (result.exitCode !== 0) throw minikubeError('stop', result, cluster.cluster);
    },
    start: create,
  },
};

async function conditionOf(held: Holdings, target: Target, context: ProviderContext): Promise<Condition> {
  const { node, network, foreign, finished } = held;
  if (foreign !== undefined) return { state: 'foreign', reason: foreign };
  if (node === undefined) return network === undefined ? { state: 'absent' } : { state: 'partial', reason: 'its network is there, its node is not' };
  if (finished === undefined) return { state: 'partial', reason: 'its creation was cut off' };
  if (node.state !== 'running') return { state: 'stopped', reason: `node ${node.name} is ${node.state}` };
  // 0 is running; other codes are bits for what is not, and 85 says that minikube has forgotten the profile.
  const { exitCode, stdout } = await runMinikube(target.stack, ['status', '--profile', target.cluster, '--output', 'json'], context);
  const status = statusOf(stdout);
  if (status === undefined) return { state: 'partial', reason: `minikube knows no profile ${target.cluster} (exit code ${exitCode})` };
  if (status.apiServer === 'Running' && status.kubelet === 'Running') return { state: 'running' };
  return { state: 'stopped', reason: `API server ${status.apiServer.toLowerCase()}, kubelet ${status.kubelet.toLowerCase()}` };
}

async function observe(target: Target, context: ProviderContext): Promise<ClusterFacts> {
  const { docker } = context.ports;
  const [held, info] = await Promise.all([readHoldings(docker, target), docker.info(context.signal)]);
  const { record, node, finished } = held;
  const ingressPort = record?.ports[0]?.host;
  const kubernetes = finished ?? record?.kubernetes;
  return {
    ...await conditionOf(held, target, context), nodes: node === undefined ? 0 : 1,
    ...(ingressPort === undefined ? {} : { ingressPort }), ...(kubernetes === undefined ? {} : { kubernetes }),
    ...(record === undefined ? {} : { settings: record.settings }),
    ...(node === undefined ? {} : { capacity: { cpuMilli: info.cpus * 1000, memoryMi: Math.floor(info.memoryBytes / MEBI) } }),
    ...(held.network?.subnet === undefined ? {} : { subnet: held.network.subnet }),
  };
}

/** Whatever is missing to a running cluster is done. Throws what minikube fails with: `minikube-…`. */
async function create(plan: ClusterPlan, context: ProviderContext): Promise<KubernetesAccess> {
  const held = await readHoldings(context.ports.docker, plan);
  refuseForeign(held, plan);
  const { state, reason } = await conditionOf(held, plan, context);
  if (state === 'partial') {
    context.onProgress(`removing what an earlier run left of ${plan.cluster} (${reason ?? 'half made'})`);
    await removeAll(held, plan, context);
  }
  if (state === 'absent' || state === 'partial') await make(plan, context);
  if (state === 'stopped') await start(plan, context);
  return await readAccess(context.ports, plan);
}

async function make(plan: ClusterPlan, context: ProviderContext): Promise<void> {
  const { ports, signal } = context;
  // What minikube needs is there before anything is made.
  await ports.artifacts.tool('minikube', { signal });
  signal.throwIfAborted();
  await makeNetwork(plan, ports);
  try {
    await start(plan, context);
  } catch (cause) {
    context.onProgress(`removing the half-made cluster ${plan.cluster}`);
    const limit = AbortSignal.timeout(signal.aborted ? INTERRUPTED_CLEAN_UP_MS : CLEAN_UP_MS);
    const late = new Promise<void>((resolve) => limit.addEventListener('abort', () => resolve(), { once: true }));
    // What cannot be removed now is found by the next `up` or `down`.
    await Promise.race([late, destroy(plan, { ...context, signal: limit }).then(() => undefined, () => undefined)]);
    throw cause;
  }
}

/**
 * minikube gives its node a fixed address after that of the gateway. An engine allows one only where the subnet was named, and tells
 * a gateway that was named: so a network is made to learn which addresses are free, and made again with them.
 */
async function makeNetwork(plan: ClusterPlan, { docker }: Pick<Ports, 'docker'>): Promise<void> {
  const name = networkName(plan.cluster);
  for (let round = 1; ; round += 1) {
    const probe = await docker.createNetwork(name, stackLabels(plan));
    const [found] = await docker.listNetworks({ name });
    const gateway = found?.subnet === undefined ? undefined : firstAddress(found.subnet);
    await docker.removeNetwork(probe.id);
    if (found?.subnet === undefined || gateway === undefined) throw noSubnet(name);
    try {
      await docker.createNetwork(name, stackLabels(plan), { subnet: found.subnet, range: found.subnet, gateway });
      return;
    } catch (cause) {
      // Other programs make networks at the same time.
      if (round === NETWORK_TRIES || !isDevstackError(cause) || cause.code !== 'subnet-taken') throw cause;
    }
  }
}

function elsewhere({ cluster }: ClusterPlan) {
  return failedError({
    code: 'minikube-elsewhere', message: `minikube did not put the node of ${cluster} on the network that devstack made for it`,
    hints: [{ text: 'see which networks there are', command: 'docker network ls' }],
  });
}

function firstAddress(subnet: string): string | undefined {
  const [, start, last] = /^(\d+\.\d+\.\d+)\.(\d+)\//.exec(subnet) ?? [];
  return start === undefined ? undefined : `${start}.${Number(last) + 1}`;
}

function noSubnet(name: string) {
  return preconditionError({
    code: 'minikube-no-subnet', message: `the engine does not say which IPv4 addresses the network ${name} has`, hints: [{ text: 'see its networks', command: 'docker network ls' }],
  });
}

/** Makes the node, or starts the one that is there; ends when its Kubernetes is up. */
async function start(plan: ClusterPlan, context: ProviderContext): Promise<void> {
  const { docker } = context.ports;
  const result = await runMinikube(plan.stack, startArguments(plan), context);
  if (result.exitCode !== 0) throw minikubeError('start', result, plan.cluster);
  // minikube only warns when it cannot use the network that it was given: then nothing would say whose the node is.
  if ((await readHoldings(docker, plan)).node === undefined) throw elsewhere(plan);
  const version = await docker.exec(plan.cluster, ['sh', '-c', `ls -t /var/lib/minikube/binaries | head -n 1 | tr -d v > ${FINISHED_FILE}`], { signal: context.signal });
  if (version.exitCode !== 0) throw minikubeError('start', { exitCode: version.exitCode, stdout: '', stderr: version.stderr }, plan.cluster);
}

async function destroy(target: Target, context: ProviderContext): Promise<readonly string[]> {
  const held = await readHoldings(context.ports.docker, target);
  if (held.network !== undefined || held.node !== undefined) return await removeAll(held, target, context);
  refuseForeign(held, target);
  return [];
}

/** The network goes last: as long as it is there, the rest is known to be ours. */
async function removeAll({ node, volumes, network }: Holdings, target: Target, context: ProviderContext): Promise<readonly string[]> {
  const { ports } = context;
  const result = await runMinikube(target.stack, ['delete', '--profile', target.cluster, '--output', 'json'], context);
  if (result.exitCode !== 0) throw minikubeError('delete', result, target.cluster);
  if (node !== undefined) await ports.docker.removeContainer(node.id);
  for (const volume of volumes) await ports.docker.removeVolume(volume);
  if (network !== undefined) await ports.docker.removeNetwork(network.id);
  await ports.files.remove(privateFolder(target.stack, ports));
  return [
    ...(node === undefined ? [] : [`container ${node.name}`]), ...volumes.map((volume) => `volume ${volume}`), `minikube profile ${target.cluster}`,
    ...(network === undefined ? [] : [`network ${network.name}`]),
  ];
}
