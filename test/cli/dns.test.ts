// devstack dns: the ladder as it is, a resolver of its own, lines for the hosts file that nobody writes but the person.
import { describe, expect, test } from 'vitest';
import type { StackStatus } from '../../src/cli/use-cases.ts';
import { endpoint, lastLine, run } from './harness.ts';

const domain = (name: string, resolves: boolean) => ({ domain: name, resolves, reason: resolves ? 'resolves to 127.0.0.1' : 'does not resolve' });

describe('dns show', () => {
  test('each rung with what came of it, and the one that a new stack takes', async () => {
    const domains = [domain('127.0.0.1.sslip.io', false), domain('localtest.me', true), domain('localhost', true)];
    const outcome = await run(['dns'], { useCases: { domains: async () => domains } });
    expect(outcome.stdout).toMatch(/✖ +\*\.127\.0\.0\.1\.sslip\.io +does not resolve\n.*✔ +\*\.localtest\.me/);
    expect(outcome.stdout).toContain('A new stack takes localtest.me');
    expect(lastLine(await run(['dns', '--json'], { useCases: { domains: async () => domains } }))).toMatchObject({ ok: true, domains });
  });

  test('where none works, what does all the same', async () => {
    const outcome = await run(['dns', 'show'], { useCases: { domains: async () => [domain('localhost', false)] } });
    expect(outcome.code).toBe(0);
    expect(outcome.stdout).toContain('Requests need a Host header');
    expect(outcome.stdout).toContain('devstack dns serve');
  });
});

describe('dns serve', () => {
  test('says where it listens and how a system asks it, and in the end how often it was asked', async () => {
    const asked: unknown[] = [];
    const outcome = await run(['dns', 'serve', '--domain', 'lab.test', '--port', '0', '--json'], {
      useCases: { serveNames: async (server) => { asked.push(server); return { port: 40_053, ended: Promise.resolve(3) }; } },
    });
    expect(asked).toEqual([{ domain: 'lab.test', port: 0 }]);
    expect(outcome.stdout).toContain('127.0.0.1:40053');
    expect(outcome.stdout).toContain('/etc/resolver/lab.test');
    expect(lastLine(outcome)).toMatchObject({ ok: true, domain: 'lab.test', port: 40_053, answered: 3 });
  });

  test.each(['-x.test', 'a..b', 'lab.test; rm', ''])('%j is no domain', async (name) => {
    const outcome = await run(['dns', 'serve', `--domain=${name}`, '--json']);
    expect(outcome.code).toBe(2);
  });
});

test('dns hosts prints a line for each name, once', async () => {
  const status = { endpoints: [{ ...endpoint, status: 200, verified: true }, { ...endpoint, name: 'twice', status: 200, verified: true }] } as unknown as StackStatus;
  const outcome = await run(['dns', 'hosts'], { useCases: { status: async () => [status] } });
  expect(outcome.stdout).toBe('127.0.0.1 hello.default.127.0.0.1.sslip.io\n');
});

test('a word that is no action names the near one', async () => {
  const outcome = await run(['dns', 'serv', '--json']);
  expect(lastLine(outcome)).toMatchObject({ error: { code: 'command-line-invalid', message: expect.stringContaining('did you mean serve?') } });
});
