import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parse as parseYaml } from 'yaml';
import { createYaml } from '../../src/host/yaml.ts';
import type { Json } from '../../src/model/json.ts';

const yaml = createYaml();
const parseOne = (text: string): Json | undefined => yaml.parseAll(text, 'file.yaml')[0];

describe('parseAll', () => {
  test('all documents, without the empty ones', () => {
    expect(yaml.parseAll('---\na: 1\n---\n# nothing\n---\n---\nb: 2\n', 'x')).toEqual([{ a: 1 }, { b: 2 }]);
    for (const text of ['', '\n', '# only a comment\n', '---\n', '---\n---\n', '\uFEFF']) expect(yaml.parseAll(text, 'x')).toEqual([]);
  });

  test('reads as kubectl does: YAML 1.1, but neither base 60 nor dates', () => {
    expect(parseOne('[yes, No, on, 0400, 0x1f, 1_000, 1:30, 2001-01-01, 2001-12-14t21:59:43.10-05:00, ~, "yes", 1e3]'))
      .toEqual([true, false, true, 256, 31, 1000, '1:30', '2001-01-01', '2001-12-14t21:59:43.10-05:00', null, 'yes', 1000]);
    expect(parseOne('a: &a {x: 1}\nb:\n  <<: *a\n  z: 2\n')).toEqual({ a: { x: 1 }, b: { x: 1, z: 2 } });
  });

  test('JSON is YAML', () => {
    expect(parseOne('{"a":{"b":["c",1,null]},"d":"\\u00e9"}')).toEqual({ a: { b: ['c', 1, null] }, d: 'é' });
  });

  test.each([
    ['a: 1\nb: [1, 2\nc: 3\n', 'not closed'],
    ['a: 1\na: 2\n', 'a key twice'],
    ['a:\n\tb: 1\n', 'a tab'],
    ['a: *nowhere\n', 'an alias without an anchor'],
    ['__proto__: {polluted: 1}\n', 'a key that changes prototypes'],
    ['a: {b: {__proto__: 1}}\n', 'the same, deeper'],
    ['a: .inf\n', 'infinity'],
    ['a: [.nan]\n', 'NaN'],
    ['a: 1e999\n', 'a number beyond all numbers'],
    ['%YAML 1.2\na: 1\n', 'a directive without a document'],
  ])('%j is refused: %s', (text) => {
    expect(() => yaml.parseAll(text, 'file.yaml')).toThrow(expect.objectContaining({ code: 'yaml-invalid', exit: 1, message: expect.stringMatching(/^file\.yaml:\d+:\d+ is not valid YAML$/) }));
  });

  test('names line and column', () => {
    expect(() => yaml.parseAll('a: 1\n---\nb:\n  c: 1\n  c: 2\n', 'file.yaml')).toThrow(expect.objectContaining({ message: 'file.yaml:5:3 is not valid YAML', details: { name: 'file.yaml', line: 5, column: 3 } }));
  });

  test('an alias bomb, great depth and great length end early', () => {
    const bomb = Array.from({ length: 12 }, (_, level) => `l${level}: &l${level} [${level === 0 ? '"x"' : Array(9).fill(`*l${level - 1}`).join(', ')}]`).join('\n');
    for (const text of [bomb, '['.repeat(10_000), `${'['.repeat(1000)}${']'.repeat(1000)}`, '{a: '.repeat(10_000), 'a'.repeat(17 * 2 ** 20), 'x: &x [*x]\n']) {
      expect(() => yaml.parseAll(text, 'file.yaml'), text.slice(0, 20)).toThrow(expect.objectContaining({ code: 'yaml-invalid' }));
    }
  });
});

describe('parse', () => {
  test('YAML 1.2, and the line of each value', () => {
    const { value, lineOf } = yaml.parse('name: yes\naddons:\n  - kourier\n  - {id: x}\nnodes: 2\n', 'devstack.yaml');
    expect(value).toEqual({ name: 'yes', addons: ['kourier', { id: 'x' }], nodes: 2 });
    expect([['name'], ['addons'], ['addons', 1], ['addons', 1, 'id'], ['nodes'], []].map((path) => lineOf(path))).toEqual([1, 2, 4, 4, 5, 1]);
  });

  test('a value that is missing is told where it would be', () => {
    expect(yaml.parse('a: 1\nb:\n  c: 1\n', 'x').lineOf(['b', 'd', 'e'])).toBe(2);
  });

  test('nothing is null, and two documents are one too many', () => {
    expect(yaml.parse('', 'x').value).toBeNull();
    expect(yaml.parse('', 'x').lineOf(['a'])).toBeUndefined();
    expect(() => yaml.parse('a: 1\n---\nb: 1\n', 'x')).toThrow(expect.objectContaining({ code: 'yaml-invalid' }));
  });
});

describe('stringify', () => {
  const text = fc.oneof(
    fc.string(), fc.string({ unit: 'binary' }),
    fc.constantFrom('yes', 'No', 'on', 'y', 'null', '~', '', ' ', '1:30', '0400', '0o17', '1e3', '.5', '-', '- a', 'a: b', '#', 'a #b', '<<', '=', '!x', '&x', '*x', '%', '@', '`', '2001-01-01', '0x1f', '1_000', '.inf', 'a\nb', 'a\n', '\ta', 'a\r\nb', '---', '...', '---\na', '\u2028', '\x85', '\uFEFFa'),
  );
  const value = fc.letrec<{ any: Json }>((tie) => ({
    any: fc.oneof({ maxDepth: 4 }, text, fc.integer(), fc.double({ noNaN: true, noDefaultInfinity: true }).map((number) => (Object.is(number, -0) ? 0 : number)), fc.boolean(), fc.constant(null),
      fc.array(tie('any'), { maxLength: 4 }), fc.dictionary(text.filter((key) => key !== '__proto__'), tie('any'), { maxKeys: 4, noNullPrototype: true })) as fc.Arbitrary<Json>,
  })).any;

  test('reads back the same in YAML 1.1 as Go has it, and in YAML 1.2', () => {
    fc.assert(fc.property(value, (wanted) => {
      const written = yaml.stringify(wanted);
      if (wanted !== null) expect(yaml.parseAll(written, 'x')).toEqual([wanted]);
      expect(parseYaml(written)).toEqual(wanted);
    }), { numRuns: Number(process.env['PROPERTY_RUNS'] ?? 200) });
  });

  test('is plain where that is safe', () => {
    expect(yaml.stringify({ server: 'https://127.0.0.1:6443', data: 'LS0tLS1CRUdJTg==', on: 'off', port: '8080' }))
      .toBe('server: https://127.0.0.1:6443\ndata: LS0tLS1CRUdJTg==\n"on": "off"\nport: "8080"\n');
  });

  test('one object in two places is written twice', () => {
    const shared = { a: 1 };
    expect(yaml.stringify({ x: shared, z: shared })).toBe('x:\n  a: 1\nz:\n  a: 1\n');
  });
});

describe('locate', () => {
  test('each place holds the text of its value', () => {
    const source = 'a: "x"  # c\nlist:\n  - one\n  -   k: v\nflow: [1, {b: 2}]\nnone:\n';
    const root = yaml.locate(source, 'x')?.node;
    if (root?.kind !== 'map') throw new Error('not a map');
    expect(root.entries.map((entry) => [entry.key, source.slice(entry.start, entry.keyEnd), source.slice(entry.value.start, entry.value.end)])).toEqual([
      ['a', 'a', '"x"'], ['list', 'list', '- one\n  -   k: v\n'], ['flow', 'flow', '[1, {b: 2}]'], ['none', 'none', ''],
    ]);
    const list = root.entries[1]?.value;
    expect(list?.kind === 'list' && list.items.map((item) => source.slice(item.start, item.value.start))).toEqual(['- ', '-   ']);
  });

  test('nothing has no place', () => {
    expect(yaml.locate('# nothing\n', 'x')).toBeUndefined();
  });
});
