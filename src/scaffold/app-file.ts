// devstack.app.json: what devstack knows about an app beside its manifests. Comes with the template and lives in the app's folder.

import { join } from 'node:path';
import { type DevstackError, usageError } from '../model/error.ts';
import { isJsonObject, type Json, type JsonObject } from '../model/json.ts';
import { isRequestPath } from '../model/request-path.ts';
import type { Files } from '../ports.ts';
import { problemOfAppName } from './app-name.ts';

export const APP_FILE = 'devstack.app.json';

export const APP_KINDS = ['knative', 'deployment', 'swarm', 'compose'] as const;
export type AppKind = (typeof APP_KINDS)[number];

/** Where the manifest of a kind lies in the app's folder. */
export const MANIFEST_FILES: { readonly [K in AppKind]: string } = {
  knative: 'knative.yaml', deployment: 'deployment.yaml', swarm: 'stack.yml', compose: 'compose.yaml',
};

/** The request that proves the app. */
export interface AppProbe {
  readonly path: string;
  readonly status: number;
  /** Text that the answer contains. */
  readonly body?: string;
}

export interface App {
  readonly name: string;
  /** The port that the container listens on. */
  readonly port: number;
  /** In order of preference. */
  readonly kinds: readonly AppKind[];
  readonly probe: AppProbe;
  /** Images to build: name (the repository is `dev.local/<name>`) → folder of the Dockerfile, relative to the app. */
  readonly images: { readonly [name: string]: string };
}

/** Reads the app of a folder; undefined when there is none. Throws `app-file-invalid` with every problem. */
export async function readApp(folder: string, files: Files): Promise<App | undefined> {
  const path = join(folder, APP_FILE);
  const text = await files.readText(path);
  if (text === undefined) return undefined;
  let value: Json;
  try {
    value = JSON.parse(text) as Json;
  } catch (cause) {
    throw invalid(path, [`it is not JSON: ${cause instanceof Error ? cause.message : String(cause)}`]);
  }
  return parseApp(value, path);
}

/** Throws `app-file-invalid` with every problem; `path` is for the message. */
export function parseApp(value: Json, path: string): App {
  if (!isJsonObject(value)) throw invalid(path, ['it is not a JSON object']);
  const problems = problemsOf(value);
  if (problems.length > 0) throw invalid(path, problems);
  const name = value['name'] as string;
  const probe = value['probe'] as { readonly path: string; readonly status: number; readonly body?: string };
  return {
    name,
    port: value['port'] as number,
    kinds: value['kinds'] as readonly AppKind[],
    probe: probe.body === undefined ? { path: probe.path, status: probe.status } : { path: probe.path, status: probe.status, body: probe.body },
    images: (value['images'] as { readonly [image: string]: string } | undefined) ?? { [name]: '.' },
  };
}

function problemsOf(value: JsonObject): readonly string[] {
  const { schema, name, port, kinds, probe, images } = value;
  const known = ['schema', 'name', 'port', 'kinds', 'probe', 'images'];
  return [
    ...Object.keys(value).filter((key) => !known.includes(key)).map((key) => `unknown key ${JSON.stringify(key)}`),
    ...(schema === 1 ? [] : [`schema must be 1`]),
    ...(typeof name === 'string' ? problemIf('name', problemOfAppName(name)) : ['name must be a text']),
    ...(isPort(port) ? [] : ['port must be a whole number from 1 to 65535']),
    ...(isKinds(kinds) ? [] : [`kinds must be a list of ${APP_KINDS.join(', ')}`]),
    ...problemsOfProbe(probe),
    ...problemsOfImages(images),
  ];
}

function problemIf(field: string, problem: string | undefined): readonly string[] {
  return problem === undefined ? [] : [`${field}: ${problem}`];
}

function isPort(value: Json | undefined): boolean {
  return typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= 65_535;
}

function isKinds(value: Json | undefined): boolean {
  return Array.isArray(value) && value.length > 0 && value.every((kind) => APP_KINDS.includes(kind));
}

function problemsOfProbe(probe: Json | undefined): readonly string[] {
  if (!isJsonObject(probe)) return ['probe must be an object with path and status'];
  const { path, status, body } = probe;
  return [
    ...(typeof path === 'string' && isRequestPath(path) ? [] : ['probe.path must start with / and have no spaces']),
    ...(typeof status === 'number' && Number.isInteger(status) && status >= 100 && status <= 599 ? [] : ['probe.status must be an HTTP status']),
    ...(body === undefined || typeof body === 'string' ? [] : ['probe.body must be a text']),
  ];
}

function problemsOfImages(images: Json | undefined): readonly string[] {
  if (images === undefined) return [];
  if (!isJsonObject(images)) return ['images must be an object: name → folder'];
  return Object.entries(images).flatMap(([name, folder]) => [
    ...problemIf(`images.${name}`, problemOfAppName(name)),
    ...(typeof folder === 'string' && isInside(folder) ? [] : [`images.${name} must be a folder inside of the app`]),
  ]);
}

function isInside(folder: string): boolean {
  return folder !== '' && !/^[/\\]|^[a-z]:|\0/i.test(folder) && !folder.split(/[/\\]/).includes('..');
}

function invalid(path: string, problems: readonly string[]): DevstackError {
  return usageError({ code: 'app-file-invalid', message: `${path} cannot be used`, reason: problems.join('; '), details: { problems: [...problems] } });
}
