// `KEY=VALUE` flags that may be given several times.
import type { Problem } from '../config/problem.ts';
import { quote } from '../model/redact.ts';

/** Later ones win. A text that is no pair becomes a problem; the value may be empty and may hold `=`. */
export function readPairs(texts: readonly string[] | undefined, place: string, problems: Problem[]): { readonly [key: string]: string } {
  const pairs = (texts ?? []).flatMap((text) => {
    const [, key, value] = /^([A-Za-z_][\w./-]*)=(.*)$/s.exec(text) ?? [];
    if (key !== undefined && value !== undefined) return [[key, value] as const];
    problems.push({ place, message: `${quote(text)} is not of the form KEY=VALUE`, code: 'flag-invalid' });
    return [];
  });
  return Object.fromEntries(pairs);
}
