// What a flag is and how its text becomes a value. Environment variables are read by the same rules.
import { quote } from '../model/redact.ts';
import { parseDuration } from './duration.ts';
import { suggest } from './suggest.ts';

interface FlagBase {
  /** One line, lower case, no full stop. */
  readonly summary: string;
  readonly short?: string;
  /** Environment variable that says the same. */
  readonly env?: string;
  /** As help shows it: `--port PORT`. */
  readonly placeholder?: string;
  /** What holds when nobody says it, for help. */
  readonly default?: string;
  /** Words that help and completion offer. Whether others are refused is the business of who uses the value. */
  readonly known?: () => readonly string[];
}

export interface BooleanFlag extends FlagBase {
  readonly kind: 'boolean';
  /** `--no-<flag>` exists too. */
  readonly negatable?: true;
}
export interface TextFlag extends FlagBase {
  readonly kind: 'text';
  /** Only these. */
  readonly choices?: readonly string[];
}
export interface IntegerFlag extends FlagBase {
  readonly kind: 'integer';
  readonly min: number;
  readonly max: number;
}
/** Milliseconds. */
export interface DurationFlag extends FlagBase {
  readonly kind: 'duration';
}
/** Given several times, or once with commas. */
export interface ListFlag extends FlagBase {
  readonly kind: 'list';
  /** A comma is part of the value: `--env LIST=a,b`. */
  readonly hasCommas?: true;
}

export type Flag = BooleanFlag | TextFlag | IntegerFlag | DurationFlag | ListFlag;
export type Flags = { readonly [name: string]: Flag };
export type FlagValue<F extends Flag> = F extends BooleanFlag ? boolean
  : F extends IntegerFlag | DurationFlag ? number
    : F extends ListFlag ? readonly string[]
      : string;
export type FlagValues<F extends Flags> = { readonly [K in keyof F]?: FlagValue<F[K]> };
export type AnyFlagValue = boolean | number | string | readonly string[];

export type ReadResult = { readonly value: AnyFlagValue } | { readonly problem: string };

const TRUE = new Set(['1', 'true', 'yes', 'on']);
const FALSE = new Set(['0', 'false', 'no', 'off', '']);

function readInteger(flag: IntegerFlag, text: string): ReadResult {
  const value = Number(text);
  if (/^\d{1,9}$/.test(text) && value >= flag.min && value <= flag.max) return { value };
  return { problem: `${quote(text)} is not a whole number from ${flag.min} to ${flag.max}` };
}

function readText(flag: TextFlag, text: string): ReadResult {
  if (flag.choices === undefined || flag.choices.includes(text)) return { value: text };
  const meant = suggest(text, flag.choices);
  return { problem: `${quote(text)} is none of ${flag.choices.join(', ')}${meant === undefined ? '' : `; did you mean ${meant}?`}` };
}

/** The value of the texts given for one flag (the last one wins, a list takes them all). */
export function readFlag(flag: Flag, texts: readonly string[]): ReadResult {
  const text = texts.at(-1) ?? '';
  switch (flag.kind) {
    case 'boolean':
      if (TRUE.has(text.toLowerCase())) return { value: true };
      return FALSE.has(text.toLowerCase()) ? { value: false } : { problem: `${quote(text)} is neither true nor false` };
    case 'integer': return readInteger(flag, text);
    case 'duration': {
      const value = parseDuration(text);
      return value === undefined ? { problem: `${quote(text)} is not a duration such as 90s, 10m or 1h` } : { value };
    }
    case 'list': return flag.hasCommas === true ? { value: texts } : { value: texts.flatMap((item) => item.split(',')).map((item) => item.trim()).filter((item) => item !== '') };
    case 'text': return readText(flag, text);
  }
}
