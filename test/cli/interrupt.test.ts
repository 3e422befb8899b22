// Signals: the first stops, the second forces, and a stop that hangs is forced.
import { describe, expect, test } from 'vitest';
import { Interrupts, STOP_WITHIN_MS } from '../../src/cli/interrupt.ts';

function world() {
  const log: string[] = [];
  let deadline: { readonly ms: number; work(): void } | undefined;
  const interrupts = new Interrupts({
    abort: () => log.push('abort'),
    say: () => log.push('say'),
    exit: (code) => log.push(`exit ${code}`),
    after: (ms, work) => {
      deadline = { ms, work };
      return () => { deadline = undefined; };
    },
  });
  return { log, interrupts, deadline: () => deadline };
}

describe('interrupts', () => {
  test('the first signal stops cleanly, the second forces', () => {
    const { log, interrupts } = world();
    interrupts.receive('SIGINT');
    expect(log).toEqual(['abort']);
    interrupts.receive('SIGINT');
    expect(log).toEqual(['abort', 'say', 'exit 130']);
  });

  test('SIGTERM after SIGINT forces too, as CI systems send them', () => {
    const { log, interrupts } = world();
    interrupts.receive('SIGINT');
    interrupts.receive('SIGTERM');
    expect(log.at(-1)).toBe('exit 143');
  });

  test('a stop that does not end is ended after five seconds', () => {
    const { log, interrupts, deadline } = world();
    interrupts.receive('SIGHUP');
    expect(deadline()?.ms).toBe(STOP_WITHIN_MS);
    deadline()?.work();
    expect(log).toEqual(['abort', 'say', 'exit 129']);
  });

  test('a run that ended by itself is not ended again', () => {
    const { interrupts, deadline } = world();
    interrupts.receive('SIGINT');
    interrupts.dispose();
    expect(deadline()).toBeUndefined();
  });

  test('a reader that went away stops the run without a word', () => {
    const { log, interrupts, deadline } = world();
    interrupts.abandon();
    deadline()?.work();
    expect(log).toEqual(['abort', 'exit 141']);
  });
});
