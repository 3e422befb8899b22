// The templates that come with devstack: folders with a description, read from the package.
import { join } from 'node:path';
import { usageError } from '../model/error.ts';
import { isJsonObject, type Json } from '../model/json.ts';
import type { Files } from '../ports.ts';
import { APP_FILE, type App, parseApp } from './app-file.ts';
import { isYamlSpecial } from './app-name.ts';

/** Describes the template; the only file of it that is not copied. */
export const TEMPLATE_FILE = 'devstack.template.json';

/** Something that the template asks; `app-<id>` in its files stands for the answer. */
export interface Question {
  readonly id: string;
  readonly message: string;
  readonly default: string;
  /** Regular expression for the whole answer. */
  readonly pattern: string;
}

export interface Template {
  readonly id: string;
  readonly title: string;
  readonly folder: string;
  readonly app: App;
  readonly questions: readonly Question[];
  /** All files to copy, relative, with `/`. */
  readonly files: readonly string[];
}

/** All templates below `root`, by id. */
export async function listTemplates(root: string, files: Files): Promise<readonly Template[]> {
  const names = await files.list(root);
  const described = await Promise.all(names.map(async (id) => ((await files.stat(join(root, id, TEMPLATE_FILE))) === undefined ? [] : [id])));
  return Promise.all(described.flat().map((id) => readTemplate(root, id, files)));
}

/** Throws `template-unknown` with the names that exist. */
export async function findTemplate(id: string, root: string, files: Files): Promise<Template> {
  const templates = await listTemplates(root, files);
  const found = templates.find((template) => template.id === id);
  if (found !== undefined) return found;
  throw usageError({
    code: 'template-unknown', message: `there is no template ${JSON.stringify(id)}`, reason: `there are ${templates.map((template) => template.id).join(', ')}`,
    hints: [{ text: 'see what each is', command: 'devstack new --list' }],
  });
}

/** Checks an answer against its question; the reason, or undefined when it is good. */
export function problemOfAnswer(question: Question, answer: string): string | undefined {
  if (!new RegExp(`^(?:${question.pattern})$`).test(answer)) return `it must match ${question.pattern}`;
  // Answers stand unquoted in manifests and sources, so whatever the pattern says, they are plain words.
  if (!/^[A-Za-z0-9._/+-]{1,64}$/.test(answer)) return 'it must be letters, digits and . _ / + -';
  return isYamlSpecial(answer) ? 'YAML reads this word as something else than text' : undefined;
}

async function readTemplate(root: string, id: string, files: Files): Promise<Template> {
  const folder = join(root, id);
  const [description, app] = await Promise.all([readJson(join(folder, TEMPLATE_FILE), files), readJson(join(folder, APP_FILE), files)]);
  // The files come with the package: a fault in them is a bug, not something that a person can mend.
  if (!isJsonObject(description) || typeof description['title'] !== 'string') throw new Error(`${folder}: ${TEMPLATE_FILE} needs a title`);
  const asked = description['questions'] ?? [];
  if (!Array.isArray(asked)) throw new Error(`${folder}: questions must be a list`);
  return {
    id, folder, title: description['title'],
    app: parseApp(app, join(folder, APP_FILE)),
    questions: asked.map((question: Json) => parseQuestion(question, folder)),
    files: (await listTree(folder, '', files)).filter((file) => file !== TEMPLATE_FILE),
  };
}

function parseQuestion(value: Json, folder: string): Question {
  const { id, message, default: preset, pattern } = isJsonObject(value) ? value : {};
  if (typeof id !== 'string' || typeof message !== 'string' || typeof preset !== 'string' || typeof pattern !== 'string' || !/^[a-z]+$/.test(id) || id === 'name') {
    throw new Error(`${folder}: a question needs id (letters, not "name"), message, default and pattern`);
  }
  return { id, message, default: preset, pattern };
}

async function readJson(path: string, files: Files): Promise<Json> {
  const text = await files.readText(path);
  if (text === undefined) throw new Error(`${path} is missing`);
  return JSON.parse(text) as Json;
}

async function listTree(root: string, below: string, files: Files): Promise<readonly string[]> {
  const names = await files.list(join(root, below));
  const found = await Promise.all(names.map(async (name) => {
    const path = below === '' ? name : `${below}/${name}`;
    const kind = (await files.stat(join(root, path)))?.kind;
    return kind === 'directory' ? listTree(root, path, files) : kind === 'file' ? [path] : [];
  }));
  return found.flat();
}
