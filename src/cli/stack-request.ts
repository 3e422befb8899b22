// From the words of a command to what is wanted: flags, environment and devstack.yaml, resolved.
import type { Problem } from '../config/problem.ts';
import { problemsError } from '../config/problem.ts';
import { type Resolved, resolve } from '../config/resolve.ts';
import type { Layer } from '../config/setting.ts';
import { layerOfFlags, type StackFlagValues } from '../config/stack-flags.ts';
import { nameProblem } from '../config/stack-name.ts';
import type { CommandContext } from './command.ts';
import { composeConfig } from './compose-config.ts';

interface StackInput {
  readonly args: readonly string[];
  readonly flags: StackFlagValues;
  originOf(flag: string): string;
}

async function fileLayer(input: Pick<StackInput, 'flags' | 'originOf'>, context: CommandContext): Promise<Layer | undefined> {
  const path = input.flags.config;
  // zod comes with it: only who reads a stack pays for it.
  const { readStackFile } = await import('../config/stack-file.ts');
  return readStackFile({ ...await composeConfig(), cwd: context.io.cwd, path, namedBy: path === undefined ? undefined : input.originOf('config') });
}

/** Flags before environment before file before preset before defaults. Throws every problem at once. */
export async function resolveStack(input: StackInput, context: CommandContext): Promise<Resolved> {
  const problems: Problem[] = [];
  const preset = input.args[0];
  const spoken: Layer = {
    ...layerOfFlags({ values: input.flags, originOf: input.originOf, problems }),
    ...(preset === undefined ? {} : { preset: { value: preset, origin: 'PRESET' } }),
  };
  const file = await fileLayer(input, context);
  return resolve(file === undefined ? [spoken] : [spoken, file], problems);
}

/** The stack that a command is about: its argument, --name, DEVSTACK_NAME, or the name in devstack.yaml. Undefined: nobody said. */
export async function stackNamed(
  input: { readonly args: readonly string[]; readonly flags: Pick<StackFlagValues, 'name' | 'config'>; originOf(flag: string): string }, context: CommandContext,
): Promise<string | undefined> {
  const [argument] = input.args;
  const given = argument !== undefined ? { value: argument, origin: 'STACK' }
    : input.flags.name !== undefined ? { value: input.flags.name, origin: input.originOf('name') }
      : (await fileLayer(input, context))?.name;
  if (given === undefined) return undefined;
  const message = nameProblem(given.value);
  if (message !== undefined) throw problemsError([{ place: given.origin, message, code: 'name-invalid' }], [{ text: 'see which stacks exist', command: 'devstack status' }]);
  return given.value;
}
