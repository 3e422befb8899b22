// The log of a bug: what was thrown and what happened before it. Uses nothing of the rest, for that may be what is broken.
import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Json } from '../model/json.ts';
import { VERSION } from '../model/version.ts';
import type { Io } from './io.ts';
import type { Session } from './session.ts';

function chainOf(thrown: unknown): readonly string[] {
  const chain: string[] = [];
  for (let current = thrown; current !== undefined && chain.length < 10; current = current instanceof Error ? current.cause : undefined) {
    chain.push(current instanceof Error ? current.stack ?? `${current.name}: ${current.message}` : String(current));
  }
  return chain;
}

/** Path of the log, readable by its owner only; undefined when it cannot be written (a full disk must not hide the bug). */
export async function writeBugLog(thrown: unknown, session: Session, io: Io): Promise<string | undefined> {
  const path = join(tmpdir(), `devstack-bug-${randomBytes(6).toString('hex')}.log`);
  const content = session.redact({
    devstack: VERSION, node: process.versions.node, platform: `${process.platform} ${process.arch}`, at: new Date(io.clock.now()).toISOString(),
    thrown: chainOf(thrown), events: session.recent as unknown as Json,
  });
  try {
    await writeFile(path, `${JSON.stringify(content, null, 2)}\n`, { mode: 0o600, flag: 'wx' });
    return path;
  } catch {
    return undefined;
  }
}
