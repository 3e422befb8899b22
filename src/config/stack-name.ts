// What a stack may be called. The name ends up in container names, host names, labels and paths, so the rule is strict.
import { quote } from '../model/redact.ts';

export const MAX_NAME_LENGTH = 40;
export const NAME_PATTERN = '^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$';

/** Why a name cannot be used, in one line; undefined when it can. Pure. */
export function nameProblem(name: string): string | undefined {
  if (name === '') return 'a stack needs a name';
  if (new RegExp(NAME_PATTERN).test(name)) return undefined;
  if (name.length > MAX_NAME_LENGTH) return `${quote(name, 20)} is too long for a stack name (${name.length} characters, at most ${MAX_NAME_LENGTH})`;
  return `${quote(name)} cannot be a stack name: use a-z, 0-9 and -, with a letter or digit first and last`;
}

/** The nearest name that can be used, or undefined when nothing is left of it. */
export function nameFrom(text: string): string | undefined {
  const name = text.toLowerCase().replace(/[^a-z0-9]+/g, '-').slice(0, MAX_NAME_LENGTH).replace(/^-+|-+$/g, '');
  return name === '' ? undefined : name;
}
