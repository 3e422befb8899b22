// Images of the rehearsal: a copy of the folder that the image would be made of, and how its Dockerfile starts it. Nothing is built.
import { join } from 'node:path';
import { failedError } from '../../model/error.ts';
import { isJsonObject, parseJson } from '../../model/json.ts';
import { stringAt } from '../../model/object.ts';
import type { ImageBuild } from '../../model/plan.ts';
import type { Files, ImageBuilder, Ports } from '../../ports.ts';
import type { Place } from './place.ts';

/** What runs when a container of an image starts. */
export interface Program {
  readonly image: string;
  /** Where it runs. */
  readonly folder: string;
  readonly command: readonly string[];
  readonly env: { readonly [name: string]: string };
  /** Folders that it keeps things in, as the Dockerfile names them. */
  readonly volumes: readonly string[];
  /** Why it cannot run outside a container, when it cannot. */
  readonly obstacle?: string;
}

const NOT_COPIED = new Set(['.git', '.venv', '__pycache__', 'node_modules']);
const MAX_BYTES = 64 * 2 ** 20;

const folderOf = (place: Place, image: string): string => join(place.images, image.replaceAll(/[^\w.-]+/g, '_'));

export async function readProgram(files: Pick<Files, 'readText'>, place: Place, image: string): Promise<Program | undefined> {
  const text = await files.readText(join(folderOf(place, image), 'program.json'));
  return text === undefined ? undefined : JSON.parse(text) as Program;
}

export function createImages({ files }: Pick<Ports, 'files'>, place: Place): ImageBuilder {
  return {
    has: async (build) => await files.stat(join(folderOf(place, build.image), 'program.json')) !== undefined,
    async build(build, { onProgress, signal }) {
      onProgress('rehearsal: the folder is copied, nothing is built');
      const folder = join(folderOf(place, build.image), 'files');
      await files.remove(folderOf(place, build.image));
      await copyFolder(files, { from: build.folder, to: folder, budget: { bytes: MAX_BYTES } }, signal);
      const program = await programOf(files, build, folder);
      // Last: an image that is there is whole.
      await files.write(join(folderOf(place, build.image), 'program.json'), `${JSON.stringify(program, undefined, 1)}\n`);
    },
  };
}

interface Copy {
  readonly from: string;
  readonly to: string;
  readonly budget: { bytes: number };
}

async function copyFolder(files: Files, { from, to, budget }: Copy, signal: AbortSignal): Promise<void> {
  await files.makeDirectory(to, 0o700);
  for (const name of await files.list(from)) {
    signal.throwIfAborted();
    if (NOT_COPIED.has(name)) continue;
    const [source, target] = [join(from, name), join(to, name)];
    // What a link leads to may be anywhere: only what lies in the folder is copied.
    const found = await files.stat(source);
    if (found?.kind === 'directory') await copyFolder(files, { from: source, to: target, budget }, signal);
    if (found?.kind !== 'file') continue;
    budget.bytes -= found.size;
    if (budget.bytes < 0) {
      throw failedError({ code: 'rehearsal-folder-too-large', message: `${from} holds more than ${MAX_BYTES / 2 ** 20} MiB`, reason: 'a rehearsal copies the folder of an app',
        hints: [{ text: 'name what the app does not need in .dockerignore, and move it out of the folder' }] });
    }
    await files.write(target, await files.readBytes(source) ?? new Uint8Array(), { mode: 0o600 });
  }
}

async function programOf(files: Files, build: ImageBuild, folder: string): Promise<Program> {
  const { command, env, volumes } = readDockerfile(await files.readText(join(build.folder, build.dockerfile)) ?? '');
  const obstacle = await obstacleOf(files, build.folder, command);
  return { image: build.image, folder, command, env, volumes, ...(obstacle === undefined ? {} : { obstacle }) };
}

async function obstacleOf(files: Files, folder: string, [program]: readonly string[]): Promise<string | undefined> {
  if (program === undefined) return 'its Dockerfile names no command';
  if (program !== 'node') return undefined;
  const text = await files.readText(join(folder, 'package.json'));
  const value = parseJson(text ?? '');
  const needs = isJsonObject(value) && isJsonObject(value['dependencies']) ? Object.keys(value['dependencies']) : [];
  return needs.length === 0 ? undefined : `it needs packages of npm (${needs.slice(0, 3).join(', ')})`;
}

/** What the last stage of a Dockerfile says of its start. Only the forms that say it exactly: `CMD ["node", "server.js"]`. */
export function readDockerfile(text: string): Pick<Program, 'command' | 'env' | 'volumes'> {
  const lines = text.replaceAll(/\\\r?\n/g, ' ').split(/\r?\n/).map((line) => line.trim()).filter((line) => line !== '' && !line.startsWith('#'));
  const last = lines.slice(Math.max(0, lines.findLastIndex((line) => /^FROM\s/i.test(line))));
  const rest = (word: string): readonly string[] => last.flatMap((line) => new RegExp(`^${word}\\s+(.*)$`, 'i').exec(line)?.[1] ?? []);
  const [entrypoint, command] = ['ENTRYPOINT', 'CMD'].map((word) => wordsOf(rest(word).at(-1)));
  const env = Object.fromEntries(rest('ENV').flatMap((line) => [...line.matchAll(/(\w+)=("[^"]*"|\S+)/g)].map(([, name = '', value = '']) => [name, value.replaceAll('"', '')])));
  // Paths of a container mean nothing here.
  const { PATH: _path, ...own } = env;
  return { command: [...entrypoint ?? [], ...command ?? []], env: own, volumes: rest('VOLUME').flatMap((line) => wordsOf(line) ?? line.split(/\s+/)) };
}

function wordsOf(text: string | undefined): readonly string[] | undefined {
  const value = parseJson(text ?? '');
  return Array.isArray(value) && value.every((word) => typeof word === 'string') ? value : undefined;
}

/** The environment of a container as its pod says it; what comes from elsewhere than the pod is left out. */
export function environmentOf(pod: unknown, container: { readonly [key: string]: unknown }): { readonly [name: string]: string } {
  const list = Array.isArray(container['env']) ? container['env'] : [];
  return Object.fromEntries(list.flatMap((entry: unknown): readonly (readonly [string, string])[] => {
    const name = stringAt(entry, 'name');
    const field = stringAt(entry, 'valueFrom', 'fieldRef', 'fieldPath');
    const value = field === undefined ? stringAt(entry, 'value') ?? (isJsonObject(entry) && 'valueFrom' in entry ? undefined : '') : stringAt(pod, ...field.split('.'));
    return name === undefined || value === undefined ? [] : [[name, value]];
  }));
}
