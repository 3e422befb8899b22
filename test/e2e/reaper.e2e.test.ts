// devstack run, killed with SIGKILL: its reaper leaves nothing; for real.
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { dockerThings, type Home, makeHome, start } from './devstack.ts';

const NAME = 'test-reap';
const CLUSTER = 'devstack-test-reap';
/** Of the requirement: everything is gone so long after the kill. */
const WITHIN_MS = 15_000;

describe.skipIf(process.env['DEVSTACK_LAB'] === undefined)('reaper', () => {
  let home: Home;
  beforeAll(async () => { home = await makeHome(NAME); });
  afterAll(() => home.remove());

  test('run is killed while its command runs: containers, network, kubeconfig and the command itself go', async () => {
    const run = start(home, ['run', 'base', '--name', NAME, '--port', '18501', '--json', '--', 'sh', '-c', 'echo alive >&2; sleep 600']);
    for await (const line of run.stderr) if (String(line).includes('alive')) break;
    expect(await dockerThings(CLUSTER)).not.toEqual([]);
    process.kill(run.pid ?? 0, 'SIGKILL');
    const killed = performance.now();
    await run;
    while ((await dockerThings(CLUSTER)).length > 0 && performance.now() - killed < 4 * WITHIN_MS) await new Promise((resolve) => setTimeout(resolve, 200));
    const took = performance.now() - killed;
    expect(await dockerThings(CLUSTER)).toEqual([]);
    console.log(`gone ${Math.round(took)} ms after SIGKILL (wanted: ${WITHIN_MS})`);
    const stacks = join(home.directory, 'state/devstack/stacks');
    while ((await readdir(stacks)).length > 0) await new Promise((resolve) => setTimeout(resolve, 50));
  });
});
