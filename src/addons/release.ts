// Files of releases: addresses by version, and the pins of those whose bytes are known.
import type { ArtifactRef } from '../model/plan.ts';

/** sha256 and size of the files that are known, by address. A file that is not here is pinned on its first use. */
export type Pins = { readonly [url: string]: { readonly sha256: string; readonly bytes: number } };

/** `name` appears in messages and in the cache's lock; it says component, file and version. */
export function pinned(name: string, url: string, pins: Pins): ArtifactRef {
  return { name, url, ...pins[url] };
}
