import fc from 'fast-check';
import { expect, test } from 'vitest';
import { candidates, parseMirror } from '../../src/artifacts/mirrors.ts';

test('a mirror of everything has host and path below it', () => {
  const mirrors = [parseMirror('http://127.0.0.1:8998/')];
  expect(candidates('https://github.com/a/b', mirrors)).toEqual(['http://127.0.0.1:8998/github.com/a/b', 'https://github.com/a/b']);
});

test('rules replace a prefix, in order; what no rule knows comes from its own place', () => {
  const mirrors = ['https://github.com/ -> https://one.test/gh/', 'https://github.com/knative/→https://two.test/', 'https://dl.k8s.io/ = https://three.test/'].map(parseMirror);
  expect(candidates('https://github.com/knative/x', mirrors)).toEqual(['https://one.test/gh/knative/x', 'https://two.test/x', 'https://github.com/knative/x']);
  expect(candidates('https://dl.k8s.io/y', mirrors)).toEqual(['https://three.test/y', 'https://dl.k8s.io/y']);
  expect(candidates('https://elsewhere.test/z', mirrors)).toEqual(['https://elsewhere.test/z']);
});

test('a query with = is no rule', () => {
  expect(parseMirror('http://m.test/?key=value')).toEqual({ base: 'http://m.test/?key=value' });
});

test.each(['', 'mirror.test', 'ftp://m', 'file:///m', 'https://a/ -> ', 'https://a/ -> ftp://b/', 'a -> https://b/'])('%j is no mirror', (text) => {
  expect(() => parseMirror(text)).toThrow(expect.objectContaining({ code: 'mirror-invalid', exit: 2 }));
});

test('the own place is always last, and none is tried twice', () => {
  const url = fc.webUrl({ validSchemes: ['https'] });
  const mirror = fc.oneof(url.map((base) => ({ base })), fc.record({ from: url, to: url }));
  fc.assert(fc.property(url, fc.array(mirror), (address, mirrors) => {
    const places = candidates(address, mirrors);
    expect(new Set(places).size).toBe(places.length);
    expect(places).toContain(address);
    expect(places.every((place) => URL.canParse(place))).toBe(true);
    if (!mirrors.some((one) => 'from' in one && one.from === one.to)) expect(places.at(-1) === address || places.length > 1).toBe(true);
  }));
});
