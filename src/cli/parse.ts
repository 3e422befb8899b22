// argv + environment → typed words of one command. Collects every problem of form.
import { parseArgs } from 'node:util';
import { type AnyFlagValue, type Flag, type Flags, readFlag } from '../config/flag.ts';
import type { Problem } from '../config/problem.ts';
import { suggest } from '../config/suggest.ts';
import { quote } from '../model/redact.ts';
import { type Argument, commonFlags } from './command.ts';

export interface Parsed {
  readonly args: readonly string[];
  /** The words after `--`, for a command that takes another command. */
  readonly rest: readonly string[];
  readonly flags: { readonly [name: string]: AnyFlagValue };
  readonly problems: readonly Problem[];
  originOf(flag: string): string;
}

export interface Grammar {
  readonly arguments: readonly Argument[];
  readonly flags: Flags;
  readonly takesRest?: true;
}

type Env = { readonly [name: string]: string | undefined };

interface Draft {
  readonly flags: Flags;
  readonly texts: Map<string, string[]>;
  readonly args: string[];
  readonly problems: Problem[];
  hasUnknownFlag: boolean;
}

function usageProblem(place: string, message: string): Problem {
  return { place, message, code: 'command-line-invalid' };
}

function findFlag(flags: Flags, rawName: string): { readonly name: string; readonly flag: Flag; readonly negated: boolean } | undefined {
  if (Object.hasOwn(flags, rawName)) {
    const flag = flags[rawName];
    return flag === undefined ? undefined : { name: rawName, flag, negated: false };
  }
  const positive = rawName.startsWith('no-') ? rawName.slice(3) : '';
  const flag = Object.hasOwn(flags, positive) ? flags[positive] : undefined;
  return flag?.kind === 'boolean' && flag.negatable === true ? { name: positive, flag, negated: true } : undefined;
}

function unknownFlag(draft: Draft, rawName: string): void {
  draft.hasUnknownFlag = true;
  const shown = quote(rawName).slice(1, -1);
  const meant = suggest(rawName.replace(/^-+/, '').split('=')[0] ?? '', Object.keys(draft.flags));
  draft.problems.push(usageProblem(shown, meant === undefined ? 'there is no such flag' : `there is no such flag; did you mean --${meant}?`));
}

interface OptionToken {
  readonly name: string;
  readonly rawName: string;
  readonly value: string | undefined;
  readonly inlineValue: boolean | undefined;
}

function readOption(draft: Draft, token: OptionToken): void {
  const found = findFlag(draft.flags, token.name);
  if (found === undefined) {
    unknownFlag(draft, token.rawName);
    return;
  }
  const { name, flag, negated } = found;
  const given = draft.texts.get(name) ?? [];
  draft.texts.set(name, given);
  if (flag.kind === 'boolean') {
    if (token.value !== undefined && negated) draft.problems.push(usageProblem(token.rawName, 'takes no value'));
    given.push(negated ? 'false' : token.value ?? 'true');
    return;
  }
  // A dash where a value should be is a forgotten value, unless it is written with "=".
  if (token.value === undefined || (token.inlineValue !== true && token.value.startsWith('-'))) {
    draft.problems.push(usageProblem(token.rawName, `needs a value: ${token.rawName} ${flag.placeholder ?? 'VALUE'}`));
    return;
  }
  given.push(token.value);
}

function optionsFor(flags: Flags): NonNullable<Parameters<typeof parseArgs>[0]>['options'] {
  const options: { [name: string]: { type: 'boolean' | 'string'; short?: string; multiple: boolean } } = {};
  for (const [name, flag] of Object.entries(flags)) {
    options[name] = { type: flag.kind === 'boolean' ? 'boolean' : 'string', multiple: true, ...(flag.short === undefined ? {} : { short: flag.short }) };
    if (flag.kind === 'boolean' && flag.negatable === true) options[`no-${name}`] = { type: 'boolean', multiple: true };
  }
  return options;
}

function readArguments(draft: Draft, expected: readonly Argument[]): void {
  const missing = expected.filter((argument, index) => argument.required === true && draft.args[index] === undefined);
  for (const argument of missing) draft.problems.push(usageProblem(argument.name.toUpperCase(), `is missing: ${argument.summary}`));
  // A word behind an unknown flag is most often its value: one fault, one message.
  if (expected.at(-1)?.variadic === true || draft.hasUnknownFlag) return;
  for (const extra of draft.args.slice(expected.length)) {
    draft.problems.push(usageProblem(quote(extra), expected.length === 0 ? 'this command takes no arguments' : 'is one argument too many'));
  }
}

/** Reads what the environment says for flags that were not given. */
function readEnvironment(draft: Draft, env: Env): ReadonlyMap<string, string> {
  const origins = new Map<string, string>();
  for (const [name, flag] of Object.entries(draft.flags)) {
    const text = flag.env === undefined ? undefined : env[flag.env];
    if (flag.env === undefined || text === undefined || text === '' || draft.texts.has(name)) continue;
    draft.texts.set(name, [text]);
    origins.set(name, flag.env);
  }
  return origins;
}

/** Never throws for what a person typed: problems are in the result. */
export function parseCommandLine(argv: readonly string[], grammar: Grammar, env: Env): Parsed {
  const flags: Flags = { ...grammar.flags, ...commonFlags };
  const draft: Draft = { flags, texts: new Map(), args: [], problems: [], hasUnknownFlag: false };
  const end = grammar.takesRest === true ? argv.indexOf('--') : -1;
  const [words, rest] = end < 0 ? [argv, []] : [argv.slice(0, end), argv.slice(end + 1)];
  const { tokens } = parseArgs({ args: [...words], options: optionsFor(flags), strict: false, allowPositionals: true, tokens: true });
  for (const token of tokens) {
    if (token.kind === 'positional') draft.args.push(token.value);
    if (token.kind === 'option') readOption(draft, token);
  }
  const origins = readEnvironment(draft, env);
  const originOf = (name: string) => origins.get(name) ?? `--${name}`;
  const values: { [name: string]: AnyFlagValue } = {};
  for (const [name, texts] of draft.texts) {
    const flag = flags[name];
    if (flag === undefined || texts.length === 0) continue;
    const read = readFlag(flag, texts);
    if ('problem' in read) draft.problems.push(usageProblem(originOf(name), read.problem));
    else values[name] = read.value;
  }
  if (values['help'] !== true) readArguments(draft, grammar.arguments);
  return { args: draft.args, rest, flags: values, problems: draft.problems, originOf };
}
