// Overlay networks that are encrypted between nodes, and the engines where that word is not kept. Pure.
import { preconditionError } from '../model/error.ts';
import type { NetworkSpec, SwarmNode } from '../model/swarm.ts';

/** Before these, packets went out in the clear or were taken in the clear: CVE-2023-28840, CVE-2023-28841, CVE-2023-28842. */
const FIXED: readonly (readonly number[])[] = [[20, 10, 24], [23, 0, 3]];
const ADVISORIES = 'CVE-2023-28840, CVE-2023-28841 and CVE-2023-28842 are fixed in 20.10.24 and 23.0.3';

/** True when an engine of this version keeps what it says about encrypted networks; a version that cannot be read does not. */
export function encryptsRightly(version: string): boolean {
  const numbers = /^v?(\d+)\.(\d+)(?:\.(\d+))?/.exec(version)?.slice(1).map((text) => Number(text ?? 0));
  if (numbers === undefined) return false;
  const line = FIXED.find(([major]) => major === numbers[0]) ?? (isLess(numbers, FIXED[0] ?? []) ? FIXED[0] : undefined);
  return line === undefined || !isLess(numbers, line);
}

function isLess(left: readonly number[], right: readonly number[]): boolean {
  const index = left.findIndex((number, place) => number !== right[place]);
  return index >= 0 && (left[index] ?? 0) < (right[index] ?? 0);
}

/** Throws `swarm-encryption-broken` with the nodes whose engine is too old. */
export function requireEncryption(nodes: readonly SwarmNode[]): void {
  const old = nodes.filter(({ Description }) => !encryptsRightly(Description?.Engine?.EngineVersion ?? ''));
  if (old.length === 0) return;
  throw preconditionError({
    code: 'swarm-encryption-broken', message: `encrypted networks of ${old.map(({ Description, ID }) => `${Description?.Hostname ?? ID} (engine ${Description?.Engine?.EngineVersion ?? 'unknown'})`).join(', ')} are not safe`,
    reason: ADVISORIES, hints: [{ text: 'see the versions, and update those engines', command: 'devstack node list' }],
  });
}

/** The network, encrypted where it spans nodes. */
export function encrypted(spec: NetworkSpec): NetworkSpec {
  if (spec.Driver !== 'overlay') return spec;
  return { ...spec, Options: { ...spec.Options, encrypted: '' } };
}
