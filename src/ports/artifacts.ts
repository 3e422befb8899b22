// What is made or fetched before a cluster gets it: images and files.
import type { ArtifactRef, ImageBuild } from '../model/plan.ts';
import type { OnProgress } from './host.ts';

export interface ImageBuilder {
  /** True when the engine has the image. Throws `image-wrong-arch` when the nodes could not run it. */
  has(build: ImageBuild): Promise<boolean>;
  /**
   * Throws `base-image-unavailable`, `image-build-failed` with the failed step and the end of its log, `disk-full`, `image-wrong-arch`,
   * `sources-changed` when the folder is no longer what the image is named after (all exit 1); `dockerfile-invalid` (exit 2).
   */
  build(build: ImageBuild, options: { readonly onProgress: OnProgress; readonly signal: AbortSignal }): Promise<void>;
}

export interface Artifacts {
  /**
   * Path of a verified file in the cache; downloads what is missing through the mirrors, resumes a cut download,
   * re-hashes what is there. Throws `checksum-mismatch`, `download-failed`, `offline`, `disk-full`.
   */
  fetch(artifact: ArtifactRef, options?: { readonly signal?: AbortSignal; onProgress?(done: number, total: number | undefined): void }): Promise<string>;
  /** True when the file is in the cache with the right hash (no download). */
  has(artifact: ArtifactRef): Promise<boolean>;
  /** Path of a runnable tool of a pinned version: found on PATH when it is recent enough, else fetched. */
  tool(name: string, options?: { readonly signal?: AbortSignal; onProgress?(done: number, total: number | undefined): void }): Promise<string>;
}
