// Help, made from the table of commands. Loads no package.
import type { Flag, Flags } from '../config/flag.ts';
import { VERSION } from '../model/version.ts';
import type { Paint } from '../render/paint.ts';
import { wrap } from '../render/text.ts';
import { type Argument, type Command, type CommandEntry, commonFlags } from './command.ts';
import { visibleCommands } from './commands/index.ts';

const MAX_COLUMNS = 100;
const FALLBACK_COLUMNS = 80;

export interface HelpView {
  readonly columns: number | undefined;
  readonly paint: Paint;
}

const GROUPS = [['everyday', 'Every day'], ['setup', 'Set-up'], ['more', 'More']] as const;

const EXAMPLES = [
  ['devstack up knative', 'a cluster with Knative, proved by a request'],
  ['eval "$(devstack env)"', 'point kubectl at it'],
  ['devstack down', 'remove all of it'],
] as const;

const EXIT_CODES = '0 ok · 1 failed · 2 usage · 3 the machine lacks something · 4 not ready in time · 70 a bug of ours · 130 stopped';

function widthOf(view: HelpView): number {
  return Math.min(view.columns ?? FALLBACK_COLUMNS, MAX_COLUMNS);
}

/** Two columns; the right one is wrapped. */
function rows(pairs: readonly (readonly [string, string])[], view: HelpView, minLeft = 0): readonly string[] {
  const width = widthOf(view);
  const left = Math.max(minLeft, Math.min(Math.max(...pairs.map(([name]) => name.length)), 32));
  const indent = ' '.repeat(left + 4);
  return pairs.flatMap(([name, text]) => {
    const [first = '', ...more] = wrap(text, Math.max(20, width - left - 5));
    const head = name.length > left ? [`  ${view.paint('cyan', name)}`, `${indent}${first}`] : [`  ${view.paint('cyan', name)}${' '.repeat(left - name.length)}  ${first}`];
    return [...head, ...more.map((line) => indent + line)];
  });
}

export function argumentText(argument: Argument): string {
  const name = `${argument.name.toUpperCase()}${argument.variadic === true ? '…' : ''}`;
  return argument.required === true ? name : `[${name}]`;
}

/** `-p, --port PORT` */
export function flagText(name: string, flag: Flag): string {
  const long = `--${flag.kind === 'boolean' && flag.negatable === true ? '[no-]' : ''}${name}`;
  const value = flag.kind === 'boolean' ? '' : ` ${flag.placeholder ?? 'VALUE'}`;
  return `${flag.short === undefined ? '    ' : `-${flag.short}, `}${long}${value}`;
}

/** What a flag means, what holds without it, which words it takes, which variable says the same. */
export function flagSummary(flag: Flag): string {
  const words = flag.kind === 'text' && flag.choices !== undefined ? flag.choices : flag.known?.() ?? [];
  const facts = [
    ...(words.length === 0 ? [] : [words.join(', ')]),
    ...(flag.default === undefined ? [] : [`default ${flag.default}`]),
    ...(flag.env === undefined ? [] : [flag.env]),
  ];
  return facts.length === 0 ? flag.summary : `${flag.summary} (${facts.join('; ')})`;
}

function flagRows(flags: Flags, view: HelpView): readonly string[] {
  return rows(Object.entries(flags).map(([name, flag]) => [flagText(name, flag), flagSummary(flag)] as const), view);
}

export function overviewText(view: HelpView): string {
  const heading = (text: string) => view.paint('bold', text);
  const nameWidth = Math.max(...visibleCommands().map((entry) => entry.name.length));
  const groups = GROUPS.flatMap(([group, title]) => {
    const entries = visibleCommands().filter((entry) => entry.group === group);
    return ['', heading(title), ...rows(entries.map((entry) => [entry.name, entry.summary] as const), view, nameWidth)];
  });
  return `${[
    ...wrap(`devstack ${VERSION}: from nothing to a working local Kubernetes with Knative, proved by a request`, widthOf(view) - 1),
    '', `${heading('Usage')}: devstack COMMAND [ARGUMENTS] [FLAGS]`,
    ...groups,
    '', heading('Examples'), ...rows(EXAMPLES, view),
    '', heading('Exit codes'), ...wrap(EXIT_CODES, widthOf(view) - 3).map((line) => `  ${line}`),
    '', 'devstack help COMMAND tells more about one command.',
  ].join('\n')}\n`;
}

export function commandText(entry: CommandEntry, command: Command, view: HelpView): string {
  const heading = (text: string) => view.paint('bold', text);
  const usage = ['devstack', entry.name, ...command.arguments.map(argumentText), '[FLAGS]'].join(' ');
  const flags = Object.keys(command.flags).length === 0 ? [] : ['', heading('Flags'), ...flagRows(command.flags, view)];
  return `${[
    ...wrap(`devstack ${entry.name}: ${entry.summary}`, widthOf(view) - 1), '', `${heading('Usage')}: ${usage}`,
    ...(command.description === undefined ? [] : ['', ...wrap(command.description, widthOf(view) - 1)]),
    ...(command.arguments.length === 0 ? [] : ['', heading('Arguments'), ...rows(command.arguments.map((argument) => [argument.name.toUpperCase(), argument.summary] as const), view)]),
    ...flags,
    '', heading('Flags of every command'), ...flagRows(commonFlags, view),
    '', heading('Examples'), ...rows(command.examples.map((example) => [example.command, example.summary] as const), view),
  ].join('\n')}\n`;
}
