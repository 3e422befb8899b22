// devstack open for the page of an addon: where it is told, and that a token reaches eyes only.
import { expect, test } from 'vitest';
import type { OpenedPage, UseCases } from '../../src/cli/use-cases.ts';
import { usageError } from '../../src/model/error.ts';
import { endpoint, lastLine, type RunOptions, run } from './harness.ts';

/** Shaped like a real one, so that redaction would take it out. */
const TOKEN = 'eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJzeXN0ZW0ifQ.c2lnbmF0dXJl';
const opened: OpenedPage = { stack: 'lab', url: 'http://127.0.0.1:4466/', token: TOKEN, tokenSeconds: 3600, ended: Promise.resolve() };
const appMissing = () => { throw usageError({ code: 'app-missing', message: 'no app was deployed here' }); };

async function openPage(argv: readonly string[], options: RunOptions = {}) {
  const asked: unknown[] = [];
  const useCases: Partial<UseCases> = {
    findApp: async () => appMissing(), openUrl: async (url) => { asked.push(url); return true; },
    async openAddon({ addon, stack, port }) {
      asked.push([addon.id, stack, port]);
      return addon.page?.account === undefined ? { ...opened, token: undefined } : opened;
    },
  };
  return { asked, outcome: await run(['open', ...argv], { ...options, useCases: { ...useCases, ...options.useCases } }) };
}

const times = (text: string, part: string) => text.split(part).length - 1;

test('the address is told, and a token to a terminal only, once', async () => {
  const { asked, outcome } = await openPage(['headlamp', '--name', 'lab', '--port', '4466'], { isTerminal: true });
  expect(outcome.code, outcome.stderr).toBe(0);
  expect(asked).toEqual([['dashboard', 'lab', 4466], 'http://127.0.0.1:4466/']);
  expect(outcome.stderr.replace(/\s+/g, ' ')).toContain('answers at http://127.0.0.1:4466/ on this machine only; Ctrl-C ends it');
  expect([times(outcome.stderr, TOKEN), times(outcome.stdout, TOKEN)]).toEqual([1, 0]);
});

test.each([[[]], [['--json']]])('no terminal: no token, no browser, but the way to a token (%j)', async (more) => {
  const { asked, outcome } = await openPage(['dashboard', ...more], { isTerminal: more.length > 0 });
  expect(outcome.code).toBe(0);
  expect(asked).toEqual([['dashboard', undefined, undefined]]);
  expect(outcome.stdout + outcome.stderr).not.toContain(TOKEN);
  expect(outcome.stdout + outcome.stderr).toContain('kubectl create token person --namespace devstack-dashboard');
});

test('a page that asks for nothing gets nothing', async () => {
  const { outcome } = await openPage(['grafana', '--json']);
  expect(lastLine(outcome)).toMatchObject({ ok: true, addon: 'monitoring', stack: 'lab', url: 'http://127.0.0.1:4466/' });
  expect(outcome.stdout).not.toContain('token');
});

test('an app goes before an addon of the same name', async () => {
  const { asked, outcome } = await openPage(['dashboard', '--json'], { useCases: {
    findApp: async (app) => ({ app, kind: 'knative', stack: 'lab', namespace: 'default' }), appEndpoint: async () => ({ ...endpoint, status: 200, verified: true }),
  } });
  expect(asked).toEqual([]);
  expect(lastLine(outcome)).toMatchObject({ ok: true, app: 'dashboard' });
});

test('a browser gets the page of an app; a script gets the address that proves it', async () => {
  const useCases: Partial<UseCases> = {
    findApp: async (app) => ({ app, kind: 'knative', stack: 'lab', namespace: 'default' }), appEndpoint: async () => ({ ...endpoint, url: 'http://quantum/answer', status: 200, verified: true }),
    pageOf: async () => 'http://quantum/',
  };
  const shown = await openPage(['quantum'], { isTerminal: true, useCases });
  expect([shown.asked, shown.outcome.stdout]).toEqual([['http://quantum/'], 'http://quantum/\n']);
  const printed = await openPage(['quantum', '--print'], { isTerminal: true, useCases });
  expect([printed.asked, printed.outcome.stdout]).toEqual([[], 'http://quantum/answer\n']);
});

test('a name that is neither is told as an app that is missing', async () => {
  const { outcome } = await openPage(['no-such', '--json']);
  expect(lastLine(outcome)).toMatchObject({ ok: false, error: { code: 'app-missing' } });
});
