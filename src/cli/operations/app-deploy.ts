// Use cases of `deploy` and `delete`.
import { join } from 'node:path';
import { planImage } from '../../build/build-image.ts';
import { execute } from '../../engine/execute.ts';
import type { KubernetesAccess } from '../../model/access.ts';
import { isDevstackError, preconditionError } from '../../model/error.ts';
import { isJsonObject, type JsonObject } from '../../model/json.ts';
import { at, isKubeObject, type KubeObject, refText } from '../../model/object.ts';
import type { ImageBuild, Plan } from '../../model/plan.ts';
import { engineFacts } from '../../plan/observe.ts';
import { appPart, type DeployKind, type DeployWish, planDeploy } from '../../plan/plan-deploy.ts';
import type { Ports } from '../../ports.ts';
import { deploymentService } from '../../samples/deployment-service.ts';
import { knativeService } from '../../samples/knative-service.ts';
import type { App } from '../../scaffold/app-file.ts';
import { appObjects, servesApp } from '../../scaffold/app-objects.ts';
import { type AppSource, findAppSource } from '../../scaffold/app-source.ts';
import type { AppRef, DeployRequest, DeployResult, PlannedDeploy } from '../app-use-cases.ts';
import type { RunOptions } from '../use-cases.ts';
import { type ListeningWatch, watchListening } from './app-listening.ts';
import { appTarget, installedAddons, withTarget } from './app-target.ts';
import { type Journals, journalled } from './journals.ts';

const DEFAULT_PORT = 8080;
const RESOLVE_TIMEOUT_MS = 1_500;

/** Reads the app and the stack, names the images; changes nothing but the cache. */
export async function planAppDeploy(ports: Ports, templates: string, request: DeployRequest, options: RunOptions): Promise<PlannedDeploy> {
  const { source, cwd, namespace } = request;
  const workshop = join(ports.folders.cache, 'samples');
  const found = await findAppSource({ source, cwd, templates, workshop, port: request.port ?? DEFAULT_PORT, probePath: request.probePath }, ports.files);
  return withTarget(ports, request.stack, options, async (target, client) => {
    const { stack } = target.found;
    const domain = target.facts.settings?.['domain'] ?? 'localhost';
    const [inventories, addresses, info] = await Promise.all([
      ports.kubeSets.inventories(client, stack, options.signal), ports.network.resolve(`probe.${domain}`, RESOLVE_TIMEOUT_MS), ports.docker.info(options.signal),
    ]);
    const addons = installedAddons(inventories);
    const kind = request.kind ?? preferredKind(found.app, addons);
    const builds = await planBuilds(found, { arch: engineFacts(info, ports.docker.endpoint).arch, buildArgs: request.buildArgs }, ports);
    const { path, status, body } = found.app.probe;
    const probe = { path, expectStatus: status, ...(body === undefined ? {} : { expectBody: body }) };
    const wish: DeployWish = { name: found.app.name, namespace, kind, builds, probe, objects: objectsOf(found, { kind, builds, probe, request }, ports) };
    const plan = planDeploy(wish, {
      stack, cluster: target.cluster, port: target.port, domain, resolves: addresses.includes('127.0.0.1'), addons, canLoadImages: target.provider.images !== undefined,
      before: inventories.find(({ part }) => part === appPart(found.app.name))?.refs ?? [],
    });
    const labelSelector = selectorOf(wish);
    return {
      app: found.app.name, kind, stack, namespace, plan,
      ...(labelSelector === '' ? {} : { watch: { app: found.app.name, namespace, labelSelector, startMs: request.startMs } }),
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
function preferredKind({ name, kinds }: App, addons: readonly string[]): DeployKind {
  const found = kinds.find((kind): kind is DeployKind => kind === 'deployment' || (kind === 'knative' && addons.includes('knative-serving')));
  // Knative, though it is missing: the plan says how to get it.
  if (found !== undefined || kinds.includes('knative')) return found ?? 'knative';
  throw preconditionError({
    code: 'kind-unsupported', message: `${name} runs as ${kinds.join(' or ')}, and a Kubernetes stack does neither`,
    hints: [{ text: 'run it by hand', command: 'docker compose up --build --wait' }],
  });
}

async function planBuilds({ app, folder }: AppSource, how: { readonly arch: string; readonly buildArgs: DeployRequest['buildArgs'] }, ports: Ports): Promise<readonly ImageBuild[]> {
  const planned = await Promise.all(Object.entries(app.images).map(([name, below]) => planImage({ folder: join(folder, below), name, ...how }, ports.files)));
  return planned.map(({ build }) => build);
}

interface Rendering {
  readonly kind: DeployKind;
  readonly builds: readonly ImageBuild[];
  readonly probe: JsonObject;
  readonly request: DeployRequest;
}

/** The manifest of the folder, or one made for it; with image, namespace, variables and port as they are to be. */
function objectsOf({ app, folder, manifests }: AppSource, { kind, builds, probe, request }: Rendering, ports: Ports): readonly KubeObject[] {
  const { namespace, env } = request;
  const text = manifests[kind];
  const images = new Map(builds.map(({ image }) => [image.slice(0, image.lastIndexOf(':')), image]));
  const input = { name: app.name, namespace, images, env, probe, ...(request.port === undefined ? {} : { port: request.port }) };
  if (text !== undefined) return appObjects(parseObjects(text, join(folder, `${kind}.yaml`), ports), input);
  const made = { name: app.name, namespace, image: builds[0]?.image ?? '', env };
  return appObjects(kind === 'knative' ? [knativeService(made, app.port)] : deploymentService(made, app.port), input);
}

function parseObjects(text: string, path: string, ports: Ports): readonly KubeObject[] {
  const values = ports.yaml.parseAll(text, path);
  const wrong = values.findIndex((value) => !isKubeObject(value));
  if (wrong >= 0) throw preconditionError({ code: 'manifest-invalid', message: `document ${wrong + 1} of ${path} is no object of Kubernetes`, reason: 'it needs apiVersion, kind and metadata.name' });
  return values as unknown as readonly KubeObject[];
}

export async function deployApp(ports: Ports, journals: Journals, planned: PlannedDeploy, options: RunOptions & { readonly overwrite: boolean }): Promise<DeployResult> {
  const { plan, app, kind, stack, namespace } = planned;
  const started = ports.clock.monotonic();
  const { run, changed } = await carryOut(ports, journals, { plan, command: 'deploy', overwrite: options.overwrite, ...(planned.watch === undefined ? {} : { watch: planned.watch }) }, options);
  return {
    app, kind, stack, namespace, images: plan.steps.flatMap((step) => (step.kind === 'build' ? [step.build.image] : [])),
    endpoints: run.verified.map((endpoint) => ({ ...endpoint, verified: true })),
    changed: changed.filter((id) => id !== 'wait' && id !== 'probe').length, durationMs: Math.round(ports.clock.monotonic() - started),
  };
}

export function planRemoveApp({ app, stack }: AppRef): Plan {
  return {
    schema: 1, stack, notes: [], endpoints: [],
    steps: [{ kind: 'remove', id: 'remove', title: `Remove ${app}`, lane: app, needs: [], stack, part: appPart(app), destructive: true }],
  };
}

export async function removeApp(ports: Ports, journals: Journals, plan: Plan, options: RunOptions) {
  const { run } = await carryOut(ports, journals, { plan, command: 'delete', overwrite: false }, options);
  return { removed: run.removed, kept: run.keptObjects.map(({ ref, reason }) => ({ what: refText(ref), reason })) };
}

interface Job {
  readonly plan: Plan;
  readonly command: string;
  readonly overwrite: boolean;
  readonly watch?: ListeningWatch;
}

async function carryOut(ports: Ports, journals: Journals, { plan, command, overwrite, watch }: Job, options: RunOptions) {
  const { provider, access } = await appTarget(ports, plan.stack, options);
  for (const note of plan.notes) options.emit({ type: 'note', message: note });
  const stop = new AbortController();
  const signal = AbortSignal.any([options.signal, stop.signal]);
  const watching = watch === undefined ? undefined : watchInBackground(ports, access, watch, stop);
  const done = await journalled(journals, { stack: plan.stack, command }, async (journal) => {
    try {
      return await execute(plan, { stack: plan.stack, ports, provider, access, emit: options.emit, overwrite, record: (entry) => journal.record(entry) }, signal);
    } catch (thrown) {
      // What stopped the run says more than that it was stopped.
      throw stop.signal.aborted && !options.signal.aborted ? stop.signal.reason : thrown;
    }
  }).finally(() => watching?.end());
  await done.run.close();
  for (const { ref, manager, fields } of done.run.keptFields) {
    const message = `kept: ${fields.join(', ')} of ${refText(ref)} was changed by ${manager}`;
    options.emit({ type: 'warning', message, hints: [{ text: 'take it back', command: `devstack ${command} --overwrite` }] });
  }
  return done;
}

/** Aborts `stop` with the error when the app turns out not to listen. What else goes wrong while watching is left to the run itself. */
function watchInBackground(ports: Ports, access: KubernetesAccess, watch: ListeningWatch, stop: AbortController) {
  const over = new AbortController();
  const watching = (async () => {
    const client = await ports.kubeConnector.connect(access);
    try {
      await watchListening(client, ports.clock, watch, over.signal);
    } catch (thrown) {
      if (isDevstackError(thrown) && thrown.code === 'app-not-listening') stop.abort(thrown);
    } finally {
      client.close();
    }
  })();
  watching.catch(() => undefined);
  return {
    async end() {
      over.abort();
      await watching.catch(() => undefined);
    },
  };
}
