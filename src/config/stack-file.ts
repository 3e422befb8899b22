// Reads devstack.yaml into a layer of settings. Every problem is told at once, each with its line.
import { dirname, isAbsolute, join } from 'node:path';
import { isDevstackError, usageError } from '../model/error.ts';
import type { Files, Yaml } from '../ports.ts';
import { parseDuration } from './duration.ts';
import { migrate } from './migrate.ts';
import { type Problem, problemsError } from './problem.ts';
import { checkShape, knownKeys, type StackFile } from './schema.ts';
import { type Given, type Layer, type SettingName, STACK_FILE, type StackSettings } from './setting.ts';
import { suggest } from './suggest.ts';

/** A stack file is a page. More is somebody's mistake, and parsing it costs seconds. */
const MAX_BYTES = 1_000_000;

export interface FileReading {
  readonly files: Pick<Files, 'readText'>;
  readonly yaml: Pick<Yaml, 'parse'>;
  readonly cwd: string;
  /** File that was named; else devstack.yaml of the folder is read if there is one. */
  readonly path: string | undefined;
  /** Who named it, for messages: `--config`. */
  readonly namedBy: string | undefined;
}

type Path = readonly (string | number)[];
type PlaceOf = (path: Path) => string;

function pathText(path: Path): string {
  return path.reduce<string>((text, part) => (typeof part === 'number' ? `${text}[${part}]` : text === '' ? part : `${text}.${part}`), '');
}

/** `devstack.yaml:14 addons[1]` */
function placer(name: string, lineOf: (path: Path) => number | undefined): PlaceOf {
  return (path) => {
    const line = lineOf(path) ?? lineOf(path.slice(0, -1));
    const where = line === undefined ? name : `${name}:${line}`;
    return path.length === 0 ? where : `${where} ${pathText(path)}`;
  };
}

function shapeProblems(value: unknown, placeOf: PlaceOf): { readonly file: StackFile } | { readonly problems: readonly Problem[] } {
  const result = checkShape(value);
  if ('file' in result) return result;
  return {
    problems: result.issues.map(({ path, message, unknownKey }) => {
      const meant = unknownKey === undefined ? undefined : suggest(unknownKey, knownKeys(path.slice(0, -1)));
      return { place: placeOf(path), message: meant === undefined ? message : `${message}; did you mean ${meant}?`, code: unknownKey === undefined ? 'config-invalid' : 'config-unknown-key' };
    }),
  };
}

function layerOfFile(file: StackFile, placeOf: PlaceOf, folder: string): Layer {
  const { $schema: _schema, version: _version, timeout, caFile, ...rest } = file;
  const settings: { readonly [K in SettingName]?: StackSettings[K] | undefined } = {
    ...rest,
    timeout: timeout === undefined ? undefined : parseDuration(timeout),
    caFile: caFile === undefined || isAbsolute(caFile) ? caFile : join(folder, caFile),
  };
  const given = (name: string, value: unknown): Given<unknown> => {
    const place = placeOf([name]);
    return { value, origin: place.slice(0, place.lastIndexOf(' ')), placeOf: (element) => placeOf([name, element]) };
  };
  const entries = Object.entries(settings).filter(([, value]) => value !== undefined).map(([name, value]) => [name, given(name, value)] as const);
  return Object.fromEntries(entries) as Layer;
}

/** What is no YAML is here a mistake of the user, not of the world. */
function parse(yaml: FileReading['yaml'], text: string, name: string): ReturnType<Yaml['parse']> {
  try {
    return yaml.parse(text, name);
  } catch (thrown) {
    if (!isDevstackError(thrown)) throw thrown;
    const { code, message, reason, details } = thrown;
    throw usageError({ code, message, ...(reason === undefined ? {} : { reason }), ...(details === undefined ? {} : { details }), cause: thrown });
  }
}

/** Throws `config-missing` for a named file that is not there, `yaml-invalid`, and every problem of shape. */
export async function readStackFile(reading: FileReading): Promise<Layer | undefined> {
  const name = reading.path ?? STACK_FILE;
  const path = isAbsolute(name) ? name : join(reading.cwd, name);
  const text = await reading.files.readText(path);
  if (text === undefined) {
    if (reading.path === undefined) return undefined;
    throw usageError({
      code: 'config-missing', message: `${reading.namedBy ?? '--config'}: there is no file ${name}`, hints: [{ text: 'write one', command: 'devstack init' }],
    });
  }
  if (text.length > MAX_BYTES) throw usageError({ code: 'config-too-large', message: `${name} is larger than ${MAX_BYTES} bytes` });
  const { value, lineOf } = parse(reading.yaml, text, name);
  const placeOf = placer(name, lineOf);
  const migrated = migrate(value);
  const hints = [{ text: 'see every setting, explained', command: 'devstack init --print' }];
  if ('problem' in migrated) {
    const { path: where, message, code } = migrated.problem;
    throw problemsError([{ place: placeOf(where), message, code }], hints);
  }
  const shaped = shapeProblems(migrated.value, placeOf);
  if ('problems' in shaped) throw problemsError(shaped.problems, hints);
  return layerOfFile(shaped.file, placeOf, dirname(path));
}
