// Flags and words that commands about apps share.

import type { FlagValues } from '../config/flag.ts';
import { stackFlags } from '../config/stack-flags.ts';
import type { AppRef } from './app-use-cases.ts';
import type { CommandContext } from './command.ts';
import { RunTally } from './run-tally.ts';
import { stackNamed } from './stack-request.ts';
import type { RunOptions, UseCases } from './use-cases.ts';

/** Which stack: needed only where there are several. */
export const targetFlags = { name: stackFlags.name, config: stackFlags.config } as const;

export const appArgument = { name: 'app', summary: 'name of the app', required: true } as const;

interface TargetInput {
  readonly flags: FlagValues<typeof targetFlags>;
  originOf(flag: string): string;
}

/** The stack that was named, by flag, environment or devstack.yaml; undefined: the only one there is. */
export function targetStack(input: TargetInput, context: CommandContext): Promise<string | undefined> {
  return stackNamed({ args: [], flags: input.flags, originOf: input.originOf }, context);
}

export interface AppRun {
  readonly ref: AppRef;
  readonly useCases: UseCases;
  readonly options: RunOptions;
}

/** The app that the command is about, with all that is needed to look at it. */
export async function openApp(input: TargetInput & { readonly args: readonly string[] }, context: CommandContext): Promise<AppRun> {
  const stack = await targetStack(input, context);
  const useCases = await context.useCases();
  const options: RunOptions = { emit: context.emit, signal: context.io.signal };
  const ref = await useCases.findApp(input.args[0] ?? '', stack, options);
  context.label(ref.label);
  return { ref, useCases, options };
}

/** Runs a plan's work; when it is stopped or fails, the error tells what was done and how to go on. */
export async function tallied<T>(line: string, context: CommandContext, work: (options: RunOptions) => Promise<T>): Promise<T> {
  const tally = new RunTally();
  const goOn = [{ text: 'go on from there', command: line }];
  try {
    return await work({ emit: tally.listen(context.emit), signal: context.io.signal });
  } catch (thrown) {
    throw tally.ending(thrown, { goOn, afterFailure: [] });
  }
}
