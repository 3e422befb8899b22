// devstack up: plan, confirm what destroys, carry out, prove, show the card.

import { ENGINELESS, findProvider, isWithoutEngine } from '../../clusters/index.ts';
import { FAULT_NAMES } from '../../clusters/rehearsal/fault-names.ts';
import { presetIds } from '../../config/catalog.ts';
import { formatExactDuration } from '../../config/duration.ts';
import type { NetworkSettings } from '../../config/resolve.ts';
import { stackFlags } from '../../config/stack-flags.ts';
import { DevstackError, type DevstackErrorOptions, isDevstackError, usageError } from '../../model/error.ts';
import type { Emit } from '../../model/event.ts';
import type { StackSpec } from '../../model/stack.ts';
import { type CommandContext, defineCommand, type Outcome, yesFlag } from '../command.ts';
import { confirmDestructive } from '../confirm.ts';
import { planOutcome } from '../plan-outcome.ts';
import { isProviderNamed, withChosenProvider } from '../provider-choice.ts';
import { RunTally } from '../run-tally.ts';
import { resolveStack } from '../stack-request.ts';
import { upOutcome } from '../up-outcome.ts';
import type { Leash, RunOptions, UseCases } from '../use-cases.ts';

interface UpRun {
  readonly spec: StackSpec;
  readonly network: NetworkSettings;
  /** The command as it was typed: running it again goes on. */
  readonly line: string;
  readonly isDryRun: boolean;
  /** Somebody said which provider: then no other is taken. */
  readonly isProviderNamed: boolean;
  readonly orRehearse: boolean;
  readonly isYes: boolean;
  readonly overwrite: boolean;
  readonly merge: 'no' | 'merge' | 'use';
  /** The step to begin with, when what is before it is known to be right. */
  readonly from: string | undefined;
  /** When the stack is removed again; nothing: never by itself. */
  readonly leash: Pick<Leash, 'ttlMs' | 'parent'>;
}

/** Runs `work` until it ends, the person stops it or the time of the stack is up; tells what is left in the last two cases. */
async function bounded<T>(run: UpRun, context: CommandContext, work: (tally: RunTally, signal: AbortSignal) => Promise<T>): Promise<T> {
  const tally = new RunTally();
  const timeout = AbortSignal.timeout(run.spec.timeoutMs);
  const goOn = { text: 'go on from there', command: run.line };
  const remove = { text: 'remove what was made', command: `devstack down ${run.spec.name}` };
  try {
    return await work(tally, AbortSignal.any([context.io.signal, timeout]));
  } catch (thrown) {
    const timedOutMs = timeout.aborted && !context.io.signal.aborted ? run.spec.timeoutMs : undefined;
    throw tally.ending(thrown, { goOn: [goOn, remove], afterFailure: [remove], timedOutMs });
  }
}

/** The plan; where no engine answers and none was named, that of a rehearsal, if the person agrees. */
async function planned(run: UpRun, useCases: UseCases, { options, context }: { readonly options: RunOptions; readonly context: CommandContext }) {
  try {
    return { spec: run.spec, plan: await useCases.planUp(run.spec, { ...options, ...(run.from === undefined ? {} : { from: run.from }) }) };
  } catch (thrown) {
    if (!isDevstackError(thrown) || !isWithoutEngine(thrown) || run.isProviderNamed) throw thrown;
    const spec = { ...run.spec, provider: ENGINELESS };
    const other = { text: 'or rehearse without an engine: nothing is installed', command: `devstack up ${spec.preset} --provider ${ENGINELESS}` };
    const agrees = run.orRehearse || (context.prompts.isAvailable && await context.prompts.confirm(`${thrown.message}. Rehearse instead, without installing anything?`, { default: true, flag: '--or-rehearse' }));
    if (!agrees) throw new DevstackError({ ...errorFields(thrown), hints: [...thrown.hints, other] });
    options.emit({ type: 'note', message: `${thrown.message}, so this is a rehearsal` });
    return { spec, plan: await useCases.planUp(spec, options) };
  }
}

function errorFields({ code, exit, message, reason, details, cause }: DevstackError): DevstackErrorOptions {
  return { code, exit, message, cause, ...(reason === undefined ? {} : { reason }), ...(details === undefined ? {} : { details }) };
}

/** Throws `flag-needs-provider` for a stack that is no rehearsal. */
async function withFaults(spec: StackSpec, faults: readonly string[], line: string): Promise<StackSpec> {
  if (faults.length === 0) return spec;
  const { fixedSettings = [], title } = await findProvider(spec.provider);
  if (fixedSettings.includes('faults')) return { ...spec, settings: { ...spec.settings, faults: faults.join(',') } };
  throw usageError({
    code: 'flag-needs-provider', message: `--rehearse-fault is for rehearsals: nothing shall go wrong on purpose in a stack on ${title}`,
    hints: [{ text: 'rehearse', command: `${line.replace(/ --provider[= ]\S+/, '')} --provider ${ENGINELESS}` }],
  });
}

/** Before anything is made: a run that is killed in the middle leaves nothing either. */
async function bind({ spec, leash }: UpRun, useCases: UseCases, emit: Emit): Promise<void> {
  const { ttlMs, parent } = leash;
  if (ttlMs === undefined && parent === undefined) return;
  await useCases.leash({ stack: spec.name, ...leash });
  const ends = [...(ttlMs === undefined ? [] : [`in ${formatExactDuration(ttlMs)}`]), ...(parent === undefined ? [] : ['when the process that called devstack is gone'])];
  emit({ type: 'note', message: `stack ${spec.name} is removed ${ends.join(', or ')}` });
}

async function runUp(run: UpRun, context: CommandContext): Promise<Outcome> {
  return bounded(run, context, async (tally, signal) => {
    const useCases = await context.useCases(run.network);
    const options = { emit: tally.listen(context.emit), signal };
    const wish = run.isProviderNamed ? run : { ...run, spec: await withChosenProvider(run.spec, useCases, { options, context }) };
    const { spec, plan } = await planned(wish, useCases, { options, context });
    if (run.isDryRun) return planOutcome(plan, context);
    await confirmDestructive(plan, { isYes: run.isYes, context });
    await bind(run, useCases, options.emit);
    const result = await useCases.up(spec, plan, { ...options, overwrite: run.overwrite });
    if (run.merge === 'no') return upOutcome(result, undefined, context);
    const isCurrent = run.merge === 'use';
    const { path } = await useCases.mergeKubeconfig(run.spec.name, isCurrent);
    return upOutcome(result, { path, isCurrent }, context);
  });
}

export const up = defineCommand({
  arguments: [{ name: 'preset', summary: 'what the stack starts from', known: presetIds }],
  flags: {
    ...stackFlags,
    'dry-run': { kind: 'boolean', summary: 'show the plan and stop' },
    'or-rehearse': { kind: 'boolean', env: 'DEVSTACK_OR_REHEARSE', summary: 'where no container engine answers, rehearse: nothing is installed' },
    'rehearse-fault': { kind: 'list', placeholder: 'FAULT,…', known: () => FAULT_NAMES, summary: 'what shall go wrong in a rehearsal: `crash`, or `crash=hello` for that alone' },
    overwrite: { kind: 'boolean', summary: 'take back fields that somebody else changed' },
    merge: { kind: 'boolean', env: 'DEVSTACK_MERGE', summary: 'write the context into your own kubeconfig too' },
    use: { kind: 'boolean', env: 'DEVSTACK_USE', summary: 'as --merge, and make it the current context' },
    ttl: { kind: 'duration', env: 'DEVSTACK_TTL', placeholder: 'TIME', summary: 'remove the stack after this time, such as 2h' },
    from: { kind: 'text', placeholder: 'STEP', summary: 'take the steps before this one as done' },
    'reap-with-parent': { kind: 'boolean', env: 'DEVSTACK_REAP', summary: 'remove the stack when the process that called devstack is gone' },
    ...yesFlag,
  },
  description: 'Makes what is missing and leaves alone what is right; a second run changes nothing. It ends only when a request has gone through the ingress'
    + ' to the sample and back. Settings come from flags, then environment variables, then devstack.yaml, then the preset.',
  examples: [
    { command: 'devstack up knative', summary: 'a cluster with Knative and the hello sample' },
    { command: 'devstack up knative --dry-run', summary: 'what it would do' },
    { command: 'devstack up base --name lab --port 8081', summary: 'a second stack: just a cluster, on another port' },
    { command: 'devstack up knative --json --yes | tail -1', summary: 'for scripts: the result as one JSON object' },
  ],
  async run(input, context) {
    const { spec: resolved, network, effective } = await resolveStack(input, context);
    const { flags, line } = input;
    const spec = await withFaults(resolved, flags['rehearse-fault'] ?? [], line);
    return runUp({
      spec, network, line, isProviderNamed: isProviderNamed(effective), orRehearse: flags['or-rehearse'] === true, isDryRun: flags['dry-run'] === true, isYes: flags.yes === true, overwrite: flags.overwrite === true,
      merge: flags.use === true ? 'use' : flags.merge === true ? 'merge' : 'no',
      from: flags.from,
      leash: { ...(flags.ttl === undefined ? {} : { ttlMs: flags.ttl }), ...(flags['reap-with-parent'] === true ? { parent: 'caller' } : {}) },
    }, context);
  },
});
