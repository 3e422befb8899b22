// Step `apply`: the objects of one part, by server-side apply.
import { interruptedError } from '../../model/error.ts';
import type { ApplyStep } from '../../model/plan.ts';
import type { ObjectSet } from '../../ports.ts';
import type { Handler } from '../handlers.ts';
import type { StepContext } from '../run.ts';

async function objectSet(step: ApplyStep, { ports, run, signal }: StepContext): Promise<ObjectSet> {
  const objects = await ports.manifests.load(step.sources, step.patches, step.imageRules, signal);
  return { stack: run.input.stack, part: step.part, objects };
}

export const apply: Handler<ApplyStep> = {
  async check(step, context) {
    const client = await context.run.client();
    const state = await context.ports.kubeSets.compare(client, await objectSet(step, context), context.signal);
    return state === 'unchanged' ? 'ready' : state;
  },

  async run(step, context) {
    const { run, ports, signal, onProgress } = context;
    const client = await run.client();
    const untilPods = async () => {
      if (!await run.until(step.podsAfter ?? [])) throw interruptedError();
    };
    const report = await ports.kubeSets.apply(client, await objectSet(step, context), { onProgress, signal, overwrite: run.input.overwrite, untilPods });
    run.keptFields.push(...report.kept);
    const words = [
      [report.created.length, 'created'], [report.changed.length, 'changed'], [report.unchanged, 'unchanged'], [report.pruned.length, 'removed'],
    ] as const;
    return words.filter(([count]) => count > 0).map(([count, word]) => `${count} ${word}`).join(', ');
  },
};
