// Which versions belong together, as upstream tested them. Data, and the questions that the planner asks of it.
import type { Addon, AddonId } from './addon.ts';

/** Versions of one addon that were tested with a release line of another. */
export interface TestedPair {
  readonly addon: AddonId;
  /** Release line: `1.23` stands for 1.23.x. */
  readonly line: string;
  readonly with: AddonId;
  /** The first that can be had is taken when nobody names one. */
  readonly versions: readonly string[];
  /** Who says so. */
  readonly source: string;
}

export const testedPairs: readonly TestedPair[] = [
  { addon: 'net-istio', line: '1.23', with: 'istio', versions: ['1.29.2'], source: 'third_party/istio-latest of net-istio' },
  { addon: 'net-contour', line: '1.23', with: 'contour', versions: ['1.33.5'], source: 'third_party/contour-latest of Serving 1.23' },
  { addon: 'net-gateway-api', line: '1.23', with: 'gateway-api', versions: ['1.4.1-experimental'], source: 'third_party/gateway-api-latest of Serving 1.23' },
  { addon: 'net-gateway-api', line: '1.23', with: 'istio', versions: ['1.28.2'], source: 'the tested set of net-gateway-api 1.23' },
];

/** Lowest Kubernetes of release lines other than the one in the addon's own page. */
const KUBERNETES_MINIMA: readonly { readonly component: string; readonly line: string; readonly kubernetes: string }[] = [
  { component: 'knative', line: '1.22', kubernetes: '1.34.0' },
  { component: 'knative', line: '1.21', kubernetes: '1.33.0' },
  { component: 'knative', line: '1.20', kubernetes: '1.32.0' },
  { component: 'knative', line: '1.19', kubernetes: '1.32.0' },
  { component: 'knative', line: '1.18', kubernetes: '1.31.0' },
  { component: 'knative', line: '1.17', kubernetes: '1.30.0' },
  { component: 'metrics-server', line: '0.8', kubernetes: '1.31.0' },
];

/** `1.23` of `1.23.0`. */
export function lineOf(version: string): string {
  return version.split('.').slice(0, 2).join('.');
}

/** Pairs that say something about this version of an addon. */
export function pairsOf(addon: Addon, version: string): readonly TestedPair[] {
  return testedPairs.filter((pair) => pair.addon === addon.id && pair.line === lineOf(version));
}

/** True when the version has files: it is the addon's own, one of its others, or follows the pattern of the addresses. */
export function hasFiles(addon: Addon, version: string): boolean {
  return version === addon.version || addon.otherVersions === undefined || addon.otherVersions.includes(version);
}

/** Lowest Kubernetes for a version of an addon; what is newer than the table needs at least what its last line does. Undefined: not established. */
export function minKubernetes(addon: Addon, version: string): string | undefined {
  const row = KUBERNETES_MINIMA.find(({ component, line }) => component === addon.component && line === lineOf(version));
  return row?.kubernetes ?? addon.minKubernetes;
}

/** Negative when a is older than b. Compares major, minor and patch; a suffix does not count. */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [a, b].map((text) => text.split(/[.-]/).slice(0, 3).map(Number));
  for (let i = 0; i < 3; i += 1) {
    const difference = (left?.[i] ?? 0) - (right?.[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
