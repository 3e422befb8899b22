import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseIgnore } from '../../src/build/ignore.ts';

const kept = (text: string, paths: readonly string[]) => paths.filter((path) => !parseIgnore(text).isIgnored(path));

describe('isIgnored', () => {
  it.each([
    ['', ['a', 'b/c'], ['a', 'b/c']],
    ['# a\n\n  \n', ['a', '# a'], ['a', '# a']],
    ['a', ['a', 'a/b', 'b/a', 'ab'], ['b/a', 'ab']],
    ['/a/', ['a', 'a/b', 'b/a'], ['b/a']],
    ['./a//b/../c', ['a/c', 'a/b', 'a/c/d'], ['a/b']],
    ['*', ['a', '.a', 'b/c'], []],
    ['*/a', ['a', 'b/a', 'b/c/a', 'b/a/d'], ['a', 'b/c/a']],
    ['**/a', ['a', 'b/a', 'b/c/a', 'xa'], ['xa']],
    ['a/**', ['a', 'a/b', 'a/b/c'], ['a']],
    ['a/**/b', ['a/b', 'a/x/b', 'a/x/y/b/c', 'b'], ['b']],
    ['*.md', ['a.md', 'b/a.md', 'md'], ['b/a.md', 'md']],
    ['**/*.md\n!README.md', ['a/b.md', 'README.md', 'a/README.md'], ['README.md']],
    ['*\n!src\nsrc/*.test.js', ['a', 'src/a.js', 'src/a.test.js', 'src/b/a.test.js'], ['src/a.js', 'src/b/a.test.js']],
    ['!a\na', ['a'], []],
    ['a?c', ['abc', 'ac', 'a/c'], ['ac', 'a/c']],
    ['[ab]c', ['ac', 'bc', 'cc'], ['cc']],
    ['[^a]c', ['ac', 'bc'], ['ac']],
    ['a\\*', ['a*', 'ab'], ['ab']],
    ['a.c', ['a.c', 'abc'], ['abc']],
    ['(a|b)+$', ['a', '(a|b)+$'], ['a']],
    ['\ufeffa\r\nb\r\n', ['a', 'b', 'c'], ['c']],
    ['../a', ['a', 'b'], ['a', 'b']],
    ['/../a', ['a', 'b'], ['b']],
    ['.', ['a'], ['a']],
    ['! a\na b', ['a b'], []],
  ])('%j', (text, paths, left) => {
    expect(kept(text, paths)).toEqual(left);
  });
});

describe('isIgnoredWhole', () => {
  it('prunes a folder only when no exception lies in it', () => {
    const ignore = parseIgnore('*\n!src/deep/keep.js\n!**/*.md');
    expect(ignore.isIgnoredWhole('node_modules')).toBe(false);
    expect(parseIgnore('*\n!src/deep/keep.js').isIgnoredWhole('node_modules')).toBe(true);
    expect(parseIgnore('*\n!src/deep/keep.js').isIgnoredWhole('src')).toBe(false);
    expect(parseIgnore('*\n!src/deep/keep.js').isIgnoredWhole('src/other')).toBe(true);
  });

  it('never prunes a path that is kept', () => {
    const part = fc.constantFrom('a', 'b', 'c', '*', '**', 'a?');
    const pattern = fc.tuple(fc.boolean(), fc.array(part, { minLength: 1, maxLength: 3 })).map(([isException, parts]) => `${isException ? '!' : ''}${parts.join('/')}`);
    const path = fc.array(fc.constantFrom('a', 'b', 'c', 'ab'), { minLength: 2, maxLength: 4 });
    fc.assert(fc.property(fc.array(pattern, { maxLength: 5 }), path, (patterns, parts) => {
      const ignore = parseIgnore(patterns.join('\n'));
      const folders = parts.slice(0, -1).map((_, index) => parts.slice(0, index + 1).join('/'));
      return ignore.isIgnored(parts.join('/')) || !folders.some((folder) => ignore.isIgnoredWhole(folder));
    }));
  });
});
