import { expect, test } from 'vitest';
import { failedError } from '../../src/model/error.ts';
import { lastLine, run } from './harness.ts';

const calls = (outcome: Awaited<ReturnType<typeof run>>) => outcome.asked.map(({ call }) => call);

test('run: up, the command with its environment, down, and the exit code of the command', async () => {
  const outcome = await run(['run', 'knative', '--name', 'ci', '--json', '--', 'npm', 'test', '--', '--name', 'x']);
  expect(outcome.code, outcome.stderr).toBe(7);
  expect(calls(outcome)).toEqual([
    'leash ci - self', 'planUp', 'up', 'exec npm test -- --name x KUBECONFIG,DEVSTACK_STACK,DEVSTACK_CONTEXT,DEVSTACK_ENDPOINT_HELLO,DEVSTACK_ENDPOINT_HELLO_HOST', 'planDown ci', 'down ci',
  ]);
  expect(lastLine(outcome)).toMatchObject({ type: 'result', stack: 'ci', exitCode: 7 });
});

test('run without a name finds one of its own', async () => {
  const outcome = await run(['run', 'base', '--json', '--', 'true']);
  expect(lastLine(outcome)['stack']).toMatch(/^run-[0-9a-f]{8}$/);
});

test('run removes the stack when bringing it up fails', async () => {
  const outcome = await run(['run', 'base', '--name', 'ci', '--artifacts', '/out', '--', 'true'], {
    useCases: { up: async () => { throw failedError({ code: 'kind-failed', message: 'no' }); } },
  });
  expect(outcome.code).toBe(1);
  expect(calls(outcome)).toEqual(['leash ci - self', 'planUp', 'collect ci /out', 'planDown ci', 'down ci']);
});

test('run leaves a stack alone that was there before', async () => {
  const outcome = await run(['run', 'base', '--name', 'dev', '--', 'true'], {
    useCases: { stacks: async () => [{ stack: 'dev', provider: 'kind', cluster: 'devstack-dev', port: 8080 }] },
  });
  expect(outcome.code).toBe(2);
  expect(calls(outcome)).not.toContain('down dev');
});

test('run without a command says where it goes', async () => {
  expect((await run(['run', 'base'])).code).toBe(2);
});
