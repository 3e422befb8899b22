// Use cases about a swarm: which stack, which manager; then src/swarm does the work, told as steps.
import { basename, dirname, isAbsolute, join, resolve } from 'node:path';
import { planImage } from '../../build/build-image.ts';
import { findProvider, providerIds } from '../../clusters/index.ts';
import type { ClusterProvider } from '../../clusters/provider.ts';
import { preconditionError, usageError } from '../../model/error.ts';
import type { ClusterPlan, ImageBuild, StepKind } from '../../model/plan.ts';
import { engineFacts } from '../../plan/observe.ts';
import type { OnProgress, Ports } from '../../ports.ts';
import { deployStack, imagesOf, requireValid } from '../../swarm/deploy.ts';
import { changeNode, listNodes, type NodeChange } from '../../swarm/nodes.ts';
import { removeStack } from '../../swarm/remove.ts';
import { rollbackService, type ServiceChange, scaleService, updateService } from '../../swarm/service.ts';
import { Findings } from '../../swarm/stack/findings.ts';
import { filesOf, normaliseStack, type StackPlan } from '../../swarm/stack/normalise.ts';
import { envFile } from '../../swarm/stack/words.ts';
import type { ServiceStatus } from '../../swarm/status.ts';
import { connect, findService, type SwarmRun, type SwarmTarget, targetOf } from '../../swarm/target.ts';
import type { PlannedStackFile, ServiceOutcome, StackFileRequest, SwarmUseCases } from '../swarm-use-cases.ts';
import type { RunOptions } from '../use-cases.ts';
import { clusterPlanOf } from './power.ts';
import { pickStack } from './status.ts';
import { providerContext } from './up.ts';

interface Located {
  readonly target: SwarmTarget;
  readonly provider: ClusterProvider;
  readonly cluster: ClusterPlan;
}

/** Throws `stack-unknown`, `stack-ambiguous`, `stack-no-swarm`. */
async function locate(ports: Ports, stack: string | undefined, { signal }: RunOptions): Promise<Located> {
  const found = await pickStack(ports, stack);
  const provider = await findProvider(found.provider);
  const context = providerContext(ports, signal);
  const [facts, access] = await Promise.all([provider.observe(found.stack, found.cluster, context), provider.access(found.stack, found.cluster, context)]);
  if (access?.runtime !== 'swarm') {
    throw preconditionError({
      code: 'stack-no-swarm', message: `stack ${found.stack} is not running, or is no swarm`,
      ...(facts.reason === undefined ? {} : { reason: facts.reason }), hints: [{ text: 'make a swarm', command: 'devstack up swarm' }],
    });
  }
  return { target: targetOf({ stack: found.stack, cluster: found.cluster, provider: provider.id, access }, facts.settings), provider, cluster: clusterPlanOf(found, facts) };
}

// ── steps ───────────────────────────────────────────────────────────────────────────────────────────────────────────

interface Task {
  readonly id: string;
  readonly kind: StepKind;
  readonly title: string;
  readonly lane: string;
  work(onProgress: OnProgress): Promise<void>;
}

/** One after the other, told like the steps of a plan. */
async function runTasks(ports: Ports, stack: string, tasks: readonly Task[], { emit, signal }: RunOptions): Promise<void> {
  emit({ type: 'plan', stack, steps: tasks.map(({ id, kind, title, lane }) => ({ id, kind, title, lane })) });
  for (const { id, work } of tasks) {
    signal.throwIfAborted();
    const started = ports.clock.monotonic();
    const took = (): number => Math.round(ports.clock.monotonic() - started);
    emit({ type: 'step', id, state: 'started' });
    let told = '';
    try {
      await work((message, done, total) => {
        // Whoever polls says the same many times.
        if (message !== told) emit({ type: 'progress', id, message, ...(done === undefined ? {} : { done }), ...(total === undefined ? {} : { total }) });
        told = message;
      });
    } catch (error) {
      emit({ type: 'step', id, state: signal.aborted ? 'cancelled' : 'failed', durationMs: took() });
      throw error;
    }
    emit({ type: 'step', id, state: 'done', durationMs: took() });
  }
}

function runOf(ports: Ports, { signal }: RunOptions, onProgress: OnProgress = () => undefined): SwarmRun {
  return { ports, signal, onProgress };
}

// ── stack files ─────────────────────────────────────────────────────────────────────────────────────────────────────

interface PlannedFile extends PlannedStackFile, Located {
  readonly builds: readonly ImageBuild[];
}

async function planFile(ports: Ports, request: StackFileRequest, options: RunOptions): Promise<PlannedFile> {
  const path = resolve(request.cwd, request.path);
  const text = await ports.files.readText(path);
  if (text === undefined) throw usageError({ code: 'stack-file-missing', message: `there is no file ${path}`, hints: [{ text: 'see what is there', command: `ls ${dirname(path)}` }] });
  const located = await locate(ports, request.stack, options);
  const file = ports.yaml.parse(text, basename(path)).value;
  const directory = dirname(path);
  const env = { ...await dotEnv(ports, directory), ...request.env };
  const source = {
    file, name: request.name, owner: located.target.stack, env, profiles: request.profiles, directory: directory.replaceAll('\\', '/'), home: ports.env['HOME'] ?? '',
    nodesSeeHost: located.target.nodes !== 'containers', files: await readFiles(ports, directory, filesOf(file, env)),
  };
  const first = normaliseStack({ ...source, images: {} });
  requireValid(first);
  const builds = await planBuilds(ports, directory, first, options);
  const images = Object.fromEntries(builds.map(({ service, build }) => [service, build.image]));
  return { ...located, stack: located.target.stack, plan: normaliseStack({ ...source, images }), builds: builds.map(({ build }) => build) };
}

/** The variables that Compose takes from the file beside it. */
async function dotEnv({ files }: Ports, directory: string): Promise<{ readonly [name: string]: string }> {
  const text = await files.readText(join(directory, '.env'));
  if (text === undefined) return {};
  return envFile(text, '.env', { env: {}, findings: new Findings() });
}

async function readFiles({ files }: Ports, directory: string, paths: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const read = await Promise.all(paths.map(async (path) => [path, await files.readBytes(isAbsolute(path) ? path : join(directory, path))] as const));
  return new Map(read.flatMap(([path, bytes]) => (bytes === undefined ? [] : [[path, Buffer.from(bytes).toString('base64')] as const])));
}

async function planBuilds(ports: Ports, directory: string, { builds }: StackPlan, { signal }: RunOptions): Promise<readonly { readonly service: string; readonly build: ImageBuild }[]> {
  if (builds.length === 0) return [];
  const { arch } = engineFacts(await ports.docker.info(signal), ports.docker.endpoint);
  return await Promise.all(builds.map(async ({ service, image, context, args }) => {
    const name = image.replace(/:[^/]*$/, '').split('/').at(-1) ?? service;
    return { service, build: (await planImage({ folder: join(directory, context), name, buildArgs: args, arch }, ports.files)).build };
  }));
}

async function deployFile(ports: Ports, request: StackFileRequest, options: RunOptions & { readonly isPublic: boolean }): ReturnType<SwarmUseCases['deployStackFile']> {
  const started = ports.clock.monotonic();
  const { target, provider, cluster, plan, builds } = await planFile(ports, request, options);
  let report: Awaited<ReturnType<typeof deployStack>> | undefined;
  const lane = plan.name;
  const tasks: readonly Task[] = [
    ...builds.map((build): Task => ({
      id: `build:${build.image}`, kind: 'build', title: `Build ${build.image}`, lane,
      work: async (onProgress) => { if (!(await ports.imageBuilder.has(build))) await ports.imageBuilder.build(build, { onProgress, signal: options.signal }); },
    })),
    { id: 'images', kind: 'images', title: 'Load local images into the nodes', lane, work: (onProgress) => loadImages(ports, { provider, cluster, images: imagesOf(plan) }, runOf(ports, options, onProgress)) },
    { id: 'deploy', kind: 'wait', title: `Deploy ${plan.name} until every service has converged and every port has answered`, lane,
      work: async (onProgress) => { report = await deployStack(target, plan, { isPublic: options.isPublic }, runOf(ports, options, onProgress)); } },
  ];
  for (const { path, message } of plan.differences) options.emit({ type: 'note', message: `${path} ${message}` });
  await runTasks(ports, target.stack, tasks, options);
  if (report === undefined) throw new Error('the deployment made no report');
  for (const message of report.notes) options.emit({ type: 'note', message });
  return { ...report, stack: target.stack, durationMs: Math.round(ports.clock.monotonic() - started) };
}

/** Into the nodes goes what this engine has; the rest is pulled by the nodes. */
async function loadImages(ports: Ports, { provider, cluster, images }: { readonly provider: ClusterProvider; readonly cluster: ClusterPlan; readonly images: readonly string[] }, run: SwarmRun): Promise<void> {
  const local = await Promise.all(images.map((image) => ports.docker.inspectImage(image)));
  const known = images.filter((_image, index) => local[index] !== undefined);
  const missing = (await provider.images?.missing(cluster, known, run)) ?? [];
  for (const image of missing) await provider.images?.load(cluster, image, run);
}

// ── services and nodes ──────────────────────────────────────────────────────────────────────────────────────────────

/** `image` is put into the nodes first, where this engine has it. */
async function onService(ports: Ports, what: { readonly title: string; readonly stack: string | undefined; readonly image?: string | undefined }, options: RunOptions, work: (target: SwarmTarget, run: SwarmRun) => Promise<ServiceStatus>): Promise<ServiceOutcome> {
  const started = ports.clock.monotonic();
  const { target, provider, cluster } = await locate(ports, what.stack, options);
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
export function createSwarmUseCases(ports: Ports, heard: <O extends RunOptions>(options: O) => O): SwarmUseCases {
  return {
    async planStackFile(request, options) {
      const { stack, plan } = await planFile(ports, request, heard(options));
      return { stack, plan };
    },
    deployStackFile: (request, options) => deployFile(ports, request, heard(options)),
    async isSwarm(stack) {
      const { provider } = await pickStack(ports, stack);
      return providerIds.includes(provider) && (await findProvider(provider)).runtime === 'swarm';
    },
    async *serviceLogs(name, stack, { tailLines, follow }, options) {
      const { target } = await locate(ports, stack, heard(options));
      const swarm = connect(target, { ports });
      const service = await findService(swarm, target, name);
      if (follow) yield* swarm.followLogs('service', service.ID, tailLines, options.signal);
      else yield* await swarm.logs('service', service.ID, tailLines, options.signal);
    },
    async removeDeployment(name, stack, options) {
      const { target } = await locate(ports, stack, heard(options));
      return await removeStack(target, name, runOf(ports, options));
    },
    async scaleServices(wishes, stack, options) {
      const outcomes: ServiceOutcome[] = [];
      for (const { service, replicas } of wishes) {
        outcomes.push(await onService(ports, { title: `Scale ${service} to ${replicas}`, stack }, heard(options), (target, run) => scaleService(target, service, replicas, run)));
      }
      return outcomes;
    },
    updateService: (service, change: ServiceChange, stack, options) =>
      onService(ports, { title: `Update ${service}`, stack, image: change.image }, heard(options), (target, run) => updateService(target, service, change, run)),
    rollbackService: (service, stack, options) =>
      onService(ports, { title: `Roll ${service} back`, stack }, heard(options), (target, run) => rollbackService(target, service, run)),
    async nodes(stack, options) {
      const { target } = await locate(ports, stack, heard(options));
      return { stack: target.stack, nodes: await listNodes(target, runOf(ports, options)) };
    },
    async changeNode(node, change, stack, options) {
      const { target } = await locate(ports, stack, heard(options));
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
