// Stack files and apps into a swarm: read, build, load, deploy, prove.
import { basename, dirname, isAbsolute, join, resolve } from 'node:path';
import { planImage } from '../../build/build-image.ts';
import { usageError } from '../../model/error.ts';
import type { Json } from '../../model/json.ts';
import type { ImageBuild } from '../../model/plan.ts';
import { engineFacts } from '../../plan/observe.ts';
import type { Ports } from '../../ports.ts';
import { findSample } from '../../samples/index.ts';
import type { Sample } from '../../samples/sample.ts';
import { findAppSource } from '../../scaffold/app-source.ts';
import { appFile, placed, repositoryOf, withEnv, withProbe } from '../../swarm/app.ts';
import { type DeployReport, deployStack, imagesOf, requireValid } from '../../swarm/deploy.ts';
import { openedPorts } from '../../swarm/gateways.ts';
import type { PortProbe } from '../../swarm/proof.ts';
import { Findings } from '../../swarm/stack/findings.ts';
import { filesOf, normaliseStack, type StackPlan, type StackSource } from '../../swarm/stack/normalise.ts';
import { envFile } from '../../swarm/stack/words.ts';
import type { PlannedStackFile, StackFileRequest, SwarmAppRequest, SwarmUseCases } from '../swarm-use-cases.ts';
import type { RunOptions } from '../use-cases.ts';
import { type Located, loadImages, locateSwarm, runOf } from './swarm-target.ts';
import { runTasks, type Task } from './tasks.ts';

const DEFAULT_PORT = 8080;

export interface PlannedDeploy extends PlannedStackFile, Located {
  readonly builds: readonly ImageBuild[];
  readonly probe?: PortProbe;
}

// ── a stack file ────────────────────────────────────────────────────────────────────────────────────────────────────

export async function planFile(ports: Ports, request: StackFileRequest, options: RunOptions): Promise<PlannedDeploy> {
  const path = resolve(request.cwd, request.path);
  const text = await ports.files.readText(path);
  if (text === undefined) throw usageError({ code: 'stack-file-missing', message: `there is no file ${path}`, hints: [{ text: 'see what is there', command: `ls ${dirname(path)}` }] });
  const located = await locateSwarm(ports, request.stack, options);
  const file = ports.yaml.parse(text, basename(path)).value;
  const directory = dirname(path);
  const source = await sourceOf(ports, located, { file, directory, name: request.name, profiles: request.profiles, env: { ...await dotEnv(ports, directory), ...request.env } });
  const first = normaliseStack(source);
  requireValid(first);
  const builds = await Promise.all(first.builds.map(async ({ service, image, context, args }) => {
    const name = repositoryOf(image).split('/').at(-1) ?? service;
    return { service, build: await planBuild(ports, { folder: join(directory, context), name, buildArgs: args }, options) };
  }));
  const images = Object.fromEntries(builds.map(({ service, build }) => [service, build.image]));
  return { ...located, stack: located.target.stack, plan: normaliseStack({ ...source, images }), builds: builds.map(({ build }) => build) };
}

type Given = Pick<StackSource, 'file' | 'directory' | 'name' | 'profiles' | 'env'>;

async function sourceOf(ports: Ports, { target }: Located, given: Given): Promise<StackSource> {
  return {
    ...given, owner: target.stack, directory: given.directory.replaceAll('\\', '/'), home: ports.env['HOME'] ?? '', nodesSeeHost: target.nodes !== 'containers', images: {},
    files: await readFiles(ports, given.directory, filesOf(given.file, given.env)),
  };
}

/** The variables that Compose takes from the file beside it. */
async function dotEnv({ files }: Ports, directory: string): Promise<{ readonly [name: string]: string }> {
  const text = await files.readText(join(directory, '.env'));
  return text === undefined ? {} : envFile(text, '.env', { env: {}, findings: new Findings() });
}

async function readFiles({ files }: Ports, directory: string, paths: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const read = await Promise.all(paths.map(async (path) => [path, await files.readBytes(isAbsolute(path) ? path : join(directory, path))] as const));
  return new Map(read.flatMap(([path, bytes]) => (bytes === undefined ? [] : [[path, Buffer.from(bytes).toString('base64')] as const])));
}

async function planBuild(ports: Ports, image: Omit<Parameters<typeof planImage>[0], 'arch'>, { signal }: RunOptions): Promise<ImageBuild> {
  const { arch } = engineFacts(await ports.docker.info(signal), ports.docker.endpoint);
  return (await planImage({ ...image, arch }, ports.files)).build;
}

// ── an app ──────────────────────────────────────────────────────────────────────────────────────────────────────────

/** What is deployed, whatever it comes from. */
interface Deployable {
  readonly name: string;
  readonly builds: readonly ImageBuild[];
  /** Its stack file, and the folder that its paths are in. */
  readonly file: Json;
  readonly folder: string;
  readonly env: { readonly [name: string]: string };
  readonly probe: PortProbe;
}

/** A folder, a template or a sample: by its stack.yml where it has one, its images named after their content, its ports where there is room. */
export async function planApp(ports: Ports, templates: string, request: SwarmAppRequest, options: RunOptions): Promise<PlannedDeploy> {
  const located = await locateSwarm(ports, request.stack, options);
  const sample = request.sample === undefined ? undefined : findSample(request.sample);
  const { name, builds, file, folder, env, probe } = sample === undefined ? await fromSource(ports, templates, request, options) : fromSample(sample, request);
  const first = normaliseStack(await sourceOf(ports, located, { file, directory: folder, name, profiles: [], env: {} }));
  requireValid(first);
  const images = sample === undefined ? builds.map(({ image }) => image) : [sample.image];
  const services = withProbe(withEnv(built(first, builds), images, { ...env, ...request.env }), probe);
  const plan = await settled(ports, located, { ...first, builds: [], services }, options);
  return { ...located, stack: located.target.stack, plan, builds, probe };
}

async function fromSource(ports: Ports, templates: string, request: SwarmAppRequest, options: RunOptions): Promise<Deployable> {
  const { source, cwd, port, probePath, buildArgs } = request;
  const workshop = join(ports.folders.cache, 'samples');
  const { app, folder, manifests } = await findAppSource({ source, cwd, templates, workshop, port: port ?? DEFAULT_PORT, probePath }, ports.files);
  const builds = await Promise.all(Object.entries(app.images).map(([name, below]) => planBuild(ports, { folder: join(folder, below), name, buildArgs }, options)));
  const file: Json = manifests.swarm === undefined
    ? appFile({ name: app.name, image: builds[0]?.image ?? '', port: port ?? app.port, published: DEFAULT_PORT })
    : ports.yaml.parse(manifests.swarm, 'stack.yml').value;
  const { path, status, body } = app.probe;
  return { name: app.name, builds, file, folder, env: {}, probe: { path, status, ...(body === undefined ? {} : { body }) } };
}

function fromSample({ id, image, port, env, probe: { path, expectStatus, expectBody } }: Sample, { app = id, replicas = 1 }: SwarmAppRequest): Deployable {
  return {
    name: app, builds: [], file: appFile({ name: app, image, port, published: DEFAULT_PORT, replicas }), folder: '/', env,
    probe: { path, status: expectStatus, ...(expectBody === undefined ? {} : { body: expectBody }) },
  };
}

/** Services of an image that is built here run what was built, whatever tag is written. */
function built({ services }: StackPlan, builds: readonly ImageBuild[]): StackPlan['services'] {
  const images = new Map(builds.map(({ image }) => [repositoryOf(image), image]));
  return services.map((spec) => {
    const container = spec.TaskTemplate.ContainerSpec;
    const image = container === undefined ? undefined : images.get(repositoryOf(container.Image));
    return container === undefined || image === undefined ? spec : { ...spec, TaskTemplate: { ...spec.TaskTemplate, ContainerSpec: { ...container, Image: image } } };
  });
}

async function settled(ports: Ports, { target, cluster }: Located, plan: StackPlan, options: RunOptions): Promise<StackPlan> {
  const opened = await openedPorts(target, runOf(ports, options));
  const room = { base: cluster.ports[0]?.host ?? DEFAULT_PORT, opened, isFree: (port: number) => ports.network.canBind(port) };
  return { ...plan, services: await placed(plan.services, room) };
}

// ── carried out ─────────────────────────────────────────────────────────────────────────────────────────────────────

export async function deployPlanned(ports: Ports, planned: PlannedDeploy, options: RunOptions & { readonly isPublic: boolean }): ReturnType<SwarmUseCases['deployStackFile']> {
  const started = ports.clock.monotonic();
  const { target, plan, builds, probe } = planned;
  const { isPublic, signal } = options;
  let report: DeployReport | undefined;
  const lane = plan.name;
  const tasks: readonly Task[] = [
    ...builds.map((build): Task => ({
      id: `build:${build.image}`, kind: 'build', title: `Build ${build.image}`, lane,
      work: async (onProgress) => { if (!(await ports.imageBuilder.has(build))) await ports.imageBuilder.build(build, { onProgress, signal }); },
    })),
    { id: 'images', kind: 'images', title: 'Load local images into the nodes', lane, work: (onProgress) => loadImages(ports, { ...planned, images: imagesOf(plan) }, runOf(ports, options, onProgress)) },
    { id: 'deploy', kind: 'wait', title: `Deploy ${plan.name} until every service has converged and every port has answered`, lane,
      work: async (onProgress) => { report = await deployStack(target, plan, { isPublic, ...(probe === undefined ? {} : { probe }) }, runOf(ports, options, onProgress)); } },
  ];
  for (const { path, message } of plan.differences) options.emit({ type: 'note', message: `${path} ${message}` });
  await runTasks(ports, target.stack, tasks, options);
  if (report === undefined) throw new Error('the deployment made no report');
  for (const message of report.notes) options.emit({ type: 'note', message });
  return { ...report, stack: target.stack, durationMs: Math.round(ports.clock.monotonic() - started) };
}
