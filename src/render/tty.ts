// Events for a terminal: lanes, durations, and what a step waits for, live. The only home of listr2, which only shows:
// its runner is not used, so it owns no order, no signal and no stream.
import { DefaultRenderer, figures, Listr, ListrTaskState, Spinner } from 'listr2';
import type { DevstackEvent, StepTitle } from '../model/event.ts';
import type { StepId } from '../model/plan.ts';
import { hintLines } from './lines.ts';
import { LiveArea } from './live-area.ts';
import type { Paint, Style } from './paint.ts';
import type { Renderer, Screen } from './renderer.ts';
import { truncate, widthOf } from './table.ts';
import { formatDuration, labelled, oneLine } from './text.ts';

const FRAME_MS = 100;
const FALLBACK_COLUMNS = 80;
/** A step that takes longer shows its seconds. */
const SHOW_ELAPSED_MS = 2_000;
/** Between a title and what follows it (duration, note), which is dim and is not cut before the title. */
const TAIL = '\t';

type TaskList = Listr<unknown, 'default', 'silent'>;
type Task = TaskList['tasks'][number];

interface ShownStep {
  readonly step: StepTitle;
  readonly task: Task;
  readonly lane: Task;
  startedAt: number | undefined;
  isUnchanged: boolean;
}

export interface TtyOptions {
  readonly paint: Paint;
  /** Milliseconds that never jump back. */
  monotonic(): number;
}

/** listr2's view of tasks as lines, measured against our own screen instead of process.stdout. */
class View extends DefaultRenderer {
  readonly #screen: Screen;
  readonly #paint: Paint;

  constructor(list: TaskList, look: { readonly screen: Screen; readonly paint: Paint; readonly spinner: Spinner }) {
    super(list.tasks, { spinner: look.spinner, color: coloursOf(look.paint), icon: { FAILED_WITH_SUBTASKS: figures.cross } }, list.events);
    this.#screen = look.screen;
    this.#paint = look.paint;
  }

  lines(): readonly string[] {
    const text = this.create({ bottomBar: false, prompt: false });
    return text === '' ? [] : text.split('\n');
  }

  protected override format(message: string, icon: string, level: number): string[] {
    const [title = '', tail = ''] = message.split(TAIL);
    if (title.trim() === '') return [];
    const indent = '  '.repeat(level + 1);
    const room = (this.#screen.columns ?? FALLBACK_COLUMNS) - 1 - indent.length - 2;
    const shownTail = tail === '' ? '' : ` ${truncate(tail, Math.max(8, room - 24))}`;
    return [`${indent}${icon} ${truncate(title, room - widthOf(shownTail))}${this.#paint('dim', shownTail)}`];
  }
}

function coloursOf(paint: Paint): { [level: string]: (text?: string) => string } {
  const by = (style: 'green' | 'yellow' | 'red' | 'dim') => (text = '') => paint(style, text);
  return {
    PENDING: by('yellow'), COMPLETED: by('green'), FAILED: by('red'), FAILED_WITH_SUBTASKS: by('red'), WAITING: by('dim'), OUTPUT: by('dim'),
    SKIPPED_WITH_COLLAPSE: by('yellow'), COMPLETED_WITH_FAILED_SUBTASKS: by('yellow'), COMPLETED_WITH_FAILED_SISTER_TASKS: by('dim'),
  };
}

export function createTtyRenderer(screen: Screen, options: TtyOptions): Renderer {
  return new TtyRenderer(screen, options);
}

class TtyRenderer implements Renderer {
  readonly #screen: Screen;
  readonly #paint: Paint;
  readonly #monotonic: () => number;
  readonly #area: LiveArea;
  readonly #spinner = new Spinner();
  readonly #steps = new Map<StepId, ShownStep>();
  #view: View | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(screen: Screen, { paint, monotonic }: TtyOptions) {
    this.#screen = screen;
    this.#paint = paint;
    this.#monotonic = monotonic;
    this.#area = new LiveArea(screen);
  }

  emit(event: DevstackEvent): void {
    switch (event.type) {
      case 'plan':
        this.#begin(event.steps);
        break;
      case 'step':
        this.#onStep(event);
        break;
      case 'progress':
        this.#onProgress(event);
        break;
      case 'note':
        this.#area.above(this.#paragraph('cyan', 'note', event.message));
        break;
      case 'warning':
        this.#area.above([...this.#paragraph('yellow', 'warning', event.message), ...hintLines(event.hints ?? [], this.#paint)]);
        break;
    }
  }

  end(): void {
    clearInterval(this.#timer);
    this.#area.close(this.#view?.lines() ?? []);
    this.#view = undefined;
  }

  #paragraph(style: Style, text: string, message: string): readonly string[] {
    return labelled({ text, shown: this.#paint(style, text) }, message, this.#screen.columns ?? FALLBACK_COLUMNS);
  }

  #begin(steps: readonly StepTitle[]): void {
    this.end();
    const lanes = [...new Set(steps.map((step) => step.lane))];
    const nothing = () => undefined;
    // `silent`: the list is only asked for its tasks, and must not look at process.stdout.
    const options = { renderer: 'default', fallbackRenderer: 'silent', registerSignalListeners: false } as const;
    const list: TaskList = new Listr<unknown, 'default', 'silent'>(lanes.map((title) => ({ title, task: nothing })), options);
    list.tasks.forEach((lane, index) => {
      const own = steps.filter((step) => step.lane === lanes[index]);
      const inner: TaskList = new Listr<unknown, 'default', 'silent'>(own.map((step) => ({ title: oneLine(step.title), task: nothing })), options, lane);
      lane.subtasks = inner.tasks;
      own.forEach((step, at) => {
        const task = inner.tasks[at];
        if (task !== undefined) this.#steps.set(step.id, { step, task, lane, startedAt: undefined, isUnchanged: false });
      });
    });
    this.#view = new View(list, { screen: this.#screen, paint: this.#paint, spinner: this.#spinner });
    for (const task of list.tasks.flatMap((lane) => [lane, ...lane.subtasks])) void task.check(undefined);
    this.#timer = setInterval(() => this.#onFrame(), FRAME_MS).unref();
  }

  #onStep(event: Extract<DevstackEvent, { type: 'step' }>): void {
    const shown = this.#steps.get(event.id);
    if (shown === undefined) return;
    const { task, lane, step } = shown;
    if (event.state === 'started') {
      shown.startedAt = this.#monotonic();
      lane.state$ = ListrTaskState.STARTED;
      task.state$ = ListrTaskState.STARTED;
    } else {
      shown.isUnchanged = event.state === 'unchanged';
      const took = event.durationMs === undefined ? [] : [formatDuration(event.durationMs)];
      const word = event.state === 'unchanged' ? ['unchanged'] : event.state === 'cancelled' ? ['stopped'] : took;
      task.title$ = [oneLine(step.title), [...word, ...(event.note === undefined ? [] : [oneLine(event.note)])].join(' · ')].join(TAIL);
      task.state$ = event.state === 'failed' ? ListrTaskState.FAILED : event.state === 'cancelled' ? ListrTaskState.SKIPPED : ListrTaskState.COMPLETED;
      this.#settleLane(lane);
    }
    this.#draw();
  }

  /** A lane has ended when all its steps have; a failed step fails it at once. */
  #settleLane(lane: Task): void {
    if (lane.subtasks.some((task) => task.hasFailed())) lane.state$ = ListrTaskState.FAILED;
    else if (lane.subtasks.every((task) => task.isCompleted())) {
      const own = [...this.#steps.values()].filter((shown) => shown.lane === lane);
      const began = Math.min(...own.map((shown) => shown.startedAt ?? this.#monotonic()));
      const isUnchanged = own.every((shown) => shown.isUnchanged);
      lane.title$ = [own[0]?.step.lane ?? '', isUnchanged ? 'unchanged' : formatDuration(this.#monotonic() - began)].join(TAIL);
      lane.state$ = ListrTaskState.COMPLETED;
    }
    else if (lane.subtasks.some((task) => task.isSkipped()) && !lane.subtasks.some((task) => task.isStarted())) lane.state$ = ListrTaskState.SKIPPED;
  }

  #onProgress(event: Extract<DevstackEvent, { type: 'progress' }>): void {
    const shown = this.#steps.get(event.id);
    if (shown === undefined || !shown.task.isStarted()) return;
    const { done, total } = event;
    const part = done === undefined || total === undefined || total <= 0 ? '' : ` (${Math.min(100, Math.floor((done / total) * 100))} %)`;
    shown.task.output$ = oneLine(event.message) + part;
    this.#draw();
  }

  #onFrame(): void {
    this.#spinner.spin();
    for (const { task, step, startedAt } of this.#steps.values()) {
      const elapsed = startedAt === undefined ? 0 : this.#monotonic() - startedAt;
      if (task.isStarted() && elapsed >= SHOW_ELAPSED_MS) task.title$ = `${oneLine(step.title)}${TAIL}${Math.floor(elapsed / 1000)}s`;
    }
    this.#draw();
  }

  #draw(): void {
    if (this.#view !== undefined) this.#area.draw(this.#view.lines());
  }
}
