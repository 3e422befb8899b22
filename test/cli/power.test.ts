import { expect, test } from 'vitest';
import { lastLine, run } from './harness.ts';

test.each([
  ['stop', ['stop dev']], ['start', ['start dev']], ['restart', ['stop dev', 'start dev']],
])('%s asks for it, once', async (command, calls) => {
  const outcome = await run([command, 'dev', '--json']);
  expect(outcome.code, outcome.stderr).toBe(0);
  expect(outcome.asked.map(({ call }) => call)).toEqual(calls);
  expect(lastLine(outcome)).toMatchObject({ type: 'result', ok: true, stack: 'dev' });
});
