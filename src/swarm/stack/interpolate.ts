// `${VAR}` and its forms in the values of a Compose file. Pure.
import { isJsonObject, type Json } from '../../model/json.ts';
import type { Findings } from './findings.ts';

type Env = { readonly [name: string]: string | undefined };

/** Replaces variables in every text of the file; keys stay as they are. An unset variable is empty, and that is told. */
export function interpolate(value: Json, env: Env, findings: Findings, path = ''): Json {
  if (typeof value === 'string') return interpolateText(value, env, { findings, path });
  if (Array.isArray(value)) return value.map((item: Json, index) => interpolate(item, env, findings, `${path}[${index}]`));
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, interpolate(item, env, findings, path === '' ? key : `${path}.${key}`)]));
}

interface Place {
  readonly findings: Findings;
  readonly path: string;
}

/** `$NAME`, `${NAME}`, `${NAME:-default}`, `${NAME-default}`, `${NAME:?why}`, `${NAME:+other}`; `$$` is a dollar. */
export function interpolateText(text: string, env: Env, place: Place): string {
  let result = '';
  let rest = text;
  for (;;) {
    const dollar = rest.indexOf('$');
    if (dollar < 0) return result + rest;
    result += rest.slice(0, dollar);
    rest = rest.slice(dollar);
    const plain = /^\$([A-Za-z_]\w*)/.exec(rest);
    if (rest.startsWith('$$')) {
      result += '$';
      rest = rest.slice(2);
    } else if (plain?.[1] !== undefined) {
      result += valueOrEmpty(plain[1], env, place);
      rest = rest.slice(plain[0].length);
    } else if (rest.startsWith('${')) {
      const end = closing(rest);
      if (end === undefined) {
        place.findings.problem(place.path, `"${text}" has a \${ without its }`);
        return text;
      }
      result += expression(rest.slice(2, end), env, place);
      rest = rest.slice(end + 1);
    } else {
      place.findings.problem(place.path, `"${text}" has a single $: write $$ for a dollar`);
      return text;
    }
  }
}

/** Index of the brace that closes the one at the start; defaults may hold further variables. */
function closing(text: string): number | undefined {
  let depth = 0;
  for (let index = 0; index < text.length; index += 1) {
    if (text.startsWith('${', index)) depth += 1;
    else if (text[index] === '}') depth -= 1;
    if (depth === 0 && index > 0) return index;
  }
  return undefined;
}

function expression(inner: string, env: Env, place: Place): string {
  const [, name, operator, word = ''] = /^([A-Za-z_]\w*)(?:(:?[-?+])([\s\S]*))?$/.exec(inner) ?? [];
  if (name === undefined) {
    place.findings.problem(place.path, `\${${inner}} is not a variable`);
    return '';
  }
  if (operator === undefined) return valueOrEmpty(name, env, place);
  const value = env[name];
  // With a colon an empty variable counts as unset.
  const isSet = value !== undefined && !(operator.startsWith(':') && value === '');
  const other = (): string => interpolateText(word, env, place);
  if (operator.endsWith('+')) return isSet ? other() : '';
  if (isSet) return value;
  if (operator.endsWith('-')) return other();
  place.findings.problem(place.path, `the variable ${name} is not set${word === '' ? '' : `: ${other()}`}`);
  return '';
}

function valueOrEmpty(name: string, env: Env, { findings, path }: Place): string {
  const value = env[name];
  if (value === undefined) findings.difference(path, `the variable ${name} is not set: empty text takes its place`);
  return value ?? '';
}
