// What `deploy` is pointed at: a folder with an app, a folder with just a Dockerfile, or the name of a template.
import { basename, join, resolve } from 'node:path';
import { usageError } from '../model/error.ts';
import type { Files } from '../ports.ts';
import { APP_FILE, type App, type AppKind, MANIFEST_FILES, readApp } from './app-file.ts';
import { scaffold, suggestedName } from './scaffold.ts';
import { listTemplates } from './template.ts';

export interface AppSource {
  readonly app: App;
  /** Absolute. */
  readonly folder: string;
  /** Text of the manifest of each kind that has one. */
  readonly manifests: { readonly [K in AppKind]?: string };
}

export interface AppSourceRequest {
  /** As typed: a folder, or the id of a template. */
  readonly source: string;
  readonly cwd: string;
  /** Where the templates are. */
  readonly templates: string;
  /** Where a template is unfolded to be built: made anew each time. */
  readonly workshop: string;
  /** For a folder without an app file. */
  readonly port: number;
  readonly probePath: string;
}

/** Throws `app-unknown` when it is neither, and what reading a folder throws. */
export async function findAppSource(request: AppSourceRequest, files: Files): Promise<AppSource> {
  const { source, cwd } = request;
  const folder = resolve(cwd, source);
  if ((await files.stat(folder, { follow: true }))?.kind === 'directory') return readFolder(folder, request, files);
  const templates = await listTemplates(request.templates, files);
  const template = templates.find(({ id }) => id === source);
  if (template === undefined) throw unknown(source, templates.map(({ id }) => id));
  const unfolded = join(request.workshop, template.id);
  await files.remove(unfolded);
  await files.makeDirectory(request.workshop);
  await scaffold({ template, directory: unfolded, cwd, name: template.id, answers: {} }, files);
  return readFolder(unfolded, request, files);
}

async function readFolder(folder: string, { port, probePath }: AppSourceRequest, files: Files): Promise<AppSource> {
  const app = (await readApp(folder, files)) ?? plainApp(folder, { port, probePath });
  const manifests = await Promise.all(app.kinds.map(async (kind) => [kind, await files.readText(join(folder, MANIFEST_FILES[kind]))] as const));
  return { app, folder, manifests: Object.fromEntries(manifests.filter(([, text]) => text !== undefined)) };
}

/** A folder with a Dockerfile and nothing that says more. */
function plainApp(folder: string, { port, probePath }: { readonly port: number; readonly probePath: string }): App {
  const name = suggestedName(folder);
  return { name, port, kinds: ['knative', 'deployment'], probe: { path: probePath, status: 200 }, images: { [name]: '.' } };
}

function unknown(source: string, templates: readonly string[]) {
  return usageError({
    code: 'app-unknown', message: `${JSON.stringify(source)} is neither a folder nor a template`, reason: `templates are ${templates.join(', ')}`,
    hints: [{ text: 'make a folder with an app in it', command: `devstack new flask-time ${basename(source) || 'app'}` }, { text: `or deploy a folder with a Dockerfile or a ${APP_FILE}` }],
  });
}
