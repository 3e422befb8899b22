// Programs of other projects: the one on PATH when it is recent enough, else a verified one of ours.
import { join } from 'node:path';
import { failedError, preconditionError } from '../model/error.ts';
import type { Files, Platform, Processes } from '../ports.ts';
import type { Pins } from './lock.ts';
import type { FetchOptions, Store } from './store.ts';
import { TOOL_PINS, type ToolPin } from './tool-pins.ts';

const VERSION_TIMEOUT_MS = 20_000;

export interface ToolsWorld {
  readonly processes: Processes;
  readonly files: Files;
  readonly platform: Pick<Platform, 'os' | 'arch'>;
  readonly store: Store;
  readonly pins: Pins;
  /** Absolute. */
  readonly cache: string;
  readonly tools?: readonly ToolPin[];
  note(message: string): void;
}

/** Absolute path. Throws `tool-unknown`, `tool-unavailable`, `checksum-unavailable` and what a download throws. */
export async function findTool(world: ToolsWorld, name: string, options: FetchOptions): Promise<string> {
  const pin = (world.tools ?? TOOL_PINS).find((tool) => tool.name === name);
  if (pin === undefined) throw failedError({ code: 'tool-unknown', message: `devstack has no pin for a tool named ${name}` });
  const onPath = await world.processes.find(name);
  if (onPath !== undefined) {
    const version = await versionOf(world, onPath, pin, options.signal);
    if (version !== undefined && compare(version, pin.minimum) >= 0) return onPath;
    const found = version === undefined ? 'does not tell its version' : `is version ${version}`;
    world.note(`${onPath} ${found}; devstack needs ${pin.minimum} and uses its own ${pin.version}`);
  }
  return await fetchTool(world, pin, options);
}

async function versionOf(world: ToolsWorld, path: string, pin: ToolPin, signal: AbortSignal | undefined): Promise<string | undefined> {
  try {
    const limits = { timeoutMs: VERSION_TIMEOUT_MS, ...(signal === undefined ? {} : { signal }) };
    const { exitCode, stdout } = await world.processes.run(path, pin.versionCommand, limits);
    return exitCode === 0 ? pin.versionPattern.exec(stdout)?.[1] : undefined;
  } catch (cause) {
    signal?.throwIfAborted();
    // A program that cannot be run (another architecture, a broken link) is as good as none.
    if (cause instanceof Error) return undefined;
    throw cause;
  }
}

async function fetchTool(world: ToolsWorld, pin: ToolPin, options: FetchOptions): Promise<string> {
  const { os, arch } = world.platform;
  if (!pin.platforms.some((platform) => platform === `${os}/${arch}`)) {
    throw preconditionError({
      code: 'tool-unavailable', message: `${pin.name} ${pin.version} is not published for ${os}/${arch}`,
      hints: [{ text: 'Build it, put it on PATH, then see whether it is found', command: `${pin.name} ${pin.versionCommand.join(' ')}` }],
    });
  }
  const url = pin.url(os, arch);
  const sha256 = (await world.pins.of(url)) ?? (await publishedHash(world, pin, url, options));
  const path = join(world.cache, 'tools', `${pin.name}-${pin.version}${os === 'windows' ? '.exe' : ''}`);
  return await world.store.fetch({ name: `${pin.name} ${pin.version}`, url, sha256 }, options, { path, mode: 0o755 });
}

/** Fails closed: a program that nothing vouches for is not run. */
async function publishedHash(world: ToolsWorld, pin: ToolPin, url: string, options: FetchOptions): Promise<string> {
  const text = await world.store.fetchText(`${url}${pin.checksumSuffix}`, options).catch((cause: unknown) => {
    options.signal?.throwIfAborted();
    throw preconditionError({
      code: 'checksum-unavailable', message: `${pin.name} ${pin.version} cannot be verified: its hash is not to be had`,
      reason: cause instanceof Error ? ((cause as { reason?: string }).reason ?? cause.message) : String(cause), cause,
      hints: [{
        text: `Install ${pin.name} ${pin.minimum} or later yourself; devstack uses it from PATH`,
        command: `${pin.name} ${pin.versionCommand.join(' ')}`,
      }],
    });
  });
  const sha256 = /^([0-9a-f]{64})(?:\s|$)/i.exec(text.trim())?.[1]?.toLowerCase();
  if (sha256 === undefined) throw failedError({ code: 'checksum-unavailable', message: `${url}${pin.checksumSuffix} holds no sha256` });
  await world.pins.record(url, sha256);
  world.note(`${pin.name} ${pin.version}: the publisher's sha256 ${sha256} is pinned from now on`);
  return sha256;
}

function compare(a: string, b: string): number {
  const [left, right] = [a, b].map((version) => version.split('.').map(Number));
  for (let index = 0; index < 3; index += 1) {
    const difference = (left?.[index] ?? 0) - (right?.[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
