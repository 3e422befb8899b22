// Which words may stand at the cursor, from the table of commands.
import type { Flag, Flags } from '../config/flag.ts';
import { type Argument, type Command, commonFlags } from './command.ts';
import { findCommand, visibleCommands } from './commands/index.ts';

export interface Candidate {
  readonly word: string;
  readonly summary: string;
}

type ListStacks = () => Promise<readonly string[]>;

const ROOT_FLAGS: readonly Candidate[] = [{ word: '--help', summary: 'show help' }, { word: '--version', summary: 'show the version' }];

function starting(words: readonly Candidate[], prefix: string): readonly Candidate[] {
  return words.filter(({ word }) => word.startsWith(prefix));
}

function bare(words: readonly string[], summary: string): readonly Candidate[] {
  return words.map((word) => ({ word, summary }));
}

/** `--port`, `-p` or `--no-fit` → its flag. */
function flagOf(flags: Flags, word: string): Flag | undefined {
  if (!word.startsWith('-')) return undefined;
  const name = word.replace(/^--?/, '');
  const found = word.startsWith('--') ? Object.entries(flags).find(([key]) => key === name) : Object.entries(flags).find(([, flag]) => flag.short === name);
  return found?.[1];
}

/** Words for the value of a flag. `typed` may be a list that is being written: `a,b,c|`. */
function valueCandidates(flag: Flag, typed: string, before = ''): readonly Candidate[] {
  const known = flag.kind === 'text' && flag.choices !== undefined ? flag.choices : flag.known?.() ?? [];
  const comma = flag.kind === 'list' ? typed.lastIndexOf(',') + 1 : 0;
  const head = typed.slice(0, comma);
  const used = head.split(',');
  return starting(bare(known.filter((word) => !used.includes(word)).map((word) => before + head + word), flag.summary), before + typed);
}

function flagCandidates(flags: Flags): readonly Candidate[] {
  return Object.entries(flags).flatMap(([name, flag]) => {
    const own = { word: `--${name}`, summary: flag.summary };
    return flag.kind === 'boolean' && flag.negatable === true ? [own, { word: `--no-${name}`, summary: `not: ${flag.summary}` }] : [own];
  });
}

/** The argument under the cursor: words before it that are neither flags nor their values count. */
function argumentAt(command: Command, flags: Flags, before: readonly string[]): Argument | undefined {
  let position = 0;
  before.forEach((word, index) => {
    const previous = before[index - 1];
    const takesIt = (flagOf(flags, previous ?? '')?.kind ?? 'boolean') !== 'boolean';
    if (!word.startsWith('-') && !takesIt) position += 1;
  });
  return command.arguments[position];
}

async function argumentCandidates(argument: Argument | undefined, listStacks: ListStacks): Promise<readonly Candidate[]> {
  if (argument?.known === undefined) return [];
  if (argument.known !== 'stacks') return bare(argument.known(), argument.summary);
  // No engine, no names: completion never complains.
  return bare(await listStacks().catch(() => []), 'stack');
}

/** `words` are those after the name of the program; the last one is under the cursor and may be empty. */
export async function candidates(words: readonly string[], listStacks: ListStacks): Promise<readonly Candidate[]> {
  const current = words.at(-1) ?? '';
  const before = words.slice(0, -1);
  const at = before.findIndex((word) => !word.startsWith('-'));
  const entry = at < 0 ? undefined : findCommand(before[at] ?? '');
  if (at < 0) return starting(current.startsWith('-') ? ROOT_FLAGS : visibleCommands().map(({ name, summary }) => ({ word: name, summary })), current);
  if (entry === undefined) return [];
  const command = await entry.load();
  const flags: Flags = { ...command.flags, ...commonFlags };
  const inner = before.slice(at + 1);
  const previous = flagOf(flags, inner.at(-1) ?? '');
  if (previous !== undefined && previous.kind !== 'boolean' && !current.startsWith('-')) return valueCandidates(previous, current);
  const equals = current.startsWith('--') ? current.indexOf('=') : -1;
  if (equals > 0) {
    const flag = flagOf(flags, current.slice(0, equals));
    return flag === undefined ? [] : valueCandidates(flag, current.slice(equals + 1), current.slice(0, equals + 1));
  }
  if (current.startsWith('-')) return starting(flagCandidates(flags), current);
  return starting(await argumentCandidates(argumentAt(command, flags, inner), listStacks), current);
}
