// What groups of processes have used, as Linux tells it in /proc. Elsewhere nobody can tell without a program of the system.
import type { Clock, Files, Platform } from '../../ports.ts';
import type { Usage } from './controllers/container-run.ts';

/** Of CPU time, as every Linux shows it to programs. */
const TICKS_PER_SECOND = 100;
/** Many containers are asked for at once: they share one look. */
const SHARED_MS = 500;

interface Entry {
  readonly group: number;
  readonly cpuMs: number;
  readonly pid: string;
}

/** A line of /proc/PID/stat. The name may hold anything, also brackets and spaces; what comes after its last bracket is numbers. */
export function parseStat(pid: string, text: string): Entry | undefined {
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ').map(Number);
  // As proc(5) counts them from the third: group is 5; own time 14 and 15, that of ended children 16 and 17.
  const [group, times] = [fields[2], fields.slice(11, 15)];
  if (group === undefined || times.length < 4 || Number.isNaN(group)) return undefined;
  return { group, pid, cpuMs: times.reduce((sum, ticks) => sum + ticks, 0) * 1000 / TICKS_PER_SECOND };
}

export interface UsageWorld {
  readonly files: Pick<Files, 'list' | 'readText'>;
  readonly platform: Pick<Platform, 'os'>;
  readonly clock: Pick<Clock, 'monotonic'>;
}

export class ProcessUsage {
  readonly #world: UsageWorld;
  #look: { readonly atMs: number; readonly entries: Promise<readonly Entry[]> } | undefined;

  constructor(world: UsageWorld) {
    this.#world = world;
  }

  /** Undefined where it cannot be known, and for a group that is gone. */
  async of(group: number): Promise<Usage | undefined> {
    if (this.#world.platform.os !== 'linux') return undefined;
    const own = (await this.#entries()).filter((entry) => entry.group === group);
    if (own.length === 0) return undefined;
    const memory = await Promise.all(own.map(({ pid }) => this.#memoryOf(pid)));
    return { cpuMs: own.reduce((sum, { cpuMs }) => sum + cpuMs, 0), memoryBytes: memory.reduce((sum, bytes) => sum + bytes, 0) };
  }

  #entries(): Promise<readonly Entry[]> {
    const nowMs = this.#world.clock.monotonic();
    if (this.#look === undefined || nowMs - this.#look.atMs > SHARED_MS) this.#look = { atMs: nowMs, entries: this.#readAll() };
    return this.#look.entries;
  }

  async #readAll(): Promise<readonly Entry[]> {
    const pids = (await this.#world.files.list('/proc')).filter((name) => /^\d+$/.test(name));
    const found = await Promise.all(pids.map(async (pid) => parseStat(pid, await this.#read(pid, 'stat'))));
    return found.filter((entry) => entry !== undefined);
  }

  async #memoryOf(pid: string): Promise<number> {
    return Number(/^VmRSS:\s*(\d+) kB$/m.exec(await this.#read(pid, 'status'))?.[1] ?? 0) * 1024;
  }

  /** Processes come and go while one looks: what is gone says nothing. */
  async #read(pid: string, name: string): Promise<string> {
    return await this.#world.files.readText(`/proc/${pid}/${name}`).catch(() => undefined) ?? '';
  }
}
