// The Artifacts port: files by pinned address and tools by pinned version, through mirrors, out of a verified cache.
import { join } from 'node:path';
import type { Artifacts, Downloads, Files, Folders, Platform, Processes } from '../ports.ts';
import { createPins } from './lock.ts';
import { parseMirror } from './mirrors.ts';
import { createStore } from './store.ts';
import type { ToolPin } from './tool-pins.ts';
import { findTool } from './tools.ts';

export interface ArtifactsWorld {
  readonly env: { readonly [name: string]: string | undefined };
  readonly files: Files;
  readonly downloads: Downloads;
  readonly processes: Processes;
  readonly platform: Pick<Platform, 'os' | 'arch'>;
  readonly folders: Pick<Folders, 'cache' | 'state'>;
  /** From configuration, in order; DEVSTACK_MIRROR comes before them. */
  readonly mirrors?: readonly string[];
  /** Instead of devstack's own table. */
  readonly tools?: readonly ToolPin[];
  /** What a person should know although it went well: pinned on first use, a mirror with wrong bytes. */
  note(message: string): void;
}

/** Throws `mirror-invalid`. */
export function createArtifacts(world: ArtifactsWorld): Artifacts {
  const { files, downloads, folders, note } = world;
  const named = world.env['DEVSTACK_MIRROR'];
  const mirrors = [...(named === undefined || named === '' ? [] : [named]), ...(world.mirrors ?? [])].map(parseMirror);
  const pins = createPins(files, join(folders.state, 'artifacts.lock.json'));
  const store = createStore({ files, downloads, pins, cache: folders.cache, mirrors, note });
  return {
    fetch: (artifact, options = {}) => store.fetch(artifact, options),
    has: (artifact) => store.has(artifact),
    tool: (name, options = {}) => findTool({ ...world, cache: folders.cache, store, pins }, name, options),
  };
}
