// Every template, as a person meets it: scaffolded, built, run as in a cluster, called, checked by its own tests, stopped.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createImageBuilder, planImage } from '../../src/build/build-image.ts';
import { createClock } from '../../src/host/clock.ts';
import { connectDocker } from '../../src/host/docker.ts';
import { createFiles } from '../../src/host/files.ts';
import { createProcesses } from '../../src/host/process.ts';
import { scaffold } from '../../src/scaffold/scaffold.ts';
import { listTemplates, type Template } from '../../src/scaffold/template.ts';
import { baseFor, docker } from './lab.ts';

const files = createFiles();
const clock = createClock();
const templates = await listTemplates(join(import.meta.dirname, '../../templates'), files);
const RESTRICTED = ['--read-only', '--tmpfs', '/dev/shm', '--cap-drop', 'ALL', '--security-opt', 'no-new-privileges'];
/** How the tests of a template are run in its image; they are not part of it. */
const OWN_TESTS: { readonly [file: string]: readonly string[] } = {
  'test_app.py': ['python', '-m', 'unittest'], 'test_server.py': ['python', '-m', 'unittest'], 'server.test.js': ['node', '--test'], 'test.php': ['php', 'test.php'],
};

async function untilAnswered(url: string): Promise<Response> {
  for (const deadline = clock.monotonic() + 20_000; ; ) {
    try {
      return await fetch(url, { signal: AbortSignal.timeout(5_000) });
    } catch (cause) {
      if (clock.monotonic() > deadline) throw cause;
      await clock.sleep(50);
    }
  }
}

describe.skipIf(process.env['DEVSTACK_LAB'] === undefined).each(templates.map((template) => [template.id, template] as const))('template %s', (id, template) => {
  const folder = mkdtempSync(join(tmpdir(), `devstack-template-`));
  const name = `devstack-test-${id}`;
  const made: string[] = [];
  let [image, address, buildArgs] = ['', '', {}];

  beforeAll(async () => {
    const context = template.app.images['app-name'] ?? '.';
    await scaffold({ template, cwd: folder, directory: 'app', name, answers: {} }, files);
    const dockerfile = readFileSync(join(folder, 'app', context, 'Dockerfile'), 'utf8');
    buildArgs = { BASE: await baseFor(/^ARG BASE=(\S+)$/m.exec(dockerfile)?.[1] ?? '') };
    const built = await build(context);
    expect(built.wasBuilt).toBe(true);
    image = built.image;
  });
  afterAll(async () => {
    for (const container of made) await docker('rm', '--force', '--volumes', container);
    if (image !== '') await docker('image', 'rm', '--force', image);
    rmSync(folder, { recursive: true, force: true });
  });

  async function build(context: string) {
    const processes = createProcesses(process.env);
    const builder = createImageBuilder({ files, processes, docker: await connectDocker({ env: process.env, os: 'linux', home: folder, processes }) });
    const arch = process.arch === 'x64' ? 'amd64' : 'arm64';
    const planned = await planImage({ folder: join(folder, 'app', context), name, buildArgs, arch }, files);
    const isThere = await builder.has(planned.build);
    if (!isThere) await builder.build(planned.build, { onProgress: () => undefined, signal: new AbortController().signal });
    return { image: planned.build.image, wasBuilt: !isThere };
  }

  it('is built once', async () => {
    expect(await build(template.app.images['app-name'] ?? '.')).toEqual({ image, wasBuilt: false });
  });

  it('answers its probe, without rights and with a read-only file system', async () => {
    const volume = id === 'notes' ? ['--volume', '/data'] : [];
    await docker('run', '--detach', '--name', name, ...RESTRICTED, ...volume, '--publish', `127.0.0.1::${template.app.port}`, image);
    made.push(name);
    address = await docker('port', name, String(template.app.port));
    const { path, status, body } = template.app.probe;
    const answer = await untilAnswered(`http://${address}${path}`);
    expect([answer.status, await answer.text()]).toEqual([status, expect.stringContaining(body ?? '')]);
  });

  it('passes its health check', async () => {
    const [kind, ...command] = JSON.parse(await docker('inspect', '--format', '{{json .Config.Healthcheck.Test}}', name).catch(() => '["NONE"]'));
    expect(kind).toBe(id === 'httpbin' ? 'NONE' : 'CMD');
    if (kind === 'CMD') await docker('exec', name, ...command);
  });

  it('stops when it is told to', async () => {
    await docker('stop', '--time', '15', name);
    // 137 would be SIGKILL, after these 15 s; 143: ended by SIGTERM itself, as PHP does.
    expect(['0', '143']).toContain(await docker('inspect', '--format', '{{.State.ExitCode}}', name));
  });

  it('passes its own tests', async () => {
    const context = template.app.images['app-name'] ?? '.';
    for (const [file, command] of Object.entries(OWN_TESTS)) {
      const inTemplate = context === '.' ? file : `${context}/${file}`;
      if (!template.files.includes(inTemplate)) continue;
      await docker('run', '--rm', '--tmpfs', '/tmp', '--volume', `${join(folder, 'app', inTemplate)}:/app/${file}:ro`, image, ...command);
    }
    // Not in a container: its cache is empty, and the standard library takes a minute to build.
    if (template.files.includes('go.mod')) execFileSync('go', ['test', './...'], { cwd: join(folder, 'app'), stdio: 'pipe' });
  });

  if (template.files.includes('stack.yml')) it('has a stack file that docker takes', async () => {
    expect(await docker('stack', 'config', '--compose-file', join(folder, 'app', 'stack.yml'))).toContain(`dev.local/${name}:dev`);
  });

  if (template.files.includes('compose.yaml')) it('runs by its Compose file', async () => {
    const override = join(folder, 'override.yaml');
    const valkey = id === 'chat' ? `\n  db:\n    image: ${await baseFor('valkey/valkey:8.1-alpine')}` : '';
    // The port of the file may be taken here; the image was built before, from the base that is here.
    writeFileSync(override, `services:\n  web:\n    image: ${image}\n    build: !reset null\n    ports: !override ["127.0.0.1::8080"]${valkey}\n`);
    const compose = (...args: string[]) => docker('compose', '--project-name', name, '--file', join(folder, 'app', 'compose.yaml'), '--file', override, ...args);
    try {
      await compose('up', '--detach', '--wait', '--quiet-pull');
      const published = await compose('port', 'web', '8080');
      const { path, status } = template.app.probe;
      expect((await untilAnswered(`http://${published}${path}`)).status).toBe(status);
      if (id === 'chat') await sayAndRestart(`http://${published}`, compose);
    } finally {
      await compose('down', '--volumes', '--timeout', '10');
    }
  });
});

async function sayAndRestart(url: string, compose: (...args: string[]) => Promise<string>): Promise<void> {
  const said = await fetch(`${url}/messages`, { method: 'POST', body: JSON.stringify({ name: 'ada', text: 'still here' }) });
  expect(said.status).toBe(201);
  await compose('restart', 'db', 'web');
  const published = await compose('port', 'web', '8080');
  const messages = async () => (await (await untilAnswered(`http://${published}/messages`)).text());
  for (const deadline = clock.monotonic() + 20_000; clock.monotonic() < deadline && !(await messages()).includes('still here'); ) await clock.sleep(100);
  expect(await messages()).toContain('still here');
}

describe.skipIf(process.env['DEVSTACK_LAB'] === undefined)('stand-ins', () => {
  it('are removed', async () => {
    const tags = (await docker('image', 'ls', '--filter', 'reference=devstack-test-base-*', '--format', '{{.Repository}}')).split('\n').filter((tag) => tag !== '');
    if (tags.length > 0) await docker('image', 'rm', ...tags);
    expect(await docker('ps', '--all', '--quiet', '--filter', `name=devstack-test-(${templates.map(({ id }: Template) => id).join('|')})`)).toBe('');
  });
});
