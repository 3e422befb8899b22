// Event streams, replayed through each renderer: `up` was recorded from a real run (`up knative --json`), `up-failed` is made by hand. A snapshot that changes is a change that users see.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { DevstackEvent } from '../../src/model/event.ts';
import { createJsonRenderer } from '../../src/render/json.ts';
import { createLinesRenderer } from '../../src/render/lines.ts';
import { coloured, plain } from '../../src/render/paint.ts';
import type { Renderer, Screen } from '../../src/render/renderer.ts';
import { createTtyRenderer } from '../../src/render/tty.ts';
import { VirtualScreen } from './virtual-screen.ts';

async function recording(name: string): Promise<readonly DevstackEvent[]> {
  const text = await readFile(join(import.meta.dirname, 'fixtures', `${name}.ndjson`), 'utf8');
  return text.trim().split('\n').map((line) => JSON.parse(line) as DevstackEvent);
}

/** A screen that keeps what is written, and a clock that is a second further at every event. */
function sink(size: { readonly columns?: number; readonly rows?: number } = {}) {
  const written: string[] = [];
  const screen: Screen = { write: (text) => written.push(text), ...size };
  let now = 0;
  return { screen, written, clock: { monotonic: () => now }, tick: () => { now += 1_000; } };
}

/** Tasks become visible a microtask after the plan: everything waits for that, as the engine does. */
async function replay(renderer: Renderer, events: readonly DevstackEvent[], tick: () => void): Promise<void> {
  for (const event of events) {
    renderer.emit(event);
    tick();
    await Promise.resolve();
  }
}

describe.each(['up', 'up-failed'])('%s', (name) => {
  test('as lines', async () => {
    const { screen, written, clock, tick } = sink();
    await replay(createLinesRenderer(screen, clock), await recording(name), tick);
    await expect(written.join('')).toMatchFileSnapshot(`snapshots/${name}.lines.txt`);
  });

  test('as JSON', async () => {
    const { screen, written, tick } = sink();
    const events = await recording(name);
    await replay(createJsonRenderer(screen), events, tick);
    expect(written.map((line) => JSON.parse(line) as unknown)).toEqual(events.map((event) => ({ v: 1, ...event })));
  });

  test.each([48, 80, 120])('in a terminal of %i columns', async (columns) => {
    const { screen, written, clock, tick } = sink({ columns, rows: 30 });
    const renderer = createTtyRenderer(screen, { paint: plain, ...clock });
    const events = await recording(name);
    const middle = Math.ceil(events.length * 0.6);
    await replay(renderer, events.slice(0, middle), tick);
    const live = new VirtualScreen(columns, 30, written.join(''));
    await replay(renderer, events.slice(middle), tick);
    renderer.end();
    const end = new VirtualScreen(columns, 30, written.join(''));
    // What is drawn again must not wrap; notes above it may.
    for (const line of [...live.lines, ...end.lines].filter((text) => /^ +[✔✖❯◼↓›⠋]/.test(text))) expect(line.length).toBeLessThan(columns);
    await expect(`── while it runs\n${live.text}── at the end\n${end.text}`).toMatchFileSnapshot(`snapshots/${name}.tty-${columns}.txt`);
  });
});

describe('terminal', () => {
  test('hides the cursor while it draws and shows it at the end', async () => {
    const { screen, written, clock, tick } = sink({ columns: 80, rows: 30 });
    const renderer = createTtyRenderer(screen, { paint: coloured, ...clock });
    await replay(renderer, await recording('up'), tick);
    renderer.end();
    const text = written.join('');
    expect(text.split('\u001b[?25l')).toHaveLength(2);
    expect(text.endsWith('\u001b[?25h')).toBe(true);
  });

  test('registers no signal listener and leaves the streams of the process alone', async () => {
    const before = { sigint: process.listenerCount('SIGINT'), write: process.stdout.write };
    const { screen, clock, tick } = sink({ columns: 80, rows: 30 });
    const renderer = createTtyRenderer(screen, { paint: plain, ...clock });
    await replay(renderer, await recording('up'), tick);
    expect({ sigint: process.listenerCount('SIGINT'), write: process.stdout.write }).toEqual(before);
    renderer.end();
  });

  test('stays inside a low window', async () => {
    const { screen, written, clock, tick } = sink({ columns: 80, rows: 5 });
    const renderer = createTtyRenderer(screen, { paint: plain, ...clock });
    const events = await recording('up');
    await replay(renderer, events.slice(2, 12), tick);
    const screenshot = new VirtualScreen(80, 5, written.join(''));
    expect(screenshot.scrolledAway).toEqual([]);
    renderer.end();
  });
});

test('lines tell now and then what a step waits for, and never twice the same', async () => {
  const { screen, written } = sink();
  let now = 0;
  const renderer = createLinesRenderer(screen, { monotonic: () => now });
  renderer.emit({ type: 'plan', stack: 'dev', steps: [{ id: 'w', kind: 'wait', title: 'Wait', lane: 'L' }] });
  renderer.emit({ type: 'step', id: 'w', state: 'started' });
  for (const message of ['one', 'two', 'two', 'two', 'three']) {
    now += 8_000;
    renderer.emit({ type: 'progress', id: 'w', message });
  }
  renderer.emit({ type: 'step', id: 'w', state: 'done' });
  now += 60_000;
  renderer.emit({ type: 'progress', id: 'w', message: 'late' });
  expect(written.filter((line) => line.includes('…'))).toEqual(['L | Wait: … two\n', 'L | Wait: … three\n']);
});
