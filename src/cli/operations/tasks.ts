// Work that is no plan of the engine, told like one.
import type { StepKind } from '../../model/plan.ts';
import type { OnProgress, Ports } from '../../ports.ts';
import type { RunOptions } from '../use-cases.ts';

export interface Task {
  readonly id: string;
  readonly kind: StepKind;
  readonly title: string;
  readonly lane: string;
  work(onProgress: OnProgress): Promise<void>;
}

/** One after the other, told like the steps of a plan. */
export async function runTasks(ports: Ports, stack: string, tasks: readonly Task[], { emit, signal }: RunOptions): Promise<void> {
  emit({ type: 'plan', stack, steps: tasks.map(({ id, kind, title, lane }) => ({ id, kind, title, lane })) });
  for (const { id, work } of tasks) {
    signal.throwIfAborted();
    const started = ports.clock.monotonic();
    const took = (): number => Math.round(ports.clock.monotonic() - started);
    emit({ type: 'step', id, state: 'started' });
    let told = '';
    try {
      await work((message, done, total) => {
        // Whoever polls says the same many times.
        if (message !== told) emit({ type: 'progress', id, message, ...(done === undefined ? {} : { done }), ...(total === undefined ? {} : { total }) });
        told = message;
      });
    } catch (error) {
      emit({ type: 'step', id, state: signal.aborted ? 'cancelled' : 'failed', durationMs: took() });
      throw error;
    }
    emit({ type: 'step', id, state: 'done', durationMs: took() });
  }
}
