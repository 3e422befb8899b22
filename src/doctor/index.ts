// devstack doctor: is this machine fit for a stack?
import type { Finding } from '../model/finding.ts';
import type { Ports } from '../ports.ts';
import { type Check, runChecks, type Wish } from './check.ts';
import { cgroup, clock, daemonConfig, engine, size, snap } from './checks/engine.ts';
import { disk, inotify, port, remains, secrets, tools, wsl } from './checks/machine.ts';
import { dns, interception, proxy } from './checks/network.ts';

export type { Wish } from './check.ts';

/** In the order they are shown. */
export const checks: readonly Check[] = [
  engine, size, cgroup, clock, daemonConfig, snap, tools, port, disk, inotify, wsl, remains, secrets, dns, proxy, interception,
];

/** Reads only, unless `fix`: then what can be repaired without further rights is repaired, and looked at again. */
export function examine(ports: Ports, options: { readonly wish: Wish; readonly fix: boolean; readonly signal: AbortSignal }): Promise<readonly Finding[]> {
  const asked = ports.docker.info(options.signal);
  asked.catch(() => undefined); // each check meets the failure itself
  return runChecks(checks, { ports, wish: options.wish, engine: asked, signal: options.signal }, options.fix);
}
