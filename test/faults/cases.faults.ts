// The table of faults, by the numbers of the catalogue: case, injected how, expected, seen; and the score.
import { writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Bench } from './cases/case.ts';
import { CATALOGUE, cases, withoutCase } from './cases/index.ts';
import { emptyCluster } from './cluster.ts';
import { golden } from './kill-points.ts';
import { BASE, SPEC } from './runs.ts';

const rows: (readonly [number, string, string, string, string, boolean])[] = [];
let bench: Bench;

beforeAll(async () => {
  const empty = await emptyCluster();
  bench = { empty, base: await golden(empty, BASE), full: await golden(empty, SPEC) };
}, 60_000);

describe('faults by number', () => {
  for (const { number, fault, injected, expected, run } of cases) {
    test(`${number}: ${fault} (${injected})`, async () => {
      try {
        rows.push([number, fault, injected, expected, await run(bench), true]);
      } catch (error) {
        rows.push([number, fault, injected, expected, error instanceof Error ? error.message.split('\n')[0] ?? '' : String(error), false]);
        throw error;
      }
    }, 60_000);
  }
});

test('every number of the catalogue has a case, or a reason for none', () => {
  const numbers = [...new Set([...cases.map(({ number }) => number), ...withoutCase.map(([number]) => number)])].toSorted((a, b) => a - b);
  expect(numbers).toEqual(Array.from({ length: CATALOGUE }, (_, index) => index + 1));
  expect(cases.filter(({ number }) => withoutCase.some(([other]) => other === number))).toEqual([]);
});

afterAll(() => {
  const sorted = rows.toSorted(([a], [b]) => a - b);
  const table = sorted.map(([number, fault, injected, expected, seen, passed]) => `| ${number} | ${fault} | ${injected} | ${expected} | ${passed ? '✔' : '✖'} ${seen} |`);
  const text = ['| no. | fault | injected how | expected | seen |', '| --- | --- | --- | --- | --- |', ...table].map((line) => `${line}\n`).join('');
  console.log(text);
  console.log(`score ${rows.filter((row) => row[5]).length}/${rows.length}, of ${new Set(rows.map(([number]) => number)).size} numbers of the ${CATALOGUE} in the catalogue`);
  for (const [number, reason] of withoutCase) console.log(`no case for ${number}: ${reason}`);
  const path = process.env['FAULT_TABLE'];
  if (path !== undefined) writeFileSync(path, text);
});
