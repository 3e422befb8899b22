// Makes a folder from a template: whole or not at all, and never over something that is there.
import { randomUUID } from 'node:crypto';
import { basename, dirname, join, resolve, sep } from 'node:path';
import { failedError, usageError } from '../model/error.ts';
import type { Files } from '../ports.ts';
import { APP_FILE } from './app-file.ts';
import { appNameError, appNameFrom, assertAppName } from './app-name.ts';
import { problemOfAnswer, type Template } from './template.ts';

const STAGE_PREFIX = '.devstack-new-';
/** Readable for the user that a container runs as: `COPY` keeps modes. */
const FILE_MODE = 0o644;
const FOLDER_MODE = 0o755;

export interface ScaffoldRequest {
  readonly template: Template;
  /** As typed; relative to `cwd`. */
  readonly directory: string;
  readonly cwd: string;
  /** The name of the app; by default it comes from the folder. */
  readonly name?: string;
  /** By id of the question; what is missing takes the default. */
  readonly answers: { readonly [id: string]: string };
}

export interface Scaffolded {
  readonly directory: string;
  readonly name: string;
  /** Relative, sorted. */
  readonly files: readonly string[];
}

/**
 * Copies the template into a folder that is absent or empty.
 * Throws `directory-invalid`, `directory-not-empty` (with what is there), `app-name-invalid`, `answer-invalid` before anything is
 * written; a failure while writing leaves the folder as it was. A kill leaves at most a folder `.devstack-new-…`.
 */
export async function scaffold(request: ScaffoldRequest, files: Files): Promise<Scaffolded> {
  const { template } = request;
  const directory = resolveDirectory(request.directory, request.cwd);
  const name = request.name ?? suggestedName(directory);
  assertAppName(name);
  const values = valuesOf(template, name, request.answers);
  const place = await findPlace(directory, files);

  const stage = join(place.base, `${STAGE_PREFIX}${randomUUID().slice(0, 8)}`);
  try {
    await copyInto(join(stage, place.below), template, { values, files });
    await (place.isThere ? moveEach(stage, directory, files) : files.rename(stage, place.top));
  } catch (thrown) {
    await files.remove(stage);
    throw thrown;
  }
  return { directory, name, files: [...template.files].sort() };
}

/** The text with every placeholder `app-<id>` replaced. */
export function renderText(text: string, values: ReadonlyMap<string, string>): string {
  return text.replace(/(?<![A-Za-z0-9-])app-([a-z]+)(?![A-Za-z0-9])/g, (token, id: string) => values.get(id) ?? token);
}

function resolveDirectory(typed: string, cwd: string): string {
  const problem = typed === '' ? 'it is empty'
    : /\p{Cc}/u.test(typed) ? 'it has control characters'
      : typed.split(/[/\\]/).some((part) => Buffer.byteLength(part) > 255) ? 'a part of it is longer than 255 bytes' : undefined;
  if (problem !== undefined) throw usageError({ code: 'directory-invalid', message: `${JSON.stringify(typed)} cannot be the folder of an app`, reason: problem });
  return resolve(cwd, typed);
}

/** The name for an app in this folder. Throws `app-name-invalid` when the folder suggests none. */
export function suggestedName(directory: string): string {
  const name = appNameFrom(basename(directory));
  if (name === undefined) throw appNameError(basename(directory), 'the name comes from the folder unless --name is given, and nothing usable is left of this one');
  return name;
}

function valuesOf(template: Template, name: string, answers: ScaffoldRequest['answers']): ReadonlyMap<string, string> {
  const asked = new Set(template.questions.map((question) => question.id));
  const unknown = Object.keys(answers).filter((id) => !asked.has(id));
  const problems = template.questions.flatMap((question) => {
    const problem = problemOfAnswer(question, answers[question.id] ?? question.default);
    return problem === undefined ? [] : [`${question.id}: ${problem}`];
  });
  const all = [...unknown.map((id) => `${id}: the template ${template.id} does not ask this`), ...problems];
  if (all.length > 0) {
    throw usageError({ code: 'answer-invalid', message: `an answer for the template ${template.id} cannot be used`, reason: all.join('; '), details: { problems: all } });
  }
  return new Map([['name', name], ...template.questions.map((question) => [question.id, answers[question.id] ?? question.default] as const)]);
}

interface Place {
  /** An existing folder: what is staged lies in it, so that a rename never crosses file systems. */
  readonly base: string;
  /** The first folder that is made, when the target is absent. */
  readonly top: string;
  /** From `top` to the target. */
  readonly below: string;
  /** The target is there, and empty. It keeps its inode: a shell may stand in it. */
  readonly isThere: boolean;
}

async function findPlace(directory: string, files: Files): Promise<Place> {
  const found = await files.stat(directory);
  if (found !== undefined) {
    if (found.kind !== 'directory') throw notAFolder(directory, found.kind);
    await assertEmpty(directory, files);
    return { base: directory, top: directory, below: '', isThere: true };
  }
  let top = directory;
  for (;;) {
    const base = dirname(top);
    const kind = (await files.stat(base))?.kind;
    if (kind === 'directory' || kind === 'symlink') return { base, top, below: directory.slice(top.length).replace(sep, ''), isThere: false };
    if (kind !== undefined || base === top) throw notAFolder(base, kind ?? 'missing');
    top = base;
  }
}

async function assertEmpty(directory: string, files: Files): Promise<void> {
  const names = await files.list(directory);
  if (names.length === 0) return;
  const leftover = names.find((name) => name.startsWith(STAGE_PREFIX));
  throw usageError({
    code: 'directory-not-empty', message: `${directory} is not empty, and nothing in it is overwritten`,
    reason: `it holds ${names.slice(0, 10).join(', ')}${names.length > 10 ? ` and ${names.length - 10} more` : ''}`,
    hints: leftover === undefined ? [{ text: 'name a new folder' }] : [{ text: 'an earlier run was cut off here: remove what it left', command: `rm -r ${leftover}` }],
    details: { files: [...names] },
  });
}

function notAFolder(path: string, kind: string) {
  return usageError({ code: 'directory-invalid', message: `${path} is not a folder`, reason: `it is a ${kind}` });
}

async function copyInto(target: string, template: Template, options: { readonly values: ReadonlyMap<string, string>; readonly files: Files }): Promise<void> {
  const { values, files } = options;
  const folders = new Set(template.files.map((file) => dirname(join(target, file))));
  for (const folder of [...folders].sort()) await files.makeDirectory(folder, FOLDER_MODE);
  for (const file of template.files) {
    const text = await files.readText(join(template.folder, file));
    if (text === undefined) throw failedError({ code: 'template-damaged', message: `${join(template.folder, file)} is gone`, hints: [{ text: 'install devstack again' }] });
    await files.write(join(target, file), renderText(text, values), { mode: FILE_MODE });
  }
}

/** Moves what was staged into its own parent. On failure everything goes back. */
async function moveEach(stage: string, directory: string, files: Files): Promise<void> {
  // The app file last: without it the folder is no app.
  const names = [...(await files.list(stage))].sort((a, b) => Number(a === APP_FILE) - Number(b === APP_FILE));
  const moved: string[] = [];
  try {
    for (const name of names) {
      if ((await files.stat(join(directory, name))) !== undefined) throw usageError({ code: 'directory-not-empty', message: `${join(directory, name)} appeared meanwhile, and is not overwritten` });
      await files.rename(join(stage, name), join(directory, name));
      moved.push(name);
    }
  } catch (thrown) {
    for (const name of moved) await files.remove(join(directory, name));
    throw thrown;
  }
  await files.remove(stage);
}
