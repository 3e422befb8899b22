import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { createProcesses } from '../../src/host/process.ts';
import { temporaryFolder } from './folder.ts';
import { untilGone } from './processes-gone.ts';

const NODE = process.execPath;
const processes = createProcesses({ PATH: process.env['PATH'], GREETING: 'hello' });

/** A program that runs this JavaScript. */
function script(folder: string, name: string, body: string): string {
  const path = join(folder, name);
  writeFileSync(path, `#!${NODE}\n${body}\n`);
  chmodSync(path, 0o755);
  return path;
}

describe('run', () => {
  test('gives exit code and both outputs as they are, and passes arguments without a shell', async () => {
    const result = await processes.run(NODE, ['-e', 'console.log(process.argv[1]); console.error("e"); process.exit(3)', '$(id); `id` "x']);
    expect(result).toEqual({ exitCode: 3, stdout: '$(id); `id` "x\n', stderr: 'e\n' });
  });

  test('closes stdin, so that a program that reads it ends', async () => {
    const { stdout } = await processes.run(NODE, ['-e', 'process.stdin.on("data", () => 0).on("end", () => console.log("ended"))']);
    expect(stdout).toBe('ended\n');
  });

  test('feeds input and the environment that it was made with, not that of this process', async () => {
    const code = 'process.stdin.on("data", (d) => console.log(String(d), process.env.GREETING, process.env.EXTRA, process.env.VITEST))';
    const { stdout } = await processes.run(NODE, ['-e', code], { input: 'typed', env: { EXTRA: 'more' } });
    expect(stdout).toBe('typed hello more undefined\n');
  });

  test('counts an end by signal as a shell does', async () => {
    expect((await processes.run(NODE, ['-e', 'process.kill(process.pid, "SIGKILL")'])).exitCode).toBe(137);
  });

  test('gives lines as they come, with CR of progress bars and a last line without an end', async () => {
    const lines: string[] = [];
    await processes.run(NODE, ['-e', 'process.stdout.write("a\\r\\nb 1%\\rb 2%\\nlast"); process.stderr.write("e\\n")'], {
      onLine: (line, stream) => lines.push(`${stream}: ${line}`),
    });
    expect(lines.filter((line) => line.startsWith('stdout'))).toEqual(['stdout: a', 'stdout: b 1%', 'stdout: b 2%', 'stdout: last']);
    expect(lines).toContain('stderr: e');
  });

  test('decodes a character that two chunks share, and marks what is no UTF-8', async () => {
    const lines: string[] = [];
    const code = 'process.stdout.write(Buffer.from([0xc3])); setImmediate(() => process.stdout.write(Buffer.from([0xa9, 10, 0xff, 10])))';
    const { stdout } = await processes.run(NODE, ['-e', code], { onLine: (line) => lines.push(line) });
    expect(stdout).toBe('é\n\uFFFD\n');
    expect(lines).toEqual(['é', '\uFFFD']);
  });

  test('an absent program is tool-missing, exit 3', async () => {
    await expect(processes.run('devstack-no-such-tool', [])).rejects.toMatchObject({ code: 'tool-missing', exit: 3 });
  });

  test('an abort ends the program and what it has started', async () => {
    const folder = temporaryFolder();
    const pidFile = join(folder, 'pid');
    const child = script(folder, 'child', 'setInterval(() => 0, 1000)');
    const parent = script(folder, 'parent', `
      const { spawn } = require('node:child_process');
      const child = spawn(${JSON.stringify(child)}, { stdio: 'inherit' });
      child.on('spawn', () => { require('node:fs').writeFileSync(${JSON.stringify(pidFile)}, String(child.pid)); console.log('up'); });`);
    const controller = new AbortController();
    const run = processes.run(parent, [], { signal: controller.signal, onLine: () => controller.abort() });
    await expect(run).rejects.toMatchObject({ name: 'AbortError' });
    await untilGone([Number(readFileSync(pidFile, 'utf8'))]);
  });

  test('a signal that was aborted before starts nothing', async () => {
    const folder = temporaryFolder();
    const mark = join(folder, 'mark');
    const program = script(folder, 'program', `require('node:fs').writeFileSync(${JSON.stringify(mark)}, '')`);
    await expect(processes.run(program, [], { signal: AbortSignal.abort() })).rejects.toMatchObject({ name: 'AbortError' });
    expect(existsSync(mark)).toBe(false);
  });

  test('a program that takes too long is ended, with its last words', async () => {
    const run = processes.run(NODE, ['-e', 'console.error("first\\nwaiting for godot"); setInterval(() => 0, 1000)'], { timeoutMs: 300 });
    await expect(run).rejects.toMatchObject({ code: 'tool-timeout', exit: 4, reason: 'waiting for godot' });
  });

  test('a program that ignores SIGTERM is killed after the grace', async () => {
    const impatient = createProcesses({ PATH: process.env['PATH'] }, { graceMs: 100 });
    const controller = new AbortController();
    const code = 'process.on("SIGTERM", () => 0); console.log(process.pid); setInterval(() => 0, 1000)';
    let pid = 0;
    const run = impatient.run(NODE, ['-e', code], {
      signal: controller.signal,
      onLine: (line) => {
        pid = Number(line);
        controller.abort();
      },
    });
    await expect(run).rejects.toMatchObject({ name: 'AbortError' });
    await untilGone([pid]);
  });

  test('a grandchild that left the group and holds the output does not hold up an abort', async () => {
    const impatient = createProcesses({ PATH: process.env['PATH'] }, { graceMs: 100 });
    const controller = new AbortController();
    const code = `
      const child = require('node:child_process').spawn(process.execPath, ['-e', 'setTimeout(() => 0, 5000)'], { stdio: 'inherit', detached: true });
      child.on('spawn', () => console.log(child.pid));`;
    let pid = 0;
    const run = impatient.run(NODE, ['-e', code], {
      signal: controller.signal,
      onLine: (line) => {
        pid = Number(line);
        controller.abort();
      },
    });
    await expect(run).rejects.toMatchObject({ name: 'AbortError' });
    process.kill(pid, 'SIGKILL');
  });
});

describe('find', () => {
  test('never takes a program from the current directory, however PATH asks for it', async () => {
    const folder = temporaryFolder();
    script(folder, 'kind', 'console.log("planted")');
    const before = process.cwd();
    process.chdir(folder);
    try {
      for (const path of ['', '.', ':', 'bin::', `./:${'.'}`]) {
        expect(await createProcesses({ PATH: path }).find('kind'), `PATH=${path}`).toBeUndefined();
      }
      expect(await createProcesses({ PATH: '/usr/bin' }).find('./kind')).toBeUndefined();
    } finally {
      process.chdir(before);
    }
  });

  test('takes the first that is a file and may be run', async () => {
    const folder = temporaryFolder();
    const [first, second, third] = ['a', 'b', 'c'].map((name) => join(folder, name));
    for (const one of [first, second, third]) mkdirSync(one ?? '');
    mkdirSync(join(first ?? '', 'kind'));
    writeFileSync(join(second ?? '', 'kind'), '', { mode: 0o644 });
    const wanted = script(third ?? '', 'kind', '');
    expect(await createProcesses({ PATH: [first, second, third].join(':') }).find('kind')).toBe(wanted);
  });

  test('a name with a NUL, an empty one, none at all on PATH', async () => {
    for (const name of ['', 'a\0b', 'devstack-no-such-tool']) expect(await processes.find(name)).toBeUndefined();
    expect(await createProcesses({}).find('sh')).toBeUndefined();
  });
});
