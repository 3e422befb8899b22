// Use cases about a swarm: src/swarm does the work, told as steps.
import type { OnProgress, Ports } from '../../ports.ts';
import { changeNode, listNodes, type NodeChange } from '../../swarm/nodes.ts';
import { removeStack } from '../../swarm/remove.ts';
import { rollbackService, scaleService, updateService } from '../../swarm/service.ts';
import type { ServiceStatus } from '../../swarm/status.ts';
import type { SwarmRun, SwarmTarget } from '../../swarm/target.ts';
import type { ServiceOutcome, SwarmUseCases } from '../swarm-use-cases.ts';
import type { RunOptions } from '../use-cases.ts';
import { labelOf, pickStack, runtimeOf } from './status.ts';
import { swarmLogs } from './swarm-app.ts';
import { deployPlanned, planApp, planFile } from './swarm-deploy.ts';
import { loadImages, locateSwarm, runOf } from './swarm-target.ts';
import { runTasks } from './tasks.ts';

// ── services and nodes ──────────────────────────────────────────────────────────────────────────────────────────────

/** `image` is put into the nodes first, where this engine has it. */
async function onService(
  ports: Ports, what: { readonly title: string; readonly stack: string | undefined; readonly image?: string | undefined }, options: RunOptions,
  work: (target: SwarmTarget, run: SwarmRun) => Promise<ServiceStatus>,
): Promise<ServiceOutcome> {
  const started = ports.clock.monotonic();
  const { target, provider, cluster } = await locateSwarm(ports, what.stack, options);
  const { image, title } = what;
  const lane = target.stack;
  let status: ServiceStatus | undefined;
  await runTasks(ports, target.stack, [
    ...(image === undefined ? [] : [{
      id: 'images', kind: 'images', title: `Load ${image} into the nodes`, lane,
      work: (onProgress: OnProgress) => loadImages(ports, { provider, cluster, images: [image] }, runOf(ports, options, onProgress)),
    } as const]),
    { id: 'service', kind: 'wait', title, lane, work: async (onProgress) => { status = await work(target, runOf(ports, options, onProgress)); } },
  ], options);
  if (status === undefined) throw new Error('the service has no status');
  return { stack: target.stack, status, durationMs: Math.round(ports.clock.monotonic() - started) };
}

const NODE_TITLE: { readonly [change in NodeChange]: string } = { active: 'Give work to', pause: 'Give no new work to', drain: 'Drain', promote: 'Promote', demote: 'Demote' };

/** `heard` lets adapters talk to whoever asks. */
export function createSwarmUseCases({ ports, templates }: { readonly ports: Ports; readonly templates: string }, heard: <O extends RunOptions>(options: O) => O): SwarmUseCases {
  return {
    planStackFile: (request, options) => planFile(ports, request, heard(options)),
    deployStackFile: async (request, options) => deployPlanned(ports, await planFile(ports, request, heard(options)), options),
    planSwarmApp: (request, options) => planApp(ports, templates, request, heard(options)),
    deploySwarmApp: async (request, options) => deployPlanned(ports, await planApp(ports, templates, request, heard(options)), options),
    isSwarm: async (stack) => (await runtimeOf(await pickStack(ports, stack))) === 'swarm',
    async findStack(stack, runtime) {
      const found = await pickStack(ports, stack, runtime);
      return { stack: found.stack, runtime: (await runtimeOf(found)) ?? 'kubernetes', label: await labelOf(found) };
    },
    serviceLogs: (app, stack, choice, options) => swarmLogs(ports, { app, stack }, choice, heard(options)),
    async removeDeployment(name, stack, options) {
      const { target } = await locateSwarm(ports, stack, heard(options));
      return { ...(await removeStack(target, name, runOf(ports, options))), stack: target.stack };
    },
    async scaleServices(wishes, stack, options) {
      const outcomes: ServiceOutcome[] = [];
      for (const { service, replicas } of wishes) {
        outcomes.push(await onService(ports, { title: `Scale ${service} to ${replicas}`, stack }, heard(options), (target, run) => scaleService(target, service, replicas, run)));
      }
      return outcomes;
    },
    updateService: (service, change, stack, options) =>
      onService(ports, { title: `Update ${service}`, stack, image: change.image }, heard(options), (target, run) => updateService(target, service, change, run)),
    rollbackService: (service, stack, options) =>
      onService(ports, { title: `Roll ${service} back`, stack }, heard(options), (target, run) => rollbackService(target, service, run)),
    async nodes(stack, options) {
      const { target } = await locateSwarm(ports, stack, heard(options));
      return { stack: target.stack, nodes: await listNodes(target, runOf(ports, options)) };
    },
    async changeNode(node, change, stack, options) {
      const { target } = await locateSwarm(ports, stack, heard(options));
      let row: Awaited<ReturnType<typeof changeNode>> | undefined;
      await runTasks(ports, target.stack, [{
        id: 'node', kind: 'wait', title: `${NODE_TITLE[change]} ${node}`, lane: target.stack,
        work: async (onProgress) => { row = await changeNode(target, node, change, runOf(ports, options, onProgress)); },
      }], options);
      if (row === undefined) throw new Error('the node has no row');
      return row;
    },
  };
}
