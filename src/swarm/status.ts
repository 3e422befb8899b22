// What the state of a service means: converged, still on the way, or failed and why. Pure.
import type { SwarmNode, SwarmService, SwarmTask } from '../model/swarm.ts';
import { type FailureKind, failureOf, isFailed, isFinal } from './failure.ts';

/** One observation of one service. */
export interface ServiceView {
  readonly service: SwarmService;
  /** All tasks of the service that the manager still knows. */
  readonly tasks: readonly SwarmTask[];
  /** Ids of the tasks that the manager counts as being of the current spec. */
  readonly upToDate: ReadonlySet<string>;
  readonly nodes: readonly SwarmNode[];
}

export interface StatusRules {
  /** A rollback is what was asked for; else it means that the update failed. */
  readonly isRollback?: boolean;
  /** How often one slot may crash before that counts as a failure: more than once where services wait for each other. */
  readonly crashLimit?: number;
  /** The nodes have just been started: an engine takes tasks before it has found its networks and containers again, so nothing is beyond hope. */
  readonly isWaking?: boolean;
}

export interface FailureCause {
  readonly kind: FailureKind;
  /** In the engine's words. */
  readonly message: string;
  /** Task whose log tells more. */
  readonly taskId?: string;
}

export interface ServiceStatus {
  readonly name: string;
  readonly state: 'pending' | 'converged' | 'failed';
  /** `2/3 running, 1 preparing on w1`. */
  readonly message: string;
  readonly running: number;
  readonly desired: number;
  /** Tasks that still run but are on their way out. */
  readonly leaving: number;
  readonly cause?: FailureCause;
}

const CRASH_LIMIT = 1;

export function serviceStatus(view: ServiceView, rules: StatusRules = {}): ServiceStatus {
  const current = view.tasks.filter((task) => view.upToDate.has(task.ID));
  const { running, desired } = isJob(view.service) ? jobCount(view, current) : taskCount(view, current);
  const leaving = view.tasks.filter((task) => task.Status.State === 'running' && isOut(task)).length;
  const counts = { name: view.service.Spec.Name, running, desired, leaving };
  const isComplete = desired !== undefined && running >= desired;
  const verdict = updateVerdict(view, { ...rules, isComplete }) ?? (isComplete ? undefined : taskVerdict(view, current, rules));
  const settled = { ...counts, desired: desired ?? 0 };
  if (verdict?.state === 'failed') return { ...settled, state: 'failed', message: verdict.cause.message, cause: verdict.cause };
  if (verdict?.state === 'pending') return { ...settled, state: 'pending', message: verdict.message };
  if (isComplete) return { ...settled, state: 'converged', message: `${running}/${desired} running` };
  return { ...settled, state: 'pending', message: progressText(view, current, settled) };
}

type Verdict = { readonly state: 'failed'; readonly cause: FailureCause } | { readonly state: 'pending'; readonly message: string };

// ── counting ────────────────────────────────────────────────────────────────────────────────────────────────────────

/** `desired` is undefined while it cannot be known. */
interface Count {
  readonly running: number;
  readonly desired: number | undefined;
}

function taskCount(view: ServiceView, current: readonly SwarmTask[]): Count {
  const wanted = current.filter((task) => !isOut(task));
  const running = new Set(wanted.filter((task) => task.Status.State === 'running').map(placeOf)).size;
  const replicas = view.service.Spec.Mode?.Replicated;
  if (replicas !== undefined) return { running, desired: replicas.Replicas ?? 1 };
  // A global service wants one task on each node that fits it; the manager makes them all at once, and nobody else counts them.
  const places = new Set(view.tasks.filter((task) => !isOut(task)).map(placeOf));
  return { running, desired: places.size === 0 ? undefined : places.size };
}

function jobCount(view: ServiceView, current: readonly SwarmTask[]): Count {
  const iteration = view.service.JobStatus?.JobIteration?.Index;
  const mine = current.filter((task) => iteration === undefined || task.JobIteration?.Index === iteration);
  const done = new Set(mine.filter((task) => task.Status.State === 'complete').map(placeOf)).size;
  const { ReplicatedJob: job } = view.service.Spec.Mode ?? {};
  if (job !== undefined) return { running: done, desired: job.TotalCompletions ?? job.MaxConcurrent ?? 1 };
  return { running: done, desired: mine.length === 0 ? undefined : new Set(mine.map(placeOf)).size };
}

function isJob(service: SwarmService): boolean {
  const mode = service.Spec.Mode;
  return mode?.ReplicatedJob !== undefined || mode?.GlobalJob !== undefined;
}

/** Where a task belongs: its slot, or its node for a global service. */
function placeOf(task: SwarmTask): string {
  return task.Slot === undefined || task.Slot === 0 ? `node ${task.NodeID ?? task.ID}` : `slot ${task.Slot}`;
}

/** The manager wants it stopped. */
function isOut(task: SwarmTask): boolean {
  return task.DesiredState === 'shutdown' || task.DesiredState === 'remove';
}

// ── verdicts ────────────────────────────────────────────────────────────────────────────────────────────────────────

/** What the manager says about an update under way, or undefined when it has no say in this. */
function updateVerdict(view: ServiceView, rules: StatusRules & { readonly isComplete: boolean }): Verdict | undefined {
  const status = view.service.UpdateStatus;
  const stopped = (what: string): Verdict => {
    const cause = culprit(view);
    const message = cause === undefined ? `${what}: ${status?.Message ?? 'no reason given'}` : `${what}: ${cause.message}`;
    return { state: 'failed', cause: { kind: cause?.kind ?? 'update-stopped', message, ...(cause?.taskId === undefined ? {} : { taskId: cause.taskId }) } };
  };
  switch (status?.State) {
    case 'updating':
      return rules.isComplete ? { state: 'pending', message: 'all tasks run the new version; Swarm watches them before it calls the update complete' } : undefined;
    case 'paused':
      return stopped('the update failed and is paused');
    case 'rollback_paused':
      return stopped('the rollback failed and is paused');
    case 'rollback_started':
      if (rules.isRollback === true) return undefined;
      return rules.isComplete ? stopped('the update failed and was rolled back') : { state: 'pending', message: 'the update failed: rolling back' };
    case 'rollback_completed':
      return rules.isRollback === true ? undefined : stopped('the update failed and was rolled back');
    default:
      return undefined;
  }
}

/** The tasks of places that do not run yet: what cannot heal ends the wait. */
function taskVerdict(view: ServiceView, current: readonly SwarmTask[], rules: StatusRules): Verdict | undefined {
  const running = new Set(current.filter((task) => task.Status.State === 'running' && !isOut(task)).map(placeOf));
  const waiting = current.filter((task) => !running.has(placeOf(task)));
  const unplaced = waiting.find((task) => task.Status.State === 'pending' && (task.Status.Err ?? '') !== '');
  // While old tasks leave, what they hold (a port, memory) is about to be free.
  if (rules.isWaking !== true && unplaced !== undefined && !view.tasks.some((task) => isOut(task) && !isFinal(task))) return failed(unplaced);
  if (judgesItself(view.service)) return undefined;
  // What ends is a failure of a service, and what a job is for.
  const failures = waiting.filter((task) => isFailed(task) && !(isJob(view.service) && task.Status.State === 'complete'));
  const beyondHope = failures.find((task) => !failureOf(task).mayHeal);
  if (rules.isWaking !== true && beyondHope !== undefined) return failed(beyondHope);
  const limit = willRestart(view.service) ? (rules.crashLimit ?? CRASH_LIMIT) : 1;
  for (const task of failures) {
    if (failures.filter((other) => placeOf(other) === placeOf(task)).length >= limit) return failed(newest(failures) ?? task);
  }
  return undefined;
}

/** An update under way whose failure Swarm acts upon: it is over when Swarm has paused it or rolled it back, not with the first task that fails. */
function judgesItself({ UpdateStatus, Spec }: SwarmService): boolean {
  return UpdateStatus?.State === 'updating' && Spec.UpdateConfig?.FailureAction !== 'continue';
}

function willRestart(service: SwarmService): boolean {
  return service.Spec.TaskTemplate.RestartPolicy?.Condition !== 'none';
}

function failed(task: SwarmTask): Verdict {
  return { state: 'failed', cause: causeOf(task) };
}

function causeOf(task: SwarmTask): FailureCause {
  const { kind, message } = failureOf(task);
  return { kind, message, taskId: task.ID };
}

/** The task that stopped the update: the manager names it while it stands; afterwards it is the last that failed. */
function culprit({ service, tasks, upToDate }: ServiceView): FailureCause | undefined {
  const said = service.UpdateStatus?.Message ?? '';
  const broken = tasks.filter(isFailed);
  // Rolled back, the version that failed is no longer the current one.
  const ofOther = broken.filter(({ ID }) => !upToDate.has(ID));
  const task = broken.find(({ ID }) => said.includes(ID)) ?? newest(ofOther) ?? newest(broken);
  return task === undefined ? undefined : causeOf(task);
}

function newest(tasks: readonly SwarmTask[]): SwarmTask | undefined {
  return tasks.toSorted((a, b) => b.CreatedAt.localeCompare(a.CreatedAt))[0];
}

// ── words ───────────────────────────────────────────────────────────────────────────────────────────────────────────

function progressText(view: ServiceView, current: readonly SwarmTask[], { running, desired }: { readonly running: number; readonly desired: number }): string {
  const live = current.filter((task) => !isOut(task) && !isFinal(task) && task.Status.State !== 'running');
  const parts = live.slice(0, 2).map((task) => `${task.Status.State}${nodeText(view, task)}`);
  const more = live.length > 2 ? `, ${live.length - 2} more` : '';
  const verb = isJob(view.service) ? 'complete' : 'running';
  return `${running}/${desired} ${verb}${parts.length === 0 ? '' : `: ${parts.join(', ')}${more}`}`;
}

function nodeText(view: ServiceView, task: SwarmTask): string {
  const node = view.nodes.find(({ ID }) => ID === task.NodeID);
  return node?.Description?.Hostname === undefined ? '' : ` on ${node.Description.Hostname}`;
}
