// Other places for a file: a mirror of everything, or rules for prefixes. Pure.
import { usageError } from '../model/error.ts';

/**
 * `http://host:port` holds `https://a/b` at `http://host:port/a/b`; `from → to` replaces a prefix of the address.
 */
export type Mirror =
  | { readonly base: string }
  | { readonly from: string; readonly to: string };

/** From configuration: `http://host:port`, or `https://github.com/ → https://ghe.corp/mirror/` (`->` and `=` do as well). */
export function parseMirror(text: string): Mirror {
  const rule = /^(\S+?)\s*(?:→|->|=(?=\s*https?:))\s*(\S+)$/.exec(text.trim());
  const [from, to] = [rule?.[1], rule?.[2]];
  if (from !== undefined && to !== undefined) return { from: checked(from, text), to: checked(to, text) };
  return { base: checked(text.trim(), text) };
}

/** Addresses to try, in order: each mirror that knows the file, then the file's own. None twice. */
export function candidates(url: string, mirrors: readonly Mirror[]): readonly string[] {
  return [...new Set([...mirrors.flatMap((mirror) => mapped(url, mirror)), url])];
}

function mapped(url: string, mirror: Mirror): readonly string[] {
  if ('base' in mirror) return [`${mirror.base.replace(/\/+$/, '')}/${url.replace(/^https?:\/\//, '')}`];
  return url.startsWith(mirror.from) ? [mirror.to + url.slice(mirror.from.length)] : [];
}

function checked(address: string, text: string): string {
  try {
    const { protocol } = new URL(address);
    // A space is what is left of a rule that lacks its end.
    if ((protocol === 'http:' || protocol === 'https:') && !/\s/.test(address)) return address;
  } catch {
    // Said below.
  }
  throw usageError({
    code: 'mirror-invalid', message: `"${text}" is not a mirror`,
    reason: 'a mirror is http://host:port, or a rule: https://github.com/ -> https://mirror.example/github/',
  });
}
