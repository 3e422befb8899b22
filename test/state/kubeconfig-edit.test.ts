import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createYaml } from '../../src/host/yaml.ts';
import { arrayAt, at, stringAt } from '../../src/model/object.ts';
import { mergeEntries, readEntries, unmergeEntries } from '../../src/state/kubeconfig-edit.ts';
import { BY_HAND, KUBECTL_STYLE, kubeconfigText, ownKubeconfig, SPECIMENS } from './kubeconfig-texts.ts';

// A file is parsed several times for each of them; more by hand.
fc.configureGlobal({ numRuns: Number(process.env['KUBECONFIG_RUNS'] ?? 25) });

/** More by hand: PROPERTY_RUNS=5000. */
const RUNS = Number(process.env['PROPERTY_RUNS'] ?? 25);
const yaml = createYaml();
const entriesOf = (stack: string, port?: number, name = `kind-devstack-${stack}`) => readEntries(stack, { text: ownKubeconfig(name, port), name: 'own', yaml });
const merge = (text: string | undefined, stack: string, use = false, port?: number): string => mergeEntries({ text, name: 'config', yaml }, entriesOf(stack, port), use);
const unmerge = (text: string, stack: string): string => unmergeEntries({ text, name: 'config', yaml }, stack).text;
const read = (text: string) => yaml.parseAll(text, 'config')[0];
const current = (text: string): string | undefined => stringAt(read(text), 'current-context');
const server = (text: string, name: string): string | undefined => stringAt(arrayAt(read(text), 'clusters').find((one) => stringAt(one, 'name') === name), 'cluster', 'server');

describe('there and back', () => {
  test.each(SPECIMENS)('%j', (text) => {
    for (const use of [false, true]) {
      const merged = merge(text, 'dev', use);
      expect(server(merged, 'kind-devstack-dev')).toBe('https://127.0.0.1:6443');
      expect(unmerge(merged, 'dev')).toBe(text);
    }
  });

  test('any file, stacks in and out in any order: the bytes that were there before the first', () => {
    const stacks = ['a', 'b', 'c'] as const;
    const step = fc.tuple(fc.constantFrom(...stacks), fc.constantFrom('in', 'use', 'out'));
    const scenario = fc.record({ text: kubeconfigText, steps: fc.array(step, { minLength: 1, maxLength: 8 }), out: fc.shuffledSubarray([...stacks], { minLength: 3 }) });
    fc.assert(fc.property(scenario, ({ text, steps, out }) => {
      let now = text;
      for (const [stack, what] of steps) {
        now = what === 'out' ? unmerge(now, stack) : merge(now, stack, what === 'use');
        expect(server(now, `kind-devstack-${stack}`) !== undefined).toBe(what !== 'out');
      }
      for (const stack of out) now = unmerge(now, stack);
      expect(now).toBe(text);
    }), { numRuns: RUNS });
  });

  test('what the user adds in between stays', () => {
    fc.assert(fc.property(kubeconfigText, fc.boolean(), (text, use) => {
      const merged = merge(text, 'dev', use);
      const foreign = readEntries('x', { text: ownKubeconfig('mine'), name: 'own', yaml });
      // Another tool of the same habits stands in for the user.
      const edited = mergeEntries({ text: merged, name: 'config', yaml }, { ...foreign, stack: 'x' }, false);
      const left = unmerge(edited, 'dev');
      expect(server(left, 'mine')).toBe('https://127.0.0.1:6443');
      expect(left).not.toContain('kind-devstack-dev');
    }), { numRuns: RUNS });
  });

  test('no file: made, and obsolete afterwards; an empty one is not', () => {
    const merged = merge(undefined, 'dev', true);
    expect(read(merged)).toMatchObject({ apiVersion: 'v1', kind: 'Config', 'current-context': 'kind-devstack-dev' });
    expect(unmergeEntries({ text: merged, name: 'config', yaml }, 'dev')).toEqual({ text: '', removed: true, isObsolete: true });
    expect(unmergeEntries({ text: merge('', 'dev'), name: 'config', yaml }, 'dev')).toEqual({ text: '', removed: true, isObsolete: false });
  });
});

describe('in', () => {
  test('is written as a person would write it, where the list is', () => {
    expect(merge(BY_HAND, 'dev')).toContain(`contexts:
  - context:
      cluster: kind-devstack-dev
      user: kind-devstack-dev
`);
    expect(merge(BY_HAND, 'dev').startsWith('# my clusters, do not touch!\n')).toBe(true);
  });

  test('a second time changes nothing; a new port changes the server alone', () => {
    fc.assert(fc.property(kubeconfigText, fc.boolean(), (text, use) => {
      const once = merge(text, 'dev', use);
      expect(merge(once, 'dev', use)).toBe(once);
      expect(merge(once, 'dev', false)).toBe(once);
      const moved = merge(once, 'dev', use, 7443);
      expect(moved).toBe(once.replace('https://127.0.0.1:6443', 'https://127.0.0.1:7443'));
      expect(unmerge(moved, 'dev')).toBe(text);
    }), { numRuns: RUNS });
  });

  test('the current context changes only when asked', () => {
    fc.assert(fc.property(kubeconfigText, (text) => {
      expect(current(merge(text, 'dev', false))).toEqual(current(text));
      expect(current(merge(text, 'dev', true))).toBe('kind-devstack-dev');
    }), { numRuns: RUNS });
  });

  test('entries of ours from before, without a mark, are replaced', () => {
    const leftover = ownKubeconfig('kind-devstack-dev', 1);
    const merged = merge(leftover, 'dev');
    expect(arrayAt(read(merged), 'clusters')).toHaveLength(1);
    expect(server(merged, 'kind-devstack-dev')).toBe('https://127.0.0.1:6443');
  });

  test("somebody else's entry of the same name is not touched", () => {
    const theirs = ownKubeconfig('prod', 1);
    expect(() => mergeEntries({ text: theirs, name: 'config', yaml }, entriesOf('dev', 2, 'prod'), true)).toThrow(expect.objectContaining({ code: 'kubeconfig-conflict', exit: 3 }));
    // The same entry: a stack in a cluster that is the user's. Nothing is added, so nothing will be taken away.
    const same = mergeEntries({ text: theirs, name: 'config', yaml }, entriesOf('dev', 1, 'prod'), true);
    expect(same).toBe(theirs);
    expect(unmerge(same, 'dev')).toBe(theirs);
  });

  test.each([
    ['a: [1, 2', 'yaml-invalid'], ['clusters: []\nclusters: []\n', 'yaml-invalid'], ['- a\n', 'kubeconfig-unclear'], ['text', 'kubeconfig-unclear'],
    ['a: 1\n---\nb: 1\n', 'yaml-invalid'], ['clusters: word\n', 'kubeconfig-unclear'], ['x: &x []\nclusters: *x\n', 'kubeconfig-unclear'], ['---\n', 'kubeconfig-unclear'],
    ['a:\n\tb: 1\n', 'yaml-invalid'],
  ])('%j is refused: %s', (text, code) => {
    expect(() => merge(text, 'dev')).toThrow(expect.objectContaining({ code }));
  });
});

describe('the current context', () => {
  test('goes back to what it was, in the words of the file', () => {
    expect(unmerge(merge(BY_HAND, 'dev', true), 'dev')).toContain('current-context:   "prod"   # careful');
  });

  test('stays where the user has put it since', () => {
    const merged = merge(KUBECTL_STYLE, 'dev', true).replace(/current-context: .*/, 'current-context: elsewhere');
    expect(current(unmerge(merged, 'dev'))).toBe('elsewhere');
  });

  test('goes back over stacks that are gone', () => {
    const both = merge(merge(KUBECTL_STYLE, 'a', true), 'b', true);
    expect(current(unmerge(both, 'b'))).toBe('kind-devstack-a');
    expect(current(unmerge(both, 'a'))).toBe('kind-devstack-b');
    expect(current(unmerge(unmerge(both, 'a'), 'b'))).toBe('prod');
  });

  test('does not go back to a stack that came back without being used', () => {
    const both = merge(merge(KUBECTL_STYLE, 'a', true), 'b', true);
    const again = merge(unmerge(both, 'a'), 'a');
    expect(current(unmerge(again, 'b'))).toBe('prod');
    expect(unmerge(unmerge(again, 'b'), 'a')).toBe(KUBECTL_STYLE);
  });

  test('goes back to a context of another file as well', () => {
    const text = 'clusters: []\ncurrent-context: in-another-file\n';
    expect(unmerge(merge(text, 'dev', true), 'dev')).toBe(text);
  });
});

describe('out', () => {
  test('a file without ours is not touched', () => {
    fc.assert(fc.property(kubeconfigText, (text) => {
      expect(unmergeEntries({ text, name: 'config', yaml }, 'dev')).toEqual({ text, removed: false, isObsolete: false });
    }), { numRuns: RUNS });
  });

  test('a file that another tool has written anew: sorted, without comments, with other quotes', () => {
    const meaning = (text: string) => ({ ...Object.fromEntries(['clusters', 'contexts', 'users'].map((key) => [key, arrayAt(read(text), key)])), current: at(read(text), 'current-context') ?? '' });
    fc.assert(fc.property(kubeconfigText, fc.boolean(), (text, use) => {
      const merged = read(merge(text, 'dev', use)) ?? null;
      for (const rewritten of [yaml.stringify(merged), JSON.stringify(merged), JSON.stringify(merged, undefined, 2)]) {
        expect(meaning(unmerge(rewritten, 'dev'))).toEqual(meaning(text));
      }
    }), { numRuns: RUNS });
  });

  test('a mark that somebody has damaged still names its stack', () => {
    const damaged = merge(KUBECTL_STYLE, 'dev').replace('file: present', 'file: [what]').replace('raw: {}', 'raw: {clusters: 3}');
    expect(unmerge(damaged, 'dev')).toBe(KUBECTL_STYLE);
  });

  test('also an entry that somebody has copied with its mark', () => {
    const merged = merge(KUBECTL_STYLE, 'dev');
    const start = merged.indexOf('clusters:\n') + 'clusters:\n'.length;
    const item = merged.slice(start, merged.indexOf('- cluster:', start + 1));
    const copied = merged.slice(0, start) + item.replace('name: kind-devstack-dev', 'name: copy') + merged.slice(start);
    expect(arrayAt(read(copied), 'clusters')).toHaveLength(3);
    expect(unmerge(copied, 'dev')).toBe(KUBECTL_STYLE);
  });
});

test('a file is read twice for each change: as it is, and as it will be', () => {
  // With 60 stacks in it each time takes 50 ms and more, and nobody else can write meanwhile.
  let times = 0;
  const counting = <A extends readonly unknown[], R>(work: (...args: A) => R) => (...args: A): R => {
    times += 1;
    return work(...args);
  };
  const counted = { ...yaml, locate: counting(yaml.locate), parseAll: counting(yaml.parseAll) };
  const entries = entriesOf('dev');
  const merged = mergeEntries({ text: merge(BY_HAND, 'other'), name: 'config', yaml: counted }, entries, true);
  expect(times).toBe(2);
  expect(unmergeEntries({ text: merged, name: 'config', yaml: counted }, 'dev').removed).toBe(true);
  expect(times).toBe(4);
});

test('the own file needs a context with a cluster and a user', () => {
  for (const text of ['', 'a: 1\n', ownKubeconfig('x').replace('user: x', 'user: other'), ownKubeconfig('x').replace('current-context: x', 'current-context: other')]) {
    expect(() => readEntries('dev', { text, name: 'own', yaml })).toThrow(expect.objectContaining({ code: 'kubeconfig-invalid' }));
  }
});
