// Everything a run tells. One typed stream; terminal, lines and JSON are three views of it.
import type { Hint } from './error.ts';
import type { Json } from './json.ts';
import type { StepId, StepKind } from './plan.ts';

export type StepState = 'started' | 'done' | 'unchanged' | 'failed' | 'cancelled';

export type DevstackEvent =
  | { readonly type: 'plan'; readonly stack: string; readonly steps: readonly StepTitle[] }
  | { readonly type: 'step'; readonly id: StepId; readonly state: StepState; readonly durationMs?: number; readonly note?: string }
  /** What a running step does or waits for right now: shown live, the newest replaces the one before. */
  | { readonly type: 'progress'; readonly id: StepId; readonly message: string; readonly done?: number; readonly total?: number }
  | { readonly type: 'note'; readonly message: string }
  | { readonly type: 'warning'; readonly message: string; readonly hints?: readonly Hint[] };

export interface StepTitle {
  readonly id: StepId;
  readonly kind: StepKind;
  readonly title: string;
  readonly lane: string;
}

export type Emit = (event: DevstackEvent) => void;

/** The last word of a command, rendered as a card for people and as the last line of `--json`. */
export interface Result {
  readonly v: 1;
  readonly type: 'result';
  readonly ok: boolean;
  readonly [field: string]: Json;
}
