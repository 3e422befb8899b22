// Events for logs (CI, pipes): one line per change of state, no colours that move, no clock. While a step waits, its cause now and then.
import type { Hint } from '../model/error.ts';
import type { DevstackEvent, StepTitle } from '../model/event.ts';
import type { StepId } from '../model/plan.ts';
import { type Paint, plain } from './paint.ts';
import type { Renderer, Screen } from './renderer.ts';
import { count, formatDuration, oneLine } from './text.ts';

/** A silent log looks hung; one that repeats itself is not read. */
const PROGRESS_EVERY_MS = 15_000;

export interface LinesOptions {
  readonly paint?: Paint;
  /** Milliseconds that never jump back. */
  monotonic(): number;
}

interface StepLine {
  readonly step: StepTitle;
  lastAt: number;
  lastMessage: string;
  isRunning: boolean;
}

const ENDS = { done: 'done', unchanged: 'unchanged', failed: 'failed', cancelled: 'stopped' } as const;

export function hintLines(hints: readonly Hint[], paint: Paint = plain): readonly string[] {
  return hints.flatMap(({ text, command }) => (command === undefined ? [`  next: ${text}`] : [`  next: ${text}`, `        ${paint('cyan', `$ ${command}`)}`]));
}

function endLine(title: string, event: Extract<DevstackEvent, { type: 'step' }>, paint: Paint): string {
  const state = event.state === 'started' ? 'done' : event.state;
  const isTimed = state === 'done' || state === 'failed';
  const took = event.durationMs === undefined || !isTimed ? '' : ` ${state === 'done' ? 'in' : 'after'} ${formatDuration(event.durationMs)}`;
  const note = event.note === undefined ? '' : ` (${oneLine(event.note)})`;
  return `${title}: ${paint(state === 'failed' ? 'red' : state === 'done' ? 'green' : 'dim', ENDS[state])}${took}${note}`;
}

export function createLinesRenderer(screen: Screen, options: LinesOptions): Renderer {
  const { paint = plain, monotonic } = options;
  const steps = new Map<StepId, StepLine>();
  const write = (line: string) => void screen.write(`${line}\n`);
  const title = (id: StepId) => {
    const known = steps.get(id);
    return known === undefined ? id : `${known.step.lane} | ${oneLine(known.step.title)}`;
  };

  const onStep = (event: Extract<DevstackEvent, { type: 'step' }>) => {
    const isStart = event.state === 'started';
    const line = steps.get(event.id);
    if (line !== undefined) Object.assign(line, { lastAt: monotonic(), isRunning: isStart });
    write(isStart ? title(event.id) : endLine(title(event.id), event, paint));
  };

  const onProgress = (event: Extract<DevstackEvent, { type: 'progress' }>) => {
    const line = steps.get(event.id);
    const message = oneLine(event.message);
    if (line?.isRunning !== true || message === line.lastMessage || monotonic() - line.lastAt < PROGRESS_EVERY_MS) return;
    Object.assign(line, { lastAt: monotonic(), lastMessage: message });
    write(`${title(event.id)}: ${paint('dim', `… ${message}`)}`);
  };

  return {
    emit(event) {
      switch (event.type) {
        case 'plan':
          for (const step of event.steps) steps.set(step.id, { step, lastAt: 0, lastMessage: '', isRunning: false });
          return write(`Stack ${event.stack}: ${count(event.steps.length, 'step')}`);
        case 'step': return onStep(event);
        case 'progress': return onProgress(event);
        case 'note': return write(`${paint('cyan', 'note')}: ${oneLine(event.message)}`);
        case 'warning': return [`${paint('yellow', 'warning')}: ${oneLine(event.message)}`, ...hintLines(event.hints ?? [], paint)].forEach(write);
      }
    },
    end: () => undefined,
  };
}
