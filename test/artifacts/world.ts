// Artifacts over real files and a real web server of the test.
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { type ArtifactsWorld, createArtifacts } from '../../src/artifacts/artifacts.ts';
import { createDownloads } from '../../src/host/download.ts';
import { createFiles } from '../../src/host/files.ts';
import { createProcesses } from '../../src/host/process.ts';
import { temporaryFolder } from '../host/folder.ts';

export const sha256 = (content: string | Uint8Array): string => createHash('sha256').update(content).digest('hex');

/** `change` replaces parts; `folder` shares a cache between two worlds. */
export function artifactsWorld(change: Partial<ArtifactsWorld> = {}, folder = temporaryFolder()) {
  const notes: string[] = [];
  const env = change.env ?? {};
  const folders = { cache: join(folder, 'cache'), state: join(folder, 'state') };
  const world: ArtifactsWorld = {
    env, folders, files: createFiles(), platform: { os: 'linux', arch: 'amd64' },
    downloads: createDownloads({ env, userAgent: 'test' }, { stallMs: 2000, stallBytes: 1, tries: 2, pauseMs: 1, longestPauseMs: 10 }),
    processes: createProcesses({ PATH: join(folder, 'bin') }), note: (message) => notes.push(message), ...change,
  };
  return { artifacts: createArtifacts(world), notes, folder, ...folders };
}
