// Names of images: short and full ones, those of devstack's own, and rules that rewrite them. Pure.
import type { ImageRule } from './stack.ts';

/** Of images that devstack has built: no registry has them. */
export const LOCAL_PREFIX = 'dev.local/';

/** A name without a tag means this one. */
export function withTag(reference: string): string {
  return reference.includes('@') || /:[^/]*$/.test(reference) ? reference : `${reference}:latest`;
}

/** Docker's short names in full: `busybox:1` is `docker.io/library/busybox:1`. */
export function fullName(reference: string): string {
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
