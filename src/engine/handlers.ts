// One handler for each kind of step. A new kind without a handler does not compile.
import type { Step, StepKind } from '../model/plan.ts';
import type { StepContext } from './run.ts';
import { admit } from './steps/admit.ts';
import { apply } from './steps/apply.ts';
import { build } from './steps/build.ts';
import { cluster } from './steps/cluster.ts';
import { destroy } from './steps/destroy.ts';
import { fetch } from './steps/fetch.ts';
import { forget } from './steps/forget.ts';
import { images } from './steps/images.ts';
import { probe } from './steps/probe.ts';
import { push } from './steps/push.ts';
import { registry, unregistry } from './steps/registry.ts';
import { remove } from './steps/remove.ts';
import { settle } from './steps/settle.ts';
import { wait } from './steps/wait.ts';

/** `ready`: nothing to do. `absent` and `drifted` both lead to `run`; a reader of the plan sees the difference. */
export type CheckResult = 'ready' | 'absent' | 'drifted';

export interface Handler<S extends Step> {
  /** Reads only. */
  check(step: S, context: StepContext): Promise<CheckResult>;
  /** May be cut off anywhere; running it again must come to the same end. Returns a word on what it did, for the log. */
  run(step: S, context: StepContext): Promise<string | undefined>;
}

type Handlers = { readonly [K in StepKind]: Handler<Extract<Step, { kind: K }>> };

const handlers: Handlers = { fetch, cluster, settle, build, images, registry, unregistry, push, apply, wait, admit, probe, remove, destroy, forget };

export function handlerOf<S extends Step>(step: S): Handler<S> {
  return handlers[step.kind] as unknown as Handler<S>;
}
