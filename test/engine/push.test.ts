import { expect, test } from 'vitest';
import { execute } from '../../src/engine/execute.ts';
import { failedError } from '../../src/model/error.ts';
import type { Plan, Step } from '../../src/model/plan.ts';
import type { Docker, HttpRequest } from '../../src/ports.ts';
import { fakePorts, only } from '../fakes/ports.ts';

const IMAGE = 'localhost:5001/team/web:0123abcd';
const step: Step = { kind: 'push', id: 'push', title: 'push', lane: 'web', needs: [], images: [IMAGE] };
const plan: Plan = { schema: 1, stack: 't', steps: [step], notes: [], endpoints: [] };

async function run(answer: (request: HttpRequest) => number, refusal?: string) {
  const [asked, pushed] = [[] as HttpRequest[], [] as string[]];
  const docker = only<Docker>('docker', {
    async pushImage(image) {
      if (refusal !== undefined) throw failedError({ code: 'image-push-failed', message: 'it cannot be pushed', reason: refusal });
      pushed.push(image);
    },
  });
  const http = {
    async request(request: HttpRequest) {
      asked.push(request);
      const status = answer(request);
      if (status === 0) throw failedError({ code: 'request-failed', message: 'nobody answers' });
      return { status, headers: {}, body: '' };
    },
  };
  const input = { stack: 't', ports: fakePorts({ docker, http }), provider: only('provider', {}), overwrite: false, emit: () => undefined, record: async () => undefined };
  const { changed } = await execute(plan, input as never, new AbortController().signal);
  return { asked, pushed, changed };
}

test('an image that the registry has moves nothing', async () => {
  const { asked, pushed, changed } = await run(() => 200);
  expect([pushed, changed]).toEqual([[], []]);
  expect(asked).toMatchObject([{ method: 'HEAD', url: 'http://127.0.0.1:5001/v2/team/web/manifests/0123abcd' }]);
});

test.each([404, 0])('one that it lacks is pushed (%i)', async (status) => {
  const { pushed, changed } = await run(() => status);
  expect([pushed, changed]).toEqual([[IMAGE], ['push']]);
});

test('a registry that does not run: what starts it', async () => {
  await expect(run(() => 0, 'Get "http://localhost:5001/v2/": dial tcp 127.0.0.1:5001: connect: connection refused')).rejects.toMatchObject({
    code: 'registry-not-running', exit: 3, hints: [{ command: 'devstack start t' }],
  });
  await expect(run(() => 404, 'no space left on device')).rejects.toMatchObject({ code: 'image-push-failed' });
});
