// The kind provider: Kubernetes in containers of the local Docker engine.
import type { ClusterFacts } from '../../model/fact.ts';
import type { ClusterPlan } from '../../model/plan.ts';
import { refuseForeign, type Target } from '../docker/ownership.ts';
import type { ClusterProvider, ProviderContext } from '../provider.ts';
import { readAccess, requireAccess } from './access.ts';
import { clusterPlanOf, notesOf, problemsOf } from './cluster-plan.ts';
import { awaitFinished, beginCreation, type Creation, privateFolder } from './create.ts';
import { conditionOf, type Holdings, readHoldings } from './holdings.ts';
import { images, registry } from './images.ts';
import { power, wake } from './power.ts';
import { alone, clearAfterKill } from './queue.ts';
import { removeHoldings } from './remove.ts';

const MEBI = 2 ** 20;

/** Holds what `create` has begun for a run until its `finish` has seen the end. */
function createKind(): ClusterProvider {
  const runs = new WeakMap<ProviderContext['ports'], Map<string, Creation>>();
  const begunIn = ({ ports }: ProviderContext) => {
    const begun = runs.get(ports) ?? new Map<string, Creation>();
    runs.set(ports, begun);
    return begun;
  };
  return {
    id: 'kind', title: 'kind', runtime: 'kubernetes', tools: ['kind'], programs: ['docker'],
    capabilities: { portsAtCreation: true, ownsCluster: true, canStop: true, loadsImages: true, multiNode: true },
    plan: clusterPlanOf,
    problems: problemsOf,
    notes: notesOf,
    observe: (stack, cluster, context) => observe({ stack, cluster }, context),

    async create(plan, context) {
      const creation = await alone(plan, context, () => begin(plan, context));
      begunIn(context).set(plan.cluster, creation);
      return await creation.access;
    },

    async finish(plan, context) {
      const begun = begunIn(context);
      const creation = begun.get(plan.cluster);
      if (creation === undefined) return await clearAfterKill(plan, context);
      try {
        await awaitFinished(creation.finished, plan, context.signal);
      } finally {
        begun.delete(plan.cluster);
      }
    },

    async access(stack, cluster, { ports }) {
      const held = await readHoldings(ports.docker, { stack, cluster });
      return conditionOf(held, cluster).state === 'running' ? await readAccess(ports, { stack, cluster }) : undefined;
    },

    destroy: (stack, cluster, context) => destroy({ stack, cluster }, context),
    images,
    registry,
    power,
  };
}

/** Whatever is missing to a running cluster is begun. */
async function begin(plan: ClusterPlan, context: ProviderContext): Promise<Creation> {
  const held = await readHoldings(context.ports.docker, plan);
  refuseForeign(held, plan);
  const { state, reason } = conditionOf(held, plan.cluster);
  if (state === 'running') return { access: requireAccess(context.ports, plan), finished: Promise.resolve() };
  if (state === 'stopped') return { access: wake(plan, context), finished: Promise.resolve() };
  if (state === 'partial') await clearRemains(plan, reason, context);
  return await beginCreation(plan, context);
}

async function clearRemains(plan: ClusterPlan, reason: string | undefined, { ports, signal, onProgress }: ProviderContext): Promise<void> {
  onProgress(`removing what an earlier run left of ${plan.cluster} (${reason ?? 'half made'})`);
  await removeHoldings(plan, ports, signal);
}

async function observe(target: Target, { ports }: ProviderContext): Promise<ClusterFacts> {
  const [held, info] = await Promise.all([readHoldings(ports.docker, target), ports.docker.info()]);
  const { state, reason } = conditionOf(held, target.cluster);
  const { record, nodes } = held;
  const ingressPort = record?.ports[0]?.host;
  const nodeImage = record?.nodeImage;
  const kubernetes = held.finished ?? record?.kubernetes;
  // Each node reports the CPUs of the whole engine as its own; the memory is really shared.
  const capacity = { cpuMilli: info.cpus * 1000 * nodes.length, memoryMi: Math.floor(info.memoryBytes / MEBI) };
  return {
    state, nodes: nodes.length,
    ...(reason === undefined ? {} : { reason }),
    ...(ingressPort === undefined ? {} : { ingressPort }),
    ...(nodeImage === undefined ? {} : { nodeImage }),
    ...(kubernetes === undefined ? {} : { kubernetes }),
    ...(record === undefined ? {} : { settings: record.settings }),
    ...(nodes.length === 0 ? {} : { capacity }),
    ...registryFacts(held),
    ...(held.network?.subnet === undefined ? {} : { subnet: held.network.subnet }),
  };
}

function registryFacts({ registry: found }: Holdings): Pick<ClusterFacts, 'registry'> {
  const port = found?.ports[0]?.hostPort;
  return found === undefined || port === undefined ? {} : { registry: { port, image: found.image, isRunning: found.state === 'running' } };
}

async function destroy(target: Target, { ports, signal }: ProviderContext): Promise<readonly string[]> {
  const held = await readHoldings(ports.docker, target);
  if (isNotOurs(held)) refuseForeign(held, target);
  const removed = await removeHoldings(target, ports, signal);
  await ports.files.remove(privateFolder(target.stack, ports));
  return removed;
}

/** Something has the name, and nothing of it is ours. */
function isNotOurs(held: Holdings): boolean {
  return held.foreign !== undefined && held.network === undefined && held.nodes.length === 0;
}

export const kind: ClusterProvider = createKind();
