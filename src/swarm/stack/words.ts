// Texts that Compose hands on to a shell or reads like one: command lines and env files. Pure.
import type { Findings } from './findings.ts';
import { interpolateText } from './interpolate.ts';

/** `sh -c "echo hi"` → its words, by the quoting rules of a POSIX shell; undefined when a quote is not closed. */
export function shellWords(text: string): readonly string[] | undefined {
  const words: string[] = [];
  let word: string | undefined;
  for (const [token] of text.matchAll(/\s+|'[^']*'|"(?:\\[\s\S]|[^"\\])*"|\\[\s\S]|['"\\]|[^\s'"\\]+/g)) {
    if (token === "'" || token === '"' || token === '\\') return undefined;
    if (/^\s+$/.test(token)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else {
      word = (word ?? '') + unquoted(token);
    }
  }
  if (word !== undefined) words.push(word);
  return words;
}

function unquoted(token: string): string {
  if (token.startsWith("'")) return token.slice(1, -1);
  if (token.startsWith('"')) return token.slice(1, -1).replace(/\\([$`"\\\n])/g, '$1');
  return token.startsWith('\\') ? token.slice(1) : token;
}

/**
 * An env file: `NAME=value` and `export NAME=value`, `#` comments, quotes, variables of the environment and of earlier lines.
 * A name alone takes its value from the environment.
 */
export function envFile(text: string, path: string, options: { readonly env: { readonly [name: string]: string | undefined }; readonly findings: Findings }): { readonly [name: string]: string } {
  const { env, findings } = options;
  const values: { [name: string]: string } = {};
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (/^\s*(#|$)/.test(line)) continue;
    const [, name, equals, raw = ''] = /^\s*(?:export\s+)?([A-Za-z_][\w.-]*)\s*(=)?(.*)$/.exec(line) ?? [];
    if (name === undefined) {
      findings.problem(path, `line ${index + 1} is not NAME=value`);
      continue;
    }
    const value = equals === undefined ? env[name] : lineValue(raw.trim(), { ...env, ...values }, { findings, path: `${path}:${index + 1}` });
    if (value !== undefined) values[name] = value;
  }
  return values;
}

function lineValue(raw: string, env: { readonly [name: string]: string | undefined }, place: { readonly findings: Findings; readonly path: string }): string {
  const single = /^'([^']*)'/.exec(raw);
  if (single?.[1] !== undefined) return single[1];
  const double = /^"((?:\\.|[^"\\])*)"/.exec(raw);
  if (double?.[1] !== undefined) {
    const escapes: { readonly [letter: string]: string } = { n: '\n', r: '\r', t: '\t' };
    return interpolateText(double[1].replace(/\\([nrt"\\])/g, (_all, letter: string) => escapes[letter] ?? letter), env, place);
  }
  // A dollar before anything but a name is only a dollar here: passwords live in these files.
  return interpolateText(raw.replace(/\s+#.*$/, '').replace(/\$(?![A-Za-z_{$])/g, '$$$$'), env, place);
}
