// Reads the imports of our source without a compiler: comments and the contents of other strings are blanked first.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';

const ROOT = join(import.meta.dirname, '../..');

export interface Import {
  /** As written: `../model/error.ts`, `zod/mini`, `node:path`. */
  readonly specifier: string;
  /** `src/model/error.ts` for our own files; undefined for packages and Node. */
  readonly target: string | undefined;
  readonly line: number;
  readonly kind: 'static' | 'dynamic' | 'type';
}

export interface SourceFile {
  /** `src/cli/main.ts` */
  readonly path: string;
  /** Comments gone, strings empty, lines kept. */
  readonly code: string;
  readonly imports: readonly Import[];
  /** Comparisons with the id of a provider: `=== 'kind'`. */
  readonly comparedIds: readonly { readonly id: string; readonly line: number }[];
}

const PROVIDER_IDS = 'kind|minikube|docker-desktop|swarm|context|rehearsal';
const TOKEN = /\/\/[^\n]*|\/\*[\s\S]*?\*\/|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\.|[^`\\])*`/g;

const keepLines = (text: string): string => text.replace(/[^\n]/g, ' ');

function lineAt(text: string, index: number): number {
  return text.slice(0, index).split('\n').length;
}

function importsOf(path: string, text: string): readonly Import[] {
  const withoutComments = text.replace(TOKEN, (token) => (token.startsWith('/') ? keepLines(token) : token));
  const found: Import[] = [];
  const add = (specifier: string, index: number, kind: Import['kind']) => {
    const target = specifier.startsWith('.') ? posix.join(dirname(path), specifier) : undefined;
    found.push({ specifier, target, line: lineAt(withoutComments, index), kind });
  };
  for (const match of withoutComments.matchAll(/^(?:import|export)(\s+type)?\b[^;'"`]*?\bfrom\s+'([^']+)'/gm)) add(match[2] ?? '', match.index, match[1] === undefined ? 'static' : 'type');
  for (const match of withoutComments.matchAll(/^import\s+'([^']+)'/gm)) add(match[1] ?? '', match.index, 'static');
  for (const match of withoutComments.matchAll(/\bimport\(\s*'([^']+)'\s*\)/g)) add(match[1] ?? '', match.index, 'dynamic');
  return found;
}

function readSource(path: string): SourceFile {
  const text = readFileSync(join(ROOT, path), 'utf8');
  const code = text.replace(TOKEN, (token) => (token.startsWith('/') ? keepLines(token) : `''${keepLines(token.slice(2))}`));
  const compared = [...text.matchAll(new RegExp(`provider\\b[\\w.?]*\\s*[!=]==?\\s*'(${PROVIDER_IDS})'`, 'g'))];
  return { path, code, imports: importsOf(path, text), comparedIds: compared.map((match) => ({ id: match[1] ?? '', line: lineAt(text, match.index) })) };
}

export function readSources(): readonly SourceFile[] {
  const names = readdirSync(join(ROOT, 'src'), { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));
  return names.map((name) => readSource(`src/${name.replaceAll('\\', '/')}`)).sort((left, right) => left.path.localeCompare(right.path));
}

/** Files that load when `entry` loads: static imports only. */
export function staticClosure(entry: string, sources: readonly SourceFile[]): readonly SourceFile[] {
  const byPath = new Map(sources.map((source) => [source.path, source]));
  const reached = new Map<string, SourceFile>();
  const queue = [entry];
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
    const source = byPath.get(next);
    if (source === undefined || reached.has(next)) continue;
    reached.set(next, source);
    queue.push(...source.imports.filter(({ kind, target }) => kind === 'static' && target !== undefined).map(({ target }) => target ?? ''));
  }
  return [...reached.values()];
}
