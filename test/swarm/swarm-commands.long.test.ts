// A swarm of three nodes by the commands of a person: apps, looking at them, demonstrations, kills, and nothing left.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { devstack, dockerThings, type Home, makeHome, start } from '../e2e/devstack.ts';

const NAME = 'test-swarm-commands';
const PORT = 18_650;
const ON = ['--name', NAME] as const;

describe.skipIf(process.env['DEVSTACK_LAB'] === undefined)('a swarm by its commands', () => {
  let home: Home;
  const run = (...args: string[]) => devstack(home, ...args);
  /** The result of a command that went well. */
  const good = async (...args: string[]) => {
    const { exitCode, result, stderr, stdout } = await run(...args, '--json');
    expect(exitCode, stderr + stdout).toBe(0);
    return result;
  };
  beforeAll(async () => {
    home = await makeHome();
    await run('down', NAME, '--yes');
    await good('up', 'swarm', '--nodes', '3', ...ON, '--port', String(PORT), '--yes');
  });
  afterAll(async () => {
    await run('down', NAME, '--yes');
    await home.remove();
  });

  test('an app: deployed, opened, loaded, followed, removed', async () => {
    expect(await good('deploy', 'quantum', ...ON)).toMatchObject({ app: 'quantum', endpoints: [{ status: 200, verified: true }] });
    expect(await good('deploy', 'httpbin', '--as', 'swarm', ...ON)).toMatchObject({ app: 'httpbin', endpoints: [{ url: expect.stringMatching(/:18651\/get$/), status: 200 }] });
    expect(await good('open', 'httpbin', ...ON)).toMatchObject({ endpoints: [{ path: '/get', verified: true }] });
    expect(await good('load', 'httpbin', '--for', '3s', ...ON)).toMatchObject({ load: { answered: 60, statuses: { '200': 60 } } });
    const logs = await run('logs', 'httpbin', '--tail', '5', ...ON);
    expect(logs.stdout).toMatch(/^web\.\d \| .*GET \/get/m);
    expect(await good('status', NAME)).toMatchObject({ stacks: [{ parts: [{ part: 'httpbin', state: 'ready' }, { part: 'quantum', state: 'ready' }] }] });
    expect((await run('deploy', 'httpbin', '--as', 'knative', ...ON, '--json')).result).toMatchObject({ ok: false, error: { code: 'stack-no-kubernetes' } });
    expect(await good('delete', 'httpbin', '--yes', ...ON)).toMatchObject({ removed: expect.arrayContaining(['service httpbin_web']) });
    expect((await run('open', 'httpbin', ...ON, '--json')).result).toMatchObject({ error: { code: 'app-missing' } });
  });

  test.each(['rolling-update', 'rollback', 'drain'])('demo %s: passed, and no request is lost', async (id) => {
    const result = await good('demo', id, ...ON);
    process.stderr.write(`${id}: ${JSON.stringify(result['numbers'])}\n`);
    expect(result).toMatchObject({ passed: true, numbers: { lost: 0 } });
    expect(await good('node', 'list', ...ON)).toMatchObject({ nodes: [{ availability: 'active' }, { availability: 'active' }, { availability: 'active' }] });
  });

  test('killed while it deploys: down leaves nothing', async () => {
    const deploying = start(home, ['deploy', 'httpbin', '--as', 'swarm', ...ON, '--json']);
    let said = '';
    deploying.stdout.on('data', (chunk: Buffer) => {
      said += String(chunk);
      if (said.includes('"id":"deploy","state":"started"')) void deploying.kill('SIGKILL');
    });
    expect((await deploying).signal).toBe('SIGKILL');
    expect((await good('down', NAME, '--yes'))['removed']).toEqual(expect.arrayContaining([`network devstack-${NAME}`]));
    expect(await dockerThings(`devstack-${NAME}`)).toEqual([]);
  });
});
