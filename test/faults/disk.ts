// Files in memory: as host/files.ts leaves them, also when the one who writes is killed in the middle. Held to it by disk.test.ts.
import { createHash } from 'node:crypto';
import { dirname } from 'node:path';
import { fileError } from '../../src/host/file-error.ts';
import { preconditionError } from '../../src/model/error.ts';
import type { FileStat, Files } from '../../src/ports.ts';
import { only } from '../fakes/ports.ts';
import type { Life } from './life.ts';

interface Entry {
  bytes: Buffer;
  mode: number;
}

export type Errno = 'ENOSPC' | 'EIO' | 'EACCES' | 'EROFS' | 'EDQUOT' | 'EMFILE';

export function systemError(code: Errno): Error {
  return Object.assign(new Error(`${code}: fault of the test`), { code });
}

/** What every life of a world writes to. */
export class Disk {
  readonly files = new Map<string, Entry>();
  readonly folders = new Map<string, number>();
  readonly locks = new Map<string, Life>();
  readonly temporaries = new Map<string, Life>();
  /** Writes below it fail: a full or broken disk that stays so. */
  broken: { readonly below: string; readonly errno: Errno } | undefined;
  #time = 0;

  put(path: string, content: string | Uint8Array, mode = 0o600): void {
    this.makeFolder(dirname(path), 0o700);
    this.#time += 1;
    this.files.set(path, { bytes: Buffer.from(content), mode });
  }

  text(path: string): string | undefined {
    return this.files.get(path)?.bytes.toString('utf8');
  }

  makeFolder(path: string, mode: number): void {
    if (path === '/' || path === '.' || this.folders.has(path)) return;
    this.makeFolder(dirname(path), mode);
    this.folders.set(path, mode);
  }

  remove(path: string): void {
    for (const table of [this.files, this.folders]) {
      for (const name of [...table.keys()]) if (name === path || name.startsWith(`${path}/`)) table.delete(name);
    }
  }

  stat(path: string): FileStat | undefined {
    const entry = this.files.get(path);
    if (entry !== undefined) return { kind: 'file', size: entry.bytes.length, mode: entry.mode, modifiedMs: this.#time };
    const mode = this.folders.get(path);
    return mode === undefined ? undefined : { kind: 'directory', size: 0, mode, modifiedMs: this.#time };
  }

  sweep(folder: string): void {
    for (const [path, life] of this.temporaries) if (life.isDead && dirname(path) === folder) this.files.delete(path);
  }

  list(folder: string): readonly string[] {
    const below = [...this.files.keys(), ...this.folders.keys()].filter((name) => dirname(name) === folder && name !== folder);
    return below.map((name) => name.slice(folder.length + 1)).sort();
  }

  /** Throws what a disk in this state throws. */
  requireWritable(path: string, doing: string): void {
    if (this.broken !== undefined && path.startsWith(this.broken.below)) throw fileError(systemError(this.broken.errno), doing, path);
  }
}

/** The disk as one life sees it. `nap` lets others go on while a lock is waited for. */
export function filesOf(disk: Disk, life: Life, nap: () => Promise<void>): Files {
  const change = <T>(point: string, path: string, work: () => T): Promise<T> => life.call(point, true, async () => {
    disk.requireWritable(path, `write ${path}`);
    return work();
  });
  return only<Files>('files', {
    readText: async (path) => disk.text(path),
    readBytes: async (path) => disk.files.get(path)?.bytes,
    sha256: async (path) => {
      const entry = disk.files.get(path);
      return entry === undefined ? undefined : createHash('sha256').update(entry.bytes).digest('hex');
    },
    async write(path, content, options = {}) {
      await life.call(`write ${path}`, false, async () => disk.requireWritable(path, `write ${path}`));
      // Killed in the middle, half of it is in a file beside; who writes there next takes that away.
      disk.sweep(dirname(path));
      const temporary = `${dirname(path)}/.devstack-${disk.temporaries.size}.tmp`;
      disk.temporaries.set(temporary, life);
      disk.put(temporary, content.slice(0, content.length / 2));
      await life.reach(`write ${path}, half`);
      disk.files.delete(temporary);
      disk.put(path, content, options.keep === true ? disk.files.get(path)?.mode ?? options.mode : options.mode);
      await life.reach(`write ${path}, done`);
    },
    async append(path, text) {
      // Killed in the middle, half of the line is on the disk.
      const torn = text.slice(0, Math.ceil(text.length / 2));
      await life.call(`append ${path}`, false, async () => disk.requireWritable(path, `write ${path}`));
      const before = disk.text(path) ?? '';
      disk.put(path, before + torn);
      await life.reach(`append ${path}, torn`);
      disk.put(path, before + text);
      await life.reach(`append ${path}, done`);
    },
    setMode: (path, mode) => change(`chmod ${path}`, path, () => {
      const entry = disk.files.get(path);
      if (entry !== undefined) entry.mode = mode;
    }),
    stat: async (path) => disk.stat(path),
    realPath: async (path) => path,
    readLink: async () => undefined,
    list: async (folder) => disk.list(folder),
    makeDirectory: (path, mode = 0o700) => change(`mkdir ${path}`, path, () => disk.makeFolder(path, mode)),
    remove: (path) => change(`remove ${path}`, path, () => disk.remove(path)),
    rename: (from, to) => change(`rename ${from}`, to, () => {
      const entry = disk.files.get(from);
      if (entry === undefined) throw fileError(Object.assign(new Error('ENOENT'), { code: 'ENOENT' }), `rename ${from}`, from);
      disk.files.delete(from);
      disk.files.set(to, entry);
    }),
    tidyBeside: async (path) => disk.sweep(dirname(path)),
    withLock: (path, work, options) => withLock(disk, { path, life, nap }, work, options),
  });
}

interface Claim {
  readonly path: string;
  readonly life: Life;
  nap(): Promise<void>;
}

async function withLock<T>(disk: Disk, { path, life, nap }: Claim, work: () => Promise<T>, options: { readonly waitMs?: number; readonly signal?: AbortSignal } = {}): Promise<T> {
  await life.reach(`lock ${path}`);
  // A holder that is dead is taken over.
  for (let tries = 0; disk.locks.get(path)?.isDead === false; tries += 1) {
    options.signal?.throwIfAborted();
    if (options.waitMs === 0 || tries > 10_000) throw preconditionError({ code: 'locked', message: `${path} is locked` });
    await nap();
  }
  disk.locks.set(path, life);
  disk.put(path, 'lock');
  try {
    return await work();
  } finally {
    if (!life.isDead) {
      disk.locks.delete(path);
      disk.remove(path);
    }
  }
}
