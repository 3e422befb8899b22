// What a command is: data about its words, and one function from parsed words to an outcome.
import type { Flags, FlagValues } from '../config/flag.ts';
import type { NetworkSettings } from '../config/resolve.ts';
import type { DevstackError } from '../model/error.ts';
import type { Emit } from '../model/event.ts';
import type { JsonObject } from '../model/json.ts';
import type { Paint } from '../render/paint.ts';
import type { Io } from './io.ts';
import type { Prompts } from './prompts.ts';
import type { UseCases } from './use-cases.ts';

export interface Argument {
  readonly name: string;
  readonly summary: string;
  readonly required?: true;
  /** Takes all words that are left. */
  readonly variadic?: true;
  /** Words that completion offers: a list, or the names of existing stacks. */
  readonly known?: (() => readonly string[]) | 'stacks';
}

export interface Example {
  readonly command: string;
  readonly summary: string;
}

export interface CommandInput<F extends Flags> {
  readonly args: readonly string[];
  /** The words after `--`, where the command takes them. */
  readonly rest: readonly string[];
  readonly flags: FlagValues<F>;
  /** Where the value of a flag came from: `--port` or `DEVSTACK_PORT`. */
  originOf(flag: string): string;
  /** The command as it was typed, to paste into a shell again. */
  readonly line: string;
}

/** What a command leaves behind: text for a person, fields for `--json`, and its exit code by `error`. */
export interface Outcome {
  /** To stdout, for people and pipes. */
  readonly text?: string;
  /** The text is a value for scripts: no label is put into it. */
  readonly isValue?: true;
  /** Fields of the result line. */
  readonly result?: JsonObject;
  /** Set when the command did its work and the answer is a failure (a status that is not good). */
  readonly error?: DevstackError;
  /** `text` tells the error already: it is not written to stderr again. */
  readonly isErrorInText?: boolean;
  /** Instead of that of `error`: the exit code of a program that was run for the person. */
  readonly exitCode?: number;
}

export interface CommandContext {
  readonly io: Io;
  readonly isJson: boolean;
  /** Columns and colours of stdout, for texts made by the command. */
  readonly columns: number | undefined;
  readonly paint: Paint;
  readonly emit: Emit;
  readonly prompts: Prompts;
  /** A secret that the person asked for: to the terminal and nowhere else, neither to `--json` nor to the log of a bug. Returns whether it was shown. */
  showSecret(text: string): boolean;
  /** Says at once, in the text of the outcome and in its JSON what every screen about a stack must say; nothing for undefined. */
  label(text: string | undefined): void;
  /** Ends the live view of steps: what the command writes next has the terminal for itself. */
  closeRenderer(): void;
  /** The use cases, composed on first use: adapters load here and nowhere else. */
  useCases(network?: NetworkSettings): Promise<UseCases>;
}

export interface CommandDefinition<F extends Flags> {
  readonly arguments: readonly Argument[];
  readonly flags: F;
  /** Everything after `--` is another command. */
  readonly takesRest?: true;
  readonly examples: readonly Example[];
  /** More than the summary says, for `help <command>`. */
  readonly description?: string;
  run(input: CommandInput<F>, context: CommandContext): Promise<Outcome>;
}

/** A command with the types of its flags forgotten, as the table holds it. */
export type Command = CommandDefinition<Flags>;

export function defineCommand<const F extends Flags>(definition: CommandDefinition<F>): Command {
  return definition;
}

/** A line of the table of commands: enough for help and dispatch, without loading the command. */
export interface CommandEntry {
  readonly name: string;
  readonly summary: string;
  readonly group: 'everyday' | 'setup' | 'more';
  readonly hidden?: true;
  load(): Promise<Command>;
}

/** Flags that every command has. */
export const commonFlags = {
  json: { kind: 'boolean', env: 'DEVSTACK_JSON', summary: 'one JSON object per line on stdout; the last one is the result' },
  help: { kind: 'boolean', short: 'h', summary: 'show help' },
} as const satisfies Flags;

export const yesFlag = {
  yes: { kind: 'boolean', short: 'y', env: 'DEVSTACK_YES', summary: 'do not ask' },
} as const satisfies Flags;
