// Which resources are served right now: the built-in ones, and those that definitions add while the server runs.
import { BUILT_IN, BUILT_IN_GROUPS } from './kinds.ts';
import { apiVersionOf, type Resource } from './resource.ts';

export interface ServedGroup {
  readonly name: string;
  /** Preferred first. */
  readonly versions: readonly string[];
  readonly preferred: string;
}

/** `v1` before `v2beta1`, stable before beta before alpha, newer before older. */
export function compareVersions(left: string, right: string): number {
  const rank = (version: string): readonly number[] => {
    const match = /^v(\d+)(?:(alpha|beta)(\d+))?$/.exec(version);
    return match === null ? [0, 0, 0] : [match[2] === undefined ? 3 : match[2] === 'beta' ? 2 : 1, Number(match[1]), Number(match[3] ?? 0)];
  };
  const [one, other] = [rank(left), rank(right)];
  const index = one.findIndex((value, position) => value !== other[position]);
  return index < 0 ? left.localeCompare(right) : (other[index] ?? 0) - (one[index] ?? 0);
}

export class Registry {
  readonly #builtIn = new Map(BUILT_IN.map((resource) => [`${resource.group}/${resource.version}/${resource.name}`, resource]));
  /** By the name of their definition. */
  readonly #custom = new Map<string, readonly Resource[]>();
  #generation = 0;
  #byStorage: ReadonlyMap<string, Resource> = new Map();
  #storageGeneration = -1;

  /** Changes whenever what is served changes. */
  get generation(): number {
    return this.#generation;
  }

  find(group: string, version: string, name: string): Resource | undefined {
    const builtIn = this.#builtIn.get(`${group}/${version}/${name}`);
    if (builtIn !== undefined) return builtIn;
    return this.#custom.get(`${name}.${group}`)?.find((resource) => resource.version === version);
  }

  /** The resource of a kind, in the version named or the preferred one. */
  findKind(group: string, kind: string, version?: string): Resource | undefined {
    const all = this.all().filter((resource) => resource.group === group && resource.kind === kind);
    return all.find((resource) => resource.version === version) ?? (version === undefined ? all[0] : undefined);
  }

  /** The resource in whose form objects under a key are stored. */
  ofStorage(key: string): Resource | undefined {
    if (this.#storageGeneration !== this.#generation) {
      this.#byStorage = new Map(this.all().filter((resource) => apiVersionOf(resource) === resource.storage.apiVersion).map((resource) => [resource.storage.key, resource]));
      this.#storageGeneration = this.#generation;
    }
    return this.#byStorage.get(key);
  }

  all(): readonly Resource[] {
    return [...this.#builtIn.values(), ...[...this.#custom.values()].flat()];
  }

  of(group: string, version: string): readonly Resource[] {
    return this.all().filter((resource) => resource.group === group && resource.version === version);
  }

  /** Named groups, the built-in ones first; the core group has no name and is not among them. */
  groups(): readonly ServedGroup[] {
    const custom = new Map<string, Set<string>>();
    for (const resource of [...this.#custom.values()].flat()) {
      const versions = custom.get(resource.group) ?? new Set();
      custom.set(resource.group, versions.add(resource.version));
    }
    const added = [...custom].sort(([left], [right]) => (left < right ? -1 : 1)).map(([name, set]) => {
      const versions = [...set].sort(compareVersions);
      return { name, versions, preferred: versions[0] ?? '' };
    });
    return [...BUILT_IN_GROUPS, ...added.filter((group) => !BUILT_IN_GROUPS.some((known) => known.name === group.name))];
  }

  isServed(group: string, version: string): boolean {
    return this.of(group, version).length > 0;
  }

  setCustom(definition: string, resources: readonly Resource[]): void {
    this.#custom.set(definition, resources);
    this.#generation += 1;
  }

  removeCustom(definition: string): void {
    if (this.#custom.delete(definition)) this.#generation += 1;
  }
}
