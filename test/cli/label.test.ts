// What every screen about a stack must say is said by the commands about apps and demonstrations, too; a value for scripts stays as it is.
import { describe, expect, test } from 'vitest';
import { endpoint, lastLine, run } from './harness.ts';

const label = 'rehearsal: nothing was installed';
const answered = { ...endpoint, status: 200, verified: true };

const useCases: Parameters<typeof run>[1] = {
  useCases: {
    isSwarm: async () => false,
    findApp: async (app) => ({ app, kind: 'knative', stack: 'lab', namespace: 'default', label }),
    findStack: async () => ({ stack: 'lab', runtime: 'kubernetes', label }),
    appLogs: async function* appLogs() { yield { pod: 'shop-1', line: 'hello' }; },
    readTraffic: async () => ({ revisions: [{ name: 'shop-00001', number: 1, percent: 100, isReady: true, url: undefined }], isPinned: false }),
    appEndpoint: async () => answered,
  },
};

describe('where nothing was installed', () => {
  test('logs say so before the first line, and leave the lines alone', async () => {
    const { stdout, stderr } = await run(['logs', 'shop'], useCases);
    expect(stderr).toBe(`note: ${label}\n`);
    expect(stdout).toBe('shop-1 | hello\n');
    expect(lastLine(await run(['logs', 'shop', '--json'], useCases))).toMatchObject({ ok: true, label, lines: 1 });
  });

  test('a screen says so under its first line', async () => {
    const { stdout } = await run(['traffic', 'shop'], useCases);
    expect(stdout.split('\n').slice(0, 2)).toEqual(['shop (everything goes to the newest)', `  ${label}`]);
    expect(lastLine(await run(['traffic', 'shop', '--json'], useCases))).toMatchObject({ ok: true, label });
  });

  test('a value for scripts stays as it is', async () => {
    const { stdout, stderr } = await run(['open', 'shop', '--print'], useCases);
    expect(stdout).toBe(`${endpoint.url}\n`);
    expect(stderr).toContain(label);
    expect(lastLine(await run(['open', 'shop', '--json'], useCases))).toMatchObject({ label });
  });

  test('also what fails says so: a demonstration that lacks something', async () => {
    const hpa = { useCases: { ...useCases.useCases, addons: async () => ({ stack: 'lab', addons: [] }), apps: async () => [] } };
    expect((await run(['demo', 'hpa'], hpa)).stderr).toContain(`note: ${label}\n`);
    expect(lastLine(await run(['demo', 'hpa', '--json'], hpa))).toMatchObject({ ok: false, label, error: { code: 'addon-missing' } });
  });
});

test('elsewhere there is nothing to say', async () => {
  const plain = { useCases: { ...useCases.useCases, findApp: async (app: string) => ({ app, kind: 'knative', stack: 'lab', namespace: 'default' } as const) } };
  expect(await run(['traffic', 'shop'], plain)).toMatchObject({ stdout: expect.not.stringContaining('rehearsal'), stderr: '' });
  expect(lastLine(await run(['traffic', 'shop', '--json'], plain))).not.toHaveProperty('label');
});
