// A process of its own that works on a cluster and is killed in the middle.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';
import { expect } from 'vitest';

/** What such processes run: files of tests as programs, in a folder that can see the packages. */
export async function bundlePrograms(entries: readonly URL[], folder: string): Promise<void> {
  const bundle = await rolldown({ input: entries.map((entry) => fileURLToPath(entry)), platform: 'node', external: (id) => !/^[./]/.test(id), logLevel: 'silent' });
  await bundle.write({ dir: folder, format: 'esm', entryFileNames: '[name].mjs', chunkFileNames: '[name]-[hash].mjs' });
}

export function startProgram(path: string, ...args: readonly string[]): ChildProcess {
  return spawn(process.execPath, [path, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
}

/** Kills the process so many milliseconds after it has told a line that begins like this; returns its home folder, which it tells first. */
export async function killAt(child: ChildProcess, moment: string, ms = 0): Promise<string> {
  let home = '';
  if (child.stdout === null) throw new Error('no stdout');
  const exited = once(child, 'exit');
  for await (const line of createInterface({ input: child.stdout })) {
    if (line.startsWith('home ')) home = line.slice(5);
    if (!line.startsWith(moment)) continue;
    if (ms === 0) child.kill('SIGKILL');
    else setTimeout(() => child.kill('SIGKILL'), ms);
  }
  expect(await exited).toEqual([null, 'SIGKILL']);
  return home;
}
