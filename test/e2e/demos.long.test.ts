// The demonstrations, events and what eject writes, in a real cluster with Eventing and metrics. When DEVSTACK_RESULTS names a folder, such as
// docs/measured, the numbers of the demonstrations go into its file demos.json.
import { mkdir, writeFile } from 'node:fs/promises';
import { cpus, loadavg } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { $ as zx } from 'zx';
import { devstack, type Home, makeHome, start } from './devstack.ts';

const NAME = 'test-demos';
const PORT = 18135;
const ON = ['--name', NAME] as const;
const DEMOS = ['scale-to-zero', 'canary', 'rolling-update', 'autoscale', 'hpa', 'events'] as const;

describe.skipIf(process.env['DEVSTACK_LONG'] === undefined || process.env['DEVSTACK_LAB'] === undefined)('demonstrations', () => {
  let home: Home;
  const run = (...args: string[]) => devstack(home, ...args);
  const sendEvent = async (...flags: string[]) => (await run('events', 'send', ...flags, ...ON, '--json')).result;

  beforeAll(async () => {
    home = await makeHome();
    await run('down', NAME, '--yes');
    const up = await run('up', 'knative', ...ON, '--port', String(PORT), '--fit', '--with', 'eventing,metrics-server', '--domain', 'localhost', '--json', '--yes');
    expect(up.exitCode, up.stderr + up.stdout).toBe(0);
  });
  afterAll(async () => {
    await run('down', NAME, '--yes');
    await home.remove();
    await keepNumbers();
  });

  const seen = new Map<string, object>();
  const loads: number[] = [];

  /** Only when all have passed: half a file would say that the others do not exist. */
  async function keepNumbers(): Promise<void> {
    const folder = process.env['DEVSTACK_RESULTS'];
    if (folder === undefined || seen.size < DEMOS.length) return;
    const [low, high] = [Math.min(...loads), Math.max(...loads)].map((load) => load.toFixed(0));
    const where = `kind, ${process.env['DEVSTACK_NODE_IMAGE'] ?? 'its own node image'}, one node, ${cpus().length} CPUs, load average ${low} to ${high}, ${new Date().toISOString().slice(0, 10)}`;
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, 'demos.json'), `${JSON.stringify({ where, demos: Object.fromEntries(seen) }, null, 2)}\n`);
  }

  test.each(DEMOS)('demo %s passes', async (id) => {
    const demo = await run('demo', id, ...ON, '--json');
    expect(demo.exitCode, demo.stdout.split('\n').at(-2)).toBe(0);
    expect(demo.result).toMatchObject({ ok: true, passed: true, demo: id });
    const { passed, checks, numbers, durationMs } = demo.result;
    seen.set(id, { passed, checks, numbers, durationMs });
    loads.push(loadavg()[0] ?? Number.NaN);
    // It takes its apps away again.
    const { stacks: [stack] } = (await run('status', NAME, '--json')).result;
    expect(stack.parts.filter(({ part }: { part: string }) => part.startsWith('app-demo'))).toEqual([]);
  });

  test('an event that is sent is seen by who watches, and nobody is said to get what no trigger wants', async () => {
    expect(await sendEvent('--type', 'test.nobody')).toMatchObject({ ok: true, triggers: [] });
    const watching = start(home, ['events', 'watch', '--type', 'test.greeting', '--count', '1', ...ON, '--json']);
    await new Promise<void>((resolve, reject) => {
      watching.stderr.on('data', (chunk) => {
        if (String(chunk).includes('watching')) resolve();
      });
      watching.then(() => reject(new Error('events watch ended before it watched')));
    });
    await sendEvent('--type', 'test.other');
    expect(await sendEvent('--type', 'test.greeting', '--data', '{"text":"hi"}')).toMatchObject({ ok: true, triggers: ['event-watch'] });
    const lines = (await watching).stdout.trim().split('\n').map((line) => JSON.parse(line));
    expect(lines.filter(({ type }) => type === 'event').map(({ event }) => [event.type, event.data])).toEqual([['test.greeting', { text: 'hi' }]]);
    expect(lines.at(-1)).toMatchObject({ ok: true, seen: 1 });
  });

  test('the templates of events: what one sends, the other shows', async () => {
    for (const id of ['event-logger', 'event-source']) {
      const deployed = await run('deploy', id, ...ON, '--json');
      expect(deployed.exitCode, deployed.stderr + deployed.stdout).toBe(0);
    }
    const sent = await sendEvent('--type', 'com.example.greeting', '--data', '{"text":"hi"}');
    expect(sent).toMatchObject({ ok: true, triggers: ['event-logger-greeting'] });
    const [id] = sent.ids;
    const logged = start(home, ['logs', 'event-logger', '--follow', ...ON]);
    await new Promise<void>((resolve, reject) => {
      logged.stdout.on('data', (chunk) => {
        if (String(chunk).includes(id)) resolve();
      });
      logged.then(() => reject(new Error(`the log of event-logger ended without ${id}`)));
    });
    await logged.kill('SIGINT');
    await logged;
    for (const app of ['event-source', 'event-logger']) expect((await run('delete', app, ...ON, '--yes')).exitCode).toBe(0);
  });

  test('what eject writes is applied by kubectl, and answers', async () => {
    expect((await run('new', 'hello-python', 'hand', '--json')).result.ok).toBe(true);
    for (const kind of ['knative', 'deployment']) {
      const ejected = await run('eject', 'hand', '--as', kind, '--to', 'manifests', '--json');
      expect(ejected.exitCode, ejected.stdout).toBe(0);
      const { file, images: [image] } = ejected.result;
      const { kubeconfig } = (await run('env', NAME, '--json')).result;
      const shell = zx({ env: { ...home.env, KUBECONFIG: kubeconfig }, cwd: home.directory, quiet: true });
      await shell`docker build --quiet --tag ${image} hand`;
      expect((await run('images', 'load', image, ...ON, '--json')).result.ok).toBe(true);
      await shell`kubectl apply --namespace default --filename ${file}`;
      const [resource, condition] = kind === 'knative' ? ['ksvc/hand', 'Ready'] : ['deployment/hand', 'Available'];
      await shell`kubectl wait --for=condition=${condition} --timeout=120s ${resource}`;
      await shell`kubectl delete --filename ${file}`;
    }
  });
});
