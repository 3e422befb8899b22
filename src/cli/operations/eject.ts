// Use case of `eject`: the manifest that a person would write by hand for an app, with the image that devstack would build. Reads only.
import { join } from 'node:path';
import { planImage } from '../../build/build-image.ts';
import { usageError } from '../../model/error.ts';
import type { Json } from '../../model/json.ts';
import type { ImageBuild } from '../../model/plan.ts';
import type { Ports } from '../../ports.ts';
import { deploymentService } from '../../samples/deployment-service.ts';
import { knativeService } from '../../samples/knative-service.ts';
import { type App, MANIFEST_FILES } from '../../scaffold/app-file.ts';
import { findAppSource } from '../../scaffold/app-source.ts';
import { appFile } from '../../swarm/app.ts';
import type { Ejected, EjectKind, EjectRequest } from '../app-use-cases.ts';

const DEFAULT_PORT = 8080;
const KINDS: readonly EjectKind[] = ['knative', 'deployment', 'swarm'];

/** Throws `app-unknown`, `kind-unsupported`, and what reading a folder throws. */
export async function ejectApp(ports: Ports, templates: string, request: EjectRequest): Promise<Ejected> {
  const workshop = join(ports.folders.cache, 'samples');
  const { app, folder, manifests } = await findAppSource({ source: request.source, cwd: request.cwd, templates, workshop, port: request.port ?? DEFAULT_PORT, probePath: '/' }, ports.files);
  const kind = request.kind ?? KINDS.find((each) => app.kinds.includes(each)) ?? 'swarm';
  // Of this machine: no engine need run for it, and the name of an image does not depend on it.
  const { arch } = ports.platform;
  const builds = await Promise.all(Object.entries(app.images).map(async ([name, below]) => (await planImage({ folder: join(folder, below), name, arch, buildArgs: {} }, ports.files)).build));
  const text = manifests[kind];
  const file = MANIFEST_FILES[kind];
  return { app: app.name, kind, file, builds, text: text === undefined ? madeText(ports, app, { kind, builds }) : withBuiltImages(text, builds) };
}

/** The manifest as it was written, comments and all, with the images that are built from the folder as it is now. */
function withBuiltImages(text: string, builds: readonly ImageBuild[]): string {
  return builds.reduce((changed, { image }) => {
    const repository = image.slice(0, image.lastIndexOf(':')).replaceAll('.', '\\.');
    return changed.replace(new RegExp(`(?<=image: *["']?)${repository}:[\\w.-]+`, 'g'), image);
  }, text);
}

/** For a folder with a Dockerfile and no manifest of that kind. */
function madeText({ yaml }: Ports, app: App, { kind, builds }: { readonly kind: EjectKind; readonly builds: readonly ImageBuild[] }): string {
  const [build, ...others] = builds;
  if (build === undefined || others.length > 0 || !(app.kinds.includes(kind) || kind === 'swarm')) {
    throw usageError({
      code: 'kind-unsupported', message: `${app.name} runs as ${app.kinds.join(' or ')}, and its folder has no ${MANIFEST_FILES[kind]}`,
      hints: [{ text: 'see it as what it is', command: `devstack eject --as ${KINDS.find((each) => app.kinds.includes(each)) ?? 'swarm'}` }],
    });
  }
  if (kind === 'swarm') return yaml.stringify(appFile({ name: app.name, image: build.image, port: app.port, published: DEFAULT_PORT }));
  const options = { name: app.name, namespace: '', image: build.image, env: {} };
  const objects = kind === 'knative' ? [knativeService(options, app.port)] : deploymentService(options, app.port);
  // Whoever applies it says where.
  return objects.map(({ metadata: { namespace: _, ...metadata }, apiVersion, kind: kindName, ...rest }) => yaml.stringify({ apiVersion, kind: kindName, metadata, ...rest } as unknown as Json)).join('---\n');
}
