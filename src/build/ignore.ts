// .dockerignore, with the rules of Docker: the last pattern that matches a path or a folder above it decides.

interface Rule {
  readonly isException: boolean;
  readonly segments: readonly (RegExp | '**')[];
}

export interface Ignore {
  /** True for a path (relative, `/` between its parts) that is not part of the context. */
  isIgnored(path: string): boolean;
  /** True for an ignored folder in which no exception can lie: it need not be read. */
  isIgnoredWhole(folder: string): boolean;
}

export function parseIgnore(text: string): Ignore {
  const rules = text.replace(/^\ufeff/, '').split(/\r?\n/).filter((line) => !line.startsWith('#')).flatMap(parseRule);
  const isIgnored = (path: string) => {
    const parts = path.split('/');
    return rules.reduce((ignored, rule) => (matchesPathOrParent(rule, parts) ? !rule.isException : ignored), false);
  };
  return {
    isIgnored,
    isIgnoredWhole: (folder) => isIgnored(folder) && !rules.some((rule) => rule.isException && canMatchBelow(rule, folder.split('/'))),
  };
}

function parseRule(line: string): readonly Rule[] {
  const trimmed = line.trim();
  const isException = trimmed.startsWith('!');
  const parts = cleanPath(isException ? trimmed.slice(1).trim() : trimmed);
  if (parts.length === 0) return [];
  return [{ isException, segments: parts.map((part) => (part === '**' ? '**' : segmentPattern(part))) }];
}

/** As Go's path.Clean: `./a//b/../c/` is `a/c`. A path that leads out of the context keeps its `..`, and matches nothing. */
function cleanPath(path: string): readonly string[] {
  const parts: string[] = [];
  for (const part of path.split('/')) {
    if (part === '..' && parts.length === 0 && !path.startsWith('/')) return ['..'];
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  }
  return parts;
}

/** `*`, `?`, `[…]` and `\x` within one part of a path. */
function segmentPattern(part: string): RegExp {
  const source = part.replace(/\\(.)|\*+|\?|\[\^?[^\]]+\]|[\\^$.|+(){}[\]]/gs, (token, escaped: string | undefined) => {
    if (escaped !== undefined) return escaped.replace(/[^A-Za-z0-9_]/, '\\$&');
    if (token.startsWith('*')) return '[^/]*';
    if (token === '?') return '[^/]';
    if (token.length > 1) return token;
    return `\\${token}`;
  });
  try {
    return new RegExp(`^${source}$`, 's');
  } catch {
    // A class that is none, `[z-a]`: Docker refuses the build, and it is Docker that says so.
    return /^\b$/;
  }
}

function matchesPathOrParent(rule: Rule, parts: readonly string[]): boolean {
  return matchesFrom(rule.segments, parts, true);
}

/** With `isPrefixEnough`, a match of the first parts is a match: a folder stands for all that is in it. */
function matchesFrom(segments: Rule['segments'], parts: readonly string[], isPrefixEnough: boolean): boolean {
  const [segment, ...later] = segments;
  if (segment === undefined) return parts.length === 0 || isPrefixEnough;
  const [part, ...deeper] = parts;
  if (segment !== '**') return part !== undefined && segment.test(part) && matchesFrom(later, deeper, isPrefixEnough);
  // A last `**` takes what is below, and there must be something.
  if (later.length === 0) return parts.length > 0;
  return matchesFrom(later, parts, isPrefixEnough) || (parts.length > 0 && matchesFrom(segments, deeper, isPrefixEnough));
}

function canMatchBelow(rule: Rule, folder: readonly string[]): boolean {
  for (const [index, part] of folder.entries()) {
    const segment = rule.segments[index];
    if (segment === undefined || segment === '**') return true;
    if (!segment.test(part)) return false;
  }
  return true;
}
