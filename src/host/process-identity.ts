// Who a process is, beyond its number: numbers are used again, and hosts and containers count on their own.
import { execFile } from 'node:child_process';
import { readFile, readlink } from 'node:fs/promises';
import { hostname } from 'node:os';
import type { ProcessMark } from '../model/process.ts';

/** Found out once: it does not change while the process lives. */
export const ownIdentity = once(async (): Promise<ProcessMark> => {
  return { pid: process.pid, host: hostname(), place: await ownPlace(), started: await startOf(process.pid) };
});

function once<T>(work: () => Promise<T>): () => Promise<T> {
  let result: Promise<T> | undefined;
  return () => {
    result ??= work();
    return result;
  };
}

/** `unknown`: it lives in another place, where this one cannot look. */
export async function lifeOf(other: ProcessMark): Promise<'alive' | 'dead' | 'unknown'> {
  const { place } = await ownIdentity();
  if (other.place !== place) return isEarlierBoot(other, place) ? 'dead' : 'unknown';
  if (!isRunning(other.pid)) return 'dead';
  const started = await startOf(other.pid);
  return started === '' || other.started === '' || started === other.started ? 'alive' : 'dead';
}

/** The identity of a process of this place. */
export async function identityOf(pid: number): Promise<ProcessMark> {
  return { ...(await ownIdentity()), pid, started: await startOf(pid) };
}

async function ownPlace(): Promise<string> {
  const boot = await readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => '');
  const namespace = await readlink('/proc/self/ns/pid').catch(() => '');
  return `${hostname()}/${boot.trim()}/${namespace}`;
}

/** Same host and another boot: everything of that boot is gone. */
function isEarlierBoot(other: ProcessMark, here: string): boolean {
  const [thereHost, thereBoot] = other.place.split('/');
  const [hereHost, hereBoot] = here.split('/');
  return thereHost === hereHost && thereBoot !== '' && hereBoot !== '' && thereBoot !== undefined && thereBoot !== hereBoot;
}

export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (cause) {
    return (cause as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Start time of a process: clock ticks since boot on Linux, `ps` elsewhere, empty on Windows. */
async function startOf(pid: number): Promise<string> {
  if (process.platform === 'linux') {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
    // The name (field 2) is in parentheses and may hold anything; fields count from after it. The start time is field 22.
    const [state, ...fields] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    // One that has ended, and that nobody has asked about yet, only looks like a process.
    return state === 'Z' ? 'ended' : fields[18] ?? '';
  }
  if (process.platform === 'win32') return '';
  return await new Promise((resolve) => {
    const args = ['-o', 'lstart=', '-p', String(pid)];
    execFile('/bin/ps', args, { env: { LC_ALL: 'C' } }, (error, stdout) => resolve(error === null ? stdout.trim() : ''));
  });
}
