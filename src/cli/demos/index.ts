// The table of demonstrations.
import { autoscale } from './autoscale.ts';
import { canary } from './canary.ts';
import type { Demo } from './demo.ts';
import { drain } from './drain.ts';
import { events } from './events.ts';
import { hpa } from './hpa.ts';
import { rollback } from './rollback.ts';
import { rollingUpdate } from './rolling-update.ts';
import { scaleToZero } from './scale-to-zero.ts';

export const demos: readonly Demo[] = [scaleToZero, canary, autoscale, rollingUpdate, hpa, events, rollback, drain];
