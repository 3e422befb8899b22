import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { appNameFrom, problemOfAppName } from '../../src/scaffold/app-name.ts';

describe('problemOfAppName', () => {
  it.each(['ab', 'app', 'my-app-2', 'x'.repeat(40), 'chat', 'decade1'])('takes %s', (name) => {
    expect(problemOfAppName(name)).toBeUndefined();
  });

  it.each([
    '', 'a', 'App', '2app', '-rf', 'app-', 'a_b', 'a.b', 'a b', '..', '$(id)', 'a\nb', '日本', 'x'.repeat(41),
    'null', 'true', 'no', 'y', 'on', 'api-10-1-2-3', 'x-127-0-0-1-y', 'deadbeef', 'cafebabe',
  ])('refuses %j', (name) => {
    expect(problemOfAppName(name)).toBeTypeOf('string');
  });
});

describe('appNameFrom', () => {
  it.each([
    ['My Café', 'my-cafe'], ['hello_world', 'hello-world'], ['2024-app', 'app'], ['-rf', 'rf'], ['$(id)', 'id'], ['a\nb', 'a-b'],
    ['ﬁne', 'fine'], ['x'.repeat(255), 'x'.repeat(40)], [`${'x'.repeat(39)}-y`, 'x'.repeat(39)],
  ])('makes a name of %j', (folder, name) => {
    expect(appNameFrom(folder)).toBe(name);
  });

  it.each(['', '日本', '42', '...', 'NULL', 'dead-beef'.replace('-', ''), '💥'])('gives none for %j', (folder) => {
    expect(appNameFrom(folder)).toBeUndefined();
  });

  it('gives a good name or none, whatever the folder is called', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (folder) => {
      const name = appNameFrom(folder);
      return name === undefined || problemOfAppName(name) === undefined;
    }));
  });

  it('leaves a good name as it is', () => {
    fc.assert(fc.property(fc.stringMatching(/^[a-z][a-z0-9]{1,8}(-[a-z0-9]{1,8}){0,3}$/), (name) => {
      return problemOfAppName(name) !== undefined || appNameFrom(name) === name;
    }));
  });
});
