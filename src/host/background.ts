// Processes of devstack's own that go on when the command is over.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { failedError } from '../model/error.ts';
import type { Background, ProcessMark } from '../ports.ts';
import { identityOf, lifeOf, ownIdentity } from './process-identity.ts';

const LOOK_AGAIN_MS = 20;
/** CI runners end whatever still carries their mark when a job ends: GitHub's by the first, Jenkins' by the second. */
const NO_MARKS = { RUNNER_TRACKING_ID: '', JENKINS_NODE_COOKIE: 'dontKillMe' };
/** A killed process is gone at once, unless the system itself is stuck. */
const AFTER_KILL_MS = 2_000;

/** `script`: what Node runs; this very program unless a test says otherwise. */
export function createBackground(env: { readonly [name: string]: string | undefined }, script = process.argv[1] ?? ''): Background {
  return {
    start: (words, log) => start({ env, script, words, log }),
    own: ownIdentity,
    // Whose parent is gone is a child of process 1, or of nobody.
    parent: async () => (process.ppid > 1 ? identityOf(process.ppid) : undefined),
    isAlive: async (mark) => (await lifeOf(mark)) === 'alive',
    end,
  };
}

async function start({ env, script, words, log }: { readonly env: NodeJS.ProcessEnv; readonly script: string; readonly words: readonly string[]; readonly log: string }): Promise<ProcessMark> {
  const output = openSync(log, 'a', 0o600);
  try {
    // A session of its own: the end of the terminal is not its end. A folder that nobody wants to remove or unmount.
    const child = spawn(process.execPath, [script, ...words], { detached: true, stdio: ['ignore', output, output], env: { ...env, ...NO_MARKS }, cwd: tmpdir(), windowsHide: true });
    const failure = await Promise.race([once(child, 'spawn').then(() => undefined), once(child, 'error').then(([error]: unknown[]) => error)]);
    if (failure !== undefined || child.pid === undefined) {
      throw failedError({ code: 'tool-failed', message: 'devstack could not start a process of its own', reason: failure instanceof Error ? failure.message : 'no reason is known', cause: failure });
    }
    child.unref();
    return await identityOf(child.pid);
  } finally {
    closeSync(output);
  }
}

async function end(mark: ProcessMark, graceMs: number): Promise<void> {
  for (const [signal, waitMs] of [['SIGTERM', graceMs], ['SIGKILL', AFTER_KILL_MS]] as const) {
    if ((await lifeOf(mark)) !== 'alive') return;
    signalTo(mark.pid, signal);
    const deadline = performance.now() + waitMs;
    while (performance.now() < deadline) {
      if ((await lifeOf(mark)) !== 'alive') return;
      await delay(LOOK_AGAIN_MS);
    }
  }
}

function signalTo(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // Gone between the look and the signal.
  }
}
