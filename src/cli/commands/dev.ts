// devstack dev: deploys a folder, and again after each change; the log of the app in between.
import { resolve } from 'node:path';
import { isAbortError, isDevstackError, usageError } from '../../model/error.ts';
import type { DevstackEvent } from '../../model/event.ts';
import { errorText } from '../../render/errors.ts';
import { paintFor } from '../../render/paint.ts';
import { formatDuration } from '../../render/text.ts';
import type { DeployRequest, DeployResult } from '../app-use-cases.ts';
import { type CommandContext, defineCommand } from '../command.ts';
import { composeConfig } from '../compose-config.ts';
import { deployRequest, sourceFlags } from '../deploy-request.ts';
import { followLogs } from '../follow-logs.ts';
import { createOldVersions, type OldVersions } from '../old-versions.ts';
import type { RunOptions, UseCases } from '../use-cases.ts';

interface Loop {
  readonly request: DeployRequest;
  readonly useCases: UseCases;
  readonly options: RunOptions;
  readonly context: CommandContext;
  /** Milliseconds of each step of the deploy that runs. */
  readonly times: Map<string, number>;
  readonly oldVersions: OldVersions;
}

interface Tally {
  failures: number;
  /** Milliseconds from the sign of a change to the answer of the new version, and of each step on the way. */
  readonly reloads: { readonly ms: number; readonly steps: { readonly [step: string]: number } }[];
}

function tell({ io }: CommandContext, text: string): void {
  io.stderr.write(`${text}\n`);
}

interface Deployed extends DeployResult {
  readonly canHaveRegistry: boolean;
}

/** One deploy; undefined when it failed. What went wrong is told, and the loop goes on: the next change may mend it. */
async function deployOnce({ request, useCases, options, context, times, oldVersions }: Loop): Promise<Deployed | undefined> {
  const { clock } = context.io;
  const started = clock.monotonic();
  try {
    const planned = await useCases.planDeploy(request, options);
    await oldVersions.remember(planned);
    times.set('look', clock.monotonic() - started);
    return { ...await useCases.deploy(planned, { ...options, overwrite: true }), canHaveRegistry: planned.canHaveRegistry === true };
  } catch (thrown) {
    if (!isDevstackError(thrown) || options.signal.aborted) throw thrown;
    tell(context, errorText(thrown, paintFor(context.io.stderr, context.io.env)).trimEnd());
    return undefined;
  }
}

/** What the steps of a deploy are to a person who changes code; those that take no time worth telling have no word. */
const WORDS: { readonly [step: string]: string } = { build: 'build', images: 'load', push: 'push', remove: 'remove', apply: 'apply', wait: 'roll', probe: 'answer' };

/** A deploy's events in few words: what a person watching code wants to see is what takes time, and what fails. */
function quiet(context: CommandContext, times: Map<string, number>): (event: DevstackEvent) => void {
  return (event) => {
    if (event.type === 'warning') tell(context, event.message);
    if (event.type !== 'step' || event.durationMs === undefined) return;
    const word = WORDS[event.id.split(':')[0] ?? ''];
    if (word !== undefined) times.set(word, (times.get(word) ?? 0) + event.durationMs);
  };
}

/** An image of a few megabytes is in the nodes before. */
const SLOW_LOAD_MS = 1_000;

function timesText(times: ReadonlyMap<string, number>): string {
  return [...times].map(([word, ms]) => `${word} ${formatDuration(ms)}`).join(', ');
}

async function runLoop(loop: Loop, tally: Tally): Promise<void> {
  const { context, options, request } = loop;
  const { files } = await composeConfig();
  const folder = resolve(request.cwd, request.source);
  if ((await files.stat(folder, { follow: true }))?.kind !== 'directory') {
    throw usageError({ code: 'dev-needs-folder', message: `${folder} is no folder`, reason: 'dev watches files, and a template has none to change', hints: [{ text: 'make a folder of it', command: `devstack new ${request.source}` }] });
  }
  let logs: Promise<number> | undefined;
  let isFirst = true;
  let isAdvised = false;
  for await (const _sign of files.watch(folder, options.signal)) {
    const started = context.io.clock.monotonic();
    tell(context, isFirst ? `deploying ${folder}` : 'a change: building');
    loop.times.clear();
    const result = await deployOnce(loop);
    const took = context.io.clock.monotonic() - started;
    if (result !== undefined) logs ??= follow(loop, result);
    if (isFirst) {
      isFirst = false;
      if (result !== undefined) tell(context, `${result.app} answers at ${result.endpoints[0]?.url ?? 'no address'} after ${formatDuration(took)}`);
      tell(context, `watching ${folder}; Ctrl-C ends it`);
    } else if (result === undefined) {
      tally.failures += 1;
    } else if (result.changed === 0) {
      // A change that is not part of the image, or one that was taken back.
      tell(context, 'nothing that runs has changed');
    } else {
      tally.reloads.push({ ms: Math.round(took), steps: Object.fromEntries(loop.times) });
      tell(context, `reloaded in ${formatDuration(took)} (${timesText(loop.times)})`);
      loop.oldVersions.retire(result);
      if (!isAdvised) isAdvised = advise(loop, result);
    }
  }
  await logs;
}

/** Says what would make reloads faster; false when there is nothing to say. */
function advise({ times, context }: Loop, { canHaveRegistry, stack }: Deployed): boolean {
  if (!canHaveRegistry || (times.get('load') ?? 0) < SLOW_LOAD_MS) return false;
  tell(context, `loading moved the whole image; to a registry only the layer that changed would move: devstack addon add registry --name ${stack}`);
  return true;
}

function follow({ useCases, options, context }: Loop, result: DeployResult): Promise<number> {
  const following = followLogs(result, { useCases, options, context }, { tailLines: 5, follow: true });
  following.catch(() => undefined);
  return following;
}

export const dev = defineCommand({
  arguments: [{ name: 'folder', summary: 'folder with an app or a Dockerfile; this folder when it is left out' }],
  flags: sourceFlags,
  description: 'Deploys the folder and watches it: after each change it builds, loads, rolls and proves the app again, and says how long that took. The log of the app'
    + ' is on stdout all the while. A change that does not build, or does not start, is told; the version before goes on serving. Ctrl-C ends it; the app stays.',
  examples: [{ command: 'devstack dev', summary: 'this folder' }, { command: 'devstack dev app --as deployment', summary: 'another one, as a Deployment' }],
  async run(input, context) {
    const request = await deployRequest(input, context);
    const useCases = await context.useCases();
    context.closeRenderer();
    const tally: Tally = { failures: 0, reloads: [] };
    const times = new Map<string, number>();
    const options = { emit: quiet(context, times), signal: context.io.signal };
    const oldVersions = createOldVersions(useCases, { emit: () => undefined, signal: context.io.signal }, (text) => tell(context, text));
    try {
      await runLoop({ request, useCases, options, context, times, oldVersions }, tally);
    } catch (thrown) {
      // Ctrl-C is how one leaves.
      if (!context.io.signal.aborted && !isAbortError(thrown)) throw thrown;
    } finally {
      await oldVersions.settled();
    }
    const { reloads, failures } = tally;
    return { text: '', result: { reloads: reloads.length, failures, reloadMs: reloads.map(({ ms }) => ms), steps: reloads.map(({ steps }) => steps) } };
  },
});
