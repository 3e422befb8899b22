// devstack events: at the rim of main().
import { describe, expect, test } from 'vitest';
import type { EventWish } from '../../src/cli/app-use-cases.ts';
import type { UseCases } from '../../src/cli/use-cases.ts';
import type { CloudEvent } from '../../src/model/cloud-event.ts';
import type { Plan } from '../../src/model/plan.ts';
import { lastLine, run } from './harness.ts';

const plan: Plan = { schema: 1, stack: 'dev', notes: [], endpoints: [], steps: [] };
const sink = { app: 'event-watch', kind: 'deployment', stack: 'dev', namespace: 'default' } as const;
const greeting: CloudEvent = { specversion: '1.0', id: '1', type: 'com.example.greeting', source: '/x', data: { text: 'hi\u001b[2J' } };

function sender(triggers: readonly string[]) {
  const wishes: EventWish[] = [];
  const useCases: Partial<UseCases> = {
    async sendEvent(wish) {
      wishes.push(wish);
      return { stack: 'dev', status: 202, durationMs: 12, triggers };
    },
  };
  return { wishes, useCases };
}

describe('events send', () => {
  test('hands over a whole CloudEvent, and says who gets it', async () => {
    const { wishes, useCases } = sender(['greetings']);
    const result = await run(['events', 'send', '--data', '{"text":"hi"}'], { useCases });
    expect(result).toMatchObject({ code: 0, stdout: expect.stringMatching(/broker default of dev took com\.example\.greeting .* in 12 ms\n {2}sent on by greetings\n$/) });
    expect(wishes).toEqual([{
      stack: undefined, namespace: 'default', broker: 'default',
      event: { specversion: '1.0', id: expect.stringMatching(/^[0-9a-f-]{36}$/), type: 'com.example.greeting', source: '/devstack', datacontenttype: 'application/json', data: { text: 'hi' } },
    }]);
  });

  test('says that nobody gets it', async () => {
    expect((await run(['events', 'send'], { useCases: sender([]).useCases })).stdout).toContain('no trigger of the broker wants it: nobody gets it');
  });

  test('sends several, each with an id of its own, and a text as a text', async () => {
    const { wishes, useCases } = sender([]);
    const result = await run(['events', 'send', '--count', '3', '--data', 'plain', '--type', 'a.b', '--json'], { useCases });
    expect(lastLine(result)).toMatchObject({ ok: true, sent: 3, type: 'a.b' });
    expect(new Set(wishes.map(({ event }) => event.id)).size).toBe(3);
    expect(wishes[0]?.event['data']).toBe('plain');
  });

  test.each([
    [['events'], 'argument-missing'], [['events', 'sned'], 'command-line-invalid'], [['events', 'send', '--type', ' '], 'flag-invalid'], [['events', 'send', '--source', ''], 'flag-invalid'],
  ])('refuses %j before it asks anybody', async (argv, code) => {
    const result = await run([...argv, '--json']);
    expect(result.code).toBe(2);
    expect(lastLine(result)).toMatchObject({ error: { code } });
  });
});

describe('events watch', () => {
  const filters: unknown[] = [];
  const removed: string[] = [];
  const useCases: Partial<UseCases> = {
    async planEventSink(_stack, { filter }) {
      filters.push(filter);
      return { ...sink, plan };
    },
    async deploy() {
      return { ...sink, images: [], endpoints: [], changed: 1, durationMs: 1 };
    },
    async* watchEvents() {
      yield greeting;
      yield { ...greeting, id: '2' };
    },
    planRemoveApp: ({ app }) => ({ ...plan, stack: app }),
    async removeApp({ stack }) {
      removed.push(stack);
      return { removed: [], kept: [] };
    },
  };

  test('shows what arrives without what would harm the terminal, ends after as many as were asked for, and takes its sink away', async () => {
    const result = await run(['events', 'watch', '--type', 'com.example.greeting', '--count', '1'], { useCases });
    expect(result).toMatchObject({ code: 0, stdout: expect.stringMatching(/^com\.example\.greeting {2}\/x {2}\{"text":"hi[^\u001b]*\n$/) });
    expect(result.stderr).toContain('watching com.example.greeting at the broker default of dev; Ctrl-C ends it');
    expect(filters.at(-1)).toEqual({ type: 'com.example.greeting' });
    expect(removed).toEqual(['event-watch']);
  });

  test('as JSON: one line for each event, and the result', async () => {
    const result = await run(['events', 'watch', '--json'], { useCases });
    const lines = result.stdout.trim().split('\n').map((line) => JSON.parse(line));
    expect(lines.filter(({ type }) => type === 'event').map(({ event }) => event.id)).toEqual(['1', '2']);
    expect(lastLine(result)).toMatchObject({ ok: true, seen: 2 });
    expect(filters.at(-1)).toEqual({});
  });
});
