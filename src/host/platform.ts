// What machine this is.
import { arch, availableParallelism, platform, totalmem } from 'node:os';
import { preconditionError } from '../model/error.ts';
import type { Platform } from '../ports.ts';

const SYSTEMS: { readonly [name: string]: Platform['os'] } = { linux: 'linux', darwin: 'darwin', win32: 'windows' };
const MACHINES: { readonly [name: string]: Platform['arch'] } = { x64: 'amd64', arm64: 'arm64' };

/** Throws `platform-unsupported` where no tool that devstack runs is published. */
export function createPlatform(system: string = platform(), machine: string = arch()): Platform {
  const os = SYSTEMS[system];
  const cpu = MACHINES[machine];
  if (os === undefined || cpu === undefined) {
    throw preconditionError({
      code: 'platform-unsupported',
      message: `devstack does not run on ${system}/${machine}`,
      reason: 'kind, kubectl and the node images are published for Linux, macOS and Windows on amd64 and arm64',
    });
  }
  return { os, arch: cpu, cpus: availableParallelism(), memoryMi: Math.floor(totalmem() / 2 ** 20) };
}
