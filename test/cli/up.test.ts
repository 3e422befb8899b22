// devstack up and plan, at the rim of main().
import { describe, expect, test } from 'vitest';
import { failedError, interruptedError } from '../../src/model/error.ts';
import { lastLine, run, upPlan } from './harness.ts';

describe('up', () => {
  test('shows the card on stdout and the talk on stderr', async () => {
    const result = await run(['up', 'knative']);
    expect(result.code).toBe(0);
    expect(result.stdout).toMatchInlineSnapshot(`
      "✔ dev is up on kind after 2m 14s: 1 endpoint verified, 2 steps changed

        hello  http://hello.default.127.0.0.1.sslip.io:8080/  200 in 12 ms
        $ curl http://hello.default.127.0.0.1.sslip.io:8080/

        context  kind-devstack-dev
        kubectl  eval "$(devstack env dev)"
        look     devstack status dev
        remove   devstack down dev
      "
    `);
    expect(result.stderr).toMatchInlineSnapshot(`
      "Stack dev: 2 steps
      Cluster | Fetch tools and manifests
      Cluster | Fetch tools and manifests: done in 1.2s
      Knative Serving | Wait for Knative Serving
      Knative Serving | Wait for Knative Serving: done in 1.2s
      "
    `);
  });

  test('ends in the result line that scripts read, and says nothing on stderr', async () => {
    const result = await run(['up', 'knative', '--json']);
    expect(result.stderr).toBe('');
    expect(lastLine(result)).toMatchInlineSnapshot(`
      {
        "changed": 2,
        "context": "kind-devstack-dev",
        "durationMs": 134000,
        "endpoints": [
          {
            "address": "127.0.0.1:8080",
            "curl": "curl http://hello.default.127.0.0.1.sslip.io:8080/",
            "durationMs": 12,
            "host": "hello.default.127.0.0.1.sslip.io",
            "name": "hello",
            "path": "/",
            "status": 200,
            "url": "http://hello.default.127.0.0.1.sslip.io:8080/",
            "verified": true,
          },
        ],
        "kept": [],
        "kubeconfig": "/state/dev/kubeconfig",
        "notes": [
          "domain 127.0.0.1.sslip.io: it resolves here",
        ],
        "ok": true,
        "provider": "kind",
        "stack": "dev",
        "type": "result",
        "v": 1,
      }
    `);
    for (const line of result.stdout.trimEnd().split('\n')) expect(JSON.parse(line)).toMatchObject({ v: 1 });
  });

  test('asks for exactly what flags and environment say', async () => {
    const result = await run(['up', 'base', '--name', 'lab', '--with', 'knative-serving', '--port', '8081', '--no-fit', '--timeout', '90s', '--image', 'gcr.io/=mirror.example.com/gcr/'], {
      env: { DEVSTACK_FIT: '1', DEVSTACK_NODE_IMAGE: 'kindest/node:v1.34.4', DEVSTACK_MIRROR: 'http://127.0.0.1:9000' },
    });
    expect(result.asked[0]?.spec).toEqual({
      name: 'lab', provider: 'kind', cluster: 'devstack-lab', preset: 'base', nodes: 1, managers: 1, kubernetes: undefined, nodeImage: 'kindest/node:v1.34.4',
      port: 8081, portIsFixed: true, addons: ['knative-serving'], ingress: 'kourier', domain: 'auto', samples: [],
      images: [{ from: 'gcr.io/', to: 'mirror.example.com/gcr/' }], fit: false, versions: {}, timeoutMs: 90_000,
    });
    expect(result.network).toEqual({ mirrors: ['http://127.0.0.1:9000'], proxy: undefined, caFile: undefined });
  });

  test('stops at the plan with --dry-run', async () => {
    const result = await run(['up', 'knative', '--dry-run']);
    expect(result.asked.map(({ call }) => call)).toEqual(['planUp']);
    expect(result.stdout).toMatchInlineSnapshot(`
      "Stack dev: 2 steps; each runs as soon as those it comes after are done

        #  AFTER  LANE             STEP
        1         Cluster          Fetch tools and manifests
                                   everything is verified before anything is made
        2  1      Knative Serving  Wait for Knative Serving

      Decided
        domain 127.0.0.1.sslip.io: it resolves here

      Will answer
        hello  http://hello.default.127.0.0.1.sslip.io:8080/
      "
    `);
  });

  test('merges into the own kubeconfig only when asked', async () => {
    expect((await run(['up'])).asked.map(({ call }) => call)).toEqual(['planUp', 'up']);
    expect((await run(['up', '--merge'])).asked.map(({ call }) => call)).toEqual(['planUp', 'up', 'merge dev false']);
    const used = await run(['up', '--use']);
    expect(used.asked.map(({ call }) => call)).toEqual(['planUp', 'up', 'merge dev true']);
    expect(used.stdout).toContain('context kind-devstack-dev is current in /home/ada/.kube/config');
  });

  test('tells what is left and how to go on when the person stops it', async () => {
    const controller = new AbortController();
    const result = await run(['up', 'knative', '--name', 'lab', '--with', 'knative-serving'], {
      signal: controller.signal,
      useCases: {
        async up(_spec, plan, { emit, signal }) {
          emit({ type: 'plan', stack: plan.stack, steps: plan.steps.map(({ id, kind, title, lane }) => ({ id, kind, title, lane })) });
          emit({ type: 'step', id: 'fetch', state: 'started' });
          emit({ type: 'step', id: 'fetch', state: 'done', durationMs: 1 });
          emit({ type: 'step', id: 'wait', state: 'started' });
          emit({ type: 'progress', id: 'wait', message: '0/1 available: pulling image' });
          controller.abort();
          expect(signal.aborted).toBe(true);
          emit({ type: 'step', id: 'wait', state: 'cancelled' });
          throw interruptedError();
        },
      },
    });
    expect(result.code).toBe(130);
    expect(result.stdout).toBe('');
    expect(result.stderr).toMatchInlineSnapshot(`
      "Stack lab: 2 steps
      Cluster | Fetch tools and manifests
      Cluster | Fetch tools and manifests: done in 0.0s
      Knative Serving | Wait for Knative Serving
      note: stopping; once more forces it
      Knative Serving | Wait for Knative Serving: stopped
      stopped; 1 of 2 steps are done
        cause: cut off in Wait for Knative Serving: 0/1 available: pulling image
        next: go on from there
              $ devstack up knative --name lab --with knative-serving
        next: remove what was made
              $ devstack down lab
      "
    `);
  });

  test('says with the last observation that the time is up', async () => {
    const result = await run(['up', '--timeout', '1ms', '--json'], {
      useCases: {
        up: (_spec, plan, { emit, signal }) => new Promise((_resolve, reject) => {
          emit({ type: 'plan', stack: plan.stack, steps: plan.steps.map(({ id, kind, title, lane }) => ({ id, kind, title, lane })) });
          emit({ type: 'step', id: 'wait', state: 'started' });
          emit({ type: 'progress', id: 'wait', message: 'ImagePullBackOff' });
          const stop = () => reject(interruptedError());
          if (signal.aborted) stop();
          else signal.addEventListener('abort', stop);
        }),
      },
    });
    expect(result.code).toBe(4);
    expect(lastLine(result)).toMatchObject({ ok: false, error: { code: 'timeout', cause: 'last seen in Wait for Knative Serving: ImagePullBackOff', exit: 4 } });
  });

  test('a failure says how to remove what it leaves', async () => {
    const result = await run(['up'], {
      useCases: {
        async up(_spec, plan, { emit }) {
          emit({ type: 'plan', stack: plan.stack, steps: plan.steps.map(({ id, kind, title, lane }) => ({ id, kind, title, lane })) });
          emit({ type: 'step', id: 'fetch', state: 'started' });
          emit({ type: 'step', id: 'fetch', state: 'failed', durationMs: 5 });
          throw failedError({ code: 'checksum-mismatch', message: 'serving-core.yaml is not what was pinned', reason: 'sha256 is 00…', hints: [{ text: 'try another mirror' }] });
        },
      },
    });
    expect(result.code).toBe(1);
    expect(result.stderr).toMatchInlineSnapshot(`
      "Stack dev: 2 steps
      Cluster | Fetch tools and manifests
      Cluster | Fetch tools and manifests: failed after 0.0s
      error: serving-core.yaml is not what was pinned
        cause: sha256 is 00…
        next: try another mirror
        next: remove what was made
              $ devstack down dev
      "
    `);
  });

  test('an unknown throw is a bug of ours: exit 70 and a log that only the owner reads', async () => {
    const result = await run(['up', '--json'], { useCases: { planUp: async () => { throw new TypeError('x is not a function'); } } });
    expect(result.code).toBe(70);
    const { error } = lastLine(result) as { error: { code: string; cause: string; details: { logFile: string } } };
    expect(error).toMatchObject({ code: 'bug', cause: 'TypeError: x is not a function' });
    const { readFile, rm, stat } = await import('node:fs/promises');
    expect((await stat(error.details.logFile)).mode & 0o777).toBe(0o600);
    expect(await readFile(error.details.logFile, 'utf8')).toContain('x is not a function');
    await rm(error.details.logFile);
  });

  test('no canary reaches any output', async () => {
    const canary = 'canary-5f1c2d3e4b';
    const result = await run(['up'], {
      env: { REGISTRY_TOKEN: canary },
      useCases: {
        async planUp(_spec, { emit }) {
          emit({ type: 'warning', message: `proxy http://ada:${'hunter22'}@proxy:3128 said ${canary}` });
          emit({ type: 'note', message: 'Authorization: Bearer abcdefghijklmnopqrstuvwxyz' });
          throw failedError({ code: 'x-failed', message: `pull with ${canary}\u001b]0;pwned\u0007`, reason: 'SWMKEY-1-abcdefghijklmnop' });
        },
      },
    });
    for (const secret of [canary, 'hunter22', 'abcdefghijklmnop', '\u001b']) expect(result.stdout + result.stderr).not.toContain(secret);
  });
});

describe('plan', () => {
  test('gives the very plan as JSON', async () => {
    const result = await run(['plan', 'knative', '--json']);
    expect(lastLine(result)).toMatchObject({ v: 1, type: 'result', ok: true, stack: 'dev', plan: upPlan });
  });

  test('is cut to the width of the terminal', async () => {
    const result = await run(['plan'], { isTerminal: true, columns: 60, env: { NO_COLOR: '1' } });
    for (const line of result.stdout.split('\n')) expect(line.length).toBeLessThan(75);
  });
});
