// What a demonstration is: it deploys something small, does the thing to be seen, and checks that it happened.

import type { LoadSecond } from '../../load/timeline.ts';
import type { Json } from '../../model/json.ts';
import type { Clock } from '../../ports.ts';
import type { AppRef, DeployRequest } from '../app-use-cases.ts';
import type { Runtime } from '../operations/status.ts';
import type { RunOptions, UseCases } from '../use-cases.ts';

export interface DemoCheck {
  readonly what: string;
  readonly expected: string;
  readonly measured: string;
  readonly ok: boolean;
}

export interface DemoResult {
  readonly checks: readonly DemoCheck[];
  /** Figures worth keeping. */
  readonly numbers: { readonly [name: string]: Json };
}

export interface DemoContext {
  readonly useCases: UseCases;
  readonly options: RunOptions;
  readonly clock: Pick<Clock, 'monotonic'>;
  readonly stack: string;
  /** What the stack runs: one of the demo's. */
  readonly runtime: Runtime;
  /** Deploys and proves; the demo's app is removed at its end. `replicas`: tasks, in a swarm. */
  deploy(request: Partial<DeployRequest> & { readonly app: string; readonly replicas?: number }): Promise<AppRef>;
  /** Done at the end in any case, before the apps are removed; also after the demo was stopped, then under a deadline of its own. */
  atEnd(work: (options: RunOptions) => Promise<unknown>): void;
  /** One line on what happens now. */
  say(message: string): void;
  /** A second of a load, to be plotted. */
  show(second: LoadSecond): void;
}

export interface Demo {
  readonly id: string;
  readonly title: string;
  /** What one sees, in a sentence. */
  readonly lesson: string;
  /** Where it can be shown. */
  readonly runtimes: readonly Runtime[];
  /** Apps that it makes, for the cleaning up. */
  readonly apps: readonly string[];
  run(context: DemoContext): Promise<DemoResult>;
}

export function check(what: string, ok: boolean, said: { readonly expected: string; readonly measured: string }): DemoCheck {
  return { what, ok, ...said };
}

export function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`;
}
