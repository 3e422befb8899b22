// The Swarm provider: the engine itself, or several engines in containers.
import type { SwarmAccess } from '../../model/access.ts';
import type { ClusterFacts } from '../../model/fact.ts';
import type { ClusterPlan } from '../../model/plan.ts';
import type { StackRecord } from '../../model/record.ts';
import type { Ports } from '../../ports.ts';
import type { Target } from '../docker/ownership.ts';
import type { ClusterProvider, ProviderContext } from '../provider.ts';
import { clusterPlanOf, isContained, KEPT, leaderName, nodeEndpoint, notesOf, PROVIDER, problemsOf, SETTINGS } from './cluster-plan.ts';
import { createOnEngine } from './engine.ts';
import { conditionOf, readHoldings, refuseForeign } from './holdings.ts';
import { images } from './images.ts';
import { createNodes } from './nodes.ts';
import { powerOf } from './power.ts';
import { removeHoldings } from './remove.ts';

const MEBI = 2 ** 20;

async function create(plan: ClusterPlan, context: ProviderContext): Promise<SwarmAccess> {
  const { ports, signal } = context;
  const held = await readHoldings(ports, plan, signal);
  refuseForeign(held, plan);
  // What exists keeps its size and its settings.
  const wanted = held.record === undefined ? plan : settled(plan, held.record);
  await (isContained(wanted) ? createNodes : createOnEngine)(wanted, held, context);
  await Promise.all(held.gateways.filter(({ state }) => state !== 'running').map(({ id }) => ports.docker.startContainer(id)));
  return accessOf(wanted, ports);
}

function settled(plan: ClusterPlan, record: StackRecord): ClusterPlan {
  const managers = Number(record.settings[KEPT.managers] ?? plan.managers);
  return { ...plan, nodes: record.nodes, managers, nodeImage: record.nodeImage ?? plan.nodeImage, settings: record.settings, ports: record.ports };
}

function accessOf(plan: Pick<StackRecord, 'nodes' | 'settings' | 'cluster'>, { docker }: Ports): SwarmAccess {
  return { runtime: 'swarm', endpoint: isContained(plan) ? nodeEndpoint(leaderName(plan.cluster)) : docker.endpoint };
}

async function observe(target: Target, { ports, signal }: ProviderContext): Promise<ClusterFacts> {
  const [held, info] = await Promise.all([readHoldings(ports, target, signal), ports.docker.info(signal)]);
  const { state, reason } = conditionOf(held);
  const { record } = held;
  const port = record?.ports[0]?.host;
  return {
    state, nodes: record === undefined ? held.nodes.length : isContained(record) ? held.nodes.length : 1,
    ...(reason === undefined ? {} : { reason }),
    ...(port === undefined ? {} : { ingressPort: port }),
    ...(record?.nodeImage === undefined ? {} : { nodeImage: record.nodeImage }),
    ...(record === undefined ? {} : { settings: record.settings, capacity: { cpuMilli: info.cpus * 1000, memoryMi: Math.floor(info.memoryBytes / MEBI) } }),
  };
}

export const swarm: ClusterProvider = {
  id: PROVIDER, title: 'Swarm', runtime: 'swarm', tools: [],
  capabilities: { portsAtCreation: false, ownsCluster: true, canStop: true, loadsImages: true, multiNode: true },
  fixedSettings: [SETTINGS.autolock, SETTINGS.encrypt, SETTINGS.existing],
  plan: clusterPlanOf,
  problems: problemsOf,
  notes: notesOf,
  observe: (stack, cluster, context) => observe({ stack, cluster }, context),
  create,
  async access(stack, cluster, { ports, signal }) {
    const held = await readHoldings(ports, { stack, cluster }, signal);
    return held.record !== undefined && conditionOf(held).state === 'running' ? accessOf({ ...held.record, cluster }, ports) : undefined;
  },
  destroy: (stack, cluster, context) => removeHoldings({ stack, cluster }, context),
  images,
  power: powerOf(create),
};
