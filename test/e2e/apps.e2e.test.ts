// From a template to one's own code answering, in a real cluster: scaffold, build, deploy, look, load, share, change, remove.
import { randomUUID } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { devstack, type Home, makeHome, start } from './devstack.ts';

const NAME = 'test-samples';
const PORT = 18135;
const ON = ['--name', NAME] as const;

const PAGE = `FROM busybox:1.37
COPY index.html /www/
CMD ["sh", "-c", "trap 'exit 0' TERM; httpd -f -p 8080 -h /www & wait"]
`;

describe.skipIf(process.env['DEVSTACK_LAB'] === undefined)('apps', () => {
  let home: Home;
  const run = (...args: string[]) => devstack(home, ...args);
  /** By node:http: fetch does not send a Host of one's own. */
  const ask = (app: string, path = '/') => new Promise<{ readonly status: number; readonly text: string }>((resolve, reject) => {
    const sent = request({ hostname: '127.0.0.1', port: PORT, path, headers: { host: `${app}.default.localhost` }, timeout: 30_000 }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString() }));
    });
    sent.on('error', reject).end();
  });

  beforeAll(async () => {
    home = await makeHome(NAME);
    const up = await run('up', 'knative', ...ON, '--port', String(PORT), '--fit', '--domain', 'localhost', '--json', '--yes');
    expect(up.exitCode, up.stderr + up.stdout).toBe(0);
  });
  afterAll(() => home.remove());

  /** A page in a small image that ends when it is told to: what is tested is the way to the cluster, not the image. */
  async function makePage(name: string, text: string): Promise<void> {
    await mkdir(join(home.directory, name), { recursive: true });
    await writeFile(join(home.directory, name, 'Dockerfile'), PAGE);
    await writeFile(join(home.directory, name, 'index.html'), text);
  }

  test('a new user reads the time: new, deploy, and an answer', async () => {
    expect((await run('new', 'flask-time', 'clock', '--set', 'timezone=Asia/Tokyo', '--json')).result).toMatchObject({ ok: true, app: 'clock' });
    const deployed = await run('deploy', 'clock', ...ON, '--json');
    expect(deployed.exitCode, deployed.stderr + deployed.stdout).toBe(0);
    expect(deployed.result).toMatchObject({ app: 'clock', kind: 'knative', endpoints: [{ verified: true, status: 200 }], images: [expect.stringMatching(/^dev\.local\/clock:[0-9a-f]{12}$/)] });
    expect((await ask('clock')).text).toMatch(/ in Asia\/Tokyo \(UTC\+09:00\)/);
    expect((await ask('clock', '/?timezone=Mars/Olympus')).status).toBe(400);
  });

  test('a second deploy changes nothing', async () => {
    expect((await run('deploy', 'clock', ...ON, '--json')).result).toMatchObject({ ok: true, changed: 0 });
  });

  test('its log and its address', async () => {
    const logs = await run('logs', 'clock', ...ON);
    expect(logs.stdout).toMatch(/GET \/\?timezone=Mars\/Olympus HTTP\/1.1" 400/);
    expect((await run('open', 'clock', ...ON, '--print')).stdout.trim()).toMatch(/^http:\/\/clock\.default\.localhost:18135\//);
  });

  test('a load is counted and plotted', async () => {
    const report = join(home.directory, 'load.html');
    const load = await run('load', 'clock', ...ON, '--rps', '20', '--for', '10s', '--report', report, '--json');
    expect(load.exitCode, load.stderr).toBe(0);
    expect(load.result.load).toMatchObject({ sent: 200, answered: 200, statuses: { 200: 200 } });
    expect(await readFile(report, 'utf8')).toMatch(/^<!doctype html>/);
    const deleted = await run('delete', 'clock', ...ON, '--yes', '--json');
    expect(deleted.result).toMatchObject({ ok: true, removed: ['service default/clock'] });
  });

  test('a folder with just a Dockerfile, as one kind and as the other', async () => {
    await makePage('page', 'version 1\n');
    for (const kind of ['deployment', 'knative'] as const) {
      const deployed = await run('deploy', 'page', '--as', kind, ...ON, '--yes', '--json');
      expect(deployed.exitCode, deployed.stderr + deployed.stdout).toBe(0);
      expect(deployed.result).toMatchObject({ kind, endpoints: [{ verified: true }] });
      expect((await ask('page')).text).toBe('version 1\n');
    }
  });

  test('traffic is shared as asked, measured, and taken back', async () => {
    await makePage('page', 'version 2\n');
    // Pinned to what is there, so that the new version gets no request yet.
    expect((await run('traffic', 'page', 'latest=100', ...ON, '--json')).result).toMatchObject({ ok: true, isPinned: true });
    expect((await run('deploy', 'page', ...ON, '--json')).exitCode).toBe(0);
    expect((await ask('page')).text).toBe('version 1\n');
    const shared = await run('traffic', 'page', 'previous=80', 'latest=20', ...ON, '--json');
    expect(shared.exitCode, shared.stdout).toBe(0);
    expect(shared.result.measured.map((share: { percent: number; isPlausible: boolean }) => [share.percent, share.isPlausible])).toEqual([[80, true], [20, true]]);
    expect((await run('traffic', 'page', '--latest', ...ON, '--json')).result).toMatchObject({ ok: true, isPinned: false });
    expect((await ask('page')).text).toBe('version 2\n');
  });

  test('what cannot work is told with its cause, long before the time is up', async () => {
    const folder = join(home.directory, 'broken');
    await mkdir(folder);
    const failing = async (dockerfile: string | undefined, ...flags: string[]) => {
      if (dockerfile !== undefined) await writeFile(join(folder, 'Dockerfile'), `FROM busybox:1.37\n${dockerfile}\n`);
      const started = performance.now();
      const { error } = (await run('deploy', 'broken', ...flags, ...ON, '--json')).result;
      console.log(`${error.code}: ${Math.round(performance.now() - started)} ms`);
      return error;
    };
    expect(await failing(undefined)).toMatchObject({ code: 'dockerfile-missing' });
    expect(await failing('RUN echo one && exit 7')).toMatchObject({ code: 'image-build-failed', cause: expect.stringContaining('exit code: 7') });
    expect(await failing('CMD ["sh", "-c", "echo no database >&2; exit 3"]')).toMatchObject({ code: 'container-crashed', message: expect.stringContaining('exit code 3') });
    const silent = await failing('CMD ["sh", "-c", "trap \'exit 0\' TERM; httpd -f -p 9999 & wait"]', '--start-timeout', '10s');
    expect(silent).toMatchObject({ code: 'app-not-listening', message: expect.stringContaining('port 8080') });
    await run('delete', 'broken', ...ON, '--yes');
  });

  test('dev shows a one-line change, and survives one that does not build', async () => {
    await makePage('page', 'version 2\n');
    await run('deploy', 'page', ...ON);
    const versions = async (): Promise<readonly string[]> => (await run('traffic', 'page', ...ON, '--json')).result.revisions.map(({ name }: { name: string }) => name);
    const before = await versions();
    const dev = start(home, ['dev', 'page', ...ON, '--json']);
    let said = '';
    dev.stderr.on('data', (chunk) => {
      said += String(chunk);
    });
    const untilSaid = (text: RegExp) => new Promise<void>((resolve, reject) => {
      const look = () => {
        if (text.test(said)) resolve();
      };
      dev.stderr.on('data', look);
      dev.then(() => reject(new Error(`dev ended without saying ${text}: ${said}`)));
      look();
    });
    await untilSaid(/watching/);
    await writeFile(join(home.directory, 'page', 'Dockerfile'), 'FROM busybox:1.37\nRUN false\n');
    await untilSaid(/could not be built/);
    expect((await ask('page')).text).toBe('version 2\n');
    // Never built before, so that nothing of it is there already.
    for (const reload of [1, 2]) {
      const text = `version ${randomUUID()}\n`;
      await makePage('page', text);
      await untilSaid(new RegExp(`(reloaded in[^]*){${reload}}`));
      expect((await ask('page')).text).toBe(text);
    }
    await dev.kill('SIGINT');
    const ended = await dev;
    expect(ended.exitCode, ended.stderr).toBe(0);
    const result = JSON.parse(ended.stdout.trim().split('\n').at(-1) ?? '');
    expect(result).toMatchObject({ ok: true, reloads: expect.any(Number), failures: expect.any(Number) });
    expect(result.reloads).toBeGreaterThan(0);
    // Of its own versions only the last one is left.
    expect(await versions()).toEqual([...before, expect.any(String)]);
    console.log(`dev: ${said.match(/reloaded in .*/g)?.join('; ')}`);
    await run('delete', 'page', ...ON, '--yes');
  }, 120_000);

  test('with a registry an app is pushed to it, and the node takes it from there; without it, as before', async () => {
    await makePage('pushed', 'pushed\n');
    const deployed = async () => (await run('deploy', 'pushed', ...ON, '--json')).result;
    const added = await run('addon', 'add', 'registry', ...ON, '--image', 'registry:3.0.0=registry:2', '--json');
    expect(added.exitCode, added.stderr).toBe(0);
    const { stacks: [stack] } = (await run('status', NAME, '--json')).result;
    expect(stack.registry).toEqual({ host: expect.stringMatching(/^localhost:500[1-5]$/), running: true });
    expect(await deployed()).toMatchObject({ ok: true, images: [expect.stringMatching(new RegExp(`^${stack.registry.host}/pushed:[0-9a-f]{12}$`))] });
    expect((await ask('pushed')).text).toBe('pushed\n');
    expect(await deployed()).toMatchObject({ ok: true, changed: 0 });
    const removed = await run('addon', 'remove', 'registry', ...ON, '--yes', '--json');
    expect(removed.result, removed.stderr).toMatchObject({ ok: true, removed: expect.arrayContaining([`registry of ${NAME}`]) });
    expect(await deployed()).toMatchObject({ ok: true, images: [expect.stringMatching(/^dev\.local\/pushed:/)] });
    expect((await ask('pushed')).text).toBe('pushed\n');
    await run('delete', 'pushed', ...ON, '--yes');
  }, 120_000);

  test.each(['canary', 'scale-to-zero'])('demo %s passes', async (id) => {
    const demo = await run('demo', id, ...ON, '--json');
    console.log(`${id}: ${JSON.stringify(demo.result.numbers)} in ${demo.result.durationMs} ms`);
    expect(demo.exitCode, demo.stdout.split('\n').at(-2)).toBe(0);
    expect(demo.result).toMatchObject({ ok: true, passed: true, demo: id });
    // It takes its app away again.
    const { stacks: [stack] } = (await run('status', NAME, '--json')).result;
    expect(stack.parts.filter(({ part }: { part: string }) => part.startsWith('app-demo'))).toEqual([]);
  });
});
