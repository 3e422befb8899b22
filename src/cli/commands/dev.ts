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
import type { RunOptions, UseCases } from '../use-cases.ts';

interface Loop {
  readonly request: DeployRequest;
  readonly useCases: UseCases;
  readonly options: RunOptions;
  readonly context: CommandContext;
}

interface Tally {
  reloads: number;
  failures: number;
  /** Milliseconds from the sign of a change to the answer of the new version. */
  readonly took: number[];
}

function tell({ io }: CommandContext, text: string): void {
  io.stderr.write(`${text}\n`);
}

/** One deploy; undefined when it failed. What went wrong is told, and the loop goes on: the next change may mend it. */
async function deployOnce({ request, useCases, options, context }: Loop): Promise<DeployResult | undefined> {
  try {
    return await useCases.deploy(await useCases.planDeploy(request, options), { ...options, overwrite: true });
  } catch (thrown) {
    if (!isDevstackError(thrown) || options.signal.aborted) throw thrown;
    tell(context, errorText(thrown, paintFor(context.io.stderr, context.io.env)).trimEnd());
    return undefined;
  }
}

/** A deploy's events in few words: what a person watching code wants to see is what takes time, and what fails. */
function quiet(context: CommandContext): (event: DevstackEvent) => void {
  return (event) => {
    if (event.type === 'warning') tell(context, event.message);
  };
}

async function runLoop(loop: Loop, tally: Tally): Promise<void> {
  const { context, options, request } = loop;
  const { files } = await composeConfig();
  const folder = resolve(request.cwd, request.source);
  if ((await files.stat(folder, { follow: true }))?.kind !== 'directory') {
    throw usageError({ code: 'dev-needs-folder', message: `${folder} is no folder`, reason: 'dev watches files, and a template has none to change', hints: [{ text: 'make a folder of it', command: `devstack new ${request.source}` }] });
  }
  const first = await deployOnce(loop);
  if (first !== undefined) tell(context, `${first.app} answers at ${first.endpoints[0]?.url ?? 'no address'} after ${formatDuration(first.durationMs)}`);
  tell(context, `watching ${folder}`);
  let logs = first === undefined ? undefined : follow(loop, first);
  for await (const _sign of files.watch(folder, options.signal)) {
    const started = context.io.clock.monotonic();
    const result = await deployOnce(loop);
    if (result === undefined) tally.failures += 1;
    // A change that is not part of the image.
    if (result === undefined || result.changed === 0) continue;
    const took = context.io.clock.monotonic() - started;
    tally.reloads += 1;
    tally.took.push(Math.round(took));
    tell(context, `reloaded in ${formatDuration(took)}`);
    logs ??= follow(loop, result);
  }
  await logs;
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
    const tally: Tally = { reloads: 0, failures: 0, took: [] };
    try {
      await runLoop({ request, useCases, options: { emit: quiet(context), signal: context.io.signal }, context }, tally);
    } catch (thrown) {
      // Ctrl-C is how one leaves.
      if (!context.io.signal.aborted && !isAbortError(thrown)) throw thrown;
    }
    const { reloads, failures, took } = tally;
    return { text: '', result: { reloads, failures, reloadMs: took } };
  },
});
