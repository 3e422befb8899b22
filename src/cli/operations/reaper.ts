// The reaper: a process of devstack's own that removes a stack when its time is over or the process it was made for is gone.
import { randomBytes } from 'node:crypto';
import { dirname, join } from 'node:path';
import { preconditionError } from '../../model/error.ts';
import { parseJson } from '../../model/json.ts';
import { at, stringAt } from '../../model/object.ts';
import { type ProcessMark, readProcessMark } from '../../model/process.ts';
import type { Ports } from '../../ports.ts';
import type { Leash, RunOptions } from '../use-cases.ts';
import { planDownStack, removeStack } from './down.ts';
import { alone, type Journals } from './journals.ts';

/** How soon it sees that the process is gone. */
const LOOK_MS = 1_000;
/** An engine that restarts is there again within this many tries. */
const TRIES = 10;
const LONGEST_PAUSE_MS = 60_000;

/** In the folder of the stack: with the stack, the task of its reaper is gone. */
interface Task {
  /** Names this reaper: another `up` may have replaced it. */
  readonly token: string;
  /** Milliseconds since the epoch. */
  readonly untilMs: number | null;
  readonly parent: ProcessMark | null;
}

function placeOf(ports: Ports, stack: string): { readonly task: string; readonly log: string } {
  const folder = dirname(ports.kubeconfigs.pathOf(stack));
  return { task: join(folder, 'reaper.json'), log: join(folder, 'reaper.log') };
}

/** Undefined: there is none, or it cannot be read. Then nothing is removed. */
async function readTask(ports: Ports, stack: string): Promise<Task | undefined> {
  const value = parseJson(await ports.files.readText(placeOf(ports, stack).task).catch(() => undefined) ?? '');
  const [token, untilMs] = [stringAt(value, 'token'), at(value, 'untilMs')];
  return token === undefined ? undefined : { token, untilMs: typeof untilMs === 'number' ? untilMs : null, parent: readProcessMark(at(value, 'parent')) ?? null };
}

async function parentOf(ports: Ports, parent: Leash['parent']): Promise<ProcessMark | null> {
  if (parent === undefined) return null;
  if (parent === 'self') return ports.background.own();
  const mark = await ports.background.parent();
  if (mark !== undefined) return mark;
  throw preconditionError({
    code: 'reaper-no-parent', message: 'the process that called devstack is gone already, so the stack cannot be bound to it',
    hints: [{ text: 'bind it to a time', command: 'devstack up --ttl 2h' }],
  });
}

/** Before anything is made, so that a run that is killed in the middle is reaped too. Replaces the reaper that the stack may have. */
export async function leashStack(ports: Ports, { stack, ttlMs, parent }: Leash): Promise<void> {
  const { task, log } = placeOf(ports, stack);
  const token = randomBytes(8).toString('hex');
  const content: Task = { token, untilMs: ttlMs === undefined ? null : ports.clock.now() + ttlMs, parent: await parentOf(ports, parent) };
  await ports.files.write(task, `${JSON.stringify(content)}\n`);
  await ports.background.start(['__reap', stack, token, 'detach'], log);
}

/** A child of nobody: who ends all that a run has started, by asking for its children, does not find it. */
export async function detachReaper(ports: Ports, stack: string, token: string): Promise<void> {
  await ports.background.start(['__reap', stack, token], placeOf(ports, stack).log);
}

export type ReapEnd = 'removed' | 'released';

/** Waits, then removes. `released`: the stack was removed or bound anew meanwhile. Throws what `down` throws, after some tries. */
export async function reapStack(ports: Ports, journals: Journals, { stack, token }: { readonly stack: string; readonly token: string }, options: RunOptions): Promise<ReapEnd> {
  const isMine = async (): Promise<Task | undefined> => {
    const task = await readTask(ports, stack);
    return task?.token === token ? task : undefined;
  };
  for (let task = await isMine(); !(await isDue(ports, task)); task = await isMine()) await ports.clock.sleep(LOOK_MS, options.signal);
  for (let attempt = 1; ; attempt += 1) {
    try {
      // Under the lock of the stack: what somebody makes from now on is made after the removal, and never touched.
      return await alone(journals, stack, options, async () => {
        if (await isMine() === undefined) return 'released';
        await removeStack(ports, journals, await planDownStack(ports, stack, options), options);
        return 'removed';
      });
    } catch (error) {
      if (attempt === TRIES || options.signal.aborted) throw error;
      await ports.clock.sleep(Math.min(LOOK_MS * 2 ** attempt, LONGEST_PAUSE_MS), options.signal);
    }
  }
}

/** True when there is nothing to wait for. */
async function isDue(ports: Ports, task: Task | undefined): Promise<boolean> {
  if (task === undefined) return true;
  if (task.untilMs !== null && ports.clock.now() >= task.untilMs) return true;
  return task.parent !== null && !(await ports.background.isAlive(task.parent));
}
