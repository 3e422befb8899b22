// The rules of docs/architecture.md, kept by reading every import. A failure names file, line and rule.
import { describe, expect, test } from 'vitest';
import { type Import, readSources, type SourceFile, staticClosure } from './architecture/source.ts';

const sources = readSources();

/** Path prefixes that a module may import, besides its own folder. `src/x/` is a folder, `src/x.ts` a file. */
const MODEL = 'src/model/';
const PORTS = 'src/ports.ts';
const PROVIDER = 'src/clusters/provider.ts';
const ADAPTERS = ['src/kube/', 'src/host/', 'src/artifacts/', 'src/state/'];

/** Who may import what. The longest prefix that matches a file is its rule. */
const MAY_IMPORT: { readonly [module: string]: readonly string[] } = {
  'src/model/': [],
  // The parts are one with it: everybody else imports them from there.
  'src/ports.ts': [MODEL, 'src/ports/'],
  'src/ports/': [MODEL],
  'src/addons/': [MODEL],
  'src/samples/': [MODEL],
  'src/clusters/': [MODEL, PORTS],
  'src/config/': [MODEL, PORTS, 'src/clusters/index.ts', 'src/addons/index.ts', 'src/samples/index.ts'],
  'src/plan/': [MODEL, PORTS, 'src/clusters/index.ts', PROVIDER, 'src/addons/index.ts', 'src/addons/addon.ts', 'src/addons/compatibility.ts', 'src/samples/index.ts', 'src/samples/sample.ts'],
  'src/engine/': [MODEL, PORTS, PROVIDER],
  'src/kube/': [MODEL, PORTS],
  'src/swarm/': [MODEL, PORTS],
  'src/host/': [MODEL, PORTS],
  'src/artifacts/': [MODEL, PORTS],
  'src/state/': [MODEL, PORTS],
  'src/build/': [MODEL, PORTS],
  'src/load/': [MODEL, PORTS],
  'src/doctor/': [MODEL, PORTS, PROVIDER],
  'src/scaffold/': [MODEL, PORTS],
  'src/render/': [MODEL],
  'src/cli/': ['src/'],
};

/** The files that may import a package. `*` in a path stands for a part of a file name. */
const HOMES: { readonly [name: string]: readonly string[] } = {
  execa: ['src/host/process.ts'],
  dockerode: ['src/host/docker*.ts', 'src/host/engine-api.ts', 'src/host/swarm-docker.ts'],
  '@kubernetes/client-node': ['src/kube/client.ts'],
  // One HTTP stack: plain requests, and downloads with proxy and authorities.
  undici: ['src/host/http.ts', 'src/host/load-http.ts', 'src/host/download-route.ts', 'src/kube/client.ts'],
  listr2: ['src/render/tty.ts'],
  'string-width': ['src/render/table.ts'],
  '@inquirer/prompts': ['src/cli/prompts.ts'],
  yaml: ['src/host/yaml.ts'],
  zod: ['src/config/schema.ts', 'src/config/json-schema.ts'],
};

const where = (source: SourceFile, line: number, rule: string): string => `${source.path}:${line}: ${rule}`;

function longestPrefix(path: string, prefixes: readonly string[]): string | undefined {
  return prefixes.filter((prefix) => path.startsWith(prefix)).sort((left, right) => right.length - left.length)[0];
}

/** `src/addons/kourier/` for a file in it, `src/addons/` for one beside the folders. */
function folderOf(path: string, module: string): string {
  const rest = path.slice(module.length).split('/');
  return rest.length > 1 ? `${module}${rest[0]}/` : module;
}

/** Folders of these modules stand beside each other and know nothing of each other; only the table (index.ts) knows them all. */
const SIBLINGS = ['src/addons/', 'src/samples/', 'src/clusters/'];
/** No providers, but what several of them are made of. */
const SHARED = ['src/clusters/existing/', 'src/clusters/docker/', 'src/clusters/containerd/'];

function siblingRule(source: SourceFile, target: string): string | undefined {
  const module = longestPrefix(source.path, SIBLINGS);
  if (module === undefined || !target.startsWith(module)) return undefined;
  const [own, other] = [folderOf(source.path, module), folderOf(target, module)];
  if (other === module || own === other || SHARED.includes(other) || source.path === `${module}index.ts`) return undefined;
  return `${own} imports ${target}: folders of ${module} never import each other`;
}

function importRule(source: SourceFile, { target }: Import): string | undefined {
  if (target === undefined) return undefined;
  const module = longestPrefix(source.path, Object.keys(MAY_IMPORT));
  if (module === undefined) return `${source.path} belongs to no module of the import table`;
  const isOwn = target.startsWith(module) && module !== PORTS;
  if (isOwn) return siblingRule(source, target);
  return (MAY_IMPORT[module] ?? []).some((allowed) => target.startsWith(allowed)) ? undefined : `${module} may not import ${target}`;
}

function broken(rule: (source: SourceFile, found: Import) => string | undefined): readonly string[] {
  return sources.flatMap((source) => source.imports.flatMap((found) => {
    const message = rule(source, found);
    return message === undefined ? [] : [where(source, found.line, message)];
  }));
}

function packageName(specifier: string): string {
  return specifier.split('/').slice(0, specifier.startsWith('@') ? 2 : 1).join('/');
}

function isHome(path: string, homes: readonly string[]): boolean {
  return homes.some((home) => new RegExp(`^${home.replaceAll('.', '\\.').replaceAll('*', '[^/]*')}$`).test(path));
}

function lines(pattern: RegExp, isAllowed: (path: string) => boolean, rule: string): readonly string[] {
  return sources.filter(({ path }) => !isAllowed(path)).flatMap((source) => source.code.split('\n').flatMap((line, index) => (pattern.test(line) ? [where(source, index + 1, rule)] : [])));
}

describe('architecture', () => {
  test('every import of our own is in the table', () => {
    expect(broken(importRule)).toEqual([]);
  });

  test('adapters are imported by composition alone, and dynamically', () => {
    const composers = ['src/cli/compose.ts', 'src/cli/compose-config.ts'];
    expect(broken((source, { target, kind }) => {
      if (target === undefined || !source.path.startsWith('src/cli/') || kind === 'type' || longestPrefix(target, ADAPTERS) === undefined) return undefined;
      if (!composers.includes(source.path)) return `only ${composers.join(' and ')} import adapters`;
      return kind === 'dynamic' ? undefined : 'adapters are imported dynamically';
    })).toEqual([]);
  });

  test('every package has its home', () => {
    expect(broken((source, { specifier, target }) => {
      if (target !== undefined || specifier.startsWith('node:')) return undefined;
      const homes = HOMES[packageName(specifier)];
      if (homes === undefined) return `${specifier} has no home: add it to the allow-list, or do without`;
      return isHome(source.path, homes) ? undefined : `${specifier} belongs in ${homes.join(', ')}`;
    })).toEqual([]);
  });

  test('the allow-list of packages has no line that nobody needs', () => {
    const used = new Set(sources.flatMap((source) => source.imports.map(({ specifier }) => packageName(specifier))));
    expect(Object.keys(HOMES).filter((name) => !used.has(name))).toEqual([]);
  });

  test('nothing big loads before a command asks for it', () => {
    const early = staticClosure('src/cli/main.ts', sources);
    const packages = early.flatMap((source) => source.imports.filter(({ kind, target, specifier }) => kind === 'static' && target === undefined && !specifier.startsWith('node:'))
      .map((found) => where(source, found.line, `${found.specifier} loads with main.ts`)));
    expect(packages).toEqual([]);
    expect(early.map(({ path }) => path).sort()).toEqual(['src/cli/interrupt.ts', 'src/cli/main.ts', 'src/model/exit.ts', 'src/model/version.ts']);
  });

  test('what is pure touches no machine', () => {
    const pure = ['src/model/', 'src/plan/', 'src/addons/', 'src/samples/', 'src/engine/'];
    const harmless = ['node:crypto', 'node:events'];
    expect(broken((source, { specifier }) => (specifier.startsWith('node:') && !harmless.includes(specifier) && longestPrefix(source.path, pure) !== undefined
      ? `${specifier} in a module that is pure` : undefined))).toEqual([]);
  });

  test('the world is touched at the edge only', () => {
    const isEdge = (path: string) => path === 'src/cli/main.ts' || path.startsWith('src/host/');
    expect(lines(/\bprocess\s*\.\s*(env|exit|exitCode|argv|cwd)\b/, isEdge, 'process.env, process.exit, … belong to bin, cli/main and host')).toEqual([]);
    expect(lines(/\bDate\s*\.\s*now\b|\bnew Date\(\)/, isEdge, 'time comes from the clock port')).toEqual([]);
    expect(lines(/\bconsole\s*\./, isEdge, 'nothing writes to the console: events are rendered')).toEqual([]);
  });

  test('modules keep no state', () => {
    expect(lines(/^(?:export\s+)?(?:let|var)\s/, () => false, 'no variable of a module: state has an owner')).toEqual([]);
  });

  test('exports have names', () => {
    expect(lines(/^export\s+default\b/, () => false, 'no default export')).toEqual([]);
  });

  test('provider ids are known to their folder and to tables alone', () => {
    const isTable = (path: string) => path.startsWith('src/clusters/');
    const comparisons = sources.filter(({ path }) => !isTable(path)).flatMap((source) => source.comparedIds.map(({ id, line }) => where(source, line, `compares with provider ${id}: ask its capabilities`)));
    expect(comparisons).toEqual([]);
  });
});
