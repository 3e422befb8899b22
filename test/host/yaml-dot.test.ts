import { expect, it } from 'vitest';
import { createYaml } from '../../src/host/yaml.ts';

const yaml = createYaml();

it.each(['.', '-.', '+.', '._'])('a lone %s is text, as in `build: .`', (text) => {
  expect(yaml.parseAll(`build: ${text}\n`, 'compose.yaml')).toEqual([{ build: text }]);
});

it('numbers that start with a dot stay numbers, and NaN stays refused', () => {
  expect(yaml.parseAll('a: .5\nb: -.5\n', 'x')).toEqual([{ a: 0.5, b: -0.5 }]);
  expect(() => yaml.parseAll('a: .nan\n', 'x')).toThrow(expect.objectContaining({ code: 'yaml-invalid' }));
});
