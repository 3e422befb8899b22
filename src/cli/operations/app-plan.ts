// What can be deployed (a folder, a template, a sample), reduced to one form; and the plan for it.
import { join } from 'node:path';
import { planImage } from '../../build/build-image.ts';
import { registryImage } from '../../build/context.ts';
import { isWithoutEngine } from '../../clusters/index.ts';
import { preconditionError } from '../../model/error.ts';
import { isJsonObject } from '../../model/json.ts';
import { at, isKubeObject, type KubeObject } from '../../model/object.ts';
import { type ImageBuild, registryHost } from '../../model/plan.ts';
import { engineFacts } from '../../plan/observe.ts';
import { appPart, type DeployKind, type DeployWish, planDeploy } from '../../plan/plan-deploy.ts';
import type { Ports } from '../../ports.ts';
import { deploymentService } from '../../samples/deployment-service.ts';
import { findSample } from '../../samples/index.ts';
import { knativeService } from '../../samples/knative-service.ts';
import type { Sample } from '../../samples/sample.ts';
import { MANIFEST_FILES } from '../../scaffold/app-file.ts';
import { type AppObjectsInput, appObjects, servesApp } from '../../scaffold/app-objects.ts';
import { type AppSource, findAppSource } from '../../scaffold/app-source.ts';
import type { DeployRequest, PlannedDeploy } from '../app-use-cases.ts';
import type { RunOptions } from '../use-cases.ts';
import { installedAddons, withTarget } from './app-target.ts';
import { labelsOf } from './up.ts';

const DEFAULT_PORT = 8080;
const RESOLVE_TIMEOUT_MS = 1_500;

/** Something to deploy, whatever it comes from. */
interface Deployable {
  readonly name: string;
  /** In order of preference. */
  readonly kinds: readonly string[];
  readonly builds: readonly ImageBuild[];
  /** Images that somebody else made. */
  readonly images: readonly string[];
  readonly probe: DeployWish['probe'];
  /** `nameOf` says what an image that is built is called in this stack. */
  objects(kind: DeployKind, nameOf: (image: string) => string): readonly KubeObject[];
}

/** Reads the app and the stack, names the images; changes nothing but the cache. */
export async function planAppDeploy(ports: Ports, templates: string, request: DeployRequest, options: RunOptions): Promise<PlannedDeploy> {
  const deployable = await findDeployable(ports, templates, request, options);
  const { name, builds, images, probe } = deployable;
  const { namespace } = request;
  if (request.kind === 'swarm') throw kindUnsupported(name, ['swarm']);
  const wanted = request.kind;
  return withTarget(ports, request.stack, options, async (target, client) => {
    const { stack } = target.found;
    const domain = target.facts.settings?.['domain'] ?? 'localhost';
    const [inventories, addresses] = await Promise.all([ports.kubeSets.inventories(client, stack, options.signal), ports.network.resolve(`probe.${domain}`, RESOLVE_TIMEOUT_MS)]);
    const addons = installedAddons(inventories);
    const kind = wanted ?? preferredKind(deployable, addons);
    const { registry } = target.facts;
    const nameOf = (image: string) => (registry === undefined ? image : registryImage(image, registryHost(registry.port)));
    const wish: DeployWish = {
      name, namespace, kind, images, probe, objects: deployable.objects(kind, nameOf), builds: builds.map((build) => ({ ...build, image: nameOf(build.image) })),
    };
    const plan = planDeploy(wish, {
      stack, cluster: target.cluster, port: target.port, domain, resolves: addresses.includes('127.0.0.1'), addons,
      hasRegistry: registry !== undefined, canLoadImages: target.provider.images !== undefined,
      before: inventories.find(({ part }) => part === appPart(name))?.refs ?? [],
    });
    const labelSelector = selectorOf(wish);
    return {
      app: name, kind, stack, namespace, plan: { ...plan, notes: [...labelsOf(target.provider), ...plan.notes] },
      canHaveRegistry: registry === undefined && target.provider.registry !== undefined,
      reached: { provider: target.provider.id, access: target.access },
      ...(labelSelector === '' ? {} : { watch: { app: name, namespace, labelSelector, startMs: request.startMs } }),
    };
  });
}

/** The labels of the pods that will serve the app; empty when its manifest has no workload of that name. */
function selectorOf({ name, kind, objects }: DeployWish): string {
  if (kind === 'knative') return `serving.knative.dev/service=${name}`;
  const labels = at(objects.find((object) => servesApp(object, name)), 'spec', 'selector', 'matchLabels');
  return Object.entries(isJsonObject(labels) ? labels : {}).map(([key, value]) => `${key}=${String(value)}`).join(',');
}

/** The first kind of the app that the stack can run; Knative only where it is installed. */
function preferredKind({ name, kinds }: Deployable, addons: readonly string[]): DeployKind {
  const found = kinds.find((kind): kind is DeployKind => kind === 'deployment' || (kind === 'knative' && addons.includes('knative-serving')));
  // Knative, though it is missing: the plan says how to get it.
  if (found !== undefined || kinds.includes('knative')) return found ?? 'knative';
  throw kindUnsupported(name, kinds);
}

function kindUnsupported(name: string, kinds: readonly string[]) {
  return preconditionError({
    code: 'kind-unsupported', message: `${name} runs as ${kinds.join(' or ')}, and a Kubernetes stack does neither`,
    hints: kinds.includes('swarm') ? [{ text: 'make a swarm for it', command: 'devstack up swarm --nodes 3 --name swarm' }] : [{ text: 'run it by hand', command: 'docker compose up --build --wait' }],
  });
}

async function findDeployable(ports: Ports, templates: string, request: DeployRequest, options: RunOptions): Promise<Deployable> {
  const { source, cwd } = request;
  const sample = request.sample === undefined ? undefined : findSample(request.sample);
  if (sample !== undefined) return fromSample(sample, request);
  const workshop = join(ports.folders.cache, 'samples');
  const [found, arch] = await Promise.all([
    findAppSource({ source, cwd, templates, workshop, port: request.port ?? DEFAULT_PORT, probePath: request.probePath }, ports.files), archOf(ports, options.signal),
  ]);
  const planned = await Promise.all(Object.entries(found.app.images).map(([name, below]) => (
    planImage({ folder: join(found.folder, below), name, arch, buildArgs: request.buildArgs }, ports.files)
  )));
  return fromSource(found, planned.map(({ build }) => build), request, ports);
}

/** Of the engine's machine; of this one where no engine answers: then only a stack that needs none can take the app. */
async function archOf({ docker, platform }: Ports, signal: AbortSignal): Promise<string> {
  try {
    return engineFacts(await docker.info(signal), docker.endpoint).arch;
  } catch (error) {
    if (isWithoutEngine(error)) return platform.arch;
    throw error;
  }
}

function fromSample(sample: Sample, { app, namespace, env, annotations }: DeployRequest): Deployable {
  const name = app ?? sample.id;
  const { image, probe } = sample;
  return {
    name, kinds: sample.kinds, builds: [], images: [image], probe,
    objects(kind) {
      const objects = sample.objects(kind, { name, namespace, image, env: { ...sample.env, ...env }, ...(Object.keys(annotations).length === 0 ? {} : { annotations }) });
      return appObjects(objects, { name, namespace, images: new Map(), env: {}, annotations: {}, probe });
    },
  };
}

/** The manifest of the folder, or one made for it; with image, namespace, variables and port as they are to be. */
function fromSource({ app, folder, manifests }: AppSource, builds: readonly ImageBuild[], request: DeployRequest, ports: Ports): Deployable {
  const { namespace, env, annotations, port } = request;
  const { path, status, body } = app.probe;
  const probe = { path, expectStatus: status, ...(body === undefined ? {} : { expectBody: body }) };
  return {
    name: app.name, kinds: app.kinds, builds, images: [], probe,
    objects(kind, nameOf) {
      const images = new Map(builds.map(({ image }) => [image.slice(0, image.lastIndexOf(':')), nameOf(image)]));
      const input: AppObjectsInput = { name: app.name, namespace, images, env, annotations, probe, ...(port === undefined ? {} : { port }) };
      const made = { name: app.name, namespace, image: nameOf(builds[0]?.image ?? ''), env };
      const text = manifests[kind];
      if (text !== undefined) return appObjects(parseObjects(text, join(folder, MANIFEST_FILES[kind]), ports), input);
      return appObjects(kind === 'knative' ? [knativeService(made, app.port)] : deploymentService(made, app.port), input);
    },
  };
}

function parseObjects(text: string, path: string, ports: Ports): readonly KubeObject[] {
  const values = ports.yaml.parseAll(text, path);
  const wrong = values.findIndex((value) => !isKubeObject(value));
  if (wrong >= 0) throw preconditionError({ code: 'manifest-invalid', message: `document ${wrong + 1} of ${path} is no object of Kubernetes`, reason: 'it needs apiVersion, kind and metadata.name' });
  return values as unknown as readonly KubeObject[];
}
