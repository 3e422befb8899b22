// A load while it runs: a plot on a terminal, a line now and then elsewhere, an object for each second in JSON.
import { shortDuration } from '../load/chart.ts';
import type { LoadSpec } from '../load/load-spec.ts';
import { loadView } from '../load/load-view.ts';
import type { LoadSecond } from '../load/timeline.ts';
import { LiveArea } from '../render/live-area.ts';
import { paintFor } from '../render/paint.ts';
import type { CommandContext } from './command.ts';
import { isInteractive } from './io.ts';

export interface LoadScreen {
  show(second: LoadSecond): void;
  /** Leaves the last picture. */
  close(): void;
}

const LINE_EVERY = 5;
const FALLBACK = { columns: 80, rows: 24 } as const;

export function createLoadScreen(spec: LoadSpec, { io, isJson }: CommandContext): LoadScreen {
  const { stderr, stdout } = io;
  const seconds: LoadSecond[] = [];
  if (isJson) {
    return { show: (second) => stdout.write(`${JSON.stringify({ v: 1, type: 'load', ...second })}\n`), close: () => undefined };
  }
  if (!isInteractive(stderr, io.env)) {
    return {
      show(second) {
        if ((second.second + 1) % LINE_EVERY === 0) stderr.write(`${lineOf(second)}\n`);
      },
      close: () => undefined,
    };
  }
  const area = new LiveArea(stderr);
  const paint = paintFor(stderr, io.env);
  const view = () => loadView(spec, seconds, { columns: stderr.columns ?? FALLBACK.columns, rows: (stderr.rows ?? FALLBACK.rows) - 2, paint });
  area.draw(view());
  return {
    show(second) {
      seconds.push(second);
      area.draw(view());
    },
    close: () => area.close(view()),
  };
}

function lineOf({ second, answered, errors, failed, p50, p95, replicas }: LoadSecond): string {
  const troubles = `${errors > 0 ? `, ${errors} with an error status` : ''}${failed > 0 ? `, ${failed} without an answer` : ''}`;
  return `${second + 1}s: ${answered}/s, p50 ${shortDuration(p50)}, p95 ${shortDuration(p95)}${replicas === undefined ? '' : `, replicas ${replicas}`}${troubles}`;
}
