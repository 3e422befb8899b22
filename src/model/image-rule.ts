// Rewriting of image references. Pure.
import type { ImageRule } from './stack.ts';

/** Docker's short names in full: `busybox:1` is `docker.io/library/busybox:1`. */
function fullName(reference: string): string {
  const [host, ...path] = reference.split('/');
  if (path.length === 0) return `docker.io/library/${reference}`;
  return host === undefined || (!/[.:]/.test(host) && host !== 'localhost') ? `docker.io/${reference}` : reference;
}

function rewritten(reference: string, { from, to }: ImageRule): string | undefined {
  if (reference === from) return to;
  if (!reference.startsWith(from)) return undefined;
  // A prefix ends where a name ends: `gcr.io/a` is none of `gcr.io/ab`.
  return from.endsWith('/') || ['/', ':', '@'].includes(reference.charAt(from.length)) ? to + reference.slice(from.length) : undefined;
}

/** The first rule that fits the reference, as written or in full, decides. */
export function rewriteImage(reference: string, rules: readonly ImageRule[]): string {
  for (const rule of rules) {
    const result = rewritten(reference, rule) ?? rewritten(fullName(reference), rule);
    if (result !== undefined) return result;
  }
  return reference;
}
