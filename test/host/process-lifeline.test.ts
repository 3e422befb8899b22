import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';
import { describe, expect, test } from 'vitest';
import { createProcesses } from '../../src/host/process.ts';
import { temporaryFolder } from './folder.ts';
import { isRunning, untilGone } from './processes-gone.ts';

const NODE = process.execPath;
const processes = createProcesses({ PATH: process.env['PATH'] });

/** Tells its number and that of a child of its own, then stays; at SIGTERM it says so at the end of a file. */
const STAYS = `
const { spawn } = require('node:child_process');
const { appendFileSync } = require('node:fs');
process.on('SIGTERM', () => { appendFileSync(process.argv[1], 'SIGTERM'); process.exit(0); });
console.log('numbers', process.pid, spawn('sleep', ['600']).pid);
setInterval(() => 0, 1000);
`;

describe('with a lifeline', () => {
  test('a program ends as without one', async () => {
    expect(await processes.run(NODE, ['-e', 'console.log(process.argv[1]); console.error("e"); process.exit(3)', 'a b$c'], { lifeline: true }))
      .toEqual({ exitCode: 3, stdout: 'a b$c\n', stderr: 'e\n' });
    expect((await processes.run(NODE, ['-e', 'process.kill(process.pid, "SIGTERM"); setInterval(() => 0, 1000)'], { lifeline: true })).exitCode).toBe(143);
  });

  test('it has no stdin', async () => {
    const { stdout } = await processes.run(NODE, ['-e', 'process.stdin.on("data", () => 0).on("end", () => console.log("ended"))'], { lifeline: true });
    expect(stdout).toBe('ended\n');
  });

  test('an abort ends it with all it has started', async () => {
    const stop = new AbortController();
    let pids: readonly number[] = [];
    const onLine = (line: string) => {
      pids = line.split(' ').slice(1).map(Number);
      stop.abort();
    };
    await expect(processes.run(NODE, ['-e', STAYS, '/dev/null'], { lifeline: true, signal: stop.signal, onLine })).rejects.toMatchObject({ name: 'AbortError' });
    expect(pids).toHaveLength(2);
    await untilGone(pids);
  });

  test('kill -9 of this process ends it with all it has started', async () => {
    const folder = temporaryFolder();
    const source = fileURLToPath(new URL('../../src/host/process.ts', import.meta.url));
    const bundle = await rolldown({ input: source, platform: 'node', logLevel: 'silent' });
    await bundle.write({ file: join(folder, 'process.mjs'), format: 'esm', codeSplitting: false });
    writeFileSync(join(folder, 'run.mjs'), `
      import { createProcesses } from './process.mjs';
      const onLine = (line) => console.log(line);
      await createProcesses(process.env).run(process.execPath, ['-e', ${JSON.stringify(STAYS)}, ${JSON.stringify(join(folder, 'told'))}], { lifeline: true, onLine });
    `);
    const child = spawn(NODE, [join(folder, 'run.mjs')], { stdio: ['ignore', 'pipe', 'inherit'] });
    const lines = createInterface({ input: child.stdout });
    const [line] = (await once(lines, 'line')) as [string];
    const pids = line.split(' ').slice(1).map(Number);
    expect(pids.every(isRunning)).toBe(true);
    child.kill('SIGKILL');
    await untilGone(pids);
    const { stdout } = await processes.run('cat', [join(folder, 'told')]);
    expect(stdout).toBe('SIGTERM');
  });
});
