// Finds the command, reads its words, runs it, and turns whatever happens into an outcome. Nothing is thrown past it.
import { readFlag } from '../config/flag.ts';
import { problemsError } from '../config/problem.ts';
import type { NetworkSettings } from '../config/resolve.ts';
import { type DevstackError, interruptedError, isAbortError, isDevstackError } from '../model/error.ts';
import { quote } from '../model/redact.ts';
import { shellWord } from '../model/shell.ts';
import { bugError } from '../render/errors.ts';
import { type CommandContext, type CommandEntry, commonFlags, type Outcome } from './command.ts';
import { findCommand, unknownCommand, visibleCommands } from './commands/index.ts';
import type { Io } from './io.ts';
import { parseCommandLine } from './parse.ts';
import { createPrompts } from './prompts.ts';
import { Session } from './session.ts';
import type { UseCases } from './use-cases.ts';

/** Makes the use cases out of adapters; the default is compose.ts, loaded when a command first asks. */
export type Compose = (io: Io, network: NetworkSettings | undefined) => Promise<UseCases>;

/** The words before the command can only be flags without a value. */
function splitCommand(argv: readonly string[]): { readonly name: string | undefined; readonly words: readonly string[] } {
  const index = argv.findIndex((word) => !word.startsWith('-'));
  return index < 0 ? { name: undefined, words: argv } : { name: argv[index], words: [...argv.slice(0, index), ...argv.slice(index + 1)] };
}

/** Known before anything is parsed: also a wrong command line is answered in the form that was asked for. */
function wantsJson(argv: readonly string[], env: Io['env']): boolean {
  const end = argv.indexOf('--');
  const words = end < 0 ? argv : argv.slice(0, end);
  const said = readFlag(commonFlags.json, [env[commonFlags.json.env] ?? '']);
  return words.includes('--json') || ('value' in said && said.value === true);
}

function contextOf(session: Session, io: Io, options: { readonly isQuiet: boolean; readonly compose: Compose }): CommandContext {
  return {
    io, isJson: session.isJson, columns: session.columns, paint: session.paint, emit: session.emit, closeRenderer: () => session.closeRenderer(), label: session.label, showSecret: (text) => session.showSecret(text),
    prompts: createPrompts(io, options.isQuiet || session.isJson),
    async useCases(network) {
      await session.openRenderer();
      return options.compose(io, network);
    },
  };
}

async function runCommand(entry: CommandEntry, words: readonly string[], session: Session, world: { readonly io: Io; readonly compose: Compose }): Promise<Outcome> {
  const { io, compose } = world;
  const command = await entry.load();
  const parsed = parseCommandLine(words, command, io.env);
  if (parsed.flags['help'] === true) {
    const { commandText } = await import('./help.ts');
    const text = commandText(entry, command, session);
    return { text, result: { help: text } };
  }
  if (parsed.problems.length > 0) throw problemsError(parsed.problems, [{ text: 'see its arguments and flags', command: `devstack help ${entry.name}` }]);
  const context = contextOf(session, io, { isQuiet: parsed.flags['yes'] === true, compose });
  return command.run({ ...parsed, line: ['devstack', entry.name, ...words].map(shellWord).join(' ') }, context);
}

async function overview(session: Session): Promise<Outcome> {
  const { overviewText } = await import('./help.ts');
  const text = overviewText(session);
  return { text, result: { help: text, commands: visibleCommands().map(({ name, summary }) => ({ name, summary })) } };
}

async function outcomeOf(argv: readonly string[], session: Session, world: { readonly io: Io; readonly compose: Compose }): Promise<Outcome> {
  const { name, words } = splitCommand(argv);
  if (name === undefined) {
    const unknown = words.filter((word) => !['--help', '-h', '--json', '--yes', '-y'].includes(word));
    if (unknown[0] === undefined) return overview(session);
    throw problemsError(unknown.map((word) => ({ place: quote(word).slice(1, -1), message: 'there is no such flag before a command', code: 'command-line-invalid' })),
      [{ text: 'see what there is', command: 'devstack help' }]);
  }
  const entry = findCommand(name);
  if (entry === undefined) throw unknownCommand(name, 'devstack');
  return runCommand(entry, words, session, world);
}

async function bugOf(thrown: unknown, session: Session, io: Io): Promise<DevstackError> {
  const { writeBugLog } = await import('./bug-log.ts');
  return bugError(thrown, await writeBugLog(thrown, session, io));
}

/** What was thrown, as an error of ours: a stop by the person, or a bug with its log. */
async function errorOf(thrown: unknown, session: Session, io: Io): Promise<DevstackError> {
  if (isDevstackError(thrown)) return thrown;
  if (io.signal.aborted || isAbortError(thrown)) return interruptedError();
  return bugOf(thrown, session, io);
}

export async function dispatch(argv: readonly string[], io: Io, compose: Compose): Promise<number> {
  const session = new Session(io, wantsJson(argv, io.env));
  try {
    return session.finish(await outcomeOf(argv, session, { io, compose }));
  } catch (thrown) {
    return session.finish({ error: await errorOf(thrown, session, io) });
  }
}

/** The end of a run that was torn down by an exception nobody caught. */
export async function reportBug(thrown: unknown, argv: readonly string[], io: Io): Promise<number> {
  const session = new Session(io, wantsJson(argv, io.env));
  return session.finish({ error: await bugOf(thrown, session, io) });
}
