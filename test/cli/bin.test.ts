// bin/devstack.js: what it says when it cannot start, and that it hands over.
import { spawnSync } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'devstack-test-bin-'));
  await cp(join(import.meta.dirname, '../../bin'), join(folder, 'bin'), { recursive: true });
});
afterEach(() => rm(folder, { recursive: true, force: true }));

function start(...nodeFlags: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [...nodeFlags, join(folder, 'bin/devstack.js'), '--version'], { encoding: 'utf8' });
  return { status, stdout, stderr };
}

describe('bin', () => {
  test('says how to build what is not built', () => {
    expect(start()).toEqual({ status: 3, stdout: '', stderr: 'error: devstack is not built\n  next: build it\n        $ npm run build\n' });
  });

  test('says which Node it needs', async () => {
    await writeFile(join(folder, 'old.cjs'), "Object.defineProperty(process.versions, 'node', { value: '18.20.8' });");
    const result = start('--require', join(folder, 'old.cjs'));
    expect(result.status).toBe(3);
    expect(result.stderr).toContain('devstack needs Node 20.19 or newer, this is 18.20.8');
  });

  test('hands over to dist, and does not hide what is broken in it', async () => {
    await mkdir(join(folder, 'dist'));
    await writeFile(join(folder, 'dist/main.cjs'), "exports.start = () => process.stdout.write('started\\n');");
    expect(start()).toEqual({ status: 0, stdout: 'started\n', stderr: '' });
    await writeFile(join(folder, 'dist/main.cjs'), "require('./gone.cjs');");
    expect(start().stderr).toContain("Cannot find module './gone.cjs'");
  });
});
